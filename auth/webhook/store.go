package webhook

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// listGone gives the hashes of the addresses that answered 410: a handful at most.
func listGone(ctx context.Context, q store.Querier) ([]string, error) {
	return store.All(ctx, q, func(r *store.Row) string { return r.Text() }, `SELECT url_hash FROM webhook_gone`)
}

func insertGone(ctx context.Context, tx *store.Tx, hash string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO webhook_gone (url_hash, gone_at) VALUES ($1, $2) ON CONFLICT (url_hash) DO NOTHING`, hash, now)
	return err
}

func deleteGone(ctx context.Context, tx *store.Tx, hash string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM webhook_gone WHERE url_hash = $1`, hash)
	return n > 0, err
}
