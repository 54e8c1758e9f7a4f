package account

import (
	"context"
	"fmt"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/upstream"
)

// leeway: a token that ends while it is on its way is of no use.
const leeway = 5 * time.Second

// AccessToken is an access token of an account that works now, refreshed where it
// has ended and can be. Errors: PROVIDER_NOT_SUPPORTED, ErrNoAccess.
func (s *Service) AccessToken(ctx context.Context, a *core.Account) (*core.Account, *core.Tokens, error) {
	p, ok := s.providers.Get(a.ProviderID)
	if !ok {
		return nil, nil, notSupported(a.ProviderID)
	}
	if s.due(ctx, a) {
		var err error
		if a, err = s.refresh(ctx, p, a, false); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrNoAccess, err)
		}
	}
	tokens, err := s.core.AccountTokens(a)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrNoAccess, err)
	}
	return a, tokens, nil
}

// due tells whether the access token ended and another can be had.
func (s *Service) due(ctx context.Context, a *core.Account) bool {
	return a.HasRefreshToken() && a.AccessExpires != nil && a.AccessExpires.Sub(s.core.Now(ctx)) < leeway
}

// Refresh gets new tokens of an account, whether the old ones have ended or not.
// Errors: PROVIDER_NOT_SUPPORTED, ErrNoRefresh, ErrRefresh.
func (s *Service) Refresh(ctx context.Context, a *core.Account) (*core.Account, *core.Tokens, error) {
	p, ok := s.providers.Get(a.ProviderID)
	if !ok {
		return nil, nil, notSupported(a.ProviderID)
	}
	if !a.HasRefreshToken() {
		return nil, nil, ErrNoRefresh
	}
	a, err := s.refresh(ctx, p, a, true)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrRefresh, err)
	}
	tokens, err := s.core.AccountTokens(a)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrRefresh, err)
	}
	return a, tokens, nil
}

// refresh spends the refresh token of an account once, however many ask at the
// same time, here or in another process: many providers take a refresh token that
// comes twice for a stolen one (RFC 9700 §4.14.2) and end all access.
func (s *Service) refresh(ctx context.Context, p *upstream.Provider, read *core.Account, force bool) (*core.Account, error) {
	return s.refreshes.do(ctx, read.ID, func(ctx context.Context) (*core.Account, error) {
		a, err := s.core.Account(ctx, s.core.DB, read.UserID, read.ID)
		if err != nil {
			return nil, err
		}
		// Somebody was done between that reading and this.
		if !a.SameRefreshToken(read) || !force && !s.due(ctx, a) {
			return a, nil
		}
		tokens, err := s.core.AccountTokens(a)
		if err != nil {
			return nil, err
		}
		fresh, err := p.Refresh(ctx, tokens.RefreshToken)
		if err != nil {
			return s.afterRefusal(ctx, a, err)
		}
		return s.keep(ctx, a, fresh)
	})
}

// afterRefusal: another process may have spent the refresh token first, and kept
// what it got for it.
func (s *Service) afterRefusal(ctx context.Context, a *core.Account, refusal error) (*core.Account, error) {
	now, err := s.core.Account(ctx, s.core.DB, a.UserID, a.ID)
	if err != nil || now.SameRefreshToken(a) {
		return nil, refusal
	}
	return now, nil
}

// keep writes what a refresh token was spent for, unless another process did so
// first: then that one's tokens are the ones that count.
func (s *Service) keep(ctx context.Context, a *core.Account, fresh *upstream.Tokens) (*core.Account, error) {
	var kept *core.Account
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		kept, err = s.core.RotateAccount(ctx, tx, a, &core.Tokens{
			AccessToken: fresh.AccessToken, RefreshToken: fresh.RefreshToken, IDToken: fresh.IDToken,
			AccessExpires: fresh.AccessExpires, RefreshExpires: fresh.RefreshExpires,
		})
		if err != nil || kept != nil {
			return err
		}
		kept, err = s.core.Account(ctx, tx, a.UserID, a.ID)
		return err
	})
	return kept, err
}

// Info asks the provider who the person of an account is.
// Errors: ErrNotProvider, those of AccessToken, ErrNoToken, ErrNoInfo.
func (s *Service) Info(ctx context.Context, a *core.Account) (*upstream.Profile, error) {
	p, ok := s.providers.Get(a.ProviderID)
	if !ok {
		return nil, ErrNotProvider
	}
	_, tokens, err := s.AccessToken(ctx, a)
	if err != nil {
		return nil, err
	}
	if tokens.AccessToken == "" {
		return nil, ErrNoToken
	}
	profile, err := p.Profile(ctx, &upstream.Tokens{
		AccessToken: tokens.AccessToken, RefreshToken: tokens.RefreshToken, IDToken: tokens.IDToken, Kept: true,
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoInfo, err)
	}
	return profile, nil
}
