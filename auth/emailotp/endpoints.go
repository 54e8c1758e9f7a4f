package emailotp

import (
	"encoding/json"
	"net/http"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// guess is the limit of every endpoint (NOTES §8).
var guess = api.Rule{Window: time.Minute, Max: 3, ByAddress: true}

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	post := func(path, id, doc string, errs ...*api.Error) api.Endpoint {
		return api.Endpoint{Method: http.MethodPost, Path: path, ID: id, Tag: "email-otp", Doc: doc, Limit: guess, Errors: errs}
	}
	send := post("/email-otp/send-verification-otp", "sendVerificationOTP", "Have a code sent.", ErrInvalidEmail, ErrType, ErrTooManyAttempts)
	send.Origin = api.OriginLogin
	ask := post("/email-otp/request-email-change", "requestEmailChangeEmailOTP", "Have a code sent to the address that is to be the caller's.",
		ErrChangeDisabled, ErrInvalidEmail, ErrSameEmail, ErrCurrentNeeded, ErrInvalidOTP, ErrExpired, ErrTooManyAttempts)
	change := post("/email-otp/change-email", "changeEmailEmailOTP", "Replace the caller's address with the code that was sent to the new one.",
		ErrChangeDisabled, ErrInvalidEmail, ErrSameEmail, ErrInUse, ErrUserNotFound, ErrInvalidOTP, ErrExpired, ErrTooManyAttempts)
	ask.Guards, ask.Errors = []api.Guard{s.core.RequireProven()}, append(ask.Errors, core.ErrNotFresh)
	change.Guards, change.Errors = ask.Guards, append(change.Errors, core.ErrNotFresh)
	return []api.Endpoint{
		api.Handle(send, s.sendOTP),
		api.Handle(post("/email-otp/check-verification-otp", "checkVerificationOTP", "Tell whether a code is right, and leave it.",
			ErrInvalidEmail, ErrInvalidOTP, ErrExpired, ErrTooManyAttempts, ErrUserNotFound), s.checkOTP),
		api.Handle(post("/email-otp/verify-email", "verifyEmailOTP", "Prove an address with a code.",
			ErrInvalidEmail, ErrInvalidOTP, ErrExpired, ErrTooManyAttempts, ErrUserNotFound), s.verifyEmail),
		api.Handle(post("/sign-in/email-otp", "signInEmailOTP", "Sign in with a code.",
			ErrInvalidOTP, ErrExpired, ErrTooManyAttempts, core.ErrPending, core.ErrBanned, core.ErrFieldNotAllowed, core.ErrMissingField,
			core.ErrPolicyRefused, core.ErrPolicyUnavailable), s.signIn),
		api.Handle(post("/email-otp/request-password-reset", "requestPasswordResetEmailOTP", "Have a code sent that resets a forgotten password.", ErrTooManyAttempts), s.requestReset),
		api.Handle(post("/forget-password/email-otp", "forgetPasswordEmailOTP", "The former name of /email-otp/request-password-reset.", ErrTooManyAttempts), s.requestReset),
		api.Handle(post("/email-otp/reset-password", "resetPasswordEmailOTP", "Set a new password with a code.",
			ErrInvalidOTP, ErrExpired, ErrTooManyAttempts, ErrUserNotFound, core.ErrCompromised, core.ErrTooPersonal, core.ErrPasswordList), s.resetPassword),
		api.Handle(ask, s.requestChange),
		api.Handle(change, s.changeEmail),
	}
}

type success struct {
	Success bool `json:"success"`
}

func (s *Service) sendOTP(r *api.Request, in *struct {
	Email string `body:"email"`
	Type  string `body:"type,enum=email-verification|sign-in|forget-password|change-email"`
},
) (success, error) {
	if !api.ValidEmail(in.Email) {
		return success{}, ErrInvalidEmail
	}
	if in.Type == typeChange {
		return success{}, ErrType
	}
	return success{true}, s.Send(r, in.Type, in.Email)
}

func (s *Service) checkOTP(r *api.Request, in *struct {
	Email string `body:"email"`
	Type  string `body:"type,enum=email-verification|sign-in|forget-password|change-email"`
	OTP   string `body:"otp"`
},
) (success, error) {
	if !api.ValidEmail(in.Email) {
		return success{}, ErrInvalidEmail
	}
	return success{true}, s.Check(r.Context(), in.Type, in.Email, in.OTP)
}

type verified struct {
	Status bool            `json:"status"`
	Token  *string         `json:"token"`
	User   json.RawMessage `json:"user"`
}

func (s *Service) verifyEmail(r *api.Request, in *struct {
	Email string `body:"email"`
	OTP   string `body:"otp"`
},
) (any, error) {
	if !api.ValidEmail(in.Email) {
		return nil, ErrInvalidEmail
	}
	user, auth, err := s.Verify(r, in.Email, in.OTP)
	if err != nil {
		return nil, err
	}
	if auth == nil {
		return verified{Status: true, User: core.UserJSON(user)}, nil
	}
	return s.core.Answer(r, auth, verified{true, &auth.Session.Token, core.UserJSON(auth.User)})
}

type signedIn struct {
	Token string          `json:"token"`
	User  json.RawMessage `json:"user"`
}

func (s *Service) signIn(r *api.Request, in *struct {
	Email string         `body:"email"`
	OTP   string         `body:"otp"`
	Name  string         `body:"name,optional"`
	Image *string        `body:"image,optional"`
	Rest  map[string]any `body:"*"`
},
) (any, error) {
	if err := s.core.CheckImage(in.Image); err != nil {
		return nil, err
	}
	auth, err := s.SignIn(r, in.Email, in.OTP, Newcomer{
		Name: in.Name, Image: in.Image, Fields: func() (core.Values, error) { return s.core.UserFields.ForNew(in.Rest) },
	})
	if err != nil {
		return nil, err
	}
	return s.core.Answer(r, auth, signedIn{auth.Session.Token, core.UserJSON(auth.User)})
}

func (s *Service) requestReset(r *api.Request, in *struct {
	Email string `body:"email"`
},
) (success, error) {
	return success{true}, s.Send(r, typeReset, in.Email)
}

func (s *Service) resetPassword(r *api.Request, in *struct {
	Email    string `body:"email"`
	OTP      string `body:"otp"`
	Password string `body:"password"`
},
) (success, error) {
	return success{true}, s.Reset(r, in.Email, in.OTP, in.Password)
}

func (s *Service) requestChange(r *api.Request, in *struct {
	NewEmail string `body:"newEmail"`
	OTP      string `body:"otp,optional"`
},
) (success, error) {
	return success{true}, s.RequestChange(r, core.Caller(r), in.NewEmail, in.OTP)
}

func (s *Service) changeEmail(r *api.Request, in *struct {
	NewEmail string `body:"newEmail"`
	OTP      string `body:"otp"`
},
) (success, error) {
	return success{true}, s.Change(r, core.Caller(r), in.NewEmail, in.OTP)
}

// Operations are this capability's part of the operator API.
func (s *Service) Operations(guard api.Guard) []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	op := func(name, doc string, errs ...*api.Error) api.Endpoint {
		return api.Endpoint{
			Mount: api.Operator, Method: http.MethodPost, Path: "/" + name, ID: "operator." + name, Tag: "operator",
			Doc: doc, Guards: []api.Guard{guard}, Origin: api.OriginNone, CORS: api.CORSNone, Errors: errs,
		}
	}
	return []api.Endpoint{
		api.Handle(op("createVerificationOTP", "Make a code for an address and tell it; no mail is sent.", ErrInvalidEmail), s.createOTP),
		api.Handle(op("getVerificationOTP", "Tell whether there is a code for an address: it itself cannot be told, for it is not kept.", ErrHashed), s.getOTP),
	}
}

type aboutCode struct {
	Email string `body:"email"`
	Type  string `body:"type,enum=email-verification|sign-in|forget-password|change-email"`
}

func (s *Service) createOTP(r *api.Request, in *aboutCode) (string, error) {
	if !api.ValidEmail(in.Email) {
		return "", ErrInvalidEmail
	}
	return s.Create(r.Context(), in.Type, in.Email)
}

type noCode struct {
	OTP *string `json:"otp"`
}

func (s *Service) getOTP(r *api.Request, in *aboutCode) (noCode, error) {
	pending, err := s.Pending(r.Context(), in.Type, in.Email)
	if err == nil && pending {
		err = ErrHashed
	}
	return noCode{}, err
}
