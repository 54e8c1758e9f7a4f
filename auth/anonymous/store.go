package anonymous

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

func keepAnonymous(ctx context.Context, tx *store.Tx, userID string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO anonymous_user (user_id, created_at) VALUES ($1, $2)`, userID, now)
	return err
}

func forgetAnonymous(ctx context.Context, tx *store.Tx, userID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM anonymous_user WHERE user_id = $1`, userID)
	return err
}

// listAbandoned are anonymous users who were made before a time and have no session:
// nobody can be them again.
func listAbandoned(ctx context.Context, q store.Querier, madeBefore, now time.Time, limit int) ([]string, error) {
	return store.All(ctx, q, func(r *store.Row) string { return r.Text() }, `SELECT a.user_id FROM anonymous_user a
WHERE a.created_at < $1 AND NOT EXISTS (SELECT 1 FROM session s WHERE s.user_id = a.user_id AND s.expires_at > $2)
ORDER BY a.created_at LIMIT $3`, madeBefore, now, limit)
}
