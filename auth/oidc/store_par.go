package oidc

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// pushedRequest is an authorization request that a client has pushed.
type pushedRequest struct {
	hash     string // of its request_uri
	clientID string
	request  string // its parameters, url-encoded
	expires  time.Time
	drop     time.Time
}

func insertPushed(ctx context.Context, tx *store.Tx, p *pushedRequest) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_par (id, client_id, request, expires_at, drop_at) VALUES ($1, $2, $3, $4, $5)`,
		p.hash, p.clientID, p.request, p.expires, p.drop)
	return err
}

// findPushed reads what a client has pushed and may still begin with.
func findPushed(ctx context.Context, q store.Querier, hash, clientID string, now time.Time) (string, error) {
	return store.One(ctx, q, func(r *store.Row) string { return r.Text() },
		`SELECT request FROM oauth_par WHERE id = $1 AND client_id = $2 AND expires_at > $3`, hash, clientID, now)
}

// usePushed ends a pushed request, and tells whether it was still there.
func usePushed(ctx context.Context, tx *store.Tx, hash string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM oauth_par WHERE id = $1`, hash)
	return n == 1, err
}

func deleteDroppedPushed(ctx context.Context, tx *store.Tx, now time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM oauth_par WHERE id IN (SELECT id FROM oauth_par WHERE drop_at <= $1 LIMIT $2)`, now, limit)
}
