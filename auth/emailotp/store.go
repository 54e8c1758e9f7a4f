package emailotp

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// code is the row of a code that was asked for.
type code struct {
	seed     string
	failures int64
	expires  time.Time
}

func scanCode(r *store.Row) *code { return &code{seed: r.Text(), failures: r.Int(), expires: r.Time()} }

// asked is a code that is asked for.
type asked struct {
	purpose, subject, seed string
	now, expires           time.Time
	reuse                  bool // what can still be used stays as it is
	attempts               int
}

// askCode makes the row, or makes it anew. failures outlive the code.
func askCode(ctx context.Context, tx *store.Tx, a asked) (*code, error) {
	return store.One(ctx, tx, scanCode, `INSERT INTO mail_code (purpose, subject, seed, attempts, failures, failures_until, created_at, expires_at)
VALUES ($1, $2, $3, 0, 0, 0, $4, $5)
ON CONFLICT (purpose, subject) DO UPDATE SET
seed = CASE WHEN $6 AND mail_code.seed <> '' AND mail_code.expires_at > $4 AND mail_code.attempts < $7 THEN mail_code.seed ELSE excluded.seed END,
attempts = CASE WHEN $6 AND mail_code.seed <> '' AND mail_code.expires_at > $4 THEN mail_code.attempts ELSE 0 END,
failures = CASE WHEN mail_code.failures_until > $4 THEN mail_code.failures ELSE 0 END,
created_at = excluded.created_at, expires_at = excluded.expires_at
RETURNING seed, failures, expires_at`, a.purpose, a.subject, a.seed, a.now, a.expires, a.reuse, a.attempts)
}

// countAttempt counts an attempt and returns what it is to be compared with.
// Errors: store.ErrNotFound where none can be made.
func countAttempt(ctx context.Context, tx *store.Tx, purpose, subject string, attempts int, now time.Time) (seed string, err error) {
	return store.One(ctx, tx, func(r *store.Row) string { return r.Text() }, `UPDATE mail_code SET attempts = attempts + 1,
failures = CASE WHEN failures_until > $3 THEN failures + 1 ELSE 1 END,
failures_until = CASE WHEN failures_until > $3 THEN failures_until ELSE $4 END
WHERE purpose = $1 AND subject = $2 AND seed <> '' AND expires_at > $3 AND attempts < $5 AND (failures < $6 OR failures_until <= $3)
RETURNING seed`, purpose, subject, now, now.Add(failuresCount), attempts, mostFailures)
}

// uncountAttempt: the right code is no wrong one.
func uncountAttempt(ctx context.Context, tx *store.Tx, purpose, subject string) error {
	_, err := tx.Exec(ctx, `UPDATE mail_code SET attempts = attempts - 1, failures = failures - 1 WHERE purpose = $1 AND subject = $2`, purpose, subject)
	return err
}

// useCode uses a code up. Errors: store.ErrNotFound.
func useCode(ctx context.Context, tx *store.Tx, purpose, subject, seed string, now time.Time) error {
	n, err := tx.Exec(ctx, `DELETE FROM mail_code WHERE purpose = $1 AND subject = $2 AND seed = $3 AND expires_at > $4`, purpose, subject, seed, now)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func findCode(ctx context.Context, q store.Querier, purpose, subject string) (*code, error) {
	return store.One(ctx, q, scanCode, `SELECT seed, failures, expires_at FROM mail_code WHERE purpose = $1 AND subject = $2`, purpose, subject)
}

// endCode ends a code; what was counted stays.
func endCode(ctx context.Context, tx *store.Tx, purpose, subject string) error {
	_, err := tx.Exec(ctx, `UPDATE mail_code SET seed = '' WHERE purpose = $1 AND subject = $2`, purpose, subject)
	return err
}

func deleteCodes(ctx context.Context, tx *store.Tx, email string) error {
	_, err := tx.Exec(ctx, `DELETE FROM mail_code WHERE subject = $1 AND purpose IN ('email-verification', 'sign-in', 'forget-password')`, email)
	return err
}

// deleteChanges ends the codes that would replace a user's address.
func deleteChanges(ctx context.Context, tx *store.Tx, userID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM mail_code WHERE purpose = 'change-email' AND subject LIKE $1 || ' %'`, userID)
	return err
}

func deleteExpired(ctx context.Context, tx *store.Tx, now time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM mail_code WHERE (purpose, subject) IN (
SELECT purpose, subject FROM mail_code WHERE expires_at <= $1 AND failures_until <= $1 LIMIT $2)`, now.Add(-24*time.Hour), limit)
}
