package username

import (
	"encoding/json"
	"errors"
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
			Method: http.MethodPost, Path: "/sign-in/username", ID: "signInUsername", Tag: "username",
			Doc: "Sign in with a username and a password.", Origin: api.OriginLogin, Limit: api.Rule{Window: 10 * time.Second, Max: 3, ByAddress: true},
			Errors: []*api.Error{
				ErrWrong, errAskedTooShort, errAskedTooLong, errAskedInvalid, errPassword, errDisabled, core.ErrLocked,
				core.ErrNotVerified, core.ErrBanned, core.ErrPolicyRefused, core.ErrPolicyUnavailable,
			},
		}, s.signIn),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/is-username-available", ID: "isUsernameAvailable", Tag: "username",
			Doc: "Tell whether a username can be had.", Limit: api.Rule{Window: time.Minute, Max: 60, ByAddress: true}, Errors: []*api.Error{errAskedTooShort, errAskedTooLong, errAskedInvalid},
		}, s.isAvailable),
	}
}

// signedIn is the answer to a sign-in.
type signedIn struct {
	Redirect bool            `json:"redirect"`
	Token    string          `json:"token"`
	URL      string          `json:"url,omitempty"`
	User     json.RawMessage `json:"user"`
}

func (s *Service) signIn(r *api.Request, in *struct {
	Username    string `body:"username"`
	Password    string `body:"password"`
	RememberMe  *bool  `body:"rememberMe,optional"`
	CallbackURL string `body:"callbackURL,optional"`
},
) (any, error) {
	auth, err := s.SignIn(r, in.Username, in.Password, in.CallbackURL, in.RememberMe == nil || *in.RememberMe)
	if err != nil {
		return nil, about(err)
	}
	if in.CallbackURL != "" {
		r.Header().Set("Location", in.CallbackURL)
	}
	return s.core.Answer(r, auth, signedIn{in.CallbackURL != "", auth.Session.Token, in.CallbackURL, core.UserJSON(auth.User)})
}

type available struct {
	Available bool `json:"available"`
}

func (s *Service) isAvailable(r *api.Request, in *struct {
	Username string `body:"username"`
},
) (available, error) {
	if in.Username == "" {
		return available{}, errAskedInvalid
	}
	free, err := s.Available(r.Context(), in.Username)
	return available{free}, about(err)
}

// about words what is wrong with a name that was asked about.
func about(err error) error {
	switch {
	case errors.Is(err, ErrTooShort):
		return errAskedTooShort
	case errors.Is(err, ErrTooLong):
		return errAskedTooLong
	case errors.Is(err, ErrInvalid):
		return errAskedInvalid
	default:
		return err
	}
}
