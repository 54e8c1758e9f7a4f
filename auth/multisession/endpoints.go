package multisession

import (
	"encoding/json"
	"net/http"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	if !s.core.Config.MultiSession.Enabled {
		return nil
	}
	post := func(path, id, doc string) api.Endpoint {
		return api.Endpoint{
			Method: http.MethodPost, Path: "/multi-session/" + path, ID: id, Tag: "multi-session", Doc: doc,
			Errors: []*api.Error{ErrInvalidToken},
		}
	}
	revoke := post("revoke", "revokeDeviceSession", "End one of the sessions of this browser.")
	revoke.Guards = []api.Guard{s.core.RequireSession()}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/multi-session/list-device-sessions", ID: "listDeviceSessions", Tag: "multi-session",
			Doc: "Who is signed in in this browser.",
		}, s.list),
		api.Handle(post("set-active", "setActiveSession", "Go on with another of the sessions of this browser."), s.setActive),
		api.Handle(revoke, s.revoke),
	}
}

type account struct {
	Session json.RawMessage `json:"session"`
	User    json.RawMessage `json:"user"`
}

func (s *Service) list(r *api.Request, _ *api.None) ([]account, error) {
	accounts, err := s.Accounts(r)
	if err != nil {
		return nil, err
	}
	caller := core.Caller(r)
	list := make([]account, 0, len(accounts))
	for _, a := range accounts {
		token := a.Session.Handle()
		if caller != nil && a.Session.ID == caller.Session.ID {
			token = a.Session.Token
		}
		list = append(list, account{core.SessionJSON(a.Session, token), core.UserJSON(a.User)})
	}
	return list, nil
}

// named is a session by its handle, as lists tell it, or its token.
type named struct {
	Session string `body:"sessionToken"`
}

func (s *Service) setActive(r *api.Request, in *named) (api.Appender, error) {
	a, err := s.SetActive(r, in.Session)
	if err != nil {
		return nil, err
	}
	return a, nil
}

type status struct {
	Status bool `json:"status"`
}

func (s *Service) revoke(r *api.Request, in *named) (status, error) {
	return status{true}, s.Revoke(r, in.Session)
}
