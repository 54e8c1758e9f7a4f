package password

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// guess is the limit of every endpoint where a password can be guessed (NOTES §8).
var guess = api.Rule{Window: 10 * time.Second, Max: 3, ByAddress: true}

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	session := []api.Guard{s.core.RequireSession()}
	forms := []string{api.MediaForm, api.MediaJSON}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/sign-up/email", ID: "signUpWithEmailAndPassword", Tag: "password", Media: forms,
			Doc: "Make an account with an e-mail address and a password.", Origin: api.OriginLogin, Limit: guess,
			Errors: []*api.Error{ErrSignUpDisabled, ErrTooShort, ErrTooLong, core.ErrCompromised, core.ErrTooPersonal, core.ErrPasswordList, core.ErrEmailTaken, core.ErrFieldNotAllowed, core.ErrMissingField, core.ErrPolicyRefused, core.ErrPolicyUnavailable},
		}, s.signUp),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/sign-in/email", ID: "signInEmail", Tag: "password", Media: forms,
			Doc: "Sign in with an e-mail address and a password.", Origin: api.OriginLogin, Limit: guess,
			Errors: []*api.Error{ErrDisabled, ErrInvalidEmail, ErrTooLong, ErrWrong, core.ErrLocked, core.ErrNotVerified, core.ErrBanned, core.ErrPolicyRefused, core.ErrPolicyUnavailable},
		}, s.signIn),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/verify-password", ID: "verifyPassword", Tag: "password", Guards: session,
			Doc: "Tell whether a password is the caller's.", Limit: guess, Errors: []*api.Error{ErrInvalidPassword, ErrTooLong, core.ErrLocked},
		}, s.verifyPassword),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/change-password", ID: "changePassword", Tag: "password", Guards: session,
			Doc: "Replace the caller's password.", Limit: guess,
			Errors: []*api.Error{ErrTooShort, ErrTooLong, ErrNoPassword, ErrInvalidPassword, core.ErrLocked, core.ErrCompromised, core.ErrTooPersonal, core.ErrPasswordList},
		}, s.changePassword),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/request-password-reset", ID: "requestPasswordReset", Tag: "password",
			Doc:   "Have a link sent that resets a forgotten password.",
			Limit: api.Rule{Window: time.Minute, Max: 3, ByAddress: true},
		}, s.requestReset),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/reset-password/{token}", ID: "forgetPasswordCallback", Tag: "password",
			Doc: "Where the link of a reset mail leads: on to the page that asks for the new password.", Guards: []api.Guard{api.CheckCallback},
		}, s.resetCallback),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/reset-password", ID: "resetPassword", Tag: "password",
			Doc: "Set a new password with the token of a reset mail.", Limit: api.Rule{Window: 10 * time.Second, Max: 10, ByAddress: true},
			Errors: []*api.Error{ErrInvalidToken, ErrUserNotFound, ErrTooShort, ErrTooLong, core.ErrCompromised, core.ErrTooPersonal, core.ErrPasswordList},
		}, s.resetPassword),
	}
}

type signUpInput struct {
	Name        string         `body:"name"`
	Email       string         `body:"email,email"`
	Password    string         `body:"password,notempty"`
	Image       *string        `body:"image,optional"`
	CallbackURL string         `body:"callbackURL,optional"`
	RememberMe  *bool          `body:"rememberMe,optional"`
	Invitation  string         `body:"invitation,optional"`
	Rest        map[string]any `body:"*"`
}

// signedIn is the answer to a sign-in or sign-up; Token is null where nobody was signed in.
type signedIn struct {
	Redirect *bool           `json:"redirect,omitempty"`
	Token    *string         `json:"token"`
	URL      string          `json:"url,omitempty"`
	User     json.RawMessage `json:"user"`
}

func (s *Service) signUp(r *api.Request, in *signUpInput) (any, error) {
	if err := s.core.CheckImage(in.Image); err != nil {
		return nil, err
	}
	fields, err := s.core.FieldsForNew(r.Context(), in.Rest)
	if err != nil {
		return nil, err
	}
	user, auth, err := s.SignUp(r, SignUp{
		Name: in.Name, Email: in.Email, Password: in.Password, Image: in.Image, CallbackURL: in.CallbackURL, Invitation: in.Invitation,
		Remember: in.RememberMe == nil || *in.RememberMe, Fields: fields,
	})
	if err != nil {
		return nil, err
	}
	if auth == nil {
		return signedIn{User: core.UserJSON(user)}, nil
	}
	return s.core.Answer(r, auth, signedIn{Token: &auth.Session.Token, User: core.UserJSON(auth.User)})
}

type signInInput struct {
	Email       string `body:"email"`
	Password    string `body:"password"`
	CallbackURL string `body:"callbackURL,optional"`
	RememberMe  *bool  `body:"rememberMe,optional"`
}

func (s *Service) signIn(r *api.Request, in *signInInput) (any, error) {
	auth, err := s.SignIn(r, in.Email, in.Password, in.CallbackURL, in.RememberMe == nil || *in.RememberMe)
	if err != nil {
		return nil, err
	}
	redirect := in.CallbackURL != ""
	if redirect {
		r.Header().Set("Location", in.CallbackURL)
	}
	return s.core.Answer(r, auth, signedIn{Redirect: &redirect, Token: &auth.Session.Token, URL: in.CallbackURL, User: core.UserJSON(auth.User)})
}

type status struct {
	Status bool `json:"status"`
}

func (s *Service) verifyPassword(r *api.Request, in *struct {
	Password string `body:"password"`
},
) (status, error) {
	return status{true}, s.Verify(r, core.Caller(r).User, in.Password)
}

type changeInput struct {
	NewPassword         string `body:"newPassword"`
	CurrentPassword     string `body:"currentPassword"`
	RevokeOtherSessions bool   `body:"revokeOtherSessions,optional"`
}

type changed struct {
	Token *string         `json:"token"`
	User  json.RawMessage `json:"user"`
}

func (s *Service) changePassword(r *api.Request, in *changeInput) (changed, error) {
	caller := core.Caller(r)
	auth, err := s.Change(r, caller, in.CurrentPassword, in.NewPassword, in.RevokeOtherSessions)
	if err != nil {
		return changed{}, err
	}
	if auth == nil {
		return changed{User: core.UserJSON(caller.User)}, nil
	}
	return changed{&auth.Session.Token, core.UserJSON(auth.User)}, nil
}

type requestResetInput struct {
	Email      string `body:"email,email"`
	RedirectTo string `body:"redirectTo,optional"`
}

type resetRequested struct {
	Status  bool   `json:"status"`
	Message string `json:"message"`
}

func (s *Service) requestReset(r *api.Request, in *requestResetInput) (resetRequested, error) {
	if err := s.RequestReset(r, in.Email, in.RedirectTo); err != nil {
		return resetRequested{}, err
	}
	return resetRequested{true, "If this email exists in our system, check your email for the reset link"}, nil
}

type resetCallbackInput struct {
	Token       string `path:"token"`
	CallbackURL string `query:"callbackURL"`
}

func (s *Service) resetCallback(r *api.Request, in *resetCallbackInput) (api.Redirect, error) {
	if in.CallbackURL == "" {
		return api.Redirect{URL: r.Base() + "/error?error=" + errInvalidTokenInQuery}, nil
	}
	param, value := "token", in.Token
	if err := s.ResetPending(r.Context(), in.Token); err != nil {
		if err != ErrInvalidToken { //nolint:errorlint // the very value, returned by ResetPending
			return api.Redirect{}, err
		}
		param, value = "error", errInvalidTokenInQuery
	}
	to, err := url.Parse(r.Origins().Absolute(in.CallbackURL))
	if err != nil {
		return api.Redirect{}, ErrInvalidToken
	}
	q := to.Query()
	q.Set(param, value)
	to.RawQuery = q.Encode()
	return api.Redirect{URL: to.String()}, nil
}

type resetInput struct {
	NewPassword string `body:"newPassword"`
	Token       string `body:"token,optional"`
	QueryToken  string `query:"token,optional"`
}

func (s *Service) resetPassword(r *api.Request, in *resetInput) (status, error) {
	token := in.Token
	if token == "" {
		token = in.QueryToken
	}
	return status{true}, s.Reset(r, token, in.NewPassword)
}
