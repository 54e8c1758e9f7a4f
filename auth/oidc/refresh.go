package oidc

import (
	"context"
	"errors"
	"slices"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// refresh takes a refresh token and gives new tokens. The old one is replaced in
// the same transaction; one that comes a second time ends the whole family
// (OAuth 2.1 §4.3.1, RFC 9700 §4.14.2).
func (s *Service) refresh(ctx context.Context, r *tokenRequest) (*Tokens, error) {
	old := r.form.Get("refresh_token")
	if old == "" {
		return nil, bad(invalidRequest, "refresh_token is required")
	}
	id := rowOf(prefixRefresh, old)
	if id == "" {
		return nil, bad(invalidGrant, "invalid refresh token")
	}
	// What is asked for is known before the transaction; whether it was granted, in it.
	target, err := s.target(ctx, r.client, r.form["resource"])
	if err != nil {
		return nil, err
	}
	next := s.refreshTokens.make(id)
	if r.client.keepsRefreshToken() {
		next = old
	}
	change := rotation{
		grantID: id, clientID: r.client.ID, old: core.HashToken(old), next: core.HashToken(next),
		now: r.now, end: s.grantEnd(r.client, target, r.now, true),
	}
	if err := s.keepReplay(&change, old, next); err != nil {
		return nil, err
	}
	var g *grant
	var token *refreshed
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if g, err = rotateGrant(ctx, tx, &change); err != nil {
			return err
		}
		if err := s.keepEnd(ctx, tx, r, g, change.end); err != nil {
			return err
		}
		token, err = s.newToken(ctx, tx, r, g, target)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return s.refreshAgain(ctx, r, old, target)
	}
	if err != nil {
		return nil, err
	}
	return s.answerRefresh(ctx, r, g, token, next)
}

// refreshed is a new access token of a grant, and the scopes it was asked for with.
type refreshed struct {
	*minted
	scopes []string
}

func (s *Service) answerRefresh(ctx context.Context, r *tokenRequest, g *grant, token *refreshed, next string) (*Tokens, error) {
	tokens, err := s.issue(ctx, token.minted)
	if err != nil {
		return nil, err
	}
	tokens.RefreshToken = next
	return tokens, s.addIDToken(ctx, r.client, g, token.scopes, "", tokens)
}

// rotation is the change of a grant's refresh token.
type rotation struct {
	grantID, clientID string
	old, next         string // hashes
	replay            string // the next token, sealed; "" when the old one is not to be taken twice
	now, end          time.Time
}

// keepEnd keeps a refresh token within the time that every resource it was granted
// for allows, whichever of them this refresh is about.
func (s *Service) keepEnd(ctx context.Context, tx *store.Tx, r *tokenRequest, g *grant, end time.Time) error {
	var limit target
	for _, identifier := range g.resources {
		one, err := findResource(ctx, tx, identifier, r.client.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		limit.refreshLife = shorter(limit.refreshLife, one.RefreshTokenExpiresIn)
	}
	if limited := s.grantEnd(r.client, limit, r.now, true); limited.Before(end) {
		return endGrantAt(ctx, tx, g.id, limited)
	}
	return nil
}

// stillGranted is what of a grant the client may still ask for: a scope that was
// taken from it is not given on the strength of an old grant.
func (s *Service) stillGranted(r *tokenRequest, g *grant) ([]string, error) {
	allowed := r.client.allowedScopes(s.cfg.Scopes)
	kept := slices.DeleteFunc(slices.Clone(g.scopes), func(scope string) bool { return !slices.Contains(allowed, scope) })
	if len(kept) == 0 && len(g.scopes) > 0 {
		return nil, bad(invalidGrant, "the client may not have anything any more that was granted")
	}
	return kept, nil
}

// newToken checks the person and makes an access token, inside the rotation's
// transaction: where it fails, nothing was rotated. The refresh token keeps the
// scope and the resources of the grant.
func (s *Service) newToken(ctx context.Context, tx *store.Tx, r *tokenRequest, g *grant, asked target) (*refreshed, error) {
	if _, err := s.activeUser(ctx, tx, g.userID); err != nil {
		return nil, err
	}
	if err := g.checkKey(r.jkt, "the refresh token"); err != nil {
		return nil, err
	}
	granted, err := s.stillGranted(r, g)
	if err != nil {
		return nil, err
	}
	scopes, err := narrowed(granted, r.form.Get("scope"))
	if err != nil {
		return nil, err
	}
	if asked.resources == nil { // all that was granted (RFC 8707 §2.2)
		asked, err = s.targetIn(ctx, tx, r.client, g.resources)
	} else {
		err = asked.within(g.resources)
	}
	if err != nil {
		return nil, err
	}
	token, err := s.mint(&minting{client: r.client, grant: g, scopes: scopes, target: asked, jkt: r.jkt, now: r.now})
	if err != nil {
		return nil, err
	}
	return &refreshed{token, scopes}, token.keep(ctx, tx)
}

// refreshAgain is for a refresh token that is not the one its grant has now:
// lost in transit, within the interval that the operator allows, or stolen.
func (s *Service) refreshAgain(ctx context.Context, r *tokenRequest, old string, asked target) (*Tokens, error) {
	invalid := bad(invalidGrant, "invalid refresh token")
	g, err := findGrant(ctx, s.core.DB, rowOf(prefixRefresh, old))
	if errors.Is(err, store.ErrNotFound) {
		return nil, invalid
	}
	if err != nil {
		return nil, err
	}
	// A grant without a refresh token gave none away; whoever names it has guessed, as has
	// who shows one that was never given.
	if !s.refreshTokens.ours(old) || g.clientID != r.client.ID || g.revoked != nil || g.refreshToken == "" || !r.now.Before(g.expiresAt) {
		return nil, invalid
	}
	if sameHash(old, g.refreshToken) { // somebody's failed transaction was in between: not a replay
		return nil, invalid
	}
	next, err := s.replayable(ctx, g, old, r.now)
	if err != nil {
		return nil, err
	}
	if next == "" {
		return nil, s.replayed(ctx, g, "refresh_token")
	}
	var token *refreshed
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		now, err := findGrant(ctx, tx, g.id) // it may have been revoked or rotated on since
		if errors.Is(err, store.ErrNotFound) || err == nil && (now.revoked != nil || now.refreshToken != g.refreshToken) {
			return invalid
		}
		if err != nil {
			return err
		}
		token, err = s.newToken(ctx, tx, r, g, asked)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.answerRefresh(ctx, r, g, token, next)
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
