package twofactor

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

func insertChallenge(ctx context.Context, tx *store.Tx, hash, userID, data string, expires time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO two_factor_challenge (token_hash, user_id, data, attempts, expires_at) VALUES ($1, $2, $3, 0, $4)`, hash, userID, data, expires)
	return err
}

// challengeRow is a sign-in that waits, as it is kept.
type challengeRow struct {
	UserID, Data string
	Tries        int64
}

func findChallenge(ctx context.Context, q store.Querier, hash string, now time.Time) (challengeRow, error) {
	return store.One(ctx, q, func(r *store.Row) challengeRow { return challengeRow{r.Text(), r.Text(), r.Int()} },
		`SELECT user_id, data, attempts FROM two_factor_challenge WHERE token_hash = $1 AND expires_at > $2`, hash, now)
}

// tryChallenge counts a try and tells how many there were with it.
func tryChallenge(ctx context.Context, tx *store.Tx, hash string, now time.Time) (int64, error) {
	return store.One(ctx, tx, func(r *store.Row) int64 { return r.Int() },
		`UPDATE two_factor_challenge SET attempts = attempts + 1 WHERE token_hash = $1 AND expires_at > $2 RETURNING attempts`, hash, now)
}

// useChallenge consumes one; the first caller gets true.
func useChallenge(ctx context.Context, tx *store.Tx, hash string, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM two_factor_challenge WHERE token_hash = $1 AND expires_at > $2`, hash, now)
	return n > 0, err
}

func deleteChallengesOf(ctx context.Context, tx *store.Tx, userID string) (int64, error) {
	_, err := tx.Exec(ctx, `DELETE FROM two_factor_challenge WHERE user_id = $1`, userID)
	return 0, err
}

// saveCode puts a code in the place of the one before.
func saveCode(ctx context.Context, tx *store.Tx, owner, userID, hash string, expires time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO two_factor_code (owner, user_id, code_hash, attempts, expires_at) VALUES ($1, $2, $3, 0, $4)
ON CONFLICT (owner) DO UPDATE SET code_hash = excluded.code_hash, attempts = 0, expires_at = excluded.expires_at`, owner, userID, hash, expires)
	return err
}

// codeRow is a code that was sent, with the tries that it has seen.
type codeRow struct {
	Hash     string
	Attempts int64
}

// tryCode counts a try. Errors: store.ErrNotFound where no code was sent, or its time is over.
func tryCode(ctx context.Context, tx *store.Tx, owner, userID string, now time.Time) (codeRow, error) {
	return store.One(ctx, tx, func(r *store.Row) codeRow { return codeRow{r.Text(), r.Int()} },
		`UPDATE two_factor_code SET attempts = attempts + 1 WHERE owner = $1 AND user_id = $2 AND expires_at > $3 RETURNING code_hash, attempts`, owner, userID, now)
}

func deleteCode(ctx context.Context, tx *store.Tx, owner string) error {
	_, err := tx.Exec(ctx, `DELETE FROM two_factor_code WHERE owner = $1`, owner)
	return err
}

func deleteCodesOf(ctx context.Context, tx *store.Tx, userID string) (int64, error) {
	_, err := tx.Exec(ctx, `DELETE FROM two_factor_code WHERE user_id = $1`, userID)
	return 0, err
}

func scanDevice(r *store.Row) Device {
	return Device{ID: r.Text(), UserAgent: r.Text(), CreatedAt: r.Time(), UsedAt: r.Time(), ExpiresAt: r.Time()}
}

func insertDevice(ctx context.Context, tx *store.Tx, d Device, userID, hash string) error {
	_, err := tx.Exec(ctx, `INSERT INTO trusted_device (id, user_id, token_hash, user_agent, created_at, used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $6)`,
		d.ID, userID, hash, d.UserAgent, d.CreatedAt, d.ExpiresAt)
	return err
}

// rotateDevice lets a browser in that shows the newest token, and gives it another.
func rotateDevice(ctx context.Context, tx *store.Tx, userID, hash, next, agent string, expires, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE trusted_device SET token_hash = $1, user_agent = $2, used_at = $3, expires_at = $4
WHERE token_hash = $5 AND user_id = $6 AND expires_at > $3`, next, agent, now, expires, hash, userID)
	return n > 0, err
}

func listDevices(ctx context.Context, q store.Querier, userID string, now time.Time) ([]Device, error) {
	return store.All(ctx, q, scanDevice, `SELECT id, user_agent, created_at, used_at, expires_at FROM trusted_device
WHERE user_id = $1 AND expires_at > $2 ORDER BY used_at DESC, id`, userID, now)
}

func deleteDevice(ctx context.Context, tx *store.Tx, userID, id string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM trusted_device WHERE user_id = $1 AND id = $2`, userID, id)
	return n > 0, err
}

func deleteDevices(ctx context.Context, tx *store.Tx, userID string) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM trusted_device WHERE user_id = $1`, userID)
}

func findDeviceID(ctx context.Context, q store.Querier, userID, hash string) (string, error) {
	return store.One(ctx, q, func(r *store.Row) string { return r.Text() }, `SELECT id FROM trusted_device WHERE user_id = $1 AND token_hash = $2`, userID, hash)
}
