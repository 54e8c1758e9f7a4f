// Package onetimetoken carries a session to another place: whoever has one asks
// for a token, and who brings that token gets the same session, once, within
// minutes (NOTES §15).
//
// Session tokens are stored only as hashes, so this one has to be kept somewhere
// until then: sealed under the one-time token itself, of which the database has
// the hash. Neither opens without the person who carries the token.
package onetimetoken

import (
	"errors"
	"fmt"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Service is this capability.
type Service struct {
	core *core.Core
	cfg  config.OneTimeToken
}

const purpose = "one-time-token"

// header tells a token with a new session.
const header = "set-ott"

// New connects the capability.
func New(c *core.Core) *Service {
	s := &Service{core: c, cfg: c.Config.OneTimeToken}
	if s.cfg.Enabled && s.cfg.SetHeaderOnNewSession {
		c.Adopted = append(c.Adopted, s.tell)
	}
	return s
}

// carried is what is kept of a session on its way.
type carried struct {
	Session string `json:"session"` // its token, sealed
}

// sealer seals under the one-time token: nothing else opens it.
func sealer(token string) (*core.Sealer, error) {
	keys, err := core.NewKeyring([]string{token})
	if err != nil {
		return nil, err
	}
	return keys.Sealer(purpose)
}

// Generate makes a token that opens the caller's session once.
func (s *Service) Generate(r *api.Request, caller *core.Auth) (string, error) {
	token := core.NewToken(32)
	seal, err := sealer(token)
	if err != nil {
		return "", err
	}
	sealed, err := seal.Seal(caller.User.ID, []byte(caller.Session.Token))
	if err != nil {
		return "", err
	}
	ctx := r.Context()
	return token, s.core.DB.Write(ctx, func(tx *store.Tx) error {
		return s.core.KeepVerification(ctx, tx, purpose, caller.User.ID, token, carried{sealed}, s.cfg.ExpiresIn)
	})
}

// Verify uses a token up and gives the browser the session behind it.
// Errors: ErrInvalidToken, ErrSessionGone.
func (s *Service) Verify(r *api.Request, token string) (*core.Auth, error) {
	ctx := r.Context()
	var used *core.Verification
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		used, err = s.core.UseVerification(ctx, tx, purpose, token)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrInvalidToken
	}
	if err != nil {
		return nil, err
	}
	a, err := s.open(r, used, token)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, ErrSessionGone
	}
	if s.cfg.DisableSetCookie {
		r.Auth = a
	} else {
		s.core.Switch(r, a)
	}
	r.Security("session-moved", "user", a.User.ID, "session", a.Session.ID)
	return a, nil
}

func (s *Service) open(r *api.Request, used *core.Verification, token string) (*core.Auth, error) {
	var kept carried
	if err := used.Data(&kept); err != nil {
		return nil, err
	}
	seal, err := sealer(token)
	if err != nil {
		return nil, err
	}
	session, err := seal.Open(used.Subject, kept.Session)
	if err != nil {
		return nil, fmt.Errorf("open the session of a one-time token: %w", err)
	}
	return s.core.SessionOf(r, string(session))
}

// tell gives an app a token with its new session. A sign-in does not fail for it.
func (s *Service) tell(r *api.Request, a *core.Auth) {
	if r.Endpoint().Mount != api.Auth {
		return
	}
	token, err := s.Generate(r, a)
	if err != nil {
		r.Log().Warn("no one-time token was made", "error", err)
		return
	}
	r.Header().Set(header, token)
	r.Expose(header)
}
