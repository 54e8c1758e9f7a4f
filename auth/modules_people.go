package auth

import (
	"authd/auth/access"
	"authd/auth/admin"
	"authd/auth/avatar"
	"authd/auth/breach"
	"authd/auth/notice"
	"authd/auth/password"
	"authd/auth/setup"
	"authd/auth/user"
)

// people builds the capabilities about who there is, and what their passwords must be.
func (s *Server) people(m *Services) (err error) {
	c := m.Core
	if m.Access, err = access.New(c); err != nil {
		return err
	}
	m.Setup = setup.New(c, m.Access)
	m.Users = user.New(c)
	if m.Passwords, err = password.New(c, s.hashes, m.Access, m.Users); err != nil {
		return err
	}
	if err := breach.New(c); err != nil {
		return err
	}
	m.Setup.UsePasswords(m.Passwords)
	m.Users.UsePasswords(m.Passwords)
	m.Admin = admin.New(c, m.Passwords)
	m.Avatars = avatar.New(c)
	m.Users.UseImages(m.Avatars)
	notice.New(c)
	return m.byMail()
}
