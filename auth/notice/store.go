package notice

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// seen counts both marks, and tells whether one of them is new.
func seen(ctx context.Context, tx *store.Tx, userID, browser, network string, now time.Time) (bool, error) {
	uses, err := store.All(ctx, tx, func(r *store.Row) int64 { return r.Int() },
		`INSERT INTO user_device (user_id, mark, uses, seen_at) VALUES ($1, $2, 1, $4), ($1, $3, 1, $4)
ON CONFLICT (user_id, mark) DO UPDATE SET uses = user_device.uses + 1, seen_at = excluded.seen_at RETURNING uses`,
		userID, browser, network, now)
	for _, n := range uses {
		if n == 1 {
			return true, err
		}
	}
	return false, err
}

// onlyThese tells whether a user has no other marks.
func onlyThese(ctx context.Context, tx *store.Tx, userID, browser, network string) (bool, error) {
	others, err := store.All(ctx, tx, func(r *store.Row) string { return r.Text() },
		`SELECT mark FROM user_device WHERE user_id = $1 AND mark <> $2 AND mark <> $3 LIMIT 1`, userID, browser, network)
	return len(others) == 0, err
}
