package core

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

const userColumns = `u.id, u.name, u.email, u.email_verified, u.image, u.created_at, u.updated_at, u.role, u.banned, u.ban_reason, u.ban_expires, u.pending`

func scanUser(r *store.Row) *User {
	u := &User{ID: r.Text(), Name: r.Text(), Email: r.Text(), EmailVerified: r.Bool(), Image: r.NullText(), CreatedAt: r.Time(), UpdatedAt: r.Time()}
	if role := r.NullText(); role != nil {
		u.Role = *role
	}
	u.Banned, u.BanReason, u.BanExpires, u.Pending = r.Bool(), r.NullText(), r.NullTime(), r.Bool()
	return u
}

// userExtra is a user with what is registered.
const userExtra = userColumns + `, u.extra`

func scanUserExtra(r *store.Row) *User {
	u := scanUser(r)
	u.Extra.text = r.Object()
	u.Extra.read = u.Extra.text
	return u
}

const sessionColumns = `s.id, s.user_id, s.expires_at, s.created_at, s.updated_at, s.ip_address, s.user_agent, s.remember, s.amr`

func scanSession(r *store.Row) *Session {
	return &Session{
		ID: r.Text(), UserID: r.Text(), ExpiresAt: r.Time(), CreatedAt: r.Time(), UpdatedAt: r.Time(),
		IPAddress: r.Text(), UserAgent: r.Text(), Remember: r.Bool(), AMR: parseList(r.Text()),
	}
}

const sessionExtra = sessionColumns + `, s.extra`

func scanSessionExtra(r *store.Row) *Session {
	s := scanSession(r)
	s.Extra.text = r.Object()
	return s
}

func insertUser(ctx context.Context, tx *store.Tx, u *User) error {
	_, err := tx.Exec(ctx, `INSERT INTO "user" (id, name, email, email_verified, image, created_at, updated_at, role, banned, pending, extra)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE, $9, COALESCE($10, '{}'))`,
		u.ID, u.Name, u.Email, u.EmailVerified, u.Image, u.CreatedAt, u.UpdatedAt, u.Role, u.Pending, u.Extra.stored())
	return err
}

func findUser(ctx context.Context, q store.Querier, id string) (*User, error) {
	return store.One(ctx, q, scanUserExtra, `SELECT `+userExtra+` FROM "user" u WHERE u.id = $1`, id)
}

// findUserNear reads who has an address, or else a neighbour of theirs in the index, so that
// both cost the same; nobody where there are no users.
func findUserNear(ctx context.Context, q store.Querier, email string) (*User, error) {
	return store.One(ctx, q, scanUserExtra, `SELECT `+userExtra+` FROM "user" u WHERE u.id = coalesce(
  (SELECT id FROM "user" WHERE email >= $1 ORDER BY email LIMIT 1),
  (SELECT id FROM "user" WHERE email < $1 ORDER BY email DESC LIMIT 1))`, email)
}

func listUsers(ctx context.Context, q store.Querier, after string, limit int) ([]*User, error) {
	return store.All(ctx, q, scanUserExtra, `SELECT `+userExtra+` FROM "user" u WHERE u.id > $1 ORDER BY u.id LIMIT $2`, after, limit)
}

func listPending(ctx context.Context, q store.Querier, after string, limit int) ([]*User, error) {
	return store.All(ctx, q, scanUser, `SELECT `+userColumns+` FROM "user" u WHERE u.pending AND u.id > $1 ORDER BY u.id LIMIT $2`, after, limit)
}

// listByRole finds too many: a role of which this one is a part.
func listByRole(ctx context.Context, q store.Querier, role string) ([]*User, error) {
	return store.All(ctx, q, scanUser, `SELECT `+userColumns+` FROM "user" u WHERE u.role LIKE '%' || $1 || '%' ORDER BY u.id`, role)
}

func anyUser(ctx context.Context, q store.Querier) (bool, error) {
	ids, err := store.All(ctx, q, func(r *store.Row) string { return r.Text() }, `SELECT id FROM "user" LIMIT 1`)
	return len(ids) > 0, err
}

func updateUser(ctx context.Context, tx *store.Tx, u *User) error {
	n, err := tx.Exec(ctx, `UPDATE "user" SET name = $1, email = $2, email_verified = $3, image = $4, updated_at = $5, role = $6,
banned = $7, ban_reason = $8, ban_expires = $9, pending = $10, extra = COALESCE($11, extra) WHERE id = $12`,
		u.Name, u.Email, u.EmailVerified, u.Image, u.UpdatedAt, u.Role, u.Banned, u.BanReason, u.BanExpires, u.Pending, u.Extra.stored(), u.ID)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func deleteUser(ctx context.Context, tx *store.Tx, id string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM "user" WHERE id = $1`, id)
	return n > 0, err
}

func insertSession(ctx context.Context, tx *store.Tx, s *Session) error {
	_, err := tx.Exec(ctx, `INSERT INTO session (id, token_hash, user_id, expires_at, created_at, updated_at, ip_address, user_agent, remember, amr, extra)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, COALESCE($11, '{}'))`,
		s.ID, HashToken(s.Token), s.UserID, s.ExpiresAt, s.CreatedAt, s.UpdatedAt, s.IPAddress, s.UserAgent, s.Remember, formatList(s.AMR), s.Extra.stored())
	return err
}

const sessionAndUser = ` FROM session s JOIN "user" u ON u.id = s.user_id WHERE s.token_hash = $1`

// findSession reads what is registered of users and sessions only where something is.
func findSession(ctx context.Context, q store.Querier, tokenHash string, ofUser, ofSession bool) (*Auth, error) {
	switch {
	case ofSession:
		return store.One(ctx, q, func(r *store.Row) *Auth {
			return &Auth{Session: scanSessionExtra(r), User: scanUserExtra(r)}
		}, `SELECT `+sessionExtra+`, `+userExtra+sessionAndUser, tokenHash)
	case ofUser:
		return store.One(ctx, q, func(r *store.Row) *Auth {
			return &Auth{Session: scanSession(r), User: scanUserExtra(r)}
		}, `SELECT `+sessionColumns+`, `+userExtra+sessionAndUser, tokenHash)
	}
	return store.One(ctx, q, func(r *store.Row) *Auth {
		return &Auth{Session: scanSession(r), User: scanUser(r)}
	}, `SELECT `+sessionColumns+`, `+userColumns+sessionAndUser, tokenHash)
}

func findSessionFields(ctx context.Context, q store.Querier, id string) (string, error) {
	return store.One(ctx, q, func(r *store.Row) string { return r.Text() }, `SELECT extra FROM session WHERE id = $1`, id)
}

func updateSessionFields(ctx context.Context, tx *store.Tx, s *Session) error {
	_, err := tx.Exec(ctx, `UPDATE session SET extra = COALESCE($1, extra), updated_at = $2 WHERE id = $3`, s.Extra.stored(), s.UpdatedAt, s.ID)
	return err
}

func listSessions(ctx context.Context, q store.Querier, userID string, now time.Time) ([]*Session, error) {
	return store.All(ctx, q, scanSessionExtra, `SELECT `+sessionExtra+` FROM session s WHERE s.user_id = $1 AND s.expires_at > $2 ORDER BY s.id`, userID, now)
}

// refreshSession moves the end of a session that is still as it was read.
func refreshSession(ctx context.Context, tx *store.Tx, s *Session) error {
	_, err := tx.Exec(ctx, `UPDATE session SET expires_at = $1, updated_at = $2 WHERE id = $3`, s.ExpiresAt, s.UpdatedAt, s.ID)
	return err
}

func renewSession(ctx context.Context, tx *store.Tx, s *Session) error {
	n, err := tx.Exec(ctx, `UPDATE session SET token_hash = $1, amr = $2, updated_at = $3, expires_at = $4 WHERE id = $5`,
		HashToken(s.Token), formatList(s.AMR), s.UpdatedAt, s.ExpiresAt, s.ID)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func deleteSession(ctx context.Context, tx *store.Tx, userID, id string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM session WHERE id = $1 AND user_id = $2`, id, userID)
	return n > 0, err
}

func deleteSessionsOf(ctx context.Context, tx *store.Tx, userID, except string) ([]string, error) {
	return store.All(ctx, tx, func(r *store.Row) string { return r.Text() },
		`DELETE FROM session WHERE user_id = $1 AND id <> $2 RETURNING id`, userID, except)
}

func sessionEnd(ctx context.Context, q store.Querier, id string) (time.Time, error) {
	return store.One(ctx, q, func(r *store.Row) time.Time { return r.Time() }, `SELECT expires_at FROM session WHERE id = $1`, id)
}

// deleteExpired tells whether there may be more.
func deleteExpired(ctx context.Context, tx *store.Tx, now time.Time, limit int) (more bool, err error) {
	sessions, err := tx.Exec(ctx, `DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at < $1 LIMIT $2)`, now, limit)
	if err != nil {
		return false, err
	}
	values, err := tx.Exec(ctx, `DELETE FROM verification WHERE id IN (SELECT id FROM verification WHERE expires_at < $1 LIMIT $2)`, now.Add(-24*time.Hour), limit)
	return max(sessions, values) == int64(limit), err
}

const verificationColumns = `purpose, subject, data, expires_at`

func scanVerification(r *store.Row) *Verification {
	return &Verification{Purpose: r.Text(), Subject: r.Text(), data: r.Text(), ExpiresAt: r.Time()}
}

func insertVerification(ctx context.Context, tx *store.Tx, id, purpose, hash, subject, data string, expires, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO verification (id, purpose, value_hash, subject, data, expires_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)`, id, purpose, hash, subject, data, expires, now)
	return err
}

func insertSpent(ctx context.Context, tx *store.Tx, id, purpose, hash string, expires, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO verification (id, purpose, value_hash, expires_at, created_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (purpose, value_hash) DO NOTHING`, id, purpose, hash, expires, now)
	return n == 1, err
}

func consumeVerification(ctx context.Context, tx *store.Tx, purpose, hash string, now time.Time) (*Verification, error) {
	return store.One(ctx, tx, scanVerification, `DELETE FROM verification WHERE purpose = $1 AND value_hash = $2 AND expires_at > $3
RETURNING `+verificationColumns, purpose, hash, now)
}

func markVerification(ctx context.Context, tx *store.Tx, purpose, used, hash string, now time.Time) (*Verification, error) {
	return store.One(ctx, tx, scanVerification, `UPDATE verification SET purpose = $1 WHERE purpose = $2 AND value_hash = $3 AND expires_at > $4
RETURNING `+verificationColumns, used, purpose, hash, now)
}

func findVerification(ctx context.Context, q store.Querier, purpose, hash string, now time.Time) (*Verification, error) {
	return store.One(ctx, q, scanVerification, `SELECT `+verificationColumns+` FROM verification
WHERE purpose = $1 AND value_hash = $2 AND expires_at > $3`, purpose, hash, now)
}

func deleteVerifications(ctx context.Context, tx *store.Tx, purpose, subject string) error {
	_, err := tx.Exec(ctx, `DELETE FROM verification WHERE purpose = $1 AND subject = $2`, purpose, subject)
	return err
}

// deleteVerificationsOf removes every pending value that is about a person.
func deleteVerificationsOf(ctx context.Context, tx *store.Tx, userID, email string) error {
	_, err := tx.Exec(ctx, `DELETE FROM verification WHERE subject = $1 OR subject = $2`, userID, email)
	return err
}

func findSetting(ctx context.Context, q store.Querier, name string) (string, error) {
	values, err := store.All(ctx, q, func(r *store.Row) string { return r.Text() }, `SELECT value FROM setting WHERE name = $1`, name)
	if err != nil || len(values) == 0 {
		return "", err
	}
	return values[0], nil
}

func saveSetting(ctx context.Context, tx *store.Tx, name, value string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, name, value, now)
	return err
}
