package oidc

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// keyRow is a key as it is stored.
type keyRow struct {
	key
	createdAt time.Time
	activeAt  time.Time  // from when on it signs
	expiresAt *time.Time // until when it is published; nil for the newest of its algorithm
}

// listKeys reads the keys that verify at that time, each behind the one that it
// succeeds.
func listKeys(ctx context.Context, q store.Querier, now time.Time) ([]keyRow, error) {
	return store.All(ctx, q, func(r *store.Row) keyRow {
		return keyRow{
			key:       key{id: r.Text(), alg: r.Text(), public: r.Bytes(), sealed: r.Text()},
			createdAt: r.Time(), activeAt: r.Time(), expiresAt: r.NullTime(),
		}
	}, `SELECT id, alg, public_key, private_key, created_at, active_at, expires_at FROM jwks
WHERE expires_at IS NULL OR expires_at > $1 ORDER BY created_at, id`, now)
}

// insertKey stores a key, unless its algorithm has a newest one already.
func insertKey(ctx context.Context, tx *store.Tx, row *keyRow, curve string) error {
	_, err := tx.Exec(ctx, `INSERT INTO jwks (id, alg, crv, public_key, private_key, created_at, active_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`, row.id, row.alg, null(curve), string(row.public), row.sealed, row.createdAt, row.activeAt)
	return err
}

// succeedKey says until when the newest key of an algorithm is published, for it
// is to have a successor. Errors: store.ErrNotFound when it has one.
func succeedKey(ctx context.Context, tx *store.Tx, id string, until time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE jwks SET expires_at = $1 WHERE id = $2 AND expires_at IS NULL`, until, id)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func deleteExpiredKeys(ctx context.Context, tx *store.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM jwks WHERE expires_at IS NOT NULL AND expires_at <= $1`, now)
	return err
}

// withdrawKeys deletes the keys of an algorithm that have a successor.
func withdrawKeys(ctx context.Context, tx *store.Tx, alg string) error {
	_, err := tx.Exec(ctx, `DELETE FROM jwks WHERE expires_at IS NOT NULL AND alg = $1`, alg)
	return err
}

// longestAccess is the longest life, in seconds, that a client's access tokens have of their own.
func longestAccess(ctx context.Context, q store.Querier) (int64, error) {
	return store.One(ctx, q, func(r *store.Row) int64 { return r.Int() },
		`SELECT COALESCE(MAX(access_token_expires_in), 0) FROM oauth_client`)
}

func resealKey(ctx context.Context, tx *store.Tx, id, sealed string) error {
	_, err := tx.Exec(ctx, `UPDATE jwks SET private_key = $1 WHERE id = $2`, sealed, id)
	return err
}
