// Package lastlogin remembers what a browser signed in with, so that a sign-in
// page can mark it: people forget which of five buttons is theirs.
//
// The cookie is for pages to read: plain, and open to scripts. It says nothing of
// who signed in, and nothing goes by it but a mark on a button.
package lastlogin

import (
	"context"
	"net/url"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Service is this capability.
type Service struct {
	core *core.Core
	cfg  config.LastLoginMethod
}

// field is the contract's name of what users have.
const field = "lastLoginMethod"

// New connects the capability.
func New(c *core.Core) (*Service, error) {
	s := &Service{core: c, cfg: c.Config.LastLoginMethod}
	if !s.cfg.Enabled {
		return s, nil
	}
	c.Adopted = append(c.Adopted, s.remember)
	if !s.cfg.StoreInDatabase {
		return s, nil
	}
	if err := c.UserFields.Add(core.Field{Name: field, Type: "string", Returned: true}); err != nil {
		return nil, err
	}
	c.SigningUp.On(s.begin)
	c.SessionCreated.On(s.store)
	return s, nil
}

// named is what the contract calls a method; "" for what nobody chooses on a
// sign-in page, such as the link in a mail.
func named(method string) string {
	switch method {
	case "verify-email", "change-password", "device", "pat":
		return ""
	case "setup":
		return "email"
	default:
		return method
	}
}

func (s *Service) remember(r *api.Request, a *core.Auth) {
	method := named(a.Method)
	if method == "" {
		return
	}
	cookie := s.core.Cookie(s.cfg.CookieName, url.QueryEscape(method), int(s.cfg.MaxAge.Seconds()))
	cookie.HTTPOnly = false
	r.SetCookie(cookie)
}

// Method is what the browser signed in with last, "" when it does not say.
func (s *Service) Method(r *api.Request) string {
	if !s.cfg.Enabled {
		return ""
	}
	value, _ := r.Cookie(s.cfg.CookieName)
	return value
}

// begin has a user begin with the method that made them.
func (s *Service) begin(_ context.Context, _ *store.Tx, in *core.SignUp) error {
	method := named(in.Method)
	if method == "" {
		return nil
	}
	values, err := s.core.UserFields.Set(field, method)
	if err != nil {
		return err
	}
	if in.Fields == nil {
		in.Fields = core.Values{}
	}
	in.Fields[field] = values[field]
	return nil
}

func (s *Service) store(ctx context.Context, tx *store.Tx, e core.SessionCreated) error {
	method := named(e.Method)
	if method == "" || e.User.Extra.Text(field) == method {
		return nil
	}
	values, err := s.core.UserFields.Set(field, method)
	if err != nil {
		return err
	}
	e.User.Extra = e.User.Extra.With(values)
	return s.core.SaveUser(ctx, tx, e.User)
}
