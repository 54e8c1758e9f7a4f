package anonymous

import (
	"encoding/json"
	"net/http"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/sign-in/anonymous", ID: "signInAnonymous", Tag: "anonymous",
			Doc: "Begin a session as somebody new who says nothing of themselves.", Origin: api.OriginLogin,
			Limit:  api.Rule{Window: 10 * time.Second, Max: 3, ByAddress: true},
			Errors: []*api.Error{ErrAgain, ErrClosed, core.ErrPolicyRefused, core.ErrPolicyUnavailable},
		}, s.signIn),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/delete-anonymous-user", ID: "deleteAnonymousUser", Tag: "anonymous",
			Doc:    "Delete the caller, who is anonymous.",
			Guards: []api.Guard{s.core.RequireSession()}, Errors: []*api.Error{ErrDeleteDisabled, ErrNotAnonymous},
		}, s.delete),
	}
}

type signedIn struct {
	Token string          `json:"token"`
	User  json.RawMessage `json:"user"`
}

func (s *Service) signIn(r *api.Request, _ *api.None) (any, error) {
	a, err := s.SignIn(r)
	if err != nil {
		return nil, err
	}
	return s.core.Answer(r, a, signedIn{a.Session.Token, core.UserJSON(a.User)})
}

type deleted struct {
	Success bool `json:"success"`
}

func (s *Service) delete(r *api.Request, _ *api.None) (deleted, error) {
	return deleted{true}, s.Delete(r, core.Caller(r))
}
