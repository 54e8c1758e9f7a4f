package oidc

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

const consentColumns = `id, client_id, user_id, scopes, created_at, updated_at`

func scanConsent(r *store.Row) *Consent {
	return &Consent{ID: r.Text(), ClientID: r.Text(), UserID: r.Text(), Scopes: list(r), CreatedAt: r.Time(), UpdatedAt: r.Time()}
}

func findConsentByID(ctx context.Context, q store.Querier, id string) (*Consent, error) {
	return store.One(ctx, q, scanConsent, `SELECT `+consentColumns+` FROM oauth_consent WHERE id = $1`, id)
}

func listConsents(ctx context.Context, q store.Querier, userID string) ([]*Consent, error) {
	return store.All(ctx, q, scanConsent, `SELECT `+consentColumns+` FROM oauth_consent WHERE user_id = $1 ORDER BY id`, userID)
}

func updateConsent(ctx context.Context, tx *store.Tx, c *Consent) error {
	_, err := tx.Exec(ctx, `UPDATE oauth_consent SET scopes = $1, updated_at = $2 WHERE id = $3`, formatList(c.Scopes), c.UpdatedAt, c.ID)
	return err
}

func deleteConsent(ctx context.Context, tx *store.Tx, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM oauth_consent WHERE id = $1`, id)
	return err
}

// liveGrants are those of a person and a client that have not been ended.
func liveGrants(ctx context.Context, q store.Querier, userID, clientID string) ([]*grant, error) {
	return store.All(ctx, q, func(r *store.Row) *grant { return &grant{id: r.Text(), scopes: list(r)} },
		`SELECT id, scopes FROM oauth_grant WHERE user_id = $1 AND client_id = $2 AND revoked IS NULL ORDER BY id`, userID, clientID)
}

// revokeGrantsFor ends all that a client was given by a person.
func revokeGrantsFor(ctx context.Context, tx *store.Tx, userID, clientID string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE oauth_grant SET revoked = $1 WHERE user_id = $2 AND client_id = $3 AND revoked IS NULL`, now, userID, clientID)
	return err
}

func deleteConsentsOf(ctx context.Context, tx *store.Tx, clientID string, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM oauth_consent WHERE id IN (SELECT id FROM oauth_consent WHERE client_id = $1 LIMIT $2)`, clientID, limit)
}
