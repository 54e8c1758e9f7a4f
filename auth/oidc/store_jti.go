package oidc

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// useJTI notes an id as used and tells whether it was new.
func useJTI(ctx context.Context, tx *store.Tx, id string, expires time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO oauth_jti (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, expires)
	return n == 1, err
}

func deleteExpiredJTIs(ctx context.Context, tx *store.Tx, now time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM oauth_jti WHERE id IN (SELECT id FROM oauth_jti WHERE expires_at <= $1 LIMIT $2)`, now, limit)
}
