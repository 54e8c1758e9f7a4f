package device

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"authd/auth/internal/store"
)

const columns = `id, client_id, scope, status, oauth, ip_address, user_id, session_id, auth_time, amr, created_at, expires_at, last_polled_at, polling_interval, resources`

func scan(r *store.Row) *Request {
	q := &Request{
		id: r.Text(), ClientID: r.Text(), Scope: r.Text(), Status: r.Text(), OAuth: r.Bool(), IPAddress: r.Text(),
		userID: text(r), sessionID: text(r),
	}
	if at := r.NullTime(); at != nil {
		q.authTime = *at
	}
	if amr := text(r); amr != "" && json.Unmarshal([]byte(amr), &q.amr) != nil {
		q.amr = nil // only this package writes it
	}
	q.CreatedAt, q.expiresAt, q.polledAt = r.Time(), r.Time(), r.NullTime()
	q.interval = time.Duration(r.Int()) * time.Millisecond
	q.Resources = strings.Fields(text(r))
	return q
}

func text(r *store.Row) string {
	if t := r.NullText(); t != nil {
		return *t
	}
	return ""
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func insertRequest(ctx context.Context, tx *store.Tx, r *Request, deviceCode, userCode string) error {
	_, err := tx.Exec(ctx, `INSERT INTO device_code (id, device_code, user_code, client_id, scope, status, oauth, ip_address, user_id, created_at, expires_at, polling_interval, resources)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.id, deviceCode, userCode, r.ClientID, r.Scope, r.Status, r.OAuth, r.IPAddress, null(r.userID), r.CreatedAt, r.expiresAt, r.interval.Milliseconds(),
		null(strings.Join(r.Resources, " ")))
	return err
}

func findByDeviceCode(ctx context.Context, q store.Querier, hash string) (*Request, error) {
	return store.One(ctx, q, scan, `SELECT `+columns+` FROM device_code WHERE device_code = $1`, hash)
}

func findByUserCode(ctx context.Context, q store.Querier, hash string) (*Request, error) {
	return store.One(ctx, q, scan, `SELECT `+columns+` FROM device_code WHERE user_code = $1`, hash)
}

// claimRequest gives a request to the first person who looks at it.
func claimRequest(ctx context.Context, tx *store.Tx, id, userID string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE device_code SET user_id = $1 WHERE id = $2 AND user_id IS NULL AND status = 'pending'`, userID, id)
	return n > 0, err
}

// decideRequest writes the answer down, once. Errors: store.ErrNotFound.
func decideRequest(ctx context.Context, tx *store.Tx, r *Request, amr string, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE device_code SET status = $1, session_id = $2, auth_time = $3, amr = $4
WHERE id = $5 AND user_id = $6 AND status = 'pending' AND expires_at > $7`, r.Status, r.sessionID, r.authTime, amr, r.id, r.userID, now)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func markPolled(ctx context.Context, tx *store.Tx, id string, now time.Time, interval time.Duration) error {
	_, err := tx.Exec(ctx, `UPDATE device_code SET last_polled_at = $1, polling_interval = $2 WHERE id = $3`, now, interval.Milliseconds(), id)
	return err
}

// useRequest takes an approved request away. Errors: store.ErrNotFound when
// somebody else was faster.
func useRequest(ctx context.Context, tx *store.Tx, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM device_code WHERE id = $1 AND status = 'approved'`, id)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func deleteRequest(ctx context.Context, tx *store.Tx, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM device_code WHERE id = $1`, id)
	return err
}

func deleteRequestsOf(ctx context.Context, tx *store.Tx, userID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM device_code WHERE user_id = $1`, userID)
	return err
}

func deleteRequestsOfSession(ctx context.Context, tx *store.Tx, userID, sessionID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM device_code WHERE user_id = $1 AND session_id = $2`, userID, sessionID)
	return err
}

func deleteRequestsFor(ctx context.Context, tx *store.Tx, userID, clientID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM device_code WHERE user_id = $1 AND client_id = $2 AND oauth`, userID, clientID)
	return err
}

func deleteExpiredRequests(ctx context.Context, tx *store.Tx, before time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM device_code WHERE id IN (SELECT id FROM device_code WHERE expires_at <= $1 LIMIT $2)`, before, limit)
}

// countGuess counts a wrong code against somebody and returns how many there were.
func countGuess(ctx context.Context, tx *store.Tx, who string, now, end time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO device_guess (id, failures, ends_at) VALUES ($1, 1, $2)
ON CONFLICT (id) DO UPDATE SET failures = CASE WHEN device_guess.ends_at <= $3 THEN 1 ELSE device_guess.failures + 1 END,
ends_at = CASE WHEN device_guess.ends_at <= $3 THEN excluded.ends_at ELSE device_guess.ends_at END`, who, end, now)
	return err
}

// guesses is how many wrong codes somebody tried, and until when that counts.
func guesses(ctx context.Context, q store.Querier, who string, now time.Time) (n int64, ends time.Time, err error) {
	_, err = store.One(ctx, q, func(r *store.Row) bool {
		n, ends = r.Int(), r.Time()
		return true
	}, `SELECT failures, ends_at FROM device_guess WHERE id = $1 AND ends_at > $2`, who, now)
	return n, ends, err
}

func deleteExpiredGuesses(ctx context.Context, tx *store.Tx, now time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM device_guess WHERE id IN (SELECT id FROM device_guess WHERE ends_at <= $1 LIMIT $2)`, now, limit)
}
