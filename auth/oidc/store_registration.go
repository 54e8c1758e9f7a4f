package oidc

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

const registrantColumns = `id, name, uses_left, expires_at, created_at`

func scanRegistrationToken(r *store.Row) RegistrationToken {
	return RegistrationToken{ID: r.Text(), Name: r.Text(), UsesLeft: r.NullInt(), ExpiresAt: r.NullTime(), CreatedAt: r.Time()}
}

func insertRegistrationToken(ctx context.Context, tx *store.Tx, t *RegistrationToken, hash string) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_registration_token (id, name, uses_left, expires_at, created_at, token)
VALUES ($1, $2, $3, $4, $5, $6)`, t.ID, t.Name, t.UsesLeft, t.ExpiresAt, t.CreatedAt, hash)
	return err
}

func listRegistrationTokens(ctx context.Context, q store.Querier) ([]RegistrationToken, error) {
	return store.All(ctx, q, scanRegistrationToken, `SELECT `+registrantColumns+` FROM oauth_registration_token ORDER BY id`)
}

// findRegistrationToken finds one that still counts.
func findRegistrationToken(ctx context.Context, q store.Querier, hash string, now time.Time) (RegistrationToken, error) {
	return store.One(ctx, q, scanRegistrationToken, `SELECT `+registrantColumns+` FROM oauth_registration_token
WHERE token = $1 AND (expires_at IS NULL OR expires_at > $2) AND (uses_left IS NULL OR uses_left > 0)`, hash, now)
}

// useRegistrationToken takes one use. Errors: store.ErrNotFound when none is left.
func useRegistrationToken(ctx context.Context, tx *store.Tx, hash string, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE oauth_registration_token SET uses_left = uses_left - 1
WHERE token = $1 AND (expires_at IS NULL OR expires_at > $2) AND (uses_left IS NULL OR uses_left > 0)`, hash, now)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func deleteRegistrationToken(ctx context.Context, tx *store.Tx, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM oauth_registration_token WHERE id = $1`, id)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func deleteExpiredRegistrationTokens(ctx context.Context, tx *store.Tx, now time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM oauth_registration_token WHERE id IN
(SELECT id FROM oauth_registration_token WHERE expires_at <= $1 OR uses_left = 0 LIMIT $2)`, now, limit)
}

// countUnverified counts the clients that made themselves and that nobody has
// looked at. What people make is bounded for each of them, and theirs to delete.
func countUnverified(ctx context.Context, q store.Querier) (int64, error) {
	return store.One(ctx, q, func(r *store.Row) int64 { return r.Int() }, `SELECT count(*) FROM oauth_client WHERE verified = FALSE AND registration <> 'person'`)
}

// deleteOldestUnused makes room: the oldest client that nobody has looked at,
// made before a time and never used.
func deleteOldestUnused(ctx context.Context, tx *store.Tx, before time.Time) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM oauth_client WHERE client_id =
(SELECT client_id FROM oauth_client WHERE verified = FALSE AND registration <> 'person' AND disabled = FALSE AND last_used_at IS NULL AND created_at < $1 ORDER BY created_at LIMIT 1)`, before)
}

// unusedUnverified are clients that nobody has looked at and that were never used
// since made, or not since used.
func unusedUnverified(ctx context.Context, q store.Querier, after string, made, used time.Time, limit int) ([]string, error) {
	return store.All(ctx, q, ids, `SELECT client_id FROM oauth_client WHERE client_id > $1 AND verified = FALSE AND registration <> 'person' AND disabled = FALSE
AND (last_used_at IS NULL AND created_at < $2 OR last_used_at < $3) ORDER BY client_id LIMIT $4`, after, made, used, limit)
}

// stillUnused tells whether one of them still is. Errors: store.ErrNotFound when not.
func stillUnused(ctx context.Context, tx *store.Tx, clientID string, made, used time.Time) error {
	_, err := store.One(ctx, tx, ids, `SELECT client_id FROM oauth_client WHERE client_id = $1 AND verified = FALSE AND registration <> 'person' AND disabled = FALSE
AND (last_used_at IS NULL AND created_at < $2 OR last_used_at < $3)`, clientID, made, used)
	return err
}

// touchClient keeps when a client was last used, when that was before since.
func touchClient(ctx context.Context, tx *store.Tx, clientID string, now, since time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE oauth_client SET last_used_at = $2 WHERE client_id = $1 AND (last_used_at IS NULL OR last_used_at < $3)`, clientID, now, since)
	return err
}
