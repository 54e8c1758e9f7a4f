package oidc

import (
	"context"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// keepClientSession writes down that a client got an ID token in a session. One
// that was ended while the session went on begins again.
func keepClientSession(ctx context.Context, tx *store.Tx, c *clientSession) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_session (id, session_id, user_id, client_id, sid, created_at, last_token_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
ON CONFLICT (session_id, client_id) DO UPDATE SET last_token_at = excluded.last_token_at, expires_at = excluded.expires_at,
ended_at = NULL, told = '', job = NULL`,
		core.NewID(), c.sessionID, c.userID, c.clientID, c.sid, c.lastTokenAt, c.expiresAt)
	return err
}

const clientSessionColumns = `id, session_id, user_id, client_id, sid, created_at, last_token_at, ended_at, told, job`

func scanClientSession(r *store.Row) *clientSession {
	return &clientSession{
		id: r.Text(), sessionID: r.Text(), userID: r.Text(), clientID: r.Text(), sid: r.Text(),
		createdAt: r.Time(), lastTokenAt: r.Time(), endedAt: r.NullTime(), told: r.Text(), job: text(r),
	}
}

func findClientSession(ctx context.Context, q store.Querier, id string) (*clientSession, error) {
	return store.One(ctx, q, scanClientSession, `SELECT `+clientSessionColumns+` FROM oauth_session WHERE id = $1`, id)
}

// clientSessionsOf are the sessions at clients that came of one session.
func clientSessionsOf(ctx context.Context, q store.Querier, sessionID string) ([]*clientSession, error) {
	return store.All(ctx, q, scanClientSession, `SELECT `+clientSessionColumns+` FROM oauth_session WHERE session_id = $1 ORDER BY id`, sessionID)
}

// userClientSessions are all of a person, newest last.
func userClientSessions(ctx context.Context, q store.Querier, userID string) ([]*clientSession, error) {
	return store.All(ctx, q, scanClientSession, `SELECT `+clientSessionColumns+` FROM oauth_session WHERE user_id = $1 ORDER BY id`, userID)
}

// endClientSession ends one, once. Errors: store.ErrNotFound when it has ended.
func endClientSession(ctx context.Context, tx *store.Tx, c *clientSession, now, forget time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE oauth_session SET ended_at = $1, expires_at = $2, told = $3, job = $4
WHERE id = $5 AND ended_at IS NULL`, now, forget, c.told, null(c.job), c.id)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func markTold(ctx context.Context, tx *store.Tx, id, told string) error {
	_, err := tx.Exec(ctx, `UPDATE oauth_session SET told = $1 WHERE id = $2 AND ended_at IS NOT NULL`, told, id)
	return err
}

// endSessionGrants ends what a session allowed, but not what was to outlive it:
// grants with offline_access whose code was redeemed (Back-Channel Logout §2.7).
func endSessionGrants(ctx context.Context, tx *store.Tx, userID, sessionID string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE oauth_grant SET revoked = $1 WHERE user_id = $2 AND session_id = $3 AND revoked IS NULL
AND (redeemed_at IS NULL OR scopes NOT LIKE '%"offline_access"%')`, now, userID, sessionID)
	return err
}

func forgetConsent(ctx context.Context, tx *store.Tx, userID, clientID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM oauth_consent WHERE user_id = $1 AND client_id = $2`, userID, clientID)
	return err
}

// appAccess is one consent or grant of a person's.
type appAccess struct {
	clientID  string
	scopes    []string
	since     time.Time
	used      time.Time
	until     time.Time // zero for a consent, which gives no access by itself
	sessionID string
}

// grantsOf are a person's grants that are good.
func grantsOf(ctx context.Context, q store.Querier, userID string, now time.Time) ([]*appAccess, error) {
	return store.All(ctx, q, func(r *store.Row) *appAccess {
		return &appAccess{clientID: r.Text(), scopes: list(r), since: r.Time(), used: r.Time(), until: r.Time(), sessionID: text(r)}
	}, `SELECT client_id, scopes, created_at, COALESCE(rotated_at, redeemed_at), expires_at, session_id FROM oauth_grant
WHERE user_id = $1 AND revoked IS NULL AND redeemed_at IS NOT NULL AND expires_at > $2 ORDER BY id`, userID, now)
}

func consentsOf(ctx context.Context, q store.Querier, userID string) ([]*appAccess, error) {
	return store.All(ctx, q, func(r *store.Row) *appAccess {
		return &appAccess{clientID: r.Text(), scopes: list(r), since: r.Time(), used: r.Time()}
	}, `SELECT client_id, scopes, created_at, updated_at FROM oauth_consent WHERE user_id = $1 ORDER BY id`, userID)
}

// clientSessionsAfter are rows in the order of their key, for the sweep.
func clientSessionsAfter(ctx context.Context, q store.Querier, after string, limit int) ([]*clientSession, error) {
	return store.All(ctx, q, func(r *store.Row) *clientSession {
		return &clientSession{id: r.Text(), sessionID: r.Text(), expiresAt: r.Time(), endedAt: r.NullTime()}
	}, `SELECT id, session_id, expires_at, ended_at FROM oauth_session WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
}

func deleteClientSession(ctx context.Context, tx *store.Tx, id string, now time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM oauth_session WHERE id = $1 AND expires_at <= $2`, id, now)
	return err
}

func keepClientSessionUntil(ctx context.Context, tx *store.Tx, id string, until time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE oauth_session SET expires_at = $1 WHERE id = $2 AND ended_at IS NULL`, until, id)
	return err
}

func deleteClientSessionsOf(ctx context.Context, tx *store.Tx, clientID string, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM oauth_session WHERE id IN (SELECT id FROM oauth_session WHERE client_id = $1 LIMIT $2)`, clientID, limit)
}
