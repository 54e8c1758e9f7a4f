package twofactor

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/store"
)

// factor is a user's row; the zero value is of who has none.
type factor struct {
	Secret      string // sealed; "" without an authenticator app
	Verified    bool
	LastStep    int64 // of the newest code that was taken
	LockedUntil *time.Time
}

// app tells whether there is an authenticator app that counts.
func (f factor) app() bool { return f.Secret != "" && f.Verified }

func (f factor) locked(now time.Time) bool { return f.LockedUntil != nil && f.LockedUntil.After(now) }

func scanFactor(r *store.Row) factor {
	var f factor
	if secret := r.NullText(); secret != nil {
		f.Secret = *secret
	}
	f.Verified, f.LastStep, f.LockedUntil = r.Bool(), r.Int(), r.NullTime()
	return f
}

func findFactor(ctx context.Context, q store.Querier, userID string) (factor, error) {
	return store.One(ctx, q, scanFactor, `SELECT secret, verified, last_step, locked_until FROM two_factor WHERE user_id = $1`, userID)
}

func anyFactor(ctx context.Context, q store.Querier) (bool, error) {
	ids, err := store.All(ctx, q, func(r *store.Row) string { return r.Text() }, `SELECT user_id FROM two_factor WHERE verified OR secret IS NULL LIMIT 1`)
	return len(ids) > 0, err
}

// factorOf is findFactor, the zero value for who has none.
func (s *Service) factorOf(ctx context.Context, q store.Querier, userID string) (factor, error) {
	f, err := findFactor(ctx, q, userID)
	if errors.Is(err, store.ErrNotFound) {
		return factor{}, nil
	}
	return f, err
}

// setSecret begins with an authenticator app; one that counts stays, and false is reported.
func setSecret(ctx context.Context, tx *store.Tx, userID, secret string, verified bool, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO two_factor (user_id, secret, verified, last_step, failed_verification_count, created_at, updated_at)
VALUES ($1, $2, $3, 0, 0, $4, $4)
ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, verified = excluded.verified, last_step = 0, updated_at = excluded.updated_at
WHERE two_factor.secret IS NULL OR NOT two_factor.verified`, userID, secret, verified, now)
	return n > 0, err
}

// insertFactor makes the row of who has codes sent and no app.
func insertFactor(ctx context.Context, tx *store.Tx, userID string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO two_factor (user_id, verified, last_step, failed_verification_count, created_at, updated_at)
VALUES ($1, FALSE, 0, 0, $2, $2) ON CONFLICT (user_id) DO NOTHING`, userID, now)
	return err
}

// useStep takes a code: of one step once, and of none before it, while nothing locks the account.
func useStep(ctx context.Context, tx *store.Tx, userID, secret string, step int64, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE two_factor SET last_step = $1, verified = TRUE, failed_verification_count = 0, locked_until = NULL, updated_at = $2
WHERE user_id = $3 AND secret = $4 AND last_step < $1 AND (locked_until IS NULL OR locked_until <= $2)`, step, now, userID, secret)
	return n > 0, err
}

// clearFailures begins the count anew, unless the account is locked: then it reports false.
func clearFailures(ctx context.Context, tx *store.Tx, userID string, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO two_factor (user_id, verified, last_step, failed_verification_count, created_at, updated_at)
VALUES ($1, FALSE, 0, 0, $2, $2)
ON CONFLICT (user_id) DO UPDATE SET failed_verification_count = 0, locked_until = NULL
WHERE two_factor.locked_until IS NULL OR two_factor.locked_until <= $2`, userID, now)
	return n > 0, err
}

// lockedUntil is nil where nothing locks the account.
func lockedUntil(ctx context.Context, tx *store.Tx, userID string) (*time.Time, error) {
	until, err := store.One(ctx, tx, func(r *store.Row) *time.Time { return r.NullTime() }, `SELECT locked_until FROM two_factor WHERE user_id = $1`, userID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return until, err
}

// countFailure counts one; at most of them in a row lock the account until then.
func countFailure(ctx context.Context, tx *store.Tx, userID string, most int, until, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO two_factor (user_id, verified, last_step, failed_verification_count, created_at, updated_at)
VALUES ($1, FALSE, 0, 1, $2, $2)
ON CONFLICT (user_id) DO UPDATE SET
  failed_verification_count = CASE WHEN two_factor.locked_until IS NULL THEN two_factor.failed_verification_count + 1
    WHEN two_factor.locked_until <= $2 THEN 1 ELSE two_factor.failed_verification_count END,
  locked_until = CASE WHEN two_factor.locked_until > $2 THEN two_factor.locked_until
    WHEN two_factor.locked_until IS NULL AND two_factor.failed_verification_count + 1 >= $3 THEN $4 ELSE NULL END`,
		userID, now, most, until)
	return err
}

func deleteFactor(ctx context.Context, tx *store.Tx, userID string) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM two_factor WHERE user_id = $1`, userID)
}

func insertBackupCode(ctx context.Context, tx *store.Tx, userID, hash string) error {
	_, err := tx.Exec(ctx, `INSERT INTO two_factor_backup_code (user_id, code_hash) VALUES ($1, $2) ON CONFLICT (user_id, code_hash) DO NOTHING`, userID, hash)
	return err
}

// listBackupCodes lists those that count: with an app that has shown a code. Whoever
// began a set-up, perhaps somebody else who knew the password, has its codes already.
func listBackupCodes(ctx context.Context, q store.Querier, userID string) ([]string, error) {
	return store.All(ctx, q, func(r *store.Row) string { return r.Text() },
		`SELECT code_hash FROM two_factor_backup_code WHERE user_id = $1
AND EXISTS (SELECT 1 FROM two_factor WHERE user_id = $1 AND verified AND secret IS NOT NULL) ORDER BY code_hash`, userID)
}

func useBackupCode(ctx context.Context, tx *store.Tx, userID, hash string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM two_factor_backup_code WHERE user_id = $1 AND code_hash = $2`, userID, hash)
	return n > 0, err
}

func deleteBackupCodes(ctx context.Context, tx *store.Tx, userID string) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM two_factor_backup_code WHERE user_id = $1`, userID)
}

// sealedRow is something sealed of a user.
type sealedRow struct{ UserID, Sealed string }

func scanSealed(r *store.Row) sealedRow { return sealedRow{r.Text(), r.Text()} }

func listSecrets(ctx context.Context, q store.Querier) ([]sealedRow, error) {
	return store.All(ctx, q, scanSealed, `SELECT user_id, secret FROM two_factor WHERE secret IS NOT NULL ORDER BY user_id`)
}

func resealSecret(ctx context.Context, tx *store.Tx, row sealedRow, sealed string) error {
	_, err := tx.Exec(ctx, `UPDATE two_factor SET secret = $1 WHERE user_id = $2 AND secret = $3`, sealed, row.UserID, row.Sealed)
	return err
}

func listAllBackupCodes(ctx context.Context, q store.Querier) ([]sealedRow, error) {
	return store.All(ctx, q, scanSealed, `SELECT user_id, code_hash FROM two_factor_backup_code ORDER BY user_id, code_hash`)
}

func resealBackupCode(ctx context.Context, tx *store.Tx, row sealedRow, sealed string) error {
	_, err := tx.Exec(ctx, `UPDATE two_factor_backup_code SET code_hash = $1 WHERE user_id = $2 AND code_hash = $3`, sealed, row.UserID, row.Sealed)
	return err
}

// deleteExpired tells whether there may be more.
func deleteExpired(ctx context.Context, tx *store.Tx, now time.Time, limit int) (more bool, err error) {
	challenges, err := tx.Exec(ctx, `DELETE FROM two_factor_challenge WHERE token_hash IN (SELECT token_hash FROM two_factor_challenge WHERE expires_at < $1 LIMIT $2)`, now, limit)
	if err != nil {
		return false, err
	}
	codes, err := tx.Exec(ctx, `DELETE FROM two_factor_code WHERE owner IN (SELECT owner FROM two_factor_code WHERE expires_at < $1 LIMIT $2)`, now, limit)
	if err != nil {
		return false, err
	}
	devices, err := tx.Exec(ctx, `DELETE FROM trusted_device WHERE id IN (SELECT id FROM trusted_device WHERE expires_at < $1 LIMIT $2)`, now, limit)
	return max(challenges, codes, devices) == int64(limit), err
}
