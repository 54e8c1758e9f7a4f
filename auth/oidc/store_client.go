package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

const clientColumns = `client_id, client_secret, disabled, declared, skip_consent, enable_end_session, require_pkce, scopes, redirect_uris,
post_logout_redirect_uris, grant_types, token_endpoint_auth_method, application_type, id_token_signed_response_alg,
access_token_expires_in, refresh_token_expires_in, name, uri, icon, tos, policy, contacts, software_id, software_version,
metadata, user_id, created_at, updated_at, jwks, jwks_uri, subject_type, sector_identifier_uri, backchannel_logout_uri,
backchannel_logout_session_required, frontchannel_logout_uri, frontchannel_logout_session_required, initiate_login_uri,
client_credentials_scopes, settings, registration, verified, registration_token, last_used_at`

func scanClient(r *store.Row) *Client {
	c := &Client{ID: r.Text(), secretHash: text(r), Disabled: r.Bool(), Declared: r.Bool(), SkipConsent: r.Bool(), EnableEndSession: r.Bool()}
	c.PKCEOptional = !r.Bool()
	c.Scopes, c.RedirectURIs, c.PostLogoutRedirectURIs, c.GrantTypes = list(r), list(r), list(r), list(r)
	c.TokenEndpointAuthMethod, c.ApplicationType, c.IDTokenSignedResponseAlg = r.Text(), r.Text(), r.Text()
	c.AccessTokenExpiresIn, c.RefreshTokenExpiresIn = seconds(r), seconds(r)
	c.Name, c.URI, c.Icon, c.TOS, c.Policy = text(r), text(r), text(r), text(r), text(r)
	c.Contacts, c.SoftwareID, c.SoftwareVersion = list(r), text(r), text(r)
	if m := r.Text(); m != "{}" {
		c.Metadata = json.RawMessage(m)
	}
	c.UserID, c.CreatedAt, c.UpdatedAt = text(r), r.Time(), r.Time()
	if keys := text(r); keys != "" {
		c.JWKS = json.RawMessage(keys)
	}
	c.JWKSURI, c.SubjectType, c.SectorIdentifierURI = text(r), r.Text(), text(r)
	c.BackchannelLogoutURI, c.BackchannelLogoutSID = text(r), r.Bool()
	c.FrontchannelLogoutURI, c.FrontchannelLogoutSID = text(r), r.Bool()
	c.InitiateLoginURI, c.ClientCredentialsScopes, c.Settings = text(r), list(r), parseSettings(r.Text())
	c.Registration, c.Unverified, c.registrationToken, c.LastUsedAt = r.Text(), !r.Bool(), text(r), r.NullTime()
	return c
}

func (c *Client) values() []any {
	metadata := "{}"
	if len(c.Metadata) > 0 {
		metadata = string(c.Metadata)
	}
	return []any{
		c.ID, null(c.secretHash), c.Disabled, c.Declared, c.SkipConsent, c.EnableEndSession, !c.PKCEOptional,
		formatList(c.Scopes), formatList(c.RedirectURIs), formatList(c.PostLogoutRedirectURIs), formatList(c.GrantTypes),
		c.TokenEndpointAuthMethod, c.ApplicationType, c.IDTokenSignedResponseAlg,
		nullSeconds(c.AccessTokenExpiresIn), nullSeconds(c.RefreshTokenExpiresIn),
		null(c.Name), null(c.URI), null(c.Icon), null(c.TOS), null(c.Policy), formatList(c.Contacts), null(c.SoftwareID), null(c.SoftwareVersion),
		metadata, null(c.UserID), c.CreatedAt, c.UpdatedAt,
		null(string(c.JWKS)), null(c.JWKSURI), c.SubjectType, null(c.SectorIdentifierURI), null(c.BackchannelLogoutURI), c.BackchannelLogoutSID,
		null(c.FrontchannelLogoutURI), c.FrontchannelLogoutSID, null(c.InitiateLoginURI), formatList(c.ClientCredentialsScopes),
		c.Settings.String(), c.Registration, !c.Unverified, null(c.registrationToken), c.LastUsedAt,
	}
}

func findClient(ctx context.Context, q store.Querier, clientID string) (*Client, error) {
	return store.One(ctx, q, scanClient, `SELECT `+clientColumns+` FROM oauth_client WHERE client_id = $1`, clientID)
}

// findBrief reads what a client that asks for itself is judged by: its proof, and what it may
// have without a person. That is a quarter of the columns, and what a machine's token and a
// look at one cost shows it. A client read so is never written back.
func findBrief(ctx context.Context, q store.Querier, clientID string) (*Client, error) {
	return store.One(ctx, q, func(r *store.Row) *Client {
		return &Client{
			ID: r.Text(), secretHash: text(r), Disabled: r.Bool(), TokenEndpointAuthMethod: r.Text(), GrantTypes: list(r),
			AccessTokenExpiresIn: seconds(r), ClientCredentialsScopes: list(r), Settings: parseSettings(r.Text()),
			Registration: r.Text(), LastUsedAt: r.NullTime(), brief: true,
		}
	}, `SELECT client_id, client_secret, disabled, token_endpoint_auth_method, grant_types, access_token_expires_in,
client_credentials_scopes, settings, registration, last_used_at FROM oauth_client WHERE client_id = $1`, clientID)
}

func listClients(ctx context.Context, q store.Querier) ([]*Client, error) {
	return store.All(ctx, q, scanClient, `SELECT `+clientColumns+` FROM oauth_client ORDER BY id`)
}

// declaredClients are those of authd.toml, as it is or was.
func declaredClients(ctx context.Context, q store.Querier) ([]*Client, error) {
	return store.All(ctx, q, scanClient, `SELECT `+clientColumns+` FROM oauth_client WHERE declared = TRUE ORDER BY client_id`)
}

// clientsOf are those that a person made, by the time of their making.
func clientsOf(ctx context.Context, q store.Querier, userID string) ([]*Client, error) {
	return store.All(ctx, q, scanClient, `SELECT `+clientColumns+` FROM oauth_client WHERE user_id = $1 ORDER BY id`, userID)
}

func countClientsOf(ctx context.Context, q store.Querier, userID string) (int64, error) {
	return store.One(ctx, q, func(r *store.Row) int64 { return r.Int() }, `SELECT COUNT(*) FROM oauth_client WHERE user_id = $1`, userID)
}

func insertClient(ctx context.Context, tx *store.Tx, c *Client) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_client (`+clientColumns+`, response_types, id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28,
$29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, '["code"]', $44)`,
		append(c.values(), core.NewID())...)
	return err
}

func updateClient(ctx context.Context, tx *store.Tx, c *Client) error {
	if c.brief {
		return errors.New("a client that was read in part cannot be written back")
	}
	n, err := tx.Exec(ctx, `UPDATE oauth_client SET client_secret = $2, disabled = $3, declared = $4, skip_consent = $5,
enable_end_session = $6, require_pkce = $7, scopes = $8, redirect_uris = $9, post_logout_redirect_uris = $10, grant_types = $11,
token_endpoint_auth_method = $12, application_type = $13, id_token_signed_response_alg = $14, access_token_expires_in = $15,
refresh_token_expires_in = $16, name = $17, uri = $18, icon = $19, tos = $20, policy = $21, contacts = $22, software_id = $23,
software_version = $24, metadata = $25, user_id = $26, created_at = $27, updated_at = $28,
jwks = $29, jwks_uri = $30, subject_type = $31, sector_identifier_uri = $32, backchannel_logout_uri = $33,
backchannel_logout_session_required = $34, frontchannel_logout_uri = $35, frontchannel_logout_session_required = $36,
initiate_login_uri = $37, client_credentials_scopes = $38, settings = $39, registration = $40, verified = $41,
registration_token = $42, last_used_at = $43 WHERE client_id = $1`, c.values()...)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

func deleteClient(ctx context.Context, tx *store.Tx, clientID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM oauth_client WHERE client_id = $1`, clientID)
	return err
}

func findConsent(ctx context.Context, q store.Querier, userID, clientID string) ([]string, error) {
	return store.One(ctx, q, list, `SELECT scopes FROM oauth_consent WHERE user_id = $1 AND client_id = $2`, userID, clientID)
}

func saveConsent(ctx context.Context, tx *store.Tx, userID, clientID string, scopes []string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO oauth_consent (id, client_id, user_id, scopes, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $5)
ON CONFLICT (user_id, client_id) DO UPDATE SET scopes = excluded.scopes, updated_at = excluded.updated_at`,
		core.NewID(), clientID, userID, formatList(scopes), now)
	return err
}

// text reads a column whose null is "".
func text(r *store.Row) string {
	if v := r.NullText(); v != nil {
		return *v
	}
	return ""
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func seconds(r *store.Row) time.Duration {
	if v := r.NullInt(); v != nil {
		return time.Duration(*v) * time.Second
	}
	return 0
}

func nullSeconds(d time.Duration) *int64 {
	if d == 0 {
		return nil
	}
	n := int64(d / time.Second)
	return &n
}

// list reads a JSON list of texts; an empty one is nil. Nearly none of ours needs
// escapes, and without one a list of texts is taken apart at its commas.
func list(r *store.Row) []string {
	raw := r.Text()
	if raw == "[]" {
		return nil
	}
	if inner, ok := strings.CutPrefix(raw, `["`); ok && !strings.Contains(raw, `\`) {
		if inner, ok = strings.CutSuffix(inner, `"]`); ok {
			return strings.Split(inner, `","`)
		}
	}
	var values []string
	if json.Unmarshal([]byte(raw), &values) != nil {
		return nil
	}
	return values
}

func formatList(values []string) string {
	if len(values) == 0 {
		return "[]"
	}
	b, err := json.Marshal(values)
	if err != nil { // a []string always marshals
		return "[]"
	}
	return string(b)
}
