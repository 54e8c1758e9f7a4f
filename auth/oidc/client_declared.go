package oidc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
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
	known, err := s.Clients(ctx)
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
		ID: d.ClientID, Declared: true, Name: d.Name, URI: d.URI, Icon: d.Icon, ApplicationType: d.Type,
		TokenEndpointAuthMethod: d.TokenEndpointAuthMethod, RedirectURIs: d.RedirectURIs,
		PostLogoutRedirectURIs: d.PostLogoutRedirectURIs, EnableEndSession: len(d.PostLogoutRedirectURIs) > 0,
		Scopes: d.Scopes, GrantTypes: d.GrantTypes, PKCEOptional: !d.RequirePKCE, SkipConsent: d.SkipConsent,
		IDTokenSignedResponseAlg: d.IDTokenSignedResponseAlg,
		AccessTokenExpiresIn:     d.AccessTokenExpiresIn.Truncate(time.Second), RefreshTokenExpiresIn: d.RefreshTokenExpiresIn.Truncate(time.Second),
	}
	if d.ClientSecret != "" {
		c.secretHash = core.HashToken(d.ClientSecret)
	} else if c.TokenEndpointAuthMethod == "" {
		c.TokenEndpointAuthMethod = authNone
	}
	if err := s.complete(c); err != nil {
		return nil, err
	}
	if !c.Public() && c.secretHash == "" {
		return nil, bad(invalidMetadata, "a client with "+c.TokenEndpointAuthMethod+" needs a client_secret")
	}
	return c, nil
}
