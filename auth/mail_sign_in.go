package auth

import (
	"context"

	"authd/auth/emailotp"
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/magiclink"
	"authd/auth/pages"
)

// byMail builds what people come in by who have a mailbox.
func (m *Services) byMail() (err error) {
	m.MagicLink = magiclink.New(m.Core, m.Access)
	if m.EmailOTP, err = emailotp.New(m.Core, m.Access, m.Users, m.Passwords); err != nil {
		return err
	}
	if m.EmailOTP.Everywhere() {
		m.Users.UseCodes(m.EmailOTP)
	}
	return nil
}

// showByMail gives the pages the links and codes that are on.
func showByMail(m *Services, deps *pages.Deps) {
	if m.Core.Config.MagicLink.Enabled {
		deps.Links = links{m.MagicLink}
	}
	if m.Core.Config.EmailOTP.Enabled {
		deps.Codes = codes{m.EmailOTP}
	}
}

// links shows the pages the links of mails.
type links struct{ *magiclink.Service }

func (l links) Request(r *api.Request, email, name string, a pages.AskedLink) error {
	return l.Service.Request(r, magiclink.Ask{Email: email, Name: name, CallbackURL: a.CallbackURL, Client: a.Client, Brief: !a.Remember})
}

func (l links) Pending(ctx context.Context, token string) (*pages.PendingLink, error) {
	link, err := l.Service.Pending(ctx, token)
	if err != nil {
		return nil, err
	}
	return &pages.PendingLink{Email: link.Email, Client: link.Client, CallbackURL: link.CallbackURL, NewUserURL: link.NewUserURL, ErrorURL: link.ErrorURL, Remember: !link.Brief}, nil
}

// codes shows the pages the codes of mails.
type codes struct{ *emailotp.Service }

func (c codes) SignIn(r *api.Request, email, code, name string, remember bool) (*core.Auth, error) {
	return c.Service.SignIn(r, email, code, emailotp.Newcomer{Name: name, Brief: !remember})
}

func (c codes) Verify(r *api.Request, email, code string) error {
	_, _, err := c.Service.Verify(r, email, code)
	return err
}
