package oidc

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// access finds what an access token stands for and whose it is. Errors: 401
// invalid_token when it is not good, for whatever reason.
func (s *Service) access(ctx context.Context, token string) (*accessToken, *core.User, error) {
	invalid := bearerError(401, invalidToken, "Invalid access token", "")
	id := rowOf(prefixAccess, token)
	if id == "" {
		return nil, nil, invalid
	}
	t, err := findAccessToken(ctx, s.core.DB, id, s.now(ctx))
	if errors.Is(err, store.ErrNotFound) || err == nil && !sameHash(token, t.hash) {
		return nil, nil, invalid
	}
	if err != nil {
		return nil, nil, err
	}
	u, err := s.core.User(ctx, s.core.DB, t.userID)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.BannedAt(s.now(ctx)) {
		return nil, nil, invalid
	}
	return t, u, err
}

// UserInfo answers at the userinfo endpoint. authorization is the header, form
// the body of a POST (RFC 6750 §2.1, §2.2). Errors: *api.OAuthError.
func (s *Service) UserInfo(ctx context.Context, authorization string, form url.Values) (*UserInfo, error) {
	token, err := bearer(authorization, form)
	if err != nil {
		return nil, err
	}
	t, u, err := s.access(ctx, token)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(t.scopes, scopeOpenID) {
		return nil, bearerError(403, "insufficient_scope", "the access token was not issued for openid", scopeOpenID)
	}
	subject, err := s.subjectOf(ctx, t)
	if err != nil {
		return nil, err
	}
	return s.about(u, subject, t), nil
}

// splitName takes the last word for the family's, as the contract does; a single
// word says nothing.
func splitName(name string) (given, family string) {
	words := strings.Fields(name)
	if len(words) < 2 {
		return "", ""
	}
	return strings.Join(words[:len(words)-1], " "), words[len(words)-1]
}

// bearer reads the access token from the one place it came in (RFC 6750 §2).
func bearer(authorization string, form url.Values) (string, error) {
	inForm := form["access_token"]
	if len(inForm) > 1 || len(inForm) == 1 && authorization != "" {
		return "", bearerError(400, invalidRequest, "the access token is given more than once", "")
	}
	if len(inForm) == 1 {
		return inForm[0], nil
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		missing := bearerError(401, "", "", "") // RFC 6750 §3.1: no error code in the challenge
		missing.Code, missing.Description = invalidRequest, "access token not found"
		return "", missing
	}
	return token, nil
}

// aboutToken reads who asks about which token.
func (s *Service) aboutToken(ctx context.Context, authorization string, form url.Values) (*Client, string, error) {
	if name := malformed(form); name != "" {
		return nil, "", bad(invalidRequest, name)
	}
	client, err := s.authenticate(ctx, authorization, form)
	if err != nil {
		var refused *api.OAuthError
		if errors.As(err, &refused) && refused.Code == invalidRequest && form.Get("client_id") == "" && authorization == "" {
			return nil, "", unauthenticated("missing required credentials")
		}
		return nil, "", err
	}
	token := form.Get("token")
	if token == "" {
		return nil, "", bad(invalidRequest, "token is required")
	}
	return client, token, nil
}

// refreshable is the grant that a refresh token names, nil when it is none of the client's.
func (s *Service) refreshable(ctx context.Context, client *Client, token string) (*grant, error) {
	id := rowOf(prefixRefresh, token)
	if id == "" {
		return nil, nil
	}
	g, err := findGrant(ctx, s.core.DB, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (g.clientID != client.ID || g.refreshToken == "") {
		return nil, nil
	}
	return g, err
}

// Revoke ends a token (RFC 7009). A refresh token takes its whole family along,
// an access token goes alone. One that is unknown is as good as revoked.
// Errors: *api.OAuthError.
func (s *Service) Revoke(ctx context.Context, authorization string, form url.Values) error {
	client, token, err := s.aboutToken(ctx, authorization, form)
	if err != nil {
		return err
	}
	if strings.HasPrefix(token, prefixRefresh) {
		g, err := s.refreshable(ctx, client, token)
		if g == nil || err != nil {
			return err
		}
		return s.core.DB.Write(ctx, func(tx *store.Tx) error { return revokeGrant(ctx, tx, g.id, s.now(ctx)) })
	}
	id := rowOf(prefixAccess, token)
	if id == "" {
		return nil
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		return revokeAccessToken(ctx, tx, id, core.HashToken(token), client.ID)
	})
}

// Introspection is what a token is (RFC 7662 §2.2).
type Introspection struct {
	Active    bool   `json:"active"`
	Issuer    string `json:"iss,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	AZP       string `json:"azp,omitempty"`
	Subject   string `json:"sub,omitempty"`
	SessionID string `json:"sid,omitempty"`
	Expires   int64  `json:"exp,omitempty"`
	IssuedAt  int64  `json:"iat,omitempty"`
	Scope     string `json:"scope,omitempty"`
	TokenType string `json:"token_type,omitempty"`
}

// Introspect tells a client about a token of its own. Of any other it learns
// nothing, not even that it exists. Errors: *api.OAuthError.
func (s *Service) Introspect(ctx context.Context, authorization string, form url.Values) (*Introspection, error) {
	client, token, err := s.aboutToken(ctx, authorization, form)
	if err != nil {
		return nil, err
	}
	if client.Public() { // RFC 7662 §2.1: who asks must prove itself
		return nil, unauthenticated("missing required credentials")
	}
	if strings.HasPrefix(token, prefixRefresh) {
		return s.introspectRefresh(ctx, client, token)
	}
	t, u, err := s.access(ctx, token)
	var refused *api.OAuthError
	if errors.As(err, &refused) || err == nil && t.clientID != client.ID {
		return &Introspection{}, nil
	}
	if err != nil {
		return nil, err
	}
	return &Introspection{
		Active: true, Issuer: s.issuer, ClientID: t.clientID, AZP: t.clientID, Subject: s.subject(client, u.ID), SessionID: t.sessionID,
		Expires: t.expiresAt.Unix(), IssuedAt: t.createdAt.Unix(), Scope: strings.Join(t.scopes, " "), TokenType: "Bearer",
	}, nil
}

func (s *Service) introspectRefresh(ctx context.Context, client *Client, token string) (*Introspection, error) {
	g, err := s.refreshable(ctx, client, token)
	if g == nil || err != nil {
		return &Introspection{}, err
	}
	if !sameHash(token, g.refreshToken) || g.revoked != nil || !s.now(ctx).Before(g.expiresAt) {
		return &Introspection{}, nil
	}
	var refused *api.OAuthError
	if _, err := s.activeUser(ctx, s.core.DB, g.userID); errors.As(err, &refused) {
		return &Introspection{}, nil
	} else if err != nil {
		return nil, err
	}
	return &Introspection{
		Active: true, Issuer: s.issuer, ClientID: g.clientID, Subject: s.subject(client, g.userID), SessionID: g.sessionID,
		Expires: g.expiresAt.Unix(), IssuedAt: g.createdAt.Unix(), Scope: strings.Join(g.scopes, " "), TokenType: "Bearer",
	}, nil
}
