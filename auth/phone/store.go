package phone

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// kept is a code as its row has it.
type kept struct {
	hash, userID string
	attempts     int64
	expires      time.Time
}

func scanKept(r *store.Row) kept {
	return kept{hash: r.Text(), userID: r.Text(), attempts: r.Int(), expires: r.Time()}
}

const keptColumns = `code_hash, user_id, attempts, expires_at`

// keepCode takes the place of an earlier one. Where two have asked within the life of
// a code, it speaks for neither.
func keepCode(ctx context.Context, tx *store.Tx, purpose, number string, k kept, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO phone_code (purpose, number_hash, code_hash, user_id, attempts, expires_at) VALUES ($1, $2, $3, $4, 0, $5)
ON CONFLICT (purpose, number_hash) DO UPDATE SET code_hash = excluded.code_hash, attempts = 0, expires_at = excluded.expires_at,
user_id = CASE WHEN phone_code.expires_at > $6 AND phone_code.user_id <> excluded.user_id THEN '' ELSE excluded.user_id END`,
		purpose, number, k.hash, k.userID, k.expires, now)
	return err
}

// tryCode counts an attempt at a code that still works.
func tryCode(ctx context.Context, tx *store.Tx, purpose, number string, now time.Time, allowed int) (kept, error) {
	return store.One(ctx, tx, scanKept, `UPDATE phone_code SET attempts = attempts + 1
WHERE purpose = $1 AND number_hash = $2 AND expires_at > $3 AND attempts < $4 RETURNING `+keptColumns, purpose, number, now, allowed)
}

// dropCode tells what was there.
func dropCode(ctx context.Context, tx *store.Tx, purpose, number string) (kept, error) {
	return store.One(ctx, tx, scanKept, `DELETE FROM phone_code WHERE purpose = $1 AND number_hash = $2 RETURNING `+keptColumns, purpose, number)
}

func dropCodesOf(ctx context.Context, tx *store.Tx, userID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM phone_code WHERE user_id = $1`, userID)
	return err
}

// countMessage counts one more message of a subject and tells how many there are in
// the hour that began with the first, and when that ends.
func countMessage(ctx context.Context, tx *store.Tx, subject string, now time.Time) (messages int64, ends time.Time, err error) {
	type count struct {
		messages int64
		ends     time.Time
	}
	c, err := store.One(ctx, tx, func(r *store.Row) count { return count{r.Int(), r.Time()} }, `INSERT INTO sms_count (subject, messages, ends_at) VALUES ($1, 1, $2)
ON CONFLICT (subject) DO UPDATE SET messages = CASE WHEN sms_count.ends_at <= $3 THEN 1 ELSE sms_count.messages + 1 END,
ends_at = CASE WHEN sms_count.ends_at <= $3 THEN excluded.ends_at ELSE sms_count.ends_at END RETURNING messages, ends_at`, subject, now.Add(time.Hour), now)
	return c.messages, c.ends, err
}

// sweep deletes what is over; a code can still be told to be that for an hour.
func sweep(ctx context.Context, tx *store.Tx, now time.Time, limit int) (more bool, err error) {
	codes, err := tx.Exec(ctx, `DELETE FROM phone_code WHERE (purpose, number_hash) IN (SELECT purpose, number_hash FROM phone_code WHERE expires_at < $1 LIMIT $2)`, now.Add(-time.Hour), limit)
	if err != nil {
		return false, err
	}
	counts, err := tx.Exec(ctx, `DELETE FROM sms_count WHERE subject IN (SELECT subject FROM sms_count WHERE ends_at < $1 LIMIT $2)`, now, limit)
	return max(codes, counts) == int64(limit), err
}
