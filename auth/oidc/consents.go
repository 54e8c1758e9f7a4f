package oidc

import (
	"context"
	"errors"
	"slices"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// Consent is what a person has allowed a client, and is not asked for again.
type Consent struct {
	ID        string
	ClientID  string
	UserID    string
	Scopes    []string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// maxConsentScopes bounds what one update may bring.
const maxConsentScopes = 100

// Consents lists what a person has allowed, the oldest first.
func (s *Service) Consents(ctx context.Context, userID string) ([]*Consent, error) {
	return listConsents(ctx, s.core.DB, userID)
}

// Consent reads one consent of a person's own. Errors: *api.OAuthError not_found,
// api.ErrUnauthorized for somebody else's.
func (s *Service) Consent(ctx context.Context, userID, id string) (*Consent, error) {
	return ownConsent(ctx, s.core.DB, userID, id)
}

func ownConsent(ctx context.Context, q store.Querier, userID, id string) (*Consent, error) {
	if id == "" {
		return nil, missing("missing id parameter")
	}
	c, err := findConsentByID(ctx, q, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, missing("no consent")
	case err != nil:
		return nil, err
	case c.UserID != userID:
		return nil, api.ErrUnauthorized
	}
	return c, nil
}

// UpdateConsent changes the scopes of a consent. Whatever the client holds that
// reaches further than what is left ends with it: otherwise the person would
// read that a right is gone while its tokens still work. A scope may be added
// only where the server's operator asks for consent on a page of their own;
// elsewhere authd's page does, where the person sees whom they say yes to.
// Errors: api.ErrUnauthorized, *api.OAuthError.
func (s *Service) UpdateConsent(ctx context.Context, userID, id string, scopes []string) (c *Consent, err error) {
	if len(scopes) > maxConsentScopes {
		return nil, bad(invalidRequest, "too many scopes")
	}
	scopes = unique(scopes)
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if c, err = ownConsent(ctx, tx, userID, id); err != nil {
			return err
		}
		client, err := s.client(ctx, tx, c.ClientID)
		if errors.Is(err, ErrClientNotFound) {
			return missing("client not found")
		}
		if err != nil {
			return err
		}
		if err := s.mayConsent(client, c.Scopes, scopes); err != nil {
			return err
		}
		c.Scopes, c.UpdatedAt = scopes, s.now(ctx)
		if err := updateConsent(ctx, tx, c); err != nil {
			return err
		}
		return s.endWiderGrants(ctx, tx, c)
	})
	return c, err
}

func (s *Service) mayConsent(client *Client, before, scopes []string) error {
	allowed := s.scopesOf(client)
	for _, scope := range scopes {
		if !slices.Contains(allowed, scope) {
			return bad(invalidRequest, "unable to provide scopes to this client")
		}
		if !slices.Contains(before, scope) && s.cfg.ConsentPage == "" {
			return bad(invalidRequest, "scopes are added on the server's own consent page")
		}
	}
	return nil
}

// endWiderGrants ends the grants that have a scope the consent no longer has.
func (s *Service) endWiderGrants(ctx context.Context, tx *store.Tx, c *Consent) error {
	grants, err := liveGrants(ctx, tx, c.UserID, c.ClientID)
	if err != nil {
		return err
	}
	for _, g := range grants {
		if !slices.ContainsFunc(g.scopes, func(scope string) bool { return !slices.Contains(c.Scopes, scope) }) {
			continue
		}
		if err := revokeGrant(ctx, tx, g.id, s.now(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// DeleteConsent forgets a consent and ends all that the client was given by that
// person. Errors: *api.OAuthError not_found, api.ErrUnauthorized.
func (s *Service) DeleteConsent(ctx context.Context, userID, id string) error {
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := ownConsent(ctx, tx, userID, id)
		if err != nil {
			return err
		}
		if err := deleteConsent(ctx, tx, c.ID); err != nil {
			return err
		}
		return s.endApp(ctx, tx, c.UserID, c.ClientID)
	})
}

// unique keeps the first of each, in their order; never nil.
func unique(values []string) []string {
	kept := make([]string, 0, len(values))
	for _, v := range values {
		if !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	return kept
}
