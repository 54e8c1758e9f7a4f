package core

import "authd/auth/internal/api"

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
		if !Caller(r).Session.Fresh(r.Now(), c.Config.Session.FreshAge) {
			return ErrNotFresh
		}
		return nil
	}}
}

// Caller is who makes the request, behind one of the guards; nil without a session.
func Caller(r *api.Request) *Auth {
	a, _ := r.Auth.(*Auth)
	return a
}
