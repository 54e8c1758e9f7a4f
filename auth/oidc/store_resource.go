package oidc

import (
	"context"
	"encoding/json"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

const resourceColumns = `id, identifier, name, access_token_ttl, refresh_token_ttl, signing_algorithm, allowed_scopes, custom_claims,
dpop_bound_access_tokens_required, disabled, declared, policy_version, metadata, created_at, updated_at`

func scanResource(r *store.Row) *Resource {
	one := &Resource{
		ID: r.Text(), Identifier: r.Text(), Name: r.Text(), AccessTokenExpiresIn: seconds(r), RefreshTokenExpiresIn: seconds(r), SigningAlgorithm: text(r),
	}
	if allowed := r.NullText(); allowed != nil {
		one.AllowedScopes = []string{}
		_ = json.Unmarshal([]byte(*allowed), &one.AllowedScopes) // only this package writes it
	}
	if claims := text(r); claims != "" {
		_ = json.Unmarshal([]byte(claims), &one.CustomClaims) // likewise
	}
	one.DPoPBound, one.Disabled, one.Declared, one.PolicyVersion = r.Bool(), r.Bool(), r.Bool(), r.Int()
	if metadata := text(r); metadata != "" {
		one.Metadata = json.RawMessage(metadata)
	}
	one.CreatedAt, one.UpdatedAt = r.Time(), r.Time()
	return one
}

func (r *Resource) values() ([]any, error) {
	var allowed, claims *string
	if r.AllowedScopes != nil {
		list := formatList(r.AllowedScopes)
		allowed = &list
	}
	if len(r.CustomClaims) > 0 {
		raw, err := json.Marshal(r.CustomClaims)
		if err != nil {
			return nil, err
		}
		claims = null(string(raw))
	}
	return []any{
		r.Identifier, r.Name, nullSeconds(r.AccessTokenExpiresIn), nullSeconds(r.RefreshTokenExpiresIn), null(r.SigningAlgorithm),
		allowed, claims, r.DPoPBound, r.Disabled, r.Declared, r.PolicyVersion, null(string(r.Metadata)), r.CreatedAt, r.UpdatedAt,
	}, nil
}

// findResource also tells whether the client is linked to it.
func findResource(ctx context.Context, q store.Querier, identifier, clientID string) (*Resource, error) {
	return store.One(ctx, q, func(r *store.Row) *Resource {
		one := scanResource(r)
		one.linked = r.Bool()
		return one
	}, `SELECT `+resourceColumns+`,
EXISTS (SELECT 1 FROM oauth_client_resource l WHERE l.client_id = $2 AND l.resource_id = oauth_resource.identifier)
FROM oauth_resource WHERE identifier = $1`, identifier, clientID)
}

func listResources(ctx context.Context, q store.Querier) ([]*Resource, error) {
	return store.All(ctx, q, scanResource, `SELECT `+resourceColumns+` FROM oauth_resource ORDER BY id`)
}

func insertResource(ctx context.Context, tx *store.Tx, one *Resource) error {
	values, err := one.values()
	if err != nil {
		return err
	}
	one.ID = core.NewID()
	_, err = tx.Exec(ctx, `INSERT INTO oauth_resource (`+resourceColumns+`)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, append([]any{one.ID}, values...)...)
	return err
}

func updateResource(ctx context.Context, tx *store.Tx, one *Resource) error {
	values, err := one.values()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE oauth_resource SET name = $2, access_token_ttl = $3, refresh_token_ttl = $4, signing_algorithm = $5,
allowed_scopes = $6, custom_claims = $7, dpop_bound_access_tokens_required = $8, disabled = $9, declared = $10, policy_version = $11,
metadata = $12, created_at = $13, updated_at = $14 WHERE identifier = $1`, values...)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func deleteResource(ctx context.Context, tx *store.Tx, identifier string) error {
	n, err := tx.Exec(ctx, `DELETE FROM oauth_resource WHERE identifier = $1`, identifier)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func linkResource(ctx context.Context, tx *store.Tx, clientID, identifier string, declared bool, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_client_resource (id, client_id, resource_id, declared, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (client_id, resource_id) DO NOTHING`, core.NewID(), clientID, identifier, declared, now)
	return err
}

func unlinkResource(ctx context.Context, tx *store.Tx, clientID, identifier string) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM oauth_client_resource WHERE client_id = $1 AND resource_id = $2`, clientID, identifier)
}

// declaredLinks are the clients that authd.toml links to a resource, as it was at the last start.
func declaredLinks(ctx context.Context, q store.Querier, identifier string) ([]string, error) {
	return store.All(ctx, q, ids, `SELECT client_id FROM oauth_client_resource WHERE resource_id = $1 AND declared ORDER BY id`, identifier)
}

// linkedClients are those that may ask for a resource and introspect tokens for it.
func linkedClients(ctx context.Context, q store.Querier, identifier string) ([]string, error) {
	return store.All(ctx, q, ids, `SELECT client_id FROM oauth_client_resource WHERE resource_id = $1 ORDER BY id`, identifier)
}

// linkedResources are those that a client may ask for and introspect.
func linkedResources(ctx context.Context, q store.Querier, clientID string) ([]string, error) {
	return store.All(ctx, q, ids, `SELECT resource_id FROM oauth_client_resource WHERE client_id = $1 ORDER BY id`, clientID)
}

// completeJWT finds what a JWT access token stands for today. Errors: store.ErrNotFound
// when its client or its grant has ended, or it alone was revoked.
func completeJWT(ctx context.Context, q store.Querier, t *accessToken, revoked string) error {
	_, err := store.One(ctx, q, func(r *store.Row) bool {
		t.subjectType, t.settings, t.userID, t.sessionID, t.claims = r.Text(), r.Text(), text(r), text(r), text(r)
		return true
	}, `SELECT c.subject_type, c.settings, g.user_id, CASE WHEN g.client_id = c.client_id THEN g.session_id END, CASE WHEN g.client_id = c.client_id THEN g.claims END
FROM oauth_client c LEFT JOIN oauth_grant g ON g.id = $2
WHERE c.client_id = $1 AND NOT c.disabled AND ($2 = '' OR g.id IS NOT NULL AND g.revoked IS NULL)
AND NOT EXISTS (SELECT 1 FROM oauth_jti WHERE id = $3)`, t.clientID, t.grantID, revoked)
	return err
}

// revokeJWT notes that a JWT access token has ended before its time.
func revokeJWT(ctx context.Context, tx *store.Tx, revoked string, end time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_jti (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, revoked, end)
	return err
}
