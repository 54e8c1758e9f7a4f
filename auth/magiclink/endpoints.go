package magiclink

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// guess is the limit of both endpoints (NOTES §8).
var guess = api.Rule{Window: time.Minute, Max: 5, ByAddress: true}

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/sign-in/magic-link", ID: "signInMagicLink", Tag: "magic-link",
			Doc: "Have a link sent that signs in.", Origin: api.OriginLogin, Limit: guess,
		}, s.request),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/magic-link/verify", ID: "magicLinkVerify", Tag: "magic-link",
			Doc: "Sign in with the token of a mail.", Limit: guess, Guards: []api.Guard{checkTargets},
			Errors: []*api.Error{errCallback},
		}, s.verify),
	}
}

// checkTargets refuses to send the browser to a place that is not trusted.
var checkTargets = api.Guard{Check: func(r *api.Request) error {
	for _, name := range []string{"callbackURL", "newUserCallbackURL", "errorCallbackURL"} {
		if to := r.Query(name); to != "" && !r.Origins().TrustsURL(to) {
			return errCallback
		}
	}
	return nil
}}

type status struct {
	Status bool `json:"status"`
}

func (s *Service) request(r *api.Request, in *struct {
	Email              string         `body:"email,email"`
	Name               string         `body:"name,optional"`
	CallbackURL        string         `body:"callbackURL,optional"`
	NewUserCallbackURL string         `body:"newUserCallbackURL,optional"`
	ErrorCallbackURL   string         `body:"errorCallbackURL,optional"`
	Metadata           map[string]any `body:"metadata,optional"`
},
) (status, error) {
	return status{true}, s.Request(r, Ask{
		Email: in.Email, Name: in.Name, CallbackURL: in.CallbackURL, NewUserURL: in.NewUserCallbackURL, ErrorURL: in.ErrorCallbackURL, Metadata: in.Metadata,
	})
}

type signedIn struct {
	Token   string          `json:"token"`
	User    json.RawMessage `json:"user"`
	Session json.RawMessage `json:"session"`
}

type verifyInput struct {
	Token              string `query:"token"`
	CallbackURL        string `query:"callbackURL,optional"`
	ErrorCallbackURL   string `query:"errorCallbackURL,optional"`
	NewUserCallbackURL string `query:"newUserCallbackURL,optional"`
}

// verify answers with a redirect; only a success without a callbackURL is JSON.
func (s *Service) verify(r *api.Request, in *verifyInput) (any, error) {
	leads := func(isNew bool) core.Onward {
		switch {
		case in.CallbackURL == "":
			return core.Onward{}
		case isNew && in.NewUserCallbackURL != "":
			return core.Onward{URL: r.Origins().Absolute(in.NewUserCallbackURL)}
		default:
			return core.Onward{URL: r.Origins().Absolute(in.CallbackURL)}
		}
	}
	a, isNew, err := s.Follow(r, in.Token, false, leads)
	switch {
	case err != nil:
		return in.failed(r, err)
	case in.CallbackURL == "":
		return signedIn{a.Session.Token, core.UserJSON(a.User), core.SessionJSON(a.Session, a.Session.Token)}, nil
	default:
		return api.Redirect{URL: s.core.HandOver(r, leads(isNew).URL)}, nil
	}
}

// failed tells the app what went wrong, as far as it is a declared error.
func (in *verifyInput) failed(r *api.Request, err error) (any, error) {
	var declared *api.Error
	if !errors.As(err, &declared) || declared.Code == "" {
		return nil, err
	}
	back := in.ErrorCallbackURL
	if back == "" {
		back = in.CallbackURL
	}
	if back == "" {
		back = "/"
	}
	to, parseErr := url.Parse(r.Origins().Absolute(back))
	if parseErr != nil {
		return nil, err
	}
	q := to.Query()
	q.Set("error", declared.Code)
	if declared != ErrInvalidToken && declared != ErrSignUpDisabled {
		q.Set("error_description", declared.Message)
	}
	to.RawQuery = q.Encode()
	return api.Redirect{URL: to.String()}, nil
}
