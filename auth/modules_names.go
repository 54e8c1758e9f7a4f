package auth

import (
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/pages"
	"authd/auth/phone"
	"authd/auth/username"
)

// usernameOf is what a newcomer has for the username that they chose.
func usernameOf(r *api.Request, m *Services, n pages.Newcomer) (core.Values, error) {
	if n.Username == "" || !m.Usernames.Enabled() {
		return nil, nil
	}
	return m.Usernames.ForNew(r.Context(), n.Username)
}

// names builds what people sign in with beside their address.
func (s *Server) names(m *Services) (err error) {
	if m.Usernames, err = username.New(m.Core, m.Passwords); err != nil {
		return err
	}
	words, err := newTexts(m.Core.Config)
	if err != nil {
		return err
	}
	if m.Phones, err = phone.New(m.Core, m.Passwords, s.texts, words); err != nil {
		return err
	}
	if m.Phones.Enabled() {
		m.TwoFactor.UseTexts(m.Phones)
	}
	return nil
}
