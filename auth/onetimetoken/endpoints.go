package onetimetoken

import (
	"net/http"

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
			Method: http.MethodGet, Path: "/one-time-token/generate", ID: "generateOneTimeToken", Tag: "one-time-token",
			Doc:    "A token that opens the caller's session once, somewhere else.",
			Guards: []api.Guard{s.core.RequireSession()}, Errors: []*api.Error{ErrNotForApps},
		}, s.generate),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/one-time-token/verify", ID: "verifyOneTimeToken", Tag: "one-time-token",
			Doc: "Use such a token up and go on with its session.", Errors: []*api.Error{ErrInvalidToken, ErrSessionGone},
		}, s.verify),
	}
}

type generated struct {
	Token string `json:"token"`
}

func (s *Service) generate(r *api.Request, _ *api.None) (generated, error) {
	noStore(r)
	if s.cfg.DisableClientRequest {
		return generated{}, ErrNotForApps
	}
	token, err := s.Generate(r, core.Caller(r))
	return generated{token}, err
}

func (s *Service) verify(r *api.Request, in *struct {
	Token string `body:"token"`
},
) (api.Appender, error) {
	noStore(r)
	a, err := s.Verify(r, in.Token)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// noStore: what these answers tell must not lie in a cache.
func noStore(r *api.Request) { r.Header().Set("Cache-Control", "no-store") }
