package user

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/update-user", ID: "updateUser", Tag: "user",
			Doc: "Change the caller's profile.", Guards: []api.Guard{s.core.RequireSession()},
			Errors: []*api.Error{ErrNothing, ErrEmail, core.ErrFieldNotAllowed},
		}, s.update),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/send-verification-email", ID: "sendVerificationEmail", Tag: "user",
			Doc: "Have the mail sent that proves an address.", Limit: api.Rule{Window: time.Minute, Max: 3, ByAddress: true},
			Errors: []*api.Error{ErrMismatch, ErrAlreadyVerified},
		}, s.sendVerification),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/verify-email", ID: "verifyEmail", Tag: "user",
			Doc: "Prove an address with the token of a mail.", Guards: []api.Guard{api.CheckCallback},
			Errors: []*api.Error{ErrInvalidToken, ErrTokenExpired, ErrUserNotFound},
		}, s.verifyEmail),
	}
}

type status struct {
	Status bool `json:"status"`
}

func (s *Service) update(r *api.Request, in *struct {
	Name   *string        `body:"name,optional"`
	Image  *string        `body:"image,optional,nullable"`
	Fields map[string]any `body:"*"`
},
) (status, error) {
	if _, ok := in.Fields["email"]; ok {
		return status{}, ErrEmail
	}
	fields, err := s.core.UserFields.ForUpdate(in.Fields)
	if err != nil {
		return status{}, err
	}
	up := Update{Name: in.Name, Image: in.Image, Fields: fields}
	if v, ok := r.Body["image"]; ok && v == nil {
		none := ""
		up.Image = &none
	}
	return status{true}, s.Update(r, core.Caller(r), up)
}

func (s *Service) sendVerification(r *api.Request, in *struct {
	Email       string `body:"email,email"`
	CallbackURL string `body:"callbackURL,optional"`
},
) (status, error) {
	return status{true}, s.RequestVerification(r, in.Email, in.CallbackURL)
}

type verified struct {
	Status bool            `json:"status"`
	User   json.RawMessage `json:"user"`
}

func (s *Service) verifyEmail(r *api.Request, in *struct {
	Token       string `query:"token"`
	CallbackURL string `query:"callbackURL,optional"`
},
) (any, error) {
	_, err := s.Verify(r, in.Token)
	if in.CallbackURL == "" {
		return verified{true, json.RawMessage("null")}, err
	}
	var declared *api.Error
	if errors.As(err, &declared) && declared.Code != "" {
		return api.Redirect{URL: withError(in.CallbackURL, declared.Code)}, nil
	}
	return api.Redirect{URL: in.CallbackURL}, err
}

// withError adds error=code to a target that was checked before.
func withError(target, code string) string {
	u, err := url.Parse(target)
	if err != nil {
		return target
	}
	q := u.Query()
	q.Set("error", code)
	u.RawQuery = q.Encode()
	return u.String()
}
