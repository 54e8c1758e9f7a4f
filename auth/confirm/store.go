package confirm

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/store"
)

// provenAt is when a session's person last proved who they are, zero when they did not since they signed in.
func provenAt(ctx context.Context, q store.Querier, sessionID string) (time.Time, error) {
	at, err := store.One(ctx, q, func(r *store.Row) *time.Time { return r.NullTime() }, `SELECT proven_at FROM confirmation WHERE session_id = $1`, sessionID)
	if errors.Is(err, store.ErrNotFound) || err == nil && at == nil {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return *at, nil
}

type tries struct {
	count int64
	end   time.Time
}

// countTry counts one more try, or begins to count anew when the time is over.
func countTry(ctx context.Context, tx *store.Tx, sessionID string, now, end time.Time) (tries, error) {
	return store.One(ctx, tx, func(r *store.Row) tries { return tries{r.Int(), r.Time()} },
		`INSERT INTO confirmation (session_id, tries, tries_end) VALUES ($1, 1, $2)
ON CONFLICT (session_id) DO UPDATE SET
  tries = CASE WHEN confirmation.tries_end <= $3 THEN 1 ELSE confirmation.tries + 1 END,
  tries_end = CASE WHEN confirmation.tries_end <= $3 THEN excluded.tries_end ELSE confirmation.tries_end END
RETURNING tries, tries_end`, sessionID, end, now)
}

// saveProof also takes the tries and the code back: they were for this.
func saveProof(ctx context.Context, tx *store.Tx, sessionID string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO confirmation (session_id, tries, tries_end, proven_at) VALUES ($1, 0, $2, $2)
ON CONFLICT (session_id) DO UPDATE SET proven_at = excluded.proven_at, tries = 0, tries_end = excluded.tries_end, code_hash = NULL, code_end = NULL`, sessionID, now)
	return err
}

func saveCode(ctx context.Context, tx *store.Tx, sessionID, hash string, now, end time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO confirmation (session_id, tries, tries_end, code_hash, code_end) VALUES ($1, 0, $2, $3, $4)
ON CONFLICT (session_id) DO UPDATE SET code_hash = excluded.code_hash, code_end = excluded.code_end`, sessionID, now, hash, end)
	return err
}

// useCode takes the code away when it is the one.
func useCode(ctx context.Context, tx *store.Tx, sessionID, hash string, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE confirmation SET code_hash = NULL, code_end = NULL WHERE session_id = $1 AND code_hash = $2 AND code_end > $3`, sessionID, hash, now)
	return n > 0, err
}
