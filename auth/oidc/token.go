package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Tokens is the answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
type Tokens struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int64  `json:"expires_in"`
	ExpiresAt    int64  `json:"expires_at"`
	TokenType    string `json:"token_type"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"`
	IDToken      string `json:"id_token,omitempty"`

	IssuedTokenType string `json:"issued_token_type,omitempty"` // RFC 8693 §2.2.1
}

// tokenRequest is a request at the token endpoint whose client has proven itself.
type tokenRequest struct {
	client *Client
	form   url.Values
	jkt    string // thumbprint of the key that the client holds (RFC 9449 §5), "" without
	now    time.Time
}

// Token answers a request at the token endpoint. Errors: *api.OAuthError.
func (s *Service) Token(ctx context.Context, authorization string, form url.Values) (*Tokens, error) {
	grantType := form.Get("grant_type")
	var repeatable []string
	if grantType == grantTokenExchange {
		repeatable = []string{"audience"} // RFC 8693 §2.1
	}
	if name := malformed(form, repeatable...); name != "" {
		return nil, bad(invalidRequest, name)
	}
	if grantType == "" {
		return nil, bad(invalidRequest, "grant_type is required")
	}
	if !slices.Contains(grantTypes(), grantType) && (grantType != grantDeviceCode || s.devices == nil) {
		return nil, bad(unsupportedGrantType, "unsupported grant_type "+clip(asciiOnly(grantType)))
	}
	jkt, err := s.proofOf(ctx, authorization, form)
	if err != nil {
		return nil, err
	}
	client, err := s.redeemer(ctx, authorization, form)
	if err != nil {
		return nil, err
	}
	if err := client.checkBound(jkt); err != nil {
		return nil, err
	}
	if !client.mayUse(grantType) {
		return nil, bad(unauthorizedClient, "client is not authorized to use grant type "+grantType)
	}
	tokens, err := s.grantTokens(ctx, &tokenRequest{client: client, form: form, jkt: jkt, now: s.now(ctx)}, grantType)
	if err != nil {
		return nil, err
	}
	s.used(ctx, client)
	return tokens, nil
}

// redeemer is the client that asks for tokens.
func (s *Service) redeemer(ctx context.Context, authorization string, form url.Values) (*Client, error) {
	shown, err := readCredentials(authorization, form)
	if err != nil {
		return nil, err
	}
	if form.Get("grant_type") == grantClientCredentials && shown.local() {
		return s.prove(ctx, shown, briefly(s.core.DB))
	}
	return s.prove(ctx, shown, s.known)
}

func (s *Service) grantTokens(ctx context.Context, r *tokenRequest, grantType string) (*Tokens, error) {
	switch grantType {
	case grantCode:
		return s.redeem(ctx, r)
	case grantRefresh:
		return s.refresh(ctx, r)
	case grantDeviceCode:
		return s.device(ctx, r)
	case grantTokenExchange:
		return s.exchange(ctx, r)
	default:
		return s.clientCredentials(ctx, r)
	}
}

// mayUse tells whether the client is registered for a grant. offline_access at the
// code is what earns a refresh token; that its client may use it needs no second
// permission (NOTES §13).
func (c *Client) mayUse(grantType string) bool {
	return slices.Contains(c.GrantTypes, grantType) ||
		grantType == grantRefresh && (slices.Contains(c.GrantTypes, grantCode) || slices.Contains(c.GrantTypes, grantDeviceCode))
}

// asciiOnly keeps to what error_description may hold (RFC 6749 §5.2).
func asciiOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, s)
}

// redeem takes a code and gives tokens (RFC 6749 §4.1.3, RFC 7636 §4.6).
func (s *Service) redeem(ctx context.Context, r *tokenRequest) (*Tokens, error) {
	code := r.form.Get("code")
	if code == "" {
		return nil, bad(invalidRequest, "code is required")
	}
	g, err := s.redeemable(ctx, r.client, code, r.form)
	if err != nil {
		return nil, err
	}
	if err := g.checkKey(r.jkt, "the code"); err != nil {
		return nil, err
	}
	g.jkt = r.client.bindRefresh(r.jkt)
	target, err := s.grantedTarget(ctx, r, g)
	if err != nil {
		return nil, err
	}
	refresh := ""
	if g.has(scopeOffline) {
		refresh = s.refreshTokens.make(g.id)
		g.refreshToken = core.HashToken(refresh)
	}
	g.expiresAt = s.grantEnd(r.client, target, r.now, refresh != "")
	token, err := s.mint(&minting{client: r.client, grant: g, scopes: g.scopes, target: target, jkt: r.jkt, now: r.now})
	if err != nil {
		return nil, err
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := redeemGrant(ctx, tx, g, r.now); err != nil {
			return err
		}
		if _, err := s.activeUser(ctx, tx, g.userID); err != nil {
			return err
		}
		if err := s.keepSession(ctx, tx, g, r.now); err != nil {
			return err
		}
		return token.keep(ctx, tx)
	})
	if errors.Is(err, store.ErrNotFound) { // somebody redeemed it between our look and now
		return nil, s.replayed(ctx, g, "code")
	}
	if err != nil {
		return nil, err
	}
	tokens, err := s.issue(ctx, token)
	if err != nil {
		return nil, err
	}
	tokens.RefreshToken = refresh
	return tokens, s.addIDToken(ctx, r.client, g, g.scopes, g.nonce, tokens)
}

// redeemable finds the grant that a code stands for and checks all that the code
// is bound to. The code stays good when the request is not.
func (s *Service) redeemable(ctx context.Context, client *Client, code string, form url.Values) (*grant, error) {
	unknown := bad(invalidGrant, "invalid code")
	id := rowOf(prefixCode, code)
	if id == "" {
		return nil, unknown
	}
	g, err := findGrant(ctx, s.core.DB, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !sameHash(code, g.code) {
		return nil, unknown
	}
	if err != nil {
		return nil, err
	}
	if g.redeemedAt != nil {
		return nil, s.replayed(ctx, g, "code")
	}
	if g.clientID != client.ID || g.revoked != nil || !s.now(ctx).Before(g.expiresAt) {
		return nil, unknown
	}
	switch form.Get("redirect_uri") {
	case g.redirectURI:
	case "": // the authorization request always has one
		return nil, bad(invalidRequest, "redirect_uri is required")
	default:
		return nil, bad(invalidGrant, "redirect_uri mismatch")
	}
	return g, checkVerifier(g.codeChallenge, form.Get("code_verifier"))
}

// checkVerifier: a challenge needs its verifier (RFC 7636 §4.6), and a verifier
// without a challenge means that somebody took the challenge away (RFC 9700 §4.8.2).
func checkVerifier(challenge, verifier string) error {
	switch {
	case challenge == "" && verifier == "":
		return nil
	case challenge == "":
		return bad(invalidGrant, "code_verifier provided but code was issued without a code_challenge")
	case verifier == "":
		return bad(invalidRequest, "PKCE is required for this client")
	case len(verifier) < 43 || len(verifier) > 128 || strings.ContainsFunc(verifier, func(c rune) bool { return !isBase64URL(c) && c != '.' && c != '~' }):
		return bad(invalidGrant, "code_verifier must have 43 to 128 unreserved characters")
	case subtle.ConstantTimeCompare([]byte(challengeOf(verifier)), []byte(challenge)) != 1:
		return bad(invalidGrant, "code verification failed")
	}
	return nil
}

func sameHash(value, hash string) bool {
	return hash != "" && subtle.ConstantTimeCompare([]byte(core.HashToken(value)), []byte(hash)) == 1
}

// replayed ends a grant whose code or refresh token was used a second time: one
// of the two was not the client, and nobody can tell which (RFC 6749 §4.1.2, §10.4).
func (s *Service) replayed(ctx context.Context, g *grant, what string) error {
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return revokeGrant(ctx, tx, g.id, s.now(ctx)) })
	if err != nil {
		return err
	}
	s.security(ctx, "oauth-replay", slog.String("what", what), slog.String("client", g.clientID), slog.String("user", g.userID))
	if what == "code" {
		return bad(invalidGrant, "invalid code")
	}
	return bad(invalidGrant, "invalid refresh token")
}

// activeUser is a person who may be spoken for. Errors: invalid_grant when they
// were banned or deleted.
func (s *Service) activeUser(ctx context.Context, q store.Querier, id string) (*core.User, error) {
	u, err := s.core.User(ctx, q, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.BannedAt(s.now(ctx)) {
		return nil, bad(invalidGrant, "the user has no access any more")
	}
	return u, err
}

// accessToken is a row of oauth_access_token.
type accessToken struct {
	id        string
	hash      string
	grantID   string
	clientID  string
	scopes    []string
	createdAt time.Time
	expiresAt time.Time
	resources []string
	jkt       string // thumbprint of the key it is bound to
	act       string // JSON: who acts for the person (RFC 8693 §4.1)

	// Of its grant, when it was looked up; "" for a token that a client has of its own.
	userID    string
	sessionID string

	subjectType string // of its client
	settings    string // likewise, as they are stored
	claims      string // of its grant, where that is its client's own

	jwt *accessClaims // of a token that is a JWT
}
