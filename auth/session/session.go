// Package session lets people see their sessions and end them. How a session
// is made, read and refreshed is core's: this package is its face on the wire.
package session

import (
	"context"
	"encoding/json"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Service is this capability.
type Service struct {
	core   *core.Core
	header string // of every get-session answer, "" for none
	value  func(ctx context.Context, session []byte) (string, error)
	leave  func(r *api.Request) error // what else signing out ends, nil for nothing
}

// UseSignOut has signing out end more than the session that asks.
func (s *Service) UseSignOut(leave func(r *api.Request) error) { s.leave = leave }

// UseHeader adds a header to every get-session answer that has a session; value
// makes it from the answer.
func (s *Service) UseHeader(name string, value func(ctx context.Context, session []byte) (string, error)) {
	s.header, s.value = name, value
}

// New connects the capability.
func New(c *core.Core) *Service { return &Service{core: c} }

// List is the caller's sessions as the contract shows them: the token stands
// only in the caller's own, in the others an opaque handle that revoke-session takes.
func (s *Service) List(r *api.Request, caller *core.Auth) ([]json.RawMessage, error) {
	sessions, err := s.core.Sessions(r.Context(), s.core.DB, caller.User.ID)
	if err != nil {
		return nil, err
	}
	list := make([]json.RawMessage, 0, len(sessions))
	for _, one := range sessions {
		token := one.Handle()
		if one.ID == caller.Session.ID {
			token = caller.Session.Token
		}
		list = append(list, core.SessionJSON(one, token))
	}
	return list, nil
}

// Revoke ends one session of the caller, named by its token or its handle. A
// session that is not the caller's is left alone and not told of.
func (s *Service) Revoke(r *api.Request, caller *core.Auth, ref string) error {
	ctx := r.Context()
	id, err := s.core.SessionByRef(ctx, s.core.DB, caller.User.ID, ref)
	if err != nil || id == "" {
		return err
	}
	ended := false
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		ended, err = s.core.EndSession(ctx, tx, caller.User.ID, id)
		return err
	})
	if ended {
		r.Security("session-ended", "user", caller.User.ID, "session", id)
	}
	return err
}

// RevokeAll ends all sessions of the caller; with keepOwn all but the one that
// asks. Without, it is signing out everywhere: what apps were given ends too.
func (s *Service) RevokeAll(r *api.Request, caller *core.Auth, keepOwn bool) error {
	ctx, except := r.Context(), ""
	if keepOwn {
		except = caller.Session.ID
	}
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if keepOwn {
			return s.core.EndSessions(ctx, tx, caller.User.ID, except)
		}
		return s.core.EndAccess(ctx, tx, caller.User.ID, "signed-out")
	})
	if err == nil {
		r.Security("sessions-ended", "user", caller.User.ID, "but", except)
	}
	return err
}

// Update gives fields of the caller's session other values. Errors: ErrNothing,
// core.ErrSessionUser when the session has ended meanwhile.
func (s *Service) Update(r *api.Request, caller *core.Auth, values core.Values) error {
	if len(values) == 0 {
		return ErrNothing
	}
	ctx := r.Context()
	there := false
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		there, err = s.core.UpdateSession(ctx, tx, caller.Session, values)
		return err
	})
	if err != nil {
		return err
	}
	if !there {
		s.core.ClearCookies(r)
		return core.ErrSessionUser
	}
	s.core.ResendCookies(r, caller)
	return nil
}

// SignOut ends the caller's session and takes it from the browser.
func (s *Service) SignOut(r *api.Request) error {
	ctx := r.Context()
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return err
	}
	if caller != nil {
		err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
			_, err := s.core.EndSession(ctx, tx, caller.User.ID, caller.Session.ID)
			return err
		})
		if err != nil {
			return err
		}
		r.Security("sign-out", "user", caller.User.ID)
	}
	s.core.ClearCookies(r)
	if s.leave == nil {
		return nil
	}
	return s.leave(r)
}
