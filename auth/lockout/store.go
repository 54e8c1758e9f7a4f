package lockout

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// lockedUntil is the later end of two waitings, the zero time where there is none.
func lockedUntil(ctx context.Context, q store.Querier, one, other string) (until time.Time, err error) {
	ends, err := store.All(ctx, q, func(r *store.Row) time.Time { return r.Time() },
		`SELECT locked_until FROM sign_in_guess WHERE bucket IN ($1, $2)`, one, other)
	for _, end := range ends {
		if end.After(until) {
			until = end
		}
	}
	return until, err
}

// counted is a count after an attempt was added.
type counted struct {
	bucket          string
	failures, locks int
	sketch          int64
	toldAt          time.Time
}

// add counts one attempt for each of the guesses, anew where the last window is over.
func add(ctx context.Context, tx *store.Tx, guesses []guess, now, begin time.Time) ([]counted, error) {
	if len(guesses) == 1 {
		return store.All(ctx, tx, scanCounted, addOne, now, begin, guesses[0].bucket, guesses[0].bit)
	}
	return store.All(ctx, tx, scanCounted, addTwo, now, begin, guesses[0].bucket, guesses[0].bit, guesses[1].bucket, guesses[1].bit)
}

func scanCounted(r *store.Row) counted {
	return counted{bucket: r.Text(), failures: int(r.Int()), sketch: r.Int(), locks: int(r.Int()), toldAt: r.Time()}
}

const (
	addOne = `INSERT INTO sign_in_guess (bucket, failures, sketch, since, locks, locked_until, told_at) VALUES ($3, 1, $4, $1, 0, 0, 0)` + addAgain
	addTwo = `INSERT INTO sign_in_guess (bucket, failures, sketch, since, locks, locked_until, told_at) VALUES ($3, 1, $4, $1, 0, 0, 0), ($5, 1, $6, $1, 0, 0, 0)` + addAgain

	addAgain = `
ON CONFLICT (bucket) DO UPDATE SET
  failures = CASE WHEN sign_in_guess.since < $2 THEN 1 ELSE sign_in_guess.failures + 1 END,
  sketch = CASE WHEN sign_in_guess.since < $2 THEN excluded.sketch ELSE sign_in_guess.sketch | excluded.sketch END,
  since = CASE WHEN sign_in_guess.since < $2 THEN excluded.since ELSE sign_in_guess.since END
RETURNING bucket, failures, sketch, locks, told_at`
)

// lock begins a waiting, and the count anew.
func lock(ctx context.Context, tx *store.Tx, bucket string, until, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE sign_in_guess SET failures = 0, sketch = 0, since = $3, locks = locks + 1, locked_until = $2 WHERE bucket = $1`, bucket, until, now)
	return err
}

func told(ctx context.Context, tx *store.Tx, bucket string, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE sign_in_guess SET told_at = $2 WHERE bucket = $1`, bucket, at)
	return err
}

func unlock(ctx context.Context, tx *store.Tx, bucket string) error {
	_, err := tx.Exec(ctx, `UPDATE sign_in_guess SET failures = 0, sketch = 0, locked_until = 0 WHERE bucket = $1`, bucket)
	return err
}

func deleteOld(ctx context.Context, tx *store.Tx, counted, locked time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM sign_in_guess WHERE bucket IN (
SELECT bucket FROM sign_in_guess WHERE since < $1 AND (locks = 0 OR since < $2 AND locked_until < $2) LIMIT $3)`, counted, locked, limit)
}
