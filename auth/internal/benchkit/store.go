package main

import (
	"context"
	"fmt"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// insertClients adds so many OAuth clients, as the provider writes them.
func insertClients(ctx context.Context, tx *store.Tx, clients int) error {
	now := time.Now().UTC()
	for i := range clients {
		if _, err := tx.Exec(ctx, `INSERT INTO oauth_client (id, client_id, client_secret, redirect_uris, grant_types, response_types,
token_endpoint_auth_method, application_type, id_token_signed_response_alg, name, created_at, updated_at)
VALUES ($1, $2, $3, '["https://app.example.com/callback"]', '["authorization_code","refresh_token"]', '["code"]',
'client_secret_basic', 'web', 'EdDSA', $4, $5, $5)`,
			core.NewID(), clientID(i), core.HashToken(core.NewToken(43)), fmt.Sprintf("Client %d", i), now); err != nil {
			return err
		}
	}
	return nil
}

func clientID(i int) string { return fmt.Sprintf("client-%d", i) }

// insertPeople adds one user and one session for each token, as core writes them, and where
// there are clients a consent, a grant with a refresh token and an access token. consent names a
// client that all of them have allowed.
func insertPeople(ctx context.Context, tx *store.Tx, from int, tokens []string, clients int, consent string) error {
	now := time.Now().UTC()
	for i, token := range tokens {
		id := core.NewID()
		if _, err := tx.Exec(ctx, `INSERT INTO "user" (id, name, email, email_verified, created_at, updated_at, role)
VALUES ($1, $2, $3, TRUE, $4, $4, 'user')`,
			id, fmt.Sprintf("Person %d", from+i), fmt.Sprintf("person-%d@example.com", from+i), now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO session (id, token_hash, user_id, expires_at, created_at, updated_at, ip_address, user_agent, amr)
VALUES ($1, $2, $3, $4, $5, $5, '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '["pwd"]')`,
			core.NewID(), core.HashToken(token), id, now.Add(7*24*time.Hour), now); err != nil {
			return err
		}
		if consent != "" {
			if err := insertConsent(ctx, tx, id, consent, now); err != nil {
				return err
			}
		}
		if clients > 0 {
			if err := insertGrant(ctx, tx, id, clientID((from+i)%clients), now); err != nil {
				return err
			}
		}
	}
	return nil
}

const scopes = `["openid","profile","email","offline_access"]`

func insertConsent(ctx context.Context, tx *store.Tx, userID, clientID string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_consent (id, client_id, user_id, scopes, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $5)`, core.NewID(), clientID, userID, scopes, now)
	return err
}

func insertGrant(ctx context.Context, tx *store.Tx, userID, clientID string, now time.Time) error {
	grantID := core.NewID()
	if err := insertConsent(ctx, tx, userID, clientID, now); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO oauth_grant (id, client_id, user_id, scopes, auth_time, amr, code, code_challenge, redirect_uri,
redeemed_at, refresh_token, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, '["pwd"]', $6, $7, 'https://app.example.com/callback', $5, $8, $5, $9)`,
		grantID, clientID, userID, scopes, now, core.HashToken(core.NewToken(43)), core.NewToken(43), core.HashToken(core.NewToken(43)),
		now.Add(30*24*time.Hour)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO oauth_access_token (id, token, grant_id, client_id, scopes, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		core.NewID(), core.HashToken(core.NewToken(43)), grantID, clientID, scopes, now, now.Add(24*time.Hour))
	return err
}
