package auth

import (
	"authd/auth/access"
	"authd/auth/admin"
	"authd/auth/avatar"
	"authd/auth/breach"
	"authd/auth/captcha"
	"authd/auth/health"
	"authd/auth/known"
	"authd/auth/lockout"
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
	if m.Known, err = known.New(c); err != nil {
		return err
	}
	notice.New(c, m.Known)
	m.Health = health.New(s.db, s.cfg.Metrics.Enabled && s.cfg.Metrics.Addr == "")
	locks := m.Health.Counter("authd_sign_in_locks_total", "Times that guesses at a password had to wait, by what was guessed at or from.", "what")
	if m.Lockout, err = lockout.New(c, m.Known, func(kind string) { locks(kind) }); err != nil {
		return err
	}
	if m.Captcha, err = captcha.New(c, m.Lockout); err != nil {
		return err
	}
	return m.byMail()
}
