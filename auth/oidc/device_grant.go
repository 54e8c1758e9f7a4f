package oidc

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// deviceMetadata is what RFC 8628 §4 adds to the metadata document.
type deviceMetadata struct {
	DeviceAuthorizationEndpoint string `json:"device_authorization_endpoint,omitempty"`
}

func newDeviceMetadata(issuer string, on bool) deviceMetadata {
	if !on {
		return deviceMetadata{}
	}
	return deviceMetadata{issuer + "/api/auth/device/code"}
}

func deviceGrants(on bool) []string {
	if !on {
		return nil
	}
	return []string{grantDeviceCode}
}

// Devices knows which devices a person has let in.
type Devices interface {
	// RedeemOAuth uses an approved device code up: issue runs in the same
	// transaction, with who approved, what, and for which APIs. Errors: *api.OAuthError.
	RedeemOAuth(ctx context.Context, clientID, deviceCode string, issue func(tx *store.Tx, a *core.Auth, scopes, resources []string) error) error
	// EndClient takes back what a person has approved and the client has not fetched.
	EndClient(ctx context.Context, tx *store.Tx, userID, clientID string) error
}

// UseDevices connects what answers the device grant.
func (s *Service) UseDevices(d Devices) { s.devices = d }

// DeviceRequest proves the client that asks for a device code and returns its id,
// "" when no such client is registered, the scopes it asks for (RFC 8628 §3.1) and
// where they are to count (RFC 8707 §2.1). Errors: *api.OAuthError.
func (s *Service) DeviceRequest(ctx context.Context, authorization string, form url.Values) (clientID string, scopes, resources []string, err error) {
	if name := malformed(form); name != "" {
		return "", nil, nil, bad(invalidRequest, name)
	}
	if authorization == "" && form.Get("client_secret") == "" && form.Get("client_assertion") == "" {
		_, err := s.known(ctx, form.Get("client_id"))
		if errors.Is(err, ErrClientNotFound) && !errors.As(err, new(documentError)) {
			return "", nil, nil, nil
		}
	}
	client, err := s.authenticate(ctx, authorization, form)
	if err != nil {
		return "", nil, nil, err
	}
	if !slices.Contains(client.GrantTypes, grantDeviceCode) {
		return "", nil, nil, bad(unauthorizedClient, "client is not authorized to use grant type "+grantDeviceCode)
	}
	r := &Request{Client: client, params: url.Values{"scope": form["scope"]}}
	if code, description := s.parseScopes(r); code != "" {
		return "", nil, nil, bad(code, description)
	}
	target, err := s.target(ctx, client, form["resource"])
	if err != nil {
		return "", nil, nil, err
	}
	_, err = target.narrow(r.Scopes)
	return client.ID, r.Scopes, target.resources, err
}

// DeviceResources are the names of APIs as the page at /device tells them.
func (s *Service) DeviceResources(ctx context.Context, identifiers []string) ([]string, error) {
	return s.resourceNames(ctx, identifiers)
}

// DeviceClient is what the page at /device tells of a client.
func (s *Service) DeviceClient(ctx context.Context, id string) (name, uri string, verified bool, err error) {
	c, err := s.known(ctx, id)
	if err != nil {
		return "", "", false, err
	}
	return c.Title(), c.place(), !c.Unverified, nil
}

// device takes a device code and gives tokens, once the person has let the device in.
func (s *Service) device(ctx context.Context, r *tokenRequest) (*Tokens, error) {
	code := r.form.Get("device_code")
	if code == "" {
		return nil, bad(invalidRequest, "device_code is required")
	}
	asked, err := s.target(ctx, r.client, r.form["resource"])
	if err != nil {
		return nil, err
	}
	var g *grant
	var token *minted
	refresh := ""
	err = s.devices.RedeemOAuth(ctx, r.client.ID, code, func(tx *store.Tx, a *core.Auth, scopes, resources []string) (err error) {
		target, err := s.deviceTarget(ctx, tx, r, asked, resources)
		if err != nil {
			return err
		}
		g, refresh, err = s.grantTo(ctx, tx, r, a, scopes, resources, target)
		if err != nil {
			return err
		}
		token, err = s.mint(&minting{client: r.client, grant: g, scopes: scopes, target: target, jkt: r.jkt, now: r.now})
		if err != nil {
			return err
		}
		return token.keep(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	tokens, err := s.issue(ctx, token)
	if err != nil {
		return nil, err
	}
	tokens.RefreshToken = refresh
	return tokens, s.addIDToken(ctx, r.client, g, g.scopes, "", tokens)
}

// deviceTarget is where the tokens of a device are to count: within what the person
// was told (RFC 8707 §2.2). Where that was nothing in particular, it is the client's own
// wish, within what it may have.
func (s *Service) deviceTarget(ctx context.Context, tx *store.Tx, r *tokenRequest, asked target, told []string) (target, error) {
	if asked.resources == nil {
		return s.targetIn(ctx, tx, r.client, told)
	}
	if len(told) == 0 {
		return asked, nil
	}
	return asked, asked.within(told)
}

// grantTo makes a grant that no code stood for, and its refresh token, where it has one.
func (s *Service) grantTo(ctx context.Context, tx *store.Tx, r *tokenRequest, a *core.Auth, scopes, resources []string, to target) (*grant, string, error) {
	if len(resources) == 0 {
		resources = to.resources
	}
	g := &grant{
		id: core.NewID(), clientID: r.client.ID, userID: a.User.ID, sessionID: a.Session.ID, scopes: scopes, resources: resources,
		authTime: a.Session.CreatedAt, amr: a.Session.AMR, createdAt: r.now, jkt: r.client.bindRefresh(r.jkt),
	}
	refresh := ""
	if g.has(scopeOffline) {
		refresh = s.refreshTokens.make(g.id)
		g.refreshToken = core.HashToken(refresh)
	}
	g.expiresAt = s.grantEnd(r.client, to, r.now, refresh != "")
	if err := s.keepDocumented(ctx, tx, r.client); err != nil {
		return nil, "", err
	}
	// The page asked and the person answered: that is consent like any other.
	if err := saveConsent(ctx, tx, a.User.ID, r.client.ID, scopes, r.now); err != nil {
		return nil, "", err
	}
	if err := insertGrant(ctx, tx, g); err != nil {
		return nil, "", err
	}
	// No code: from the start it is the family of its tokens.
	return g, refresh, redeemGrant(ctx, tx, g, r.now)
}

// ensureCLIDevice lets an existing installation's command line sign in with a
// code; where somebody chose its grants, they stay.
func ensureCLIDevice(c *Client) bool {
	if strings.Join(c.GrantTypes, " ") != grantCode+" "+grantRefresh {
		return false
	}
	c.GrantTypes = append(slices.Clone(c.GrantTypes), grantDeviceCode)
	return true
}
