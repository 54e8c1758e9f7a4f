package core

import (
	"time"

	"authd/auth/internal/api"
)

// RequireSession lets a request pass that has a session, read from the database.
func (c *Core) RequireSession() api.Guard {
	return api.Guard{Name: "session", Check: func(r *api.Request) error {
		a, err := c.Authenticate(r)
		if err != nil {
			return err
		}
		if a == nil {
			return api.ErrUnauthorized
		}
		return nil
	}}
}

// RequireFresh lets a request pass whose person signed in not long ago.
func (c *Core) RequireFresh() api.Guard {
	session := c.RequireSession()
	return api.Guard{Name: "fresh-session", Check: func(r *api.Request) error {
		if err := session.Check(r); err != nil {
			return err
		}
		return c.CheckFresh(r, Caller(r))
	}}
}

// CheckFresh refuses whose proof of who they are is too old: the sign-in, and what
// was proven since. Errors: ErrNotFresh.
func (c *Core) CheckFresh(r *api.Request, a *Auth) error {
	age := c.Config.Session.FreshAge
	if a.Session.Fresh(r.Now(), age) {
		return nil
	}
	if c.ProvenAt == nil {
		return ErrNotFresh
	}
	at, err := c.ProvenAt(r.Context(), a.Session)
	if err == nil && r.Now().Sub(at) >= max(age, time.Minute) { // whoever just proved it has the time to go on
		return ErrNotFresh
	}
	return err
}

// Caller is who makes the request, behind one of the guards; nil without a session.
func Caller(r *api.Request) *Auth {
	a, _ := r.Auth.(*Auth)
	return a
}
