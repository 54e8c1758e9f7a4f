package known

import (
	"context"
	"errors"
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
		`SELECT mark FROM user_device WHERE user_id = $1 AND mark <> $2 AND mark <> $3 AND mark <> $4 LIMIT 1`, userID, browser, network, forgotten)
	return len(others) == 0, err
}

// forgotten is the mark whose time is that from which on a browser is known.
const forgotten = "forgotten"

func forget(ctx context.Context, tx *store.Tx, userID string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO user_device (user_id, mark, uses, seen_at) VALUES ($1, $2, 1, $3)
ON CONFLICT (user_id, mark) DO UPDATE SET uses = user_device.uses + 1, seen_at = excluded.seen_at`, userID, forgotten, now)
	return err
}

// forgottenAt is when a user's browsers were forgotten, the zero time when they never were.
func forgottenAt(ctx context.Context, q store.Querier, userID string) (time.Time, error) {
	at, err := store.One(ctx, q, func(r *store.Row) time.Time { return r.Time() },
		`SELECT seen_at FROM user_device WHERE user_id = $1 AND mark = $2`, userID, forgotten)
	if errors.Is(err, store.ErrNotFound) {
		return time.Time{}, nil
	}
	return at, err
}

func deleteOld(ctx context.Context, tx *store.Tx, before time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM user_device WHERE (user_id, mark) IN (SELECT user_id, mark FROM user_device WHERE seen_at < $1 LIMIT $2)`, before, limit)
}
