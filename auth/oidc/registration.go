package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Dynamic client registration (RFC 7591) has three policies. Off, the default: no
// one. With allow_dynamic_client_registration: people who are signed in, and who
// has an initial access token. With allow_unauthenticated_client_registration
// too: everybody. Only what an initial access token or an administrator made
// counts as looked at; the rest is unverified: people are told so when they are
// asked for consent, there is a bound to their number, and what nobody uses goes.

const (
	unusedGrace = 24 * time.Hour // how long an unverified client may stay without one use
	usedEvery   = 24 * time.Hour // how often a client's use is written down
	maxSelfMade = 64 << 10       // bytes of metadata: strangers may send it, and it is kept
	roomAfter   = time.Hour      // how old an unused one must be to make room for another
)

// registrationMetadata is what discovery says about it (RFC 8414 §2, OAuth Client
// ID Metadata Document §5).
type registrationMetadata struct {
	RegistrationEndpoint string `json:"registration_endpoint,omitempty"`
	MetadataDocuments    bool   `json:"client_id_metadata_document_supported,omitempty"`
}

func newRegistrationMetadata(issuer string, cfg config.OauthProvider) registrationMetadata {
	m := registrationMetadata{MetadataDocuments: cfg.ClientIDMetadataDocuments}
	if cfg.AllowDynamicClientRegistration {
		m.RegistrationEndpoint = issuer + "/api/auth/oauth2/register"
	}
	return m
}

// Registrant is who registers a client.
type Registrant struct {
	Token string     // the initial access token, "" without one
	User  *core.User // the person who is signed in, nil without one
	Admin bool       // that person is an administrator
}

// Registered is a client that was just registered, with what is told this once.
type Registered struct {
	Client *Client
	Secret string // "" for a client without one
	Token  string // for its management (RFC 7592 §3)
}

// Register makes a client of what it says about itself. Errors: *api.OAuthError.
func (s *Service) Register(ctx context.Context, who Registrant, raw []byte) (*Registered, error) {
	if !s.cfg.AllowDynamicClientRegistration {
		return nil, &api.OAuthError{Status: 403, Code: accessDenied, Description: "Client registration is disabled"}
	}
	verified, err := s.mayRegister(ctx, who)
	if err != nil {
		return nil, err
	}
	c, err := s.selfMade(raw)
	if err != nil {
		return nil, err
	}
	c.ID, c.Registration, c.Unverified = core.NewToken(32), madeByItself, !verified
	if who.User != nil {
		c.UserID = who.User.ID
	}
	if err := s.complete(&c); err != nil {
		return nil, err
	}
	if err := s.checkSector(ctx, &c); err != nil {
		return nil, err
	}
	made := &Registered{Client: &c, Token: newManagementToken()}
	c.registrationToken = core.HashToken(made.Token)
	if c.hasSecret() {
		made.Secret = newSecret()
		c.secretHash = core.HashToken(made.Secret)
	}
	c.CreatedAt, c.UpdatedAt = s.now(ctx), s.now(ctx)
	if err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return s.insertRegistered(ctx, tx, who, &c) }); err != nil {
		return nil, err
	}
	s.security(ctx, "oauth-client-registered", slog.String("client", c.ID), slog.Bool("verified", verified), slog.String("user", c.UserID))
	return made, nil
}

// newManagementToken has 256 bits of chance, and a prefix as secrets have.
func newManagementToken() string { return "authd_rat_" + core.NewToken(43) }

func (s *Service) insertRegistered(ctx context.Context, tx *store.Tx, who Registrant, c *Client) error {
	if who.Token != "" {
		err := useRegistrationToken(ctx, tx, core.HashToken(who.Token), s.now(ctx))
		if errors.Is(err, store.ErrNotFound) {
			return errRegistrationToken()
		}
		if err != nil {
			return err
		}
	}
	if who.User != nil && !who.Admin && who.Token == "" {
		if err := s.roomFor(ctx, tx, who.User.ID); err != nil {
			return err
		}
	}
	if c.Unverified {
		if err := s.makeRoom(ctx, tx); err != nil {
			return err
		}
	}
	return insertClient(ctx, tx, c)
}

// makeRoom bounds how many clients nobody has looked at there are. Those that
// were never used go first, so that whoever fills the table shuts nobody out for long.
func (s *Service) makeRoom(ctx context.Context, tx *store.Tx) error {
	n, err := countUnverified(ctx, tx)
	if err != nil || n < int64(s.cfg.ClientRegistrationMaxUnverified) {
		return err
	}
	freed, err := deleteOldestUnused(ctx, tx, s.now(ctx).Add(-roomAfter))
	if err != nil {
		return err
	}
	if freed == 0 {
		return &api.OAuthError{Status: 503, Code: "temporarily_unavailable", Description: "too many unverified clients are registered; try again later"}
	}
	return nil
}

func errRegistrationToken() *api.OAuthError {
	return bearerError(401, invalidToken, "the initial access token is unknown, used up or expired", "")
}

// mayRegister tells whether who asks may register, and whether what comes of it
// counts as looked at.
func (s *Service) mayRegister(ctx context.Context, who Registrant) (verified bool, err error) {
	if who.Token != "" {
		_, err := findRegistrationToken(ctx, s.core.DB, core.HashToken(who.Token), s.now(ctx))
		if errors.Is(err, store.ErrNotFound) {
			return false, errRegistrationToken()
		}
		return err == nil, err
	}
	if who.User == nil && !s.cfg.AllowUnauthenticatedClientRegistration {
		return false, bearerError(401, invalidToken, "Authentication required for client registration", "")
	}
	return who.Admin, nil
}

// selfMade reads what a client says of itself, with the defaults of RFC 7591 §2
// and the operator's bounds.
func (s *Service) selfMade(raw []byte) (Client, error) {
	if len(raw) > maxSelfMade {
		return Client{}, bad(invalidMetadata, "client metadata has more than 64 kB")
	}
	c, err := clientOf(raw, false)
	if err != nil {
		return Client{}, err
	}
	return c, s.bound(&c, raw)
}

// bound keeps a client that makes itself within what the operator allows.
func (s *Service) bound(c *Client, raw []byte) error {
	c.PKCEOptional = !s.cfg.ClientRegistrationRequirePKCE && c.TokenEndpointAuthMethod != authNone
	var named map[string]json.RawMessage
	if err := json.Unmarshal(raw, &named); err != nil {
		return bad(invalidMetadata, "client metadata must be a JSON object")
	}
	if _, there := named["skip_consent"]; there {
		return bad(invalidMetadata, "skip_consent cannot be set during dynamic client registration")
	}
	if err := s.checkAsked(c); err != nil {
		return err
	}
	if len(c.GrantTypes) == 0 {
		c.GrantTypes = []string{grantCode} // RFC 7591 §2
	}
	for _, grant := range c.GrantTypes {
		if grant == grantClientCredentials || grant == grantTokenExchange {
			return bad(invalidMetadata, "grant type "+grant+" is not for clients that register themselves")
		}
	}
	allowed := s.strangersScopes()
	if len(c.Scopes) == 0 {
		c.Scopes = allowed
		if len(s.cfg.ClientRegistrationDefaultScopes) > 0 {
			c.Scopes = s.cfg.ClientRegistrationDefaultScopes
		}
		return nil
	}
	for _, scope := range c.Scopes {
		if !slices.Contains(allowed, scope) {
			return bad(invalidScope, "cannot request scope "+clip(asciiOnly(scope)))
		}
	}
	return nil
}

// strangersScopes are those that a client may have which nobody registered by hand.
func (s *Service) strangersScopes() []string {
	if len(s.cfg.ClientRegistrationAllowedScopes) > 0 {
		return s.cfg.ClientRegistrationAllowedScopes
	}
	return s.cfg.Scopes
}

// Managed is the client whose management token this is (RFC 7592 §2). An unknown
// client and a wrong token look alike. Errors: *api.OAuthError.
func (s *Service) Managed(ctx context.Context, clientID, token string) (*Client, error) {
	wrong := bearerError(401, invalidToken, "the registration access token is not good for this client", "")
	if token == "" {
		return nil, bearerError(401, "", "", "")
	}
	c, err := s.Client(ctx, clientID)
	if errors.Is(err, ErrClientNotFound) || err == nil && !sameHash(token, c.registrationToken) {
		return nil, wrong
	}
	if err != nil {
		return nil, err
	}
	if c.Disabled {
		return nil, &api.OAuthError{Status: 403, Code: accessDenied, Description: "this client is disabled"}
	}
	return c, nil
}

// Reregister replaces what a client says about itself (RFC 7592 §2.2): what it
// does not name takes its default. What the operator gave it stays. secret is a
// new one where it had none and now needs one.
func (s *Service) Reregister(ctx context.Context, c *Client, raw []byte) (next *Client, secret string, err error) {
	if err := s.checkReregistration(c, raw); err != nil {
		return nil, "", err
	}
	said, err := s.selfMade(raw)
	if err != nil {
		return nil, "", err
	}
	_, kept := metadataOf(c)
	endSession := said.EnableEndSession
	kept.into(&said)
	said.EnableEndSession, said.PKCEOptional = endSession || c.EnableEndSession, c.PKCEOptional && said.TokenEndpointAuthMethod != authNone
	said.ID, said.Registration, said.UserID = c.ID, c.Registration, c.UserID
	keepCheck(&said, c)
	said.registrationToken, said.CreatedAt, said.LastUsedAt = c.registrationToken, c.CreatedAt, c.LastUsedAt
	if err := s.complete(&said); err != nil {
		return nil, "", err
	}
	if err := s.checkSector(ctx, &said); err != nil {
		return nil, "", err
	}
	if said.hasSecret() {
		said.secretHash, said.Settings.PreviousSecrets = c.secretHash, c.Settings.PreviousSecrets
		if said.secretHash == "" {
			secret = newSecret()
			said.secretHash = core.HashToken(secret)
		}
	}
	said.UpdatedAt = s.now(ctx)
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		now, err := s.client(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if now.Disabled || now.registrationToken != c.registrationToken {
			return ErrClientNotFound
		}
		return updateClient(ctx, tx, &said)
	})
	if errors.Is(err, ErrClientNotFound) {
		return nil, "", bearerError(401, invalidToken, "the registration access token is not good for this client", "")
	}
	if err != nil {
		return nil, "", err
	}
	s.security(ctx, "oauth-client-reregistered", slog.String("client", c.ID))
	return &said, secret, nil
}

// keepCheck carries over whether somebody has looked at a client that now says next of itself.
// Who looked at it by hand looked at what people see and where it leads.
func keepCheck(next, c *Client) {
	same := next.Title() == c.Title() && next.URI == c.URI && next.Icon == c.Icon && next.TOS == c.TOS && next.Policy == c.Policy &&
		slices.Equal(next.RedirectURIs, c.RedirectURIs)
	next.Unverified = c.Unverified || c.Settings.Checked && !same
	next.Settings.Checked = c.Settings.Checked && same
}

// checkReregistration: what RFC 7592 §2.2 says must, and must not, be in the request.
func (s *Service) checkReregistration(c *Client, raw []byte) error {
	var about map[string]any
	if json.Unmarshal(raw, &about) != nil {
		return bad(invalidMetadata, "client metadata must be a JSON object")
	}
	if about["client_id"] != c.ID {
		return bad(invalidMetadata, "client_id must be that of the client")
	}
	for _, name := range []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"} {
		if _, there := about[name]; there {
			return bad(invalidMetadata, name+" must not be sent (RFC 7592 section 2.2)")
		}
	}
	if secret, there := about["client_secret"]; there {
		if text, ok := secret.(string); !ok || !sameHash(text, c.secretHash) {
			return bad(invalidMetadata, "client_secret is not the client's")
		}
	}
	return nil
}

// Deregister ends a client and all that it was given (RFC 7592 §2.3).
func (s *Service) Deregister(ctx context.Context, c *Client) error {
	if err := s.DeleteClient(ctx, c.ID); err != nil && !errors.Is(err, ErrClientNotFound) {
		return err
	}
	s.security(ctx, "oauth-client-deregistered", slog.String("client", c.ID))
	return nil
}

// used writes down that a client got tokens, at most once a day.
// Whoever has tokens keeps them when it cannot be.
func (s *Service) used(ctx context.Context, c *Client) {
	now := s.now(ctx)
	since := now.Add(-usedEvery)
	if c.LastUsedAt != nil && c.LastUsedAt.After(since) {
		return
	}
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return touchClient(ctx, tx, c.ID, now, since) })
	if err != nil {
		s.core.Log.Warn("the use of a client was not written down", "client", c.ID, "error", err)
	}
}

// place is what a person may be shown as the client's own: its home page where
// somebody has looked at it, else the host that its id proves.
func (c *Client) place() string {
	switch {
	case c.Registration == madeByDocument:
		_, host := placeOf(c.ID)
		return host
	case c.Unverified:
		return ""
	default:
		return c.URI
	}
}
