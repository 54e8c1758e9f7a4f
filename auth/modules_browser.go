package auth

import (
	"slices"

	"authd/auth/anonymous"
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
	Anonymous *anonymous.Service
}

func newBrowser(c *core.Core) (b Browser, err error) {
	bearer.New(c)
	b.Accounts, b.OneTime = multisession.New(c), onetimetoken.New(c)
	if b.Anonymous, err = anonymous.New(c); err != nil { // before lastlogin: answers have the fields in this order
		return b, err
	}
	b.LastLogin, err = lastlogin.New(c)
	return b, err
}

// Endpoints are those of all of them.
func (b Browser) Endpoints() []api.Endpoint {
	return slices.Concat(b.Accounts.Endpoints(), b.OneTime.Endpoints(), b.Anonymous.Endpoints())
}
