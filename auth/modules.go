package auth

import (
	"authd/auth/access"
	"authd/auth/account"
	"authd/auth/admin"
	"authd/auth/avatar"
	"authd/auth/captcha"
	"authd/auth/confirm"
	"authd/auth/device"
	"authd/auth/emailotp"
	"authd/auth/health"
	"authd/auth/importer"
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/upstream"
	"authd/auth/jwt"
	"authd/auth/known"
	"authd/auth/lockout"
	"authd/auth/magiclink"
	"authd/auth/oidc"
	"authd/auth/openapi"
	"authd/auth/operator"
	"authd/auth/pages"
	"authd/auth/passkey"
	"authd/auth/password"
	"authd/auth/phone"
	"authd/auth/recovery"
	"authd/auth/session"
	"authd/auth/setup"
	"authd/auth/siwe"
	"authd/auth/social"
	"authd/auth/twofactor"
	"authd/auth/user"
	"authd/auth/username"
	"authd/auth/webhook"
)

// Services are the capabilities, for the router and for the commands.
type Services struct {
	Core      *core.Core
	Access    *access.Service
	Setup     *setup.Service
	Users     *user.Service
	Passwords *password.Service
	Usernames *username.Service
	Phones    *phone.Service
	Passkeys  *passkey.Service
	Sessions  *session.Service
	Browser   Browser
	Accounts  *account.Service
	Wallets   *siwe.Service
	Recovery  *recovery.Service
	Admin     *admin.Service
	Operators *operator.Service
	OIDC      *oidc.Service
	Devices   *device.Service
	MagicLink *magiclink.Service
	EmailOTP  *emailotp.Service
	JWT       *jwt.Service
	Importer  *importer.Service
	OpenAPI   *openapi.Service
	Health    *health.Service
	Upstream  *upstream.Set
	Social    *social.Service
	Pages     *pages.Service
	TwoFactor *twofactor.Service
	Webhooks  *webhook.Service
	Avatars   *avatar.Service
	Confirm   *confirm.Service
	Known     *known.Service
	Lockout   *lockout.Service
	Captcha   *captcha.Service
}

// modules is THE list: it builds each capability and hands each the others that
// it needs, as the small interfaces it declares.
func (s *Server) modules(c *core.Core) (*Services, error) {
	m := &Services{Core: c}
	var err error
	if err = s.people(m); err != nil {
		return nil, err
	}
	if m.TwoFactor, err = twofactor.New(c, m.Passwords); err != nil {
		return nil, err
	}
	m.Sessions, m.Recovery = session.New(c), recovery.New(c, m.Passwords, m.TwoFactor)
	m.Passkeys = passkey.New(c, signUpMails{m.Users, m.Passwords})
	m.Operators = operator.New(c)
	m.OpenAPI = openapi.New()
	if err = s.names(m); err != nil {
		return nil, err
	}
	if m.Browser, err = newBrowser(c); err != nil {
		return nil, err
	}
	if c.Config.MultiSession.Enabled {
		m.Sessions.UseSignOut(m.Browser.Accounts.SignOut)
	}
	if m.Upstream, err = upstream.New(c.Config, c.Egress, c.Now); err != nil {
		return nil, err
	}
	m.Accounts, m.Wallets = account.New(c, m.Upstream), siwe.New(c, m.Users)
	m.Accounts.UseAnonymous(m.Browser.Anonymous)
	if m.OIDC, err = oidc.New(c); err != nil {
		return nil, err
	}
	c.Resume = m.OIDC.ResumeSignIn
	if m.Devices, err = device.New(c, m.OIDC); err != nil {
		return nil, err
	}
	if c.Config.DeviceAuthorization.Enabled {
		m.OIDC.UseDevices(m.Devices)
	}
	if m.JWT, err = jwt.New(c, m.OIDC); err != nil {
		return nil, err
	}
	if c.Config.JWT.Enabled && c.Config.JWT.SetJWTHeader {
		m.Sessions.UseHeader("set-auth-jwt", m.JWT.Header)
	}
	if m.Social, err = newSocial(m); err != nil {
		return nil, err
	}
	if m.Webhooks, err = webhook.New(c); err != nil {
		return nil, err
	}
	if m.Confirm, err = newConfirmations(m); err != nil {
		return nil, err
	}
	if m.Pages, err = newPages(m); err != nil {
		return nil, err
	}
	m.Importer = importer.New(c, m.OIDC, m.Passkeys)
	connectTwoFactor(m)
	m.OIDC.UsePages(logoutPages{m.Pages})
	return m, nil
}

// endpoints are all endpoints of all capabilities, in the order of the reference.
func (s *Server) endpoints() ([]api.Endpoint, error) {
	m := s.Services
	guard := m.Operators.Guard()
	var all []api.Endpoint
	for _, list := range [][]api.Endpoint{
		m.Health.Endpoints(), m.Passwords.Endpoints(), m.Usernames.Endpoints(), m.Phones.Endpoints(), m.Sessions.Endpoints(), m.Users.Endpoints(), m.Avatars.Endpoints(), m.Accounts.Endpoints(),
		m.OIDC.Endpoints(), m.Devices.Endpoints(), m.Social.Endpoints(), m.JWT.Endpoints(), m.OpenAPI.Endpoints(), m.Pages.Endpoints(),
		m.Admin.Operations(guard), m.Access.Operations(guard), m.Phones.Operations(guard), m.OIDC.Operations(guard), m.JWT.Operations(guard),
		m.Browser.Endpoints(), m.Passkeys.Endpoints(),
		m.TwoFactor.Endpoints(), m.TwoFactor.Operations(guard), m.Wallets.Endpoints(), m.Recovery.Operations(guard),
		m.MagicLink.Endpoints(), m.EmailOTP.Endpoints(), m.EmailOTP.Operations(guard), m.Captcha.Endpoints(),
	} {
		all = append(all, list...)
	}
	if err := m.Captcha.Guard(all); err != nil {
		return nil, err
	}
	m.OpenAPI.Describe(all)
	return all, nil
}
