package oidc

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

func insertGrant(ctx context.Context, tx *store.Tx, g *grant) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_grant (id, client_id, user_id, session_id, scopes, auth_time, amr, nonce, code, code_challenge,
redirect_uri, created_at, expires_at, resources, claims, acr, jkt, act, sid)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		g.id, g.clientID, g.userID, null(g.sessionID), formatList(g.scopes), g.authTime, formatList(g.amr), null(g.nonce), g.code, g.codeChallenge,
		g.redirectURI, g.createdAt, g.expiresAt, formatList(g.resources), null(g.claims), null(g.acr), null(g.jkt), null(g.act), null(g.sid))
	return err
}

func findGrant(ctx context.Context, q store.Querier, id string) (*grant, error) {
	return store.One(ctx, q, func(r *store.Row) *grant {
		return &grant{
			id: r.Text(), clientID: r.Text(), userID: r.Text(), sessionID: text(r), scopes: list(r), authTime: r.Time(), amr: list(r),
			nonce: text(r), code: r.Text(), codeChallenge: r.Text(), redirectURI: r.Text(), redeemedAt: r.NullTime(),
			refreshToken: text(r), createdAt: r.Time(), expiresAt: r.Time(), revoked: r.NullTime(),
			resources: list(r), claims: text(r), acr: text(r), jkt: text(r), act: text(r), sid: text(r),
		}
	}, `SELECT id, client_id, user_id, session_id, scopes, auth_time, amr, nonce, code, code_challenge, redirect_uri, redeemed_at,
refresh_token, created_at, expires_at, revoked, resources, claims, acr, jkt, act, sid FROM oauth_grant WHERE id = $1`, id)
}

// redeemGrant turns a code into the family of its tokens: once. Errors: store.ErrNotFound.
func redeemGrant(ctx context.Context, tx *store.Tx, g *grant, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE oauth_grant SET redeemed_at = $1, refresh_token = $2, expires_at = $3, resources = $4, jkt = $5
WHERE id = $6 AND redeemed_at IS NULL AND revoked IS NULL`, now, null(g.refreshToken), g.expiresAt, formatList(g.resources), null(g.jkt), g.id)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// rotateGrant replaces the refresh token of a grant that has the old one. Errors: store.ErrNotFound.
func rotateGrant(ctx context.Context, tx *store.Tx, c *rotation) (*grant, error) {
	return store.One(ctx, tx, func(r *store.Row) *grant {
		return &grant{
			id: c.grantID, clientID: c.clientID, userID: r.Text(), sessionID: text(r), scopes: list(r), authTime: r.Time(), amr: list(r),
			resources: list(r), claims: text(r), acr: text(r), jkt: text(r), act: text(r), sid: text(r),
		}
	}, `UPDATE oauth_grant SET refresh_token = $1, replay = $2, rotated_at = $3, expires_at = $4
WHERE id = $5 AND refresh_token = $6 AND client_id = $7 AND revoked IS NULL AND expires_at > $3
RETURNING user_id, session_id, scopes, auth_time, amr, resources, claims, acr, jkt, act, sid`, c.next, null(c.replay), c.now, c.end, c.grantID, c.old, c.clientID)
}

// endGrantAt moves the end of a grant.
func endGrantAt(ctx context.Context, tx *store.Tx, id string, end time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE oauth_grant SET expires_at = $1 WHERE id = $2`, end, id)
	return err
}

// findReplay is when the refresh token was last replaced, and the new one sealed under the old.
func findReplay(ctx context.Context, q store.Querier, id string) (at time.Time, sealed string, err error) {
	_, err = store.One(ctx, q, func(r *store.Row) bool {
		if t := r.NullTime(); t != nil {
			at = *t
		}
		sealed = text(r)
		return true
	}, `SELECT rotated_at, replay FROM oauth_grant WHERE id = $1`, id)
	return at, sealed, err
}

func revokeGrant(ctx context.Context, tx *store.Tx, id string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE oauth_grant SET revoked = $1 WHERE id = $2 AND revoked IS NULL`, now, id)
	return err
}

func revokeGrantsOf(ctx context.Context, tx *store.Tx, userID string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE oauth_grant SET revoked = $1 WHERE user_id = $2 AND revoked IS NULL`, now, userID)
	return err
}

func insertAccessToken(ctx context.Context, tx *store.Tx, t *accessToken) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_access_token (id, token, grant_id, client_id, scopes, created_at, expires_at, resources, jkt, act)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, t.id, t.hash, t.grantID, t.clientID, formatList(t.scopes), t.createdAt, t.expiresAt,
		formatList(t.resources), null(t.jkt), null(t.act))
	return err
}

// findAccessToken reads a token that is good as far as its grant and client go.
func findAccessToken(ctx context.Context, q store.Querier, id string, now time.Time) (*accessToken, error) {
	return store.One(ctx, q, func(r *store.Row) *accessToken {
		return &accessToken{
			id: r.Text(), hash: r.Text(), grantID: r.Text(), clientID: r.Text(), scopes: list(r), createdAt: r.Time(), expiresAt: r.Time(),
			resources: list(r), jkt: text(r), userID: text(r), sessionID: text(r), act: text(r), subjectType: r.Text(), settings: r.Text(),
			claims: text(r),
		}
	}, `SELECT t.id, t.token, t.grant_id, t.client_id, t.scopes, t.created_at, t.expires_at, t.resources, t.jkt,
g.user_id, CASE WHEN g.client_id = t.client_id THEN g.session_id END, COALESCE(t.act, g.act), c.subject_type, c.settings, CASE WHEN g.client_id = t.client_id THEN g.claims END
FROM oauth_access_token t LEFT JOIN oauth_grant g ON g.id = t.grant_id JOIN oauth_client c ON c.client_id = t.client_id
WHERE t.id = $1 AND t.expires_at > $2 AND (t.grant_id = '' OR g.id IS NOT NULL AND g.revoked IS NULL) AND NOT c.disabled`, id, now)
}

func revokeAccessToken(ctx context.Context, tx *store.Tx, id, hash, clientID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM oauth_access_token WHERE id = $1 AND token = $2 AND client_id = $3`, id, hash, clientID)
	return err
}

func ids(r *store.Row) string { return r.Text() }

func scanExpiring(r *store.Row) expiring { return expiring{id: r.Text(), end: r.Time()} }

func accessTokensAfter(ctx context.Context, q store.Querier, after string, limit int) ([]expiring, error) {
	return store.All(ctx, q, scanExpiring, `SELECT id, expires_at FROM oauth_access_token WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
}

func grantsAfter(ctx context.Context, q store.Querier, after string, limit int) ([]expiring, error) {
	return store.All(ctx, q, scanExpiring, `SELECT id, expires_at FROM oauth_grant WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
}

func deleteAccessToken(ctx context.Context, tx *store.Tx, id string, now time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM oauth_access_token WHERE id = $1 AND expires_at <= $2`, id, now)
	return err
}

func deleteGrant(ctx context.Context, tx *store.Tx, id string, now time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM oauth_grant WHERE id = $1 AND expires_at <= $2`, id, now)
	return err
}

func deleteGrantsOf(ctx context.Context, tx *store.Tx, clientID string, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM oauth_grant WHERE id IN (SELECT id FROM oauth_grant WHERE client_id = $1 LIMIT $2)`, clientID, limit)
}
