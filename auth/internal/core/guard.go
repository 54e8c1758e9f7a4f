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
func (c *Core) RequireFresh() api.Guard { return c.sessionThat("fresh-session", c.CheckFresh) }

// RequireFreshToAdd is RequireFresh for what gives the caller a way in.
func (c *Core) RequireFreshToAdd() api.Guard {
	return c.sessionThat("fresh-session", c.CheckFreshToAdd)
}

// RequireProven is RequireSession for what takes something away: see CheckProven.
func (c *Core) RequireProven() api.Guard { return c.sessionThat("session", c.CheckProven) }

// sessionThat is RequireSession with a check of whose it is.
func (c *Core) sessionThat(name string, check func(*api.Request, *Auth) error) api.Guard {
	session := c.RequireSession()
	return api.Guard{Name: name, Check: func(r *api.Request) error {
		if err := session.Check(r); err != nil {
			return err
		}
		return check(r, Caller(r))
	}}
}

// CheckFresh refuses whose proof of who they are is too old: the sign-in, and what
// was proven since. Errors: ErrNotFresh.
func (c *Core) CheckFresh(r *api.Request, a *Auth) error {
	if a.Session.Fresh(r.Now(), c.Config.Session.FreshAge) {
		return c.CheckProven(r, a)
	}
	return c.checkProof(r, a)
}

// CheckFreshToAdd is CheckFresh for who gets a way in: whoever is Unproven comes to one so.
func (c *Core) CheckFreshToAdd(r *api.Request, a *Auth) error {
	if a.Session.Fresh(r.Now(), c.Config.Session.FreshAge) {
		return nil
	}
	return c.checkProof(r, a)
}

// CheckProven refuses whose session is Unproven, until they have shown a way in: for
// what others may do with a session of any age. Errors: ErrNotFresh.
func (c *Core) CheckProven(r *api.Request, a *Auth) error {
	if c.Unproven == nil {
		return nil
	}
	if unproven, err := c.Unproven(r.Context(), a.Session.ID); err != nil || !unproven {
		return err
	}
	return c.checkProof(r, a)
}

// checkProof refuses whose last proof beside the sign-in is none, or too old.
func (c *Core) checkProof(r *api.Request, a *Auth) error {
	if c.ProvenAt == nil {
		return ErrNotFresh
	}
	at, err := c.ProvenAt(r.Context(), a.Session)
	age := c.Config.Session.FreshAge
	if err == nil && (at.IsZero() || age > 0 && r.Now().Sub(at) >= max(age, time.Minute)) { // whoever just proved it has the time to go on
		return ErrNotFresh
	}
	return err
}

// Caller is who makes the request, behind one of the guards; nil without a session.
func Caller(r *api.Request) *Auth {
	a, _ := r.Auth.(*Auth)
	return a
}
