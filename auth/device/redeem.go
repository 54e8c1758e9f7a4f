package device

import (
	"context"
	"errors"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// slower is what each slow_down adds to the interval (RFC 8628 §3.5).
const slower = 5 * time.Second

// early is how much of the interval a device's clock may be ahead of ours.
const early = 500 * time.Millisecond

// RedeemOAuth is a poll at the provider's token endpoint: when the person has
// approved, issue makes the tokens, in the transaction that uses the code up.
// Errors: *api.OAuthError (RFC 8628 §3.5).
func (s *Service) RedeemOAuth(ctx context.Context, clientID, deviceCode string, issue func(tx *store.Tx, a *core.Auth, scopes, resources []string) error) error {
	return s.redeem(ctx, clientID, deviceCode, true, func(tx *store.Tx, r *Request) error {
		u, err := s.person(ctx, tx, r)
		if err != nil {
			return err
		}
		return issue(tx, r.auth(u), strings.Fields(r.Scope), r.Resources)
	})
}

// Session is what a device gets in the plain mode: a session of the person.
type Session struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	Scope       string `json:"scope"`
}

// RedeemSession is a poll of the plain mode. ip and userAgent are the device's.
// The session is as old as the sign-in of the person who approved it: it is no
// way to make an old sign-in a fresh one. Errors: *api.OAuthError.
func (s *Service) RedeemSession(ctx context.Context, clientID, deviceCode, ip, userAgent string) (*Session, error) {
	if err := s.checkSignIn(ctx, clientID, deviceCode, ip, userAgent); err != nil {
		return nil, err
	}
	var made *Session
	err := s.redeem(ctx, clientID, deviceCode, false, func(tx *store.Tx, r *Request) error {
		u, err := s.person(ctx, tx, r)
		if err != nil {
			return err
		}
		a, err := s.core.BeginIn(ctx, tx, &core.SignIn{
			User: u, Method: "device", AMR: r.amr, Remember: true, IP: ip, UserAgent: userAgent, ProvenAt: r.authTime,
		})
		if err != nil {
			return err
		}
		made = &Session{
			AccessToken: a.Session.Token, TokenType: "Bearer", Scope: r.Scope,
			ExpiresIn: int64(a.Session.ExpiresAt.Sub(s.now(ctx)) / time.Second),
		}
		return nil
	})
	return made, err
}

// checkSignIn asks whoever may refuse the session that a poll would begin. What is
// wrong with the poll itself is not its business.
func (s *Service) checkSignIn(ctx context.Context, clientID, deviceCode, ip, userAgent string) error {
	if len(s.core.SignInChecks) == 0 {
		return nil
	}
	r, err := findByDeviceCode(ctx, s.core.DB, core.HashToken(deviceCode))
	if errors.Is(err, store.ErrNotFound) || err == nil && (r.ClientID != clientID || r.OAuth || r.Status != statusApproved || !s.now(ctx).Before(r.expiresAt)) {
		return nil
	}
	if err != nil {
		return err
	}
	u, err := s.person(ctx, s.core.DB, r)
	if err != nil {
		return err
	}
	err = s.core.CheckSignIn(ctx, &core.SignIn{User: u, Method: "device", AMR: r.amr, Remember: true, IP: ip, UserAgent: userAgent})
	var refused *api.Error
	if errors.As(err, &refused) && refused.Status < 500 {
		return errDenied
	}
	return err
}

// person is who approved a request, if they may still come in.
func (s *Service) person(ctx context.Context, q store.Querier, r *Request) (*core.User, error) {
	u, err := s.core.User(ctx, q, r.userID)
	if errors.Is(err, store.ErrNotFound) || err == nil && s.core.Barred(ctx, u) != nil {
		return nil, errDenied
	}
	return u, err
}

// redeem answers a poll. Whatever a poll changes is kept even where its answer
// is an error.
func (s *Service) redeem(ctx context.Context, clientID, deviceCode string, oauth bool, use func(*store.Tx, *Request) error) error {
	var refused error
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		refused = nil
		r, err := findByDeviceCode(ctx, tx, core.HashToken(deviceCode))
		switch {
		case errors.Is(err, store.ErrNotFound):
			return errDeviceCode
		case err != nil:
			return err
		case r.ClientID != clientID:
			return errMismatch
		case r.OAuth != oauth: // tokens for clients, sessions for others; never one for the other
			return errDeviceCode
		}
		if refused, err = s.waits(ctx, tx, r); refused != nil || err != nil {
			return err
		}
		if err := useRequest(ctx, tx, r.id); err != nil {
			if errors.Is(err, store.ErrNotFound) {
				return errDeviceCode
			}
			return err
		}
		return use(tx, r)
	})
	if err != nil {
		return err
	}
	return refused
}

// waits is why a device gets nothing yet, or ever.
func (s *Service) waits(ctx context.Context, tx *store.Tx, r *Request) (refused, err error) {
	now := s.now(ctx)
	if r.polledAt != nil && now.Sub(*r.polledAt) < r.interval-early {
		return errSlowDown, markPolled(ctx, tx, r.id, now, r.interval+slower)
	}
	switch {
	case !now.Before(r.expiresAt):
		return errExpired, deleteRequest(ctx, tx, r.id)
	case r.Status == statusDenied:
		return errDenied, deleteRequest(ctx, tx, r.id)
	case r.Status == statusPending:
		return errPending, markPolled(ctx, tx, r.id, now, r.interval)
	}
	return nil, nil
}
