package oidc

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// keyRow is a key as it is stored; signs tells that it is the one of its algorithm in use.
type keyRow struct {
	key
	signs bool
}

// listKeys reads the keys that verify at that time, the oldest first.
func listKeys(ctx context.Context, q store.Querier, now time.Time) ([]keyRow, error) {
	return store.All(ctx, q, func(r *store.Row) keyRow {
		return keyRow{key: key{id: r.Text(), alg: r.Text(), public: r.Bytes(), sealed: r.Text()}, signs: r.NullTime() == nil}
	}, `SELECT id, alg, public_key, private_key, expires_at FROM jwks WHERE expires_at IS NULL OR expires_at > $1 ORDER BY id`, now)
}

// insertKey stores a key, unless its algorithm has one that signs.
func insertKey(ctx context.Context, tx *store.Tx, k *key, curve string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO jwks (id, alg, crv, public_key, private_key, created_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`, k.id, k.alg, null(curve), string(k.public), k.sealed, now)
	return err
}

func resealKey(ctx context.Context, tx *store.Tx, id, sealed string) error {
	_, err := tx.Exec(ctx, `UPDATE jwks SET private_key = $1 WHERE id = $2`, sealed, id)
	return err
}
