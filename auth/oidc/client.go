package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Ways in which a client proves itself (RFC 7591 §2).
const (
	authNone  = "none"
	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
)

// Kinds of client (OpenID Connect Registration §2).
const (
	typeWeb    = "web"
	typeNative = "native"
)

// Grants (RFC 6749 §1.3).
const (
	grantCode              = "authorization_code"
	grantRefresh           = "refresh_token"
	grantClientCredentials = "client_credentials"
)

// grantTypes are those of the token endpoint.
func grantTypes() []string {
	return []string{grantCode, grantRefresh, grantClientCredentials, grantTokenExchange}
}

// Scopes that mean something to the provider itself (OpenID Connect Core §5.4, §11).
const (
	scopeOpenID  = "openid"
	scopeProfile = "profile"
	scopePhone   = "phone"
	scopeEmail   = "email"
	scopeOffline = "offline_access"
)

// Client is an application that may ask for tokens. The zero values of the
// fields that have a default mean that default.
type Client struct {
	ID                       string
	TokenEndpointAuthMethod  string // none for public clients; default: client_secret_basic
	ApplicationType          string // web or native; default: web
	RedirectURIs             []string
	PostLogoutRedirectURIs   []string
	Scopes                   []string // default: all that the server knows
	GrantTypes               []string // default: authorization_code and refresh_token
	PKCEOptional             bool     // only for clients with a secret
	SkipConsent              bool     // the operator's own: people are not asked, where the redirect is https
	EnableEndSession         bool
	IDTokenSignedResponseAlg string // RS256, ES256, EdDSA or PS256; default: RS256 (OpenID Connect Registration §2)
	AccessTokenExpiresIn     time.Duration
	RefreshTokenExpiresIn    time.Duration

	Name, URI, Icon, TOS, Policy string
	Contacts                     []string
	SoftwareID, SoftwareVersion  string
	Metadata                     json.RawMessage // an object, or nil
	UserID                       string          // the person it belongs to, if any

	JWKS                    json.RawMessage // its public keys (RFC 7517 §5), or
	JWKSURI                 string          // where they are
	SubjectType             string          // public or pairwise; default: public
	SectorIdentifierURI     string
	BackchannelLogoutURI    string
	BackchannelLogoutSID    bool // the logout token must have a sid
	FrontchannelLogoutURI   string
	FrontchannelLogoutSID   bool // the page is told iss and sid
	InitiateLoginURI        string
	ClientCredentialsScopes []string
	Settings                Settings

	Registration      string // who made it: operator, person, dynamic or metadata; default: operator
	Unverified        bool   // nobody who runs the server has looked at it
	registrationToken string // hash of what RFC 7592 asks for
	LastUsedAt        *time.Time

	Disabled  bool
	Declared  bool // it stands in authd.toml
	CreatedAt time.Time
	UpdatedAt time.Time

	secretHash string
	brief      bool // read in part: see findBrief
}

// Public tells whether the client has nothing to prove itself with (RFC 6749 §2.1).
func (c *Client) Public() bool { return c.TokenEndpointAuthMethod == authNone }

// hasSecret tells whether it proves itself with one.
func (c *Client) hasSecret() bool {
	return c.TokenEndpointAuthMethod == authBasic || c.TokenEndpointAuthMethod == authPost
}

// Title is what people know the client by: its name, or its id when it has none.
func (c *Client) Title() string {
	if c.Name == "" {
		return c.ID
	}
	return c.Name
}

// allowedScopes are those the client may ask for.
func (c *Client) allowedScopes(server []string) []string {
	if len(c.Scopes) == 0 {
		return server
	}
	return slices.DeleteFunc(slices.Clone(c.Scopes), func(scope string) bool { return !slices.Contains(server, scope) })
}

// CreateClient makes a client. Where secret is "" and the client is not public,
// one is made; it is returned this once. Errors: ErrClientExists, *api.OAuthError.
func (s *Service) CreateClient(ctx context.Context, c Client, secret string) (*Client, string, error) {
	if err := s.complete(&c); err != nil {
		return nil, "", err
	}
	if err := s.checkSector(ctx, &c); err != nil {
		return nil, "", err
	}
	if c.ID == "" {
		c.ID = core.NewToken(32)
	}
	if !c.hasSecret() {
		secret = ""
	} else if secret == "" {
		secret = newSecret()
	}
	if secret != "" {
		c.secretHash = core.HashToken(secret)
	}
	c.CreatedAt, c.UpdatedAt = s.now(ctx), s.now(ctx)
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return insertClient(ctx, tx, &c) })
	if store.IsUnique(err, "oauth_client.client_id") {
		return nil, "", ErrClientExists
	}
	if err != nil {
		return nil, "", fmt.Errorf("create client: %w", err)
	}
	return &c, secret, nil
}

// Clients lists all clients by the time of their making.
func (s *Service) Clients(ctx context.Context) ([]*Client, error) {
	return listClients(ctx, s.core.DB)
}

// Client reads one client. Errors: ErrClientNotFound.
func (s *Service) Client(ctx context.Context, clientID string) (*Client, error) {
	return s.client(ctx, s.core.DB, clientID)
}

func (s *Service) client(ctx context.Context, q store.Querier, clientID string) (*Client, error) {
	return clientBy(ctx, q, clientID, findClient)
}

// briefly reads of a client what findBrief does, by q.
func briefly(q store.Querier) clientFinder {
	return func(ctx context.Context, clientID string) (*Client, error) {
		return clientBy(ctx, q, clientID, findBrief)
	}
}

type clientRow func(ctx context.Context, q store.Querier, clientID string) (*Client, error)

func clientBy(ctx context.Context, q store.Querier, clientID string, find clientRow) (*Client, error) {
	if len(clientID) > maxParam || !utf8.ValidString(clientID) || strings.IndexByte(clientID, 0) >= 0 {
		return nil, ErrClientNotFound // not every database may be asked for these
	}
	c, err := find(ctx, q, clientID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrClientNotFound
	}
	return c, err
}

// DeleteClient removes a client with all that it was given: at once nothing of it
// counts any more, and its rows go a few at a time. Errors: ErrClientNotFound,
// *api.OAuthError for authd's own and declared clients, which would come back at
// the next start.
func (s *Service) DeleteClient(ctx context.Context, clientID string) error {
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := s.client(ctx, tx, clientID)
		if err != nil {
			return err
		}
		if c.ID == CLIClientID {
			return bad(invalidClient, "authd's own client cannot be deleted")
		}
		if c.Declared && !c.Disabled {
			return bad(invalidClient, "a declared client is removed from authd.toml first")
		}
		c.Disabled = true
		return updateClient(ctx, tx, c)
	})
	if err != nil {
		return err
	}
	return s.eraseClient(ctx, clientID, func(*store.Tx) error { return nil })
}

// complete fills in defaults and says what is wrong with a client, in the words
// of RFC 7591 §3.2.2.
func (s *Service) complete(c *Client) error {
	setDefault(&c.TokenEndpointAuthMethod, authBasic)
	setDefault(&c.ApplicationType, typeWeb)
	setDefault(&c.IDTokenSignedResponseAlg, c.idTokenAlg())
	setDefault(&c.SubjectType, subjectPublic)
	setDefault(&c.Registration, madeByOperator)
	if len(c.GrantTypes) == 0 {
		c.GrantTypes = []string{grantCode, grantRefresh}
	}
	for _, check := range []func(*Client) *api.OAuthError{
		checkLists, s.checkMethods, s.checkKeys, s.checkRedirects, s.checkScopes, s.checkSubject, checkInitiation, checkTexts,
		checkResponses, checkAlgs, checkSettings, s.checkPlaces,
	} {
		if err := check(c); err != nil {
			return err
		}
	}
	return nil
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func (s *Service) checkMethods(c *Client) *api.OAuthError {
	if !slices.Contains([]string{authNone, authBasic, authPost, authPrivateKeyJWT}, c.TokenEndpointAuthMethod) {
		return bad(invalidMetadata, "token_endpoint_auth_method must be none, client_secret_basic, client_secret_post or private_key_jwt")
	}
	if c.ApplicationType != typeWeb && c.ApplicationType != typeNative {
		return bad(invalidMetadata, "application_type must be web or native")
	}
	if !slices.Contains(signingAlgs(), c.IDTokenSignedResponseAlg) {
		return bad(invalidMetadata, "id_token_signed_response_alg must be RS256, ES256, EdDSA or PS256")
	}
	for _, grant := range c.GrantTypes {
		if !slices.Contains(knownGrants(), grant) {
			return bad(invalidMetadata, "grant type "+clip(grant)+" is not supported")
		}
	}
	if c.Public() && slices.Contains(c.GrantTypes, grantClientCredentials) {
		return bad(invalidMetadata, "a public client cannot use client_credentials (RFC 6749 section 4.4)")
	}
	if c.Public() && c.PKCEOptional {
		return bad(invalidMetadata, "pkce is required for public clients")
	}
	return nil
}

func (s *Service) checkRedirects(c *Client) *api.OAuthError {
	if slices.Contains(c.GrantTypes, grantCode) && len(c.RedirectURIs) == 0 {
		return bad(invalidRedirectURI, "Redirect URIs are required for authorization_code and implicit grant types")
	}
	plain := strings.HasPrefix(s.issuer, "http://")
	for i, uri := range c.RedirectURIs {
		if wrong := checkRedirect(uri, c.Public(), plain); wrong != "" {
			return bad(invalidRedirectURI, fmt.Sprintf("redirect_uris[%d]: %s", i, wrong))
		}
	}
	for i, uri := range c.PostLogoutRedirectURIs {
		if wrong := checkRedirect(uri, c.Public(), plain); wrong != "" {
			return bad(invalidRedirectURI, fmt.Sprintf("post_logout_redirect_uris[%d]: %s", i, wrong))
		}
	}
	return nil
}

func (s *Service) checkScopes(c *Client) *api.OAuthError {
	for _, scope := range c.Scopes {
		if !slices.Contains(s.cfg.Scopes, scope) {
			return bad(invalidScope, "cannot request scope "+clip(scope))
		}
	}
	for _, scope := range c.ClientCredentialsScopes {
		if !slices.Contains(s.cfg.Scopes, scope) {
			return bad(invalidScope, "cannot request scope "+clip(scope))
		}
	}
	return nil
}

// checkTexts: what people are shown must not be endless, and links must be links.
func checkTexts(c *Client) *api.OAuthError {
	for _, text := range []string{c.ID, c.Name, c.SoftwareID, c.SoftwareVersion} {
		if len(text) > 200 || !utf8.ValidString(text) || strings.ContainsFunc(text, misleads) {
			return bad(invalidMetadata, "client_id, client_name, software_id and software_version have at most 200 characters and none that cannot be seen")
		}
	}
	if c.Name != "" && strings.Trim(c.Name, " \u00a0\u2800\u3000\u3164") == "" { // spaces, and letters that are none
		return bad(invalidMetadata, "client_name must be a name")
	}
	for _, link := range []string{c.URI, c.Icon, c.TOS, c.Policy} {
		u, err := url.Parse(link)
		if link != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(link) > maxRedirectURI) {
			return bad(invalidMetadata, "client_uri, logo_uri, tos_uri and policy_uri must be web addresses")
		}
	}
	return nil
}

// misleads tells of a character that people do not see, or that turns the text
// around it: with one, an app's name can look like another's, or like words of
// ours. The joiners stay: Persian, Indic scripts and emoji need them.
func misleads(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != nonJoiner && r != joiner
}

func clip(s string) string {
	if len(s) > 100 {
		return s[:100]
	}
	return s
}

// challengeOf is the S256 challenge of a verifier (RFC 7636 §4.2).
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
