package pages

import (
	"errors"

	"github.com/a-h/templ"

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

func (v *visit) connectionsPanel() (templ.Component, error) {
	if v.Connections == nil {
		return nil, nil
	}
	c, err := v.Connections.Connections(v.r, v.auth.User.ID)
	if err != nil || len(c.All)+len(c.Offers) == 0 {
		return nil, err
	}
	return views.ConnectionsPanel(v.page, c), nil
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

func (v *visit) connect() (api.Responder, error) {
	provider := field(v.r, "provider")
	next, err := v.Connections.Connect(v.r, v.auth, provider, Journey{Leads: securityPath + "?connected=" + provider, Fails: securityPath})
	if err != nil {
		return nil, err
	}
	return v.goTo(next)
}

func (v *visit) disconnect() (api.Responder, error) {
	err := v.Connections.Disconnect(v.r, v.auth.User.ID, field(v.r, "account"))
	switch {
	case errors.Is(err, ErrLastWayIn):
		return v.refused("connections.last")
	case errors.Is(err, ErrNotConnected):
		return to(securityPath)
	case err != nil:
		return nil, err
	}
	return v.done("connections.disconnected")
}
