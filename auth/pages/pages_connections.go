package pages

import (
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// What disconnecting may be refused with; the pages say it in words of their own.
var (
	ErrLastWayIn    = errors.New("nobody loses their last way in")
	ErrNotConnected = errors.New("nothing is connected under that id")
)

// Connections are the accounts elsewhere that people sign in with.
type Connections interface {
	// Connections are those of a user, and what else can be connected.
	Connections(r *api.Request, userID string) (views.Connections, error)
	// Connect returns where the browser goes to connect one.
	Connect(r *api.Request, caller *core.Auth, provider string, j Journey) (string, error)
	// Disconnect takes one away. Errors: ErrLastWayIn, ErrNotConnected.
	Disconnect(r *api.Request, userID, id string) error
}

// connections adds the panel where there is something to show.
func (v *visit) connections(page *views.AccountPage) error {
	if v.Connections == nil {
		return nil
	}
	c, err := v.Connections.Connections(v.r, v.auth.User.ID)
	if err == nil && len(c.All)+len(c.Offers) > 0 {
		page.Panels = append(page.Panels, views.ConnectionsPanel(v.page, c))
	}
	return err
}

// connected is what the page says of a journey that came back to it.
func (v *visit) connected() (views.Alert, error) {
	provider := v.r.Query("connected")
	if provider == "" || v.Connections == nil {
		return v.cameBack(), nil
	}
	c, err := v.Connections.Connections(v.r, v.auth.User.ID)
	for _, one := range c.All {
		if one.Provider.ID == provider { // anybody can make a link to this page; it claims only what is so
			return views.Alert{Kind: views.Success, Text: views.Msg("connections.connected", "provider", one.Provider.Name)}, err
		}
	}
	return views.Alert{}, err
}

func (s *Service) connect(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.act(r, func(v *visit) (api.Responder, error) {
		provider := field(r, "provider")
		next, err := s.Connections.Connect(r, v.auth, provider, Journey{Leads: "/account?connected=" + provider, Fails: "/account"})
		if err != nil {
			return nil, err
		}
		return v.goTo(next)
	})
}

// disconnect asks for a recent sign-in: a browser left open must not be enough.
func (s *Service) disconnect(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.act(r, func(v *visit) (api.Responder, error) {
		if !v.auth.Session.Fresh(r.Now(), s.Core.Config.Session.FreshAge) {
			return v.refused("connections.stale")
		}
		err := s.Connections.Disconnect(r, v.auth.User.ID, field(r, "account"))
		switch {
		case errors.Is(err, ErrLastWayIn):
			return v.refused("connections.last")
		case errors.Is(err, ErrNotConnected):
			return to("/account")
		case err != nil:
			return nil, err
		}
		return v.done("connections.disconnected")
	})
}

// refused says why something was not done, on the account page.
func (v *visit) refused(key string) (api.Responder, error) {
	v.leave(v.r, views.Problem, key)
	return to("/account")
}
