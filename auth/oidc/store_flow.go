package oidc

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

func insertFlow(ctx context.Context, tx *store.Tx, f *flow, now, expires time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_flow (id, browser, request, done, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		f.hash, f.browser, f.request, f.done, now, expires)
	return err
}

func findFlow(ctx context.Context, q store.Querier, hash, browser string, now time.Time) (*flow, error) {
	return store.One(ctx, q, func(r *store.Row) *flow {
		return &flow{hash: r.Text(), browser: r.Text(), request: r.Text(), done: r.Text()}
	}, `SELECT id, browser, request, done FROM oauth_flow WHERE id = $1 AND browser = $2 AND expires_at > $3`, hash, browser, now)
}

func updateFlow(ctx context.Context, tx *store.Tx, hash, done string) error {
	n, err := tx.Exec(ctx, `UPDATE oauth_flow SET done = $1 WHERE id = $2`, done, hash)
	if err == nil && n == 0 {
		return ErrFlowGone
	}
	return err
}

// useFlow ends a flow: whoever comes second finds nothing.
func useFlow(ctx context.Context, tx *store.Tx, hash string) error {
	n, err := tx.Exec(ctx, `DELETE FROM oauth_flow WHERE id = $1`, hash)
	if err == nil && n == 0 {
		return ErrFlowGone
	}
	return err
}

func deleteExpiredFlows(ctx context.Context, tx *store.Tx, now time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM oauth_flow WHERE id IN (SELECT id FROM oauth_flow WHERE expires_at <= $1 LIMIT $2)`, now, limit)
}
