package auth

import (
	"authd/auth/bearer"
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/lastlogin"
	"authd/auth/multisession"
	"authd/auth/onetimetoken"
)

// Browser are the capabilities about what a browser or an app holds of sessions.
type Browser struct {
	Accounts  *multisession.Service
	OneTime   *onetimetoken.Service
	LastLogin *lastlogin.Service
}

func newBrowser(c *core.Core) (b Browser, err error) {
	bearer.New(c)
	b.Accounts, b.OneTime = multisession.New(c), onetimetoken.New(c)
	b.LastLogin, err = lastlogin.New(c)
	return b, err
}

// Endpoints are those of all of them.
func (b Browser) Endpoints() []api.Endpoint {
	return append(b.Accounts.Endpoints(), b.OneTime.Endpoints()...)
}
