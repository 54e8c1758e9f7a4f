package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"strconv"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// CLIClientID is the client of authd's own command line.
const CLIClientID = "authd-cli"

// ensureCLI makes the client of `authd login`: public, on the person's own
// computer (RFC 8252). It stays as somebody changed it, should they have.
func (s *Service) ensureCLI(ctx context.Context) error {
	old, err := s.Client(ctx, CLIClientID)
	if err == nil && ensureCLIDevice(old) {
		return s.core.DB.Write(ctx, func(tx *store.Tx) error { return updateClient(ctx, tx, old) })
	}
	if !errors.Is(err, ErrClientNotFound) {
		return err
	}
	_, _, err = s.CreateClient(ctx, Client{
		ID: CLIClientID, Name: "authd command line", ApplicationType: typeNative, TokenEndpointAuthMethod: authNone,
		RedirectURIs: []string{"http://127.0.0.1/callback"}, IDTokenSignedResponseAlg: algEdDSA,
		GrantTypes: []string{grantCode, grantRefresh, grantDeviceCode},
	}, "")
	if errors.Is(err, ErrClientExists) { // another process was faster
		return nil
	}
	return err
}

// reconcile makes the clients of authd.toml what it says. One that is no longer
// declared is disabled, not deleted: its consents and name stay for those who
// look why something stopped.
func (s *Service) reconcile(ctx context.Context, declared []config.Client) error {
	wanted := make(map[string]*Client, len(declared))
	for i := range declared {
		c, err := s.declared(&declared[i])
		if err != nil {
			return fmt.Errorf("%s: %w", declared[i].ClientID, err)
		}
		if c.ID == CLIClientID || wanted[c.ID] != nil {
			return fmt.Errorf("%s: the id is taken", c.ID)
		}
		wanted[c.ID] = c
	}
	known, err := s.knownOf(ctx, wanted)
	if err != nil {
		return err
	}
	var done changes
	for _, old := range known {
		c := wanted[old.ID]
		delete(wanted, old.ID)
		if err := s.reconcileOne(ctx, old, c, &done); err != nil {
			return fmt.Errorf("%s: %w", old.ID, err)
		}
	}
	for i := range declared {
		c := wanted[declared[i].ClientID]
		if c == nil {
			continue
		}
		c.CreatedAt, c.UpdatedAt = s.now(ctx), s.now(ctx)
		if err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return insertClient(ctx, tx, c) }); err != nil {
			return fmt.Errorf("%s: %w", c.ID, err)
		}
		done.created++
	}
	if done != (changes{}) {
		s.core.Log.Info("declared clients", slog.Int("created", done.created), slog.Int("updated", done.updated), slog.Int("disabled", done.disabled))
	}
	return nil
}

// knownOf are the clients that were declared once, and those whose id is declared
// now. A start must not take longer for all the others.
func (s *Service) knownOf(ctx context.Context, wanted map[string]*Client) ([]*Client, error) {
	known, err := declaredClients(ctx, s.core.DB)
	if err != nil {
		return nil, err
	}
	missing := maps.Clone(wanted)
	for _, c := range known {
		delete(missing, c.ID)
	}
	for id := range missing {
		c, err := s.Client(ctx, id)
		if errors.Is(err, ErrClientNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		known = append(known, c)
	}
	return known, nil
}

type changes struct{ created, updated, disabled int }

func (s *Service) reconcileOne(ctx context.Context, old, wanted *Client, done *changes) error {
	next := *old
	switch {
	case wanted == nil && (!old.Declared || old.Disabled):
		return nil
	case wanted == nil:
		next.Disabled = true
		done.disabled++
	default:
		next = *wanted
		next.CreatedAt, next.UpdatedAt, next.UserID, next.Metadata = old.CreatedAt, old.UpdatedAt, old.UserID, old.Metadata
		next.LastUsedAt = old.LastUsedAt
		if reflect.DeepEqual(next.values(), old.values()) {
			return nil
		}
		done.updated++
	}
	next.UpdatedAt = s.now(ctx)
	return s.core.DB.Write(ctx, func(tx *store.Tx) error { return updateClient(ctx, tx, &next) })
}

// declared reads one [[client]].
func (s *Service) declared(d *config.Client) (*Client, error) {
	c := &Client{
		ID: d.ClientID, Declared: true, Name: d.Name, URI: d.URI, Icon: d.Icon, TOS: d.TOS, Policy: d.Policy, Contacts: d.Contacts,
		ApplicationType: d.Type, TokenEndpointAuthMethod: d.TokenEndpointAuthMethod, JWKS: d.JWKS, JWKSURI: d.JWKSURI,
		RedirectURIs: d.RedirectURIs, PostLogoutRedirectURIs: d.PostLogoutRedirectURIs, EnableEndSession: d.EnableEndSession,
		BackchannelLogoutURI: d.BackchannelLogoutURI, BackchannelLogoutSID: d.BackchannelLogoutSID,
		FrontchannelLogoutURI: d.FrontchannelLogoutURI, FrontchannelLogoutSID: d.FrontchannelLogoutSID, InitiateLoginURI: d.InitiateLoginURI,
		Scopes: d.Scopes, ClientCredentialsScopes: d.ClientCredentialsScopes, GrantTypes: d.GrantTypes,
		PKCEOptional: !d.RequirePKCE, SkipConsent: d.SkipConsent, SubjectType: d.SubjectType, SectorIdentifierURI: d.SectorIdentifierURI,
		IDTokenSignedResponseAlg: d.IDTokenSignedResponseAlg,
		AccessTokenExpiresIn:     d.AccessTokenExpiresIn.Truncate(time.Second), RefreshTokenExpiresIn: d.RefreshTokenExpiresIn.Truncate(time.Second),
	}
	settings, err := declaredSettings(d)
	if err != nil {
		return nil, err
	}
	c.Settings = settings
	for i, secret := range d.ClientSecrets {
		if i == 0 {
			c.secretHash = core.HashToken(secret)
			continue
		}
		c.Settings.PreviousSecrets = append(c.Settings.PreviousSecrets, previousSecret{ID: strconv.Itoa(i), Hash: core.HashToken(secret)})
	}
	if err := s.complete(c); err != nil {
		return nil, err
	}
	if c.hasSecret() && c.secretHash == "" {
		return nil, bad(invalidMetadata, "a client with "+c.TokenEndpointAuthMethod+" needs a client_secret")
	}
	return c, nil
}

// declaredSettings are those that only some clients have.
func declaredSettings(d *config.Client) (Settings, error) {
	s := Settings{
		AccessTokenFormat: d.AccessTokenFormat, RequirePAR: d.RequirePAR, DPoPBoundAccessTokens: d.DPoPBoundAccessTokens,
		RequestObjectAlg: d.RequestObjectAlg, RequireRequestObject: d.RequireRequestObject, RequestURIs: d.RequestURIs,
		AssertionAlg: d.TokenEndpointAuthAlg, UserinfoAlg: d.UserinfoAlg, IntrospectionAlg: d.IntrospectionAlg,
		RequireAuthTime: d.RequireAuthTime, DefaultACRValues: d.DefaultACRValues, Profile: d.Profile,
		TokenExchange: d.TokenExchange, Impersonate: d.TokenExchangeImpersonate, MayAct: d.MayAct,
		IDTokenExpiresIn: int64(d.IDTokenExpiresIn / time.Second),
	}
	if d.DefaultMaxAge != nil {
		age := int64(*d.DefaultMaxAge / time.Second)
		s.DefaultMaxAge = &age
	}
	if len(d.Claims) > 0 {
		if err := json.Unmarshal(d.Claims, &s.Claims); err != nil {
			return s, bad(invalidMetadata, "claims must be an object")
		}
	}
	return s, nil
}
