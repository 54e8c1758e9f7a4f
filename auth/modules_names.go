package auth

import (
	"authd/auth/phone"
	"authd/auth/username"
)

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
