// Package oidc is authd as OAuth 2.1 authorization server and OpenID Connect
// provider: it tells other applications who somebody is, and lets them act for
// that person, after the person was asked.
//
// A request comes to Authorize, is checked (request.go), and goes through the
// steps that still stand between it and its code (step.go): signing in, an
// account to choose, consent. A step is a page: one of authd's own, which
// carries a flow (flow.go), or one of the operator's, which gets a signed query
// (query.go). The code (grant.go) is redeemed at the token endpoint (token.go,
// refresh.go) by a client that proves itself (authenticate.go).
//
// The package must not know how people sign in: it is given a session. It keeps
// no token or code, only hashes, and no signing key in clear.
package oidc

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Service is the provider. Build it with [New].
type Service struct {
	core   *core.Core
	cfg    config.OauthProvider
	issuer string
	// userinfoURL is in the audience of tokens with openid (NOTES §13).
	userinfoURL string
	keys        *keys
	remote      *remoteKeys
	byDocument  documents
	logos       logos
	nonces      *core.Signer
	query       *core.Signer
	replay      *core.Sealer

	refreshTokens *refreshValues
	forms         *core.Sealer // answers that a page posts
	browser       *browsers
	devices       Devices
	factors       Factors
	logout        *core.Sealer
	pages         LogoutPages
	// subjectKey makes pairwise subjects.
	subjectKey []byte
	claims     []scopeClaim
	complaints *core.Sealer
	failures   failureLimit
	metadata
}

// New puts the provider together and has it listen to the end of people's access.
func New(c *core.Core) (*Service, error) {
	s := &Service{core: c, cfg: c.Config.OauthProvider, issuer: c.Config.URL, userinfoURL: c.Config.URL + "/api/auth/oauth2/userinfo"}
	sealer, err := c.Keys.Sealer("jwks private key")
	if err != nil {
		return nil, err
	}
	s.keys = newKeys(c.DB, sealer, c.Now)
	s.remote = newRemoteKeys(c)
	if s.nonces, err = c.Keys.Signer("dpop nonce"); err != nil {
		return nil, err
	}
	if s.query, err = c.Keys.Signer("oauth signed query"); err != nil {
		return nil, err
	}
	if s.refreshTokens, err = newRefreshValues(c.Keys); err != nil {
		return nil, err
	}
	if s.replay, err = c.Keys.Sealer("oauth refresh replay"); err != nil {
		return nil, err
	}
	if s.subjectKey, err = newSubjectKey(c.Keys, s.cfg); err != nil {
		return nil, err
	}
	if s.forms, err = c.Keys.Sealer("oauth form post"); err != nil {
		return nil, err
	}
	if s.claims, err = newScopeClaims(s.cfg); err != nil {
		return nil, err
	}
	if s.logout, err = c.Keys.Sealer("oauth logout confirmation"); err != nil {
		return nil, err
	}
	if s.complaints, err = c.Keys.Sealer("oauth complaint"); err != nil {
		return nil, err
	}
	if s.browser, err = newBrowsers(c.Keys, c.Config); err != nil {
		return nil, err
	}
	if s.metadata, err = newMetadata(s.issuer, s.cfg, c.Config.DeviceAuthorization.Enabled, namesOf(c.Config)); err != nil {
		return nil, err
	}
	s.listen()
	return s, nil
}

// Start brings the database up to what the configuration says: the clients that
// authd.toml declares and authd's own. It makes no keys: Run does, or the first
// who needs one.
func (s *Service) Start(ctx context.Context) error {
	if err := s.ensureCLI(ctx); err != nil {
		return fmt.Errorf("make the client %s: %w", CLIClientID, err)
	}
	if err := s.reconcile(ctx, s.core.Config.Client); err != nil {
		return fmt.Errorf("declared clients: %w", err)
	}
	if err := s.reconcileResources(ctx); err != nil {
		return fmt.Errorf("declared resources: %w", err)
	}
	return nil
}

// sweepEvery is how often Run deletes what has expired.
const sweepEvery = time.Hour

// Run makes the signing keys when there are none, and sweeps until ctx ends.
func (s *Service) Run(ctx context.Context) {
	if err := s.keys.ensure(ctx); err != nil && ctx.Err() == nil {
		s.core.Log.Error("signing keys were not made; the next request that needs one tries again", "error", err)
	}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.RotateDue(ctx); err != nil && ctx.Err() == nil {
			s.core.Log.Error("signing keys were not rotated", "error", err)
		}
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.core.Log.Error("expired grants were not deleted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// EndUserGrants ends all that a person ever allowed: after a ban, a deletion,
// a password reset or "sign out everywhere". Their access and refresh tokens
// are refused from then on, and each client is told that can be.
func (s *Service) EndUserGrants(ctx context.Context, tx *store.Tx, userID string) error {
	if err := revokeGrantsOf(ctx, tx, userID, s.now(ctx)); err != nil {
		return err
	}
	sessions, err := userClientSessions(ctx, tx, userID)
	if err != nil {
		return err
	}
	return s.endClientSessions(ctx, tx, sessions)
}

func (s *Service) now(ctx context.Context) time.Time {
	return s.core.Now(ctx).UTC().Truncate(time.Millisecond)
}

// security logs what whoever runs the server may want to look into.
func (s *Service) security(ctx context.Context, event string, attrs ...slog.Attr) {
	s.core.Log.LogAttrs(ctx, slog.LevelInfo, "security", append([]slog.Attr{slog.String("event", event)}, attrs...)...)
}
