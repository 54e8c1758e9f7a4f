package oidc

import (
	"context"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// tokenTypeBearer and tokenTypeDPoP are how a token is shown (RFC 6750 §2.1, RFC 9449 §5).
const (
	tokenTypeBearer = "Bearer"
	tokenTypeDPoP   = "DPoP"
)

// minting is all that an access token is made of, whatever grant it comes of.
type minting struct {
	client *Client
	grant  *grant // nil: the client acts for itself (RFC 6749 §4.4)
	scopes []string
	target target // where the token is to count
	jkt    string // thumbprint of the key it is bound to, "" for a bearer token (RFC 9449 §6)
	act    string // JSON: who acts for the person (RFC 8693 §4.1)
	now    time.Time
	end    time.Time // the latest it may last; zero for as long as client and target allow
}

// minted is an access token and what is to be answered with it. An opaque one is
// good once it is kept, a JWT once it is signed. Both are done last, the
// signature outside of the transaction: the writer does not wait for it.
type minted struct {
	tokens *Tokens
	row    *accessToken  // of an opaque one
	claims *accessClaims // of a JWT
	alg    string
	of     *minting
}

// mint makes an access token: the one place where any of them is made.
// Errors: *api.OAuthError.
func (s *Service) mint(m *minting) (*minted, error) {
	if m.target.boundOnly && m.jkt == "" { // RFC 9449 §5
		return nil, bad("invalid_dpop_proof", "this resource takes only tokens that are bound to a key")
	}
	scopes, err := m.target.narrow(m.scopes)
	if err != nil {
		return nil, err
	}
	life := s.accessLife(m.client)
	if m.target.accessLife > 0 {
		life = min(life, m.target.accessLife)
	}
	end := m.now.Add(life)
	if !m.end.IsZero() && m.end.Before(end) {
		end = m.end
	}
	t := &minted{tokens: &Tokens{
		TokenType: tokenTypeBearer, Scope: strings.Join(scopes, " "), ExpiresIn: int64(end.Sub(m.now) / time.Second), ExpiresAt: end.Unix(),
	}}
	if m.jkt != "" {
		t.tokens.TokenType = tokenTypeDPoP
	}
	if m.client.Settings.AccessTokenFormat == formatJWT || m.client.Settings.AccessTokenFormat == "" && len(m.target.resources) > 0 {
		t.claims, t.alg, t.of = s.accessClaims(m, scopes, end), m.target.algorithm(), m
		return t, nil
	}
	t.row = &accessToken{
		id: core.NewID(), clientID: m.client.ID, scopes: scopes, createdAt: m.now, expiresAt: end,
		resources: m.target.resources, jkt: m.jkt, act: m.act,
	}
	if m.grant != nil {
		t.row.grantID = m.grant.id
	}
	t.tokens.AccessToken = newValue(prefixAccess, t.row.id)
	t.row.hash = core.HashToken(t.tokens.AccessToken)
	return t, nil
}

// keep stores what has to be found again.
func (t *minted) keep(ctx context.Context, tx *store.Tx) error {
	if t.row == nil {
		return nil
	}
	return insertAccessToken(ctx, tx, t.row)
}

// issue signs what has to be signed and is the answer.
func (s *Service) issue(ctx context.Context, t *minted) (*Tokens, error) {
	if t.claims == nil {
		return t.tokens, nil
	}
	more, err := s.configuredClaims(ctx, t)
	if err != nil {
		return nil, err
	}
	payload, err := withClaims(t.claims, more)
	if err != nil {
		return nil, err
	}
	t.tokens.AccessToken, err = s.keys.signTyped(ctx, t.alg, typAccess, payload)
	return t.tokens, err
}

// keepAndIssue is for a token that nothing else has to be written with.
func (s *Service) keepAndIssue(ctx context.Context, t *minted) (*Tokens, error) {
	if t.row != nil {
		if err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return t.keep(ctx, tx) }); err != nil {
			return nil, err
		}
	}
	return s.issue(ctx, t)
}

// narrowed is what is asked for of what there is: no more (RFC 6749 §6, §4.4.2). Nothing
// asked for is all of it.
func narrowed(granted []string, scope string) ([]string, error) {
	if scope == "" {
		return granted, nil
	}
	var scopes []string
	for _, one := range strings.Fields(scope) {
		if !slices.Contains(granted, one) {
			return nil, bad(invalidScope, "unable to issue scope "+clip(asciiOnly(one)))
		}
		if !slices.Contains(scopes, one) {
			scopes = append(scopes, one)
		}
	}
	return scopes, nil
}
