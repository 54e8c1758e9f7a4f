package oidc

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// refresh takes a refresh token and gives new tokens. The old one is replaced in
// the same transaction; one that comes a second time ends the whole family
// (OAuth 2.1 §4.3.1, RFC 9700 §4.14.2).
func (s *Service) refresh(ctx context.Context, client *Client, form url.Values) (*Tokens, error) {
	old := form.Get("refresh_token")
	if old == "" {
		return nil, bad(invalidRequest, "refresh_token is required")
	}
	id := rowOf(prefixRefresh, old)
	if id == "" {
		return nil, bad(invalidGrant, "invalid refresh token")
	}
	now := s.now(ctx)
	next := newValue(prefixRefresh, id)
	change := rotation{
		grantID: id, clientID: client.ID, old: core.HashToken(old), next: core.HashToken(next),
		now: now, end: s.grantEnd(client, now, true),
	}
	if err := s.keepReplay(&change, old, next); err != nil {
		return nil, err
	}
	var g *grant
	var tokens *Tokens
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if g, err = rotateGrant(ctx, tx, &change); err != nil {
			return err
		}
		tokens, err = s.newTokens(ctx, tx, client, g, form.Get("scope"), now)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return s.refreshAgain(ctx, client, old, form)
	}
	if err != nil {
		return nil, err
	}
	tokens.RefreshToken = next
	return tokens, s.addIDToken(ctx, client, g, strings.Fields(tokens.Scope), "", tokens)
}

// rotation is the change of a grant's refresh token.
type rotation struct {
	grantID, clientID string
	old, next         string // hashes
	replay            string // the next token, sealed; "" when the old one is not to be taken twice
	now, end          time.Time
}

// newTokens checks the person and makes an access token, inside the rotation's
// transaction: where it fails, nothing was rotated.
func (s *Service) newTokens(ctx context.Context, tx *store.Tx, client *Client, g *grant, scope string, now time.Time) (*Tokens, error) {
	if _, err := s.activeUser(ctx, tx, g.userID); err != nil {
		return nil, err
	}
	scopes, err := narrowed(g.scopes, scope)
	if err != nil {
		return nil, err
	}
	tokens, row := s.newAccessToken(client, g, scopes, now)
	return tokens, insertAccessToken(ctx, tx, row)
}

// narrowed is what a refresh asks for: no more than was granted (RFC 6749 §6).
// The refresh token keeps the scope of the grant.
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

// refreshAgain is for a refresh token that is not the one its grant has now:
// lost in transit, within the interval that the operator allows, or stolen.
func (s *Service) refreshAgain(ctx context.Context, client *Client, old string, form url.Values) (*Tokens, error) {
	invalid := bad(invalidGrant, "invalid refresh token")
	g, err := findGrant(ctx, s.core.DB, rowOf(prefixRefresh, old))
	if errors.Is(err, store.ErrNotFound) {
		return nil, invalid
	}
	if err != nil {
		return nil, err
	}
	now := s.now(ctx)
	// A grant without a refresh token gave none away; whoever names it has guessed.
	if g.clientID != client.ID || g.revoked != nil || g.refreshToken == "" || !now.Before(g.expiresAt) {
		return nil, invalid
	}
	if sameHash(old, g.refreshToken) { // somebody's failed transaction was in between: not a replay
		return nil, invalid
	}
	next, err := s.replayable(ctx, g, old, now)
	if err != nil {
		return nil, err
	}
	if next == "" {
		return nil, s.replayed(ctx, g, "refresh_token")
	}
	var tokens *Tokens
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		tokens, err = s.newTokens(ctx, tx, client, g, form.Get("scope"), now)
		return err
	})
	if err != nil {
		return nil, err
	}
	tokens.RefreshToken = next
	return tokens, s.addIDToken(ctx, client, g, strings.Fields(tokens.Scope), "", tokens)
}

// keepReplay seals the next refresh token so that only who shows the old one can
// be given it again.
func (s *Service) keepReplay(change *rotation, old, next string) error {
	if s.cfg.RefreshTokenReuseInterval == 0 {
		return nil
	}
	var err error
	change.replay, err = s.replay.Seal(change.grantID+" "+old, []byte(next))
	return err
}

// replayable is the refresh token that the old one was exchanged for, "" when it
// is too late to be told again or old was not the last one.
func (s *Service) replayable(ctx context.Context, g *grant, old string, now time.Time) (string, error) {
	if s.cfg.RefreshTokenReuseInterval == 0 {
		return "", nil
	}
	rotatedAt, sealed, err := findReplay(ctx, s.core.DB, g.id)
	if err != nil || sealed == "" || now.Sub(rotatedAt) > s.cfg.RefreshTokenReuseInterval {
		return "", err
	}
	next, err := s.replay.Open(g.id+" "+old, sealed)
	if err != nil || !sameHash(string(next), g.refreshToken) {
		return "", nil //nolint:nilerr // sealed for another token: this one is older
	}
	return string(next), nil
}
