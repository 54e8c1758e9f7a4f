package oidc

import (
	"context"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// insertFailure keeps a failure, and only the newest of its client.
func insertFailure(ctx context.Context, tx *store.Tx, clientID string, f *Failure) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_failure (id, client_id, place, code, description, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		core.NewID(), clientID, f.Where, f.Code, f.Description, f.At)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM oauth_failure WHERE client_id = $1 AND id NOT IN
(SELECT id FROM oauth_failure WHERE client_id = $1 ORDER BY id DESC LIMIT $2)`, clientID, keptFailures)
	return err
}

// listFailures are those of a client, the newest first.
func listFailures(ctx context.Context, q store.Querier, clientID string) ([]Failure, error) {
	return store.All(ctx, q, func(r *store.Row) Failure {
		return Failure{Where: r.Text(), Code: r.Text(), Description: r.Text(), At: r.Time()}
	}, `SELECT place, code, description, created_at FROM oauth_failure WHERE client_id = $1 ORDER BY id DESC`, clientID)
}

func deleteOldFailures(ctx context.Context, tx *store.Tx, now time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM oauth_failure WHERE id IN (SELECT id FROM oauth_failure WHERE created_at <= $1 LIMIT $2)`,
		now.Add(-failureLife), limit)
}
