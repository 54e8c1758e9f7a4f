package auth

import (
	"errors"

	"authd/auth/account"
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/pages"
	"authd/auth/social"
	"authd/views"
)

// connections shows the pages which accounts elsewhere people have connected.
type connections struct{ m *Services }

func (c connections) Connections(r *api.Request, userID string) (views.Connections, error) {
	var shown views.Connections
	all, err := c.m.Accounts.List(r.Context(), userID)
	if err != nil {
		return shown, err
	}
	ways, err := c.waysIn(r, userID)
	if err != nil {
		return shown, err
	}
	has := map[string]bool{}
	for _, a := range all {
		if a.ProviderID == core.CredentialProvider {
			continue
		}
		has[a.ProviderID] = true
		one := views.Connection{
			ID: a.ID, Provider: views.Provider{ID: a.ProviderID, Name: a.ProviderID}, Since: a.CreatedAt,
			Gone: !c.m.Accounts.Usable(a), Last: c.isLast(ways, a.ID),
		}
		if p, ok := c.m.Upstream.Get(a.ProviderID); ok {
			one.Provider.Name, one.Provider.Icon = p.Name, p.Icon
		}
		shown.All = append(shown.All, one)
	}
	if !c.m.Core.Config.Account.AccountLinking.Enabled {
		return shown, nil
	}
	for _, p := range c.m.Social.Providers() {
		if !has[p.ID] {
			shown.Offers = append(shown.Offers, views.Provider{ID: p.ID, Name: p.Name, Icon: p.Icon})
		}
	}
	return shown, nil
}

func (c connections) waysIn(r *api.Request, userID string) ([]core.WayIn, error) {
	u, err := c.m.Core.User(r.Context(), c.m.Core.DB, userID)
	if err != nil {
		return nil, err
	}
	return c.m.Core.WaysInOf(r.Context(), c.m.Core.DB, u)
}

func (c connections) isLast(ways []core.WayIn, id string) bool {
	return !c.m.Core.Config.Account.AccountLinking.AllowUnlinkingAll && !core.Without(ways, core.WayIn{Kind: core.AccountWayIn, ID: id})
}

func (c connections) Connect(r *api.Request, caller *core.Auth, provider string, j pages.Journey) (string, error) {
	return c.m.Social.Begin(r, social.Start{Provider: provider, CallbackURL: j.Leads, ErrorURL: j.Fails, LoginHint: caller.User.Email, Link: caller})
}

func (c connections) Disconnect(r *api.Request, userID, id string) error {
	err := c.m.Accounts.Unlink(r, userID, id)
	switch {
	case errors.Is(err, account.ErrLast):
		return pages.ErrLastWayIn
	case errors.Is(err, account.ErrNotFound):
		return pages.ErrNotConnected
	}
	return err
}
