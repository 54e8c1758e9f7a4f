package phone

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
	post := func(path, id, doc string, errs ...*api.Error) api.Endpoint {
		return api.Endpoint{
			Method: http.MethodPost, Path: path, ID: id, Tag: "phone-number", Doc: doc, Errors: errs,
			Limit: api.Rule{Window: time.Minute, Max: 10, ByAddress: true}, // NOTES §8
		}
	}
	signIn := post(
		"/sign-in/phone-number", "signInPhoneNumber", "Sign in with a phone number and a password.", ErrInvalid, ErrWrong, core.ErrLocked, ErrNotVerified, errPasswordLong, errPasswordsOff,
		errTooMany, ErrCountry, core.ErrNotVerified, core.ErrBanned, core.ErrPolicyRefused, core.ErrPolicyUnavailable,
	)
	signIn.Origin, signIn.Limit = api.OriginLogin, api.Rule{Window: 10 * time.Second, Max: 3, ByAddress: true}
	verify := post(
		"/phone-number/verify", "verifyPhoneNumber", "Prove a phone number with the code that was sent, and sign in, sign up or change to it.",
		ErrNoCode, ErrCodeExpired, ErrTooManyWrong, ErrWrongCode, ErrNotSignedIn, ErrExists, ErrNotThere, ErrClosed,
		core.ErrBanned, core.ErrPending, core.ErrPolicyRefused, core.ErrPolicyUnavailable, core.ErrFieldNotAllowed, core.ErrMissingField,
	)
	verify.Origin = api.OriginLogin
	return []api.Endpoint{
		api.Handle(signIn, s.signIn),
		api.Handle(post("/phone-number/send-otp", "sendPhoneNumberOTP", "Have a code sent to a phone.", ErrInvalid, ErrCountry, errTooMany), s.sendOTP),
		api.Handle(verify, s.verify),
		api.Handle(post("/phone-number/request-password-reset", "requestPasswordResetPhoneNumber", "Have a code sent that resets a forgotten password.", ErrInvalid, ErrCountry, errTooMany), s.requestReset),
		api.Handle(post(
			"/phone-number/reset-password", "resetPasswordPhoneNumber", "Set a new password with the code that was sent.",
			ErrNoCode, ErrCodeExpired, ErrTooManyWrong, ErrWrongCode, ErrUnexpected, errPasswordShort, errPasswordLong,
		), s.reset),
	}
}

// Operations are this capability's part of the operator API.
func (s *Service) Operations(guard api.Guard) []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	return []api.Endpoint{api.Handle(api.Endpoint{
		Mount: api.Operator, Method: http.MethodPost, Path: "/consumePhoneNumberOTP", ID: "operator.consumePhoneNumberOTP", Tag: "operator",
		Doc: "Use up a code that was sent to a phone, and do nothing else.", Guards: []api.Guard{guard}, Origin: api.OriginNone, CORS: api.CORSNone,
		Errors: []*api.Error{ErrNoCode, ErrCodeExpired, ErrTooManyWrong, ErrWrongCode},
	}, s.consumeOTP)}
}

type numberInput struct {
	PhoneNumber string `body:"phoneNumber"`
}

type sent struct {
	Message string `json:"message"`
}

func (s *Service) sendOTP(r *api.Request, in *numberInput) (sent, error) {
	return sent{"code sent"}, s.SendCode(r, in.PhoneNumber)
}

type signedIn struct {
	Token string          `json:"token"`
	User  json.RawMessage `json:"user"`
}

func (s *Service) signIn(r *api.Request, in *struct {
	PhoneNumber string `body:"phoneNumber"`
	Password    string `body:"password"`
	RememberMe  *bool  `body:"rememberMe,optional"`
},
) (any, error) {
	auth, err := s.SignIn(r, in.PhoneNumber, in.Password, in.RememberMe == nil || *in.RememberMe)
	if err != nil {
		return nil, err
	}
	return s.core.Answer(r, auth, signedIn{auth.Session.Token, core.UserJSON(auth.User)})
}

type verified struct {
	Status bool            `json:"status"`
	Token  *string         `json:"token"`
	User   json.RawMessage `json:"user"`
}

func (s *Service) verify(r *api.Request, in *struct {
	PhoneNumber       string         `body:"phoneNumber"`
	Code              string         `body:"code"`
	DisableSession    bool           `body:"disableSession,optional"`
	UpdatePhoneNumber bool           `body:"updatePhoneNumber,optional"`
	Rest              map[string]any `body:"*"`
},
) (any, error) {
	proof := Proof{Number: in.PhoneNumber, Code: in.Code, NoSession: in.DisableSession, Fields: in.Rest}
	if in.UpdatePhoneNumber {
		caller, err := s.core.Authenticate(r)
		if err != nil {
			return nil, err
		}
		if err := s.Change(r, caller, proof); err != nil {
			return nil, err
		}
		return verified{true, &caller.Session.Token, core.UserJSON(caller.User)}, nil
	}
	user, auth, err := s.Verify(r, proof)
	if err != nil {
		return nil, err
	}
	if auth == nil {
		return verified{Status: true, User: core.UserJSON(user)}, nil
	}
	return s.core.Answer(r, auth, verified{true, &auth.Session.Token, core.UserJSON(auth.User)})
}

type status struct {
	Status bool `json:"status"`
}

func (s *Service) requestReset(r *api.Request, in *numberInput) (status, error) {
	return status{true}, s.RequestReset(r, in.PhoneNumber)
}

func (s *Service) reset(r *api.Request, in *struct {
	OTP         string `body:"otp"`
	PhoneNumber string `body:"phoneNumber"`
	NewPassword string `body:"newPassword"`
},
) (status, error) {
	return status{true}, s.Reset(r, Proof{Number: in.PhoneNumber, Code: in.OTP}, in.NewPassword)
}

func (s *Service) consumeOTP(r *api.Request, in *struct {
	PhoneNumber string `body:"phoneNumber"`
	Code        string `body:"code"`
},
) (status, error) {
	_, _, err := s.consume(r.Context(), forNumber, in.PhoneNumber, in.Code)
	return status{true}, err
}
