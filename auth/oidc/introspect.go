package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// Introspection is what a token is (RFC 7662 §2.2).
type Introspection struct {
	Active    bool            `json:"active"`
	Issuer    string          `json:"iss,omitempty"`
	ClientID  string          `json:"client_id,omitempty"`
	AZP       string          `json:"azp,omitempty"`
	Subject   string          `json:"sub,omitempty"`
	Audience  audiences       `json:"aud,omitempty"`
	SessionID string          `json:"sid,omitempty"`
	Expires   int64           `json:"exp,omitempty"`
	IssuedAt  int64           `json:"iat,omitempty"`
	ID        string          `json:"jti,omitempty"`
	Scope     string          `json:"scope,omitempty"`
	TokenType string          `json:"token_type,omitempty"`
	Act       json.RawMessage `json:"act,omitempty"`     // RFC 8693 §4.1
	MayAct    *actor          `json:"may_act,omitempty"` // RFC 8693 §4.4
	Confirm   *confirmation   `json:"cnf,omitempty"`     // RFC 9449 §6.2
}

// Introspect tells a client about a token of its own, or for a resource that it is
// linked to. Of any other it learns nothing, not even that it exists. who is the
// client that asked. Errors: *api.OAuthError.
func (s *Service) Introspect(ctx context.Context, authorization string, form url.Values) (about *Introspection, who *Client, err error) {
	a, err := readAsking(authorization, form)
	if err != nil {
		return nil, nil, err
	}
	if !a.shown.local() || rowOf(prefixAccess, a.token) == "" {
		return s.introspectFor(ctx, s.core.DB, a, s.known)
	}
	err = s.core.DB.View(ctx, func(q store.Querier) error {
		about, who, err = s.introspectFor(ctx, q, a, briefly(q))
		return err
	})
	return about, who, err
}

func (s *Service) introspectFor(ctx context.Context, q store.Querier, a asking, find clientFinder) (about *Introspection, who *Client, err error) {
	client, err := s.asker(ctx, a, find)
	if err != nil {
		return nil, nil, err
	}
	if client.Public() { // RFC 7662 §2.1: who asks must prove itself
		return nil, nil, unauthenticated("missing required credentials")
	}
	if strings.HasPrefix(a.token, prefixRefresh) {
		about, err = s.introspectRefresh(ctx, client, a.token)
	} else {
		about, err = s.introspectAccess(ctx, q, client, a.token)
	}
	return about, client, err
}

func (s *Service) introspectAccess(ctx context.Context, q store.Querier, client *Client, token string) (*Introspection, error) {
	t, u, err := s.access(ctx, q, token)
	var refused *api.OAuthError
	if errors.As(err, &refused) {
		return &Introspection{}, nil
	}
	if err != nil {
		return nil, err
	}
	if t.clientID != client.ID {
		if serves, err := serves(ctx, q, client, t.resources); err != nil || !serves {
			return &Introspection{}, err
		}
	}
	about := &Introspection{
		Active: true, Issuer: s.issuer, ClientID: t.clientID, AZP: t.clientID, SessionID: sidOf(t.sessionID, t.clientID),
		Expires: t.expiresAt.Unix(), IssuedAt: t.createdAt.Unix(), Scope: strings.Join(t.scopes, " "), TokenType: tokenTypeBearer, Confirm: confirm(t.jkt),
	}
	if t.act != "" {
		about.Act = json.RawMessage(t.act)
	}
	if t.jkt != "" {
		about.TokenType = tokenTypeDPoP
	}
	if u != nil {
		if about.Subject, err = s.subjectOf(ctx, q, t); err != nil {
			return nil, err
		}
		about.MayAct = s.permitted(t.mayAct())
	}
	switch {
	case t.jwt != nil: // what it says itself
		about.Audience, about.ID, about.Subject = t.jwt.Audience, t.jwt.ID, t.jwt.Subject
	case len(t.resources) > 0:
		about.Audience = s.audienceOf(t.resources, t.scopes)
	}
	return about, nil
}

// serves tells whether a client is a resource server for one of these resources.
func serves(ctx context.Context, q store.Querier, client *Client, resources []string) (bool, error) {
	if len(resources) == 0 {
		return false, nil
	}
	linked, err := linkedResources(ctx, q, client.ID)
	return slices.ContainsFunc(linked, func(one string) bool { return slices.Contains(resources, one) }), err
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
		Active: true, Issuer: s.issuer, ClientID: g.clientID, Subject: s.subject(client, g.userID), SessionID: sidOf(g.sessionID, g.clientID),
		Expires: g.expiresAt.Unix(), IssuedAt: g.createdAt.Unix(), Scope: strings.Join(g.scopes, " "), TokenType: tokenTypeBearer,
	}, nil
}

// typIntrospection is the typ of a signed answer (RFC 9701 §5).
const typIntrospection = "token-introspection+jwt"

// SignIntrospection makes the answer one that can be kept as evidence (RFC 9701 §5).
func (s *Service) SignIntrospection(ctx context.Context, who *Client, about *Introspection) (string, error) {
	alg := who.Settings.IntrospectionAlg
	setDefault(&alg, algRS256) // RFC 9701 §6
	return s.keys.signTyped(ctx, alg, typIntrospection, struct {
		Issuer   string         `json:"iss"`
		Audience string         `json:"aud"`
		IssuedAt int64          `json:"iat"`
		About    *Introspection `json:"token_introspection"`
	}{s.issuer, who.ID, s.now(ctx).Unix(), about})
}
