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
	list := []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/update-user", ID: "updateUser", Tag: "user",
			Doc: "Change the caller's profile.", Guards: []api.Guard{s.core.RequireProven()}, // names and numbers are ways in
			Errors: []*api.Error{ErrNothing, ErrEmail, core.ErrFieldNotAllowed, core.ErrNotFresh},
		}, s.update),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/send-verification-email", ID: "sendVerificationEmail", Tag: "user",
			Doc: "Have the mail sent that proves an address.", Limit: api.Rule{Window: time.Minute, Max: 3, ByAddress: true},
			Errors: []*api.Error{ErrMismatch, ErrAlreadyVerified},
		}, s.sendVerification),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/verify-email", ID: "verifyEmail", Tag: "user",
			Doc: "Prove an address with the token of a mail.", Guards: []api.Guard{api.CheckCallback},
			Errors: []*api.Error{ErrInvalidToken, ErrTokenExpired, ErrUserNotFound, ErrInvalidUser, core.ErrEmailTaken, core.ErrPolicyRefused, core.ErrPolicyUnavailable},
		}, s.verifyEmail),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/change-email", ID: "changeEmail", Tag: "user",
			Doc: "Have the caller's e-mail address replaced, once the old and the new one agree.", Guards: []api.Guard{s.core.RequireProven()},
			Limit: api.Rule{Window: 10 * time.Second, Max: 3, ByAddress: true}, Errors: []*api.Error{ErrChangeDisabled, ErrSameEmail, core.ErrNotFresh},
		}, s.changeEmail),
	}
	if !s.core.Config.User.DeleteUser.Enabled {
		return list
	}
	return append(
		list,
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/delete-user", ID: "deleteUser", Tag: "user",
			Doc: "Delete the caller and all that is theirs.", Guards: []api.Guard{s.core.RequireSession()},
			Limit:  api.Rule{Window: 10 * time.Second, Max: 3, ByAddress: true},
			Errors: []*api.Error{ErrPasswordTooLong, ErrNoPassword, ErrInvalidPassword, core.ErrLocked, ErrSessionExpired, ErrNoDeletion},
		}, s.deleteUser),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/delete-user/callback", ID: "deleteUserCallback", Tag: "user",
			Doc: "Delete the caller with the token of a mail.", Guards: []api.Guard{api.CheckCallback},
			Errors: []*api.Error{ErrNotSignedIn, ErrNoDeletion},
		}, s.deleteCallback),
	)
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
	fields, err := s.core.FieldsForUpdate(r.Context(), core.Caller(r).User, in.Fields)
	if err != nil {
		return status{}, err
	}
	if err := s.core.CheckImage(in.Image); err != nil {
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
	User   json.RawMessage `json:"user,omitempty"`
}

func (s *Service) verifyEmail(r *api.Request, in *struct {
	Token       string `query:"token"`
	CallbackURL string `query:"callbackURL,optional"`
},
) (any, error) {
	done, err := s.Verify(r, in.Token)
	switch {
	case in.CallbackURL != "":
	case err != nil:
		return nil, err
	case done.Step == StepConfirmed:
		return verified{Status: true}, nil
	case done.Step == StepReplaced:
		return verified{true, core.UserJSON(done.User)}, nil
	default:
		return verified{true, json.RawMessage("null")}, nil
	}
	var declared *api.Error
	if errors.As(err, &declared) && declared.Code != "" {
		return api.Redirect{URL: withError(in.CallbackURL, declared.Code)}, nil
	}
	return api.Redirect{URL: s.core.HandOver(r, in.CallbackURL)}, err
}

func (s *Service) changeEmail(r *api.Request, in *struct {
	NewEmail    string `body:"newEmail,email"`
	CallbackURL string `body:"callbackURL,optional"`
},
) (status, error) {
	return status{true}, s.ChangeEmail(r, core.Caller(r), in.NewEmail, in.CallbackURL)
}

type deleted struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

func (s *Service) deleteUser(r *api.Request, in *struct {
	CallbackURL string `body:"callbackURL,optional"`
	Password    string `body:"password,optional"`
	Token       string `body:"token,optional"`
},
) (deleted, error) {
	sent, err := s.Delete(r, core.Caller(r), Deletion{Password: in.Password, Token: in.Token, CallbackURL: in.CallbackURL})
	if sent {
		return deleted{true, "Verification email sent"}, err
	}
	return deleted{true, "User deleted"}, err
}

func (s *Service) deleteCallback(r *api.Request, in *struct {
	Token       string `query:"token"`
	CallbackURL string `query:"callbackURL,optional"`
},
) (any, error) {
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if caller == nil {
		return nil, ErrNotSignedIn
	}
	if err := s.deleteBy(r, caller, in.Token); err != nil {
		return nil, err
	}
	if in.CallbackURL != "" {
		return api.Redirect{URL: in.CallbackURL}, nil
	}
	return deleted{true, "User deleted"}, nil
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
