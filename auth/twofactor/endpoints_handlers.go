package twofactor

import (
	"encoding/json"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// sessionOrEnrolment lets in who is signed in, and who must have a second factor to be.
func (s *Service) sessionOrEnrolment() api.Guard {
	session := s.core.RequireSession()
	return api.Guard{Name: session.Name, Check: func(r *api.Request) error {
		if core.Caller(r) == nil && s.core.Challenge(r) != "" && s.Enrolling(r) != nil {
			return nil
		}
		return session.Check(r)
	}}
}

// mine is what somebody does to their own second factor with their password.
type mine func(r *api.Request, caller *core.Auth, password string) (any, error)

func required(fn mine) func(*api.Request, *struct {
	Password string `body:"password"`
}) (any, error) {
	return func(r *api.Request, in *struct {
		Password string `body:"password"`
	},
	) (any, error) {
		return fn(r, core.Caller(r), in.Password)
	}
}

func optional(fn mine) func(*api.Request, *struct {
	Password string `body:"password,optional"`
}) (any, error) {
	return func(r *api.Request, in *struct {
		Password string `body:"password,optional"`
	},
	) (any, error) {
		return fn(r, core.Caller(r), in.Password)
	}
}

// checkPassword refuses who does not know the account's password, or has none
// where the configuration wants one.
func (s *Service) checkPassword(r *api.Request, u *core.User, password string) error {
	if s.cfg.AllowPasswordless {
		hash, err := s.core.PasswordHash(r.Context(), s.core.DB, u.ID)
		switch {
		case err != nil:
			return err
		case hash == "":
			return s.core.CheckProven(r, core.Caller(r))
		}
	}
	if password == "" {
		return ErrInvalidPassword
	}
	return s.passwords.Verify(r, u, password)
}

type enabledBy struct {
	Method      string   `json:"method"`
	URI         string   `json:"totpURI,omitempty"`
	BackupCodes []string `json:"backupCodes,omitempty"`
}

func (s *Service) enable(r *api.Request, password, method, issuer string) (any, error) {
	caller := core.Caller(r)
	if caller == nil { // the first proof was given for this very sign-in
		return s.enrol(r, method, issuer)
	}
	if err := s.checkPassword(r, caller.User, password); err != nil {
		return nil, err
	}
	if method == methodCode {
		_, err := s.UseCodes(r, caller)
		return enabledBy{Method: methodCode}, err
	}
	setup, err := s.Begin(r, caller.User, issuer)
	if err != nil {
		return nil, err
	}
	if s.cfg.SkipVerification {
		if _, err := s.switchTo(r, caller, true); err != nil {
			return nil, err
		}
	}
	return enabledBy{methodTOTP, setup.URI, setup.BackupCodes}, nil
}

// enrol begins what verify-totp or verify-otp then completes.
func (s *Service) enrol(r *api.Request, method, issuer string) (any, error) {
	u := s.Enrolling(r)
	if u == nil {
		return nil, api.ErrUnauthorized
	}
	if method == methodCode {
		return enabledBy{Method: methodCode}, s.SendCode(r, "")
	}
	setup, err := s.Begin(r, u, issuer)
	if err != nil {
		return nil, err
	}
	return enabledBy{methodTOTP, setup.URI, setup.BackupCodes}, nil
}

type status struct {
	Status bool `json:"status"`
}

func (s *Service) disable(r *api.Request, caller *core.Auth, password string) (any, error) {
	if err := s.checkPassword(r, caller.User, password); err != nil {
		return nil, err
	}
	_, err := s.Disable(r, caller)
	return status{true}, err
}

type appURI struct {
	URI string `json:"totpURI"`
}

func (s *Service) appURI(r *api.Request, caller *core.Auth, password string) (any, error) {
	setup, err := s.App(r.Context(), caller.User)
	if err != nil {
		return nil, err
	}
	return appURI{setup.URI}, s.checkPassword(r, caller.User, password)
}

type newCodes struct {
	Status      bool     `json:"status"`
	BackupCodes []string `json:"backupCodes"`
}

func (s *Service) backupCodes(r *api.Request, caller *core.Auth, password string) (any, error) {
	if !enabled(caller.User) {
		return nil, ErrNotEnabled
	}
	if err := s.checkPassword(r, caller.User, password); err != nil {
		return nil, err
	}
	codes, err := s.NewBackupCodes(r, caller.User)
	return newCodes{true, codes}, err
}

func (s *Service) sendCode(r *api.Request, in *struct {
	TrustDevice bool   `body:"trustDevice,optional"`
	Via         string `body:"via,optional,enum=email|sms" doc:"Where the code goes; otherwise the first way that there is."`
},
) (status, error) {
	return status{true}, s.SendCode(r, in.Via)
}

// provenBy is the answer to a proof.
type provenBy struct {
	Token string          `json:"token,omitempty"`
	User  json.RawMessage `json:"user"`
}

func (s *Service) prove(kind Kind) func(*api.Request, *struct {
	Code        string `body:"code"`
	TrustDevice bool   `body:"trustDevice,optional"`
}) (any, error) {
	return func(r *api.Request, in *struct {
		Code        string `body:"code"`
		TrustDevice bool   `body:"trustDevice,optional"`
	},
	) (any, error) {
		return s.answer(r, Proof{Kind: kind, Code: in.Code, Trust: in.TrustDevice})
	}
}

func (s *Service) proveBackup(r *api.Request, in *struct {
	Code           string `body:"code"`
	DisableSession bool   `body:"disableSession,optional"`
	TrustDevice    bool   `body:"trustDevice,optional"`
},
) (any, error) {
	return s.answer(r, Proof{Kind: Backup, Code: in.Code, Trust: in.TrustDevice, Only: in.DisableSession})
}

// goes tells an app where the browser goes.
type goes struct {
	Redirect bool   `json:"redirect"`
	URL      string `json:"url"`
}

func (s *Service) answer(r *api.Request, p Proof) (any, error) {
	passed, err := s.Prove(r, p)
	if err != nil {
		return nil, err
	}
	plain := provenBy{passed.Token, core.UserJSON(passed.User)}
	switch {
	case !passed.SignedIn:
		return plain, nil
	case passed.Onward.Query != "" && s.flows != nil:
		next, err := s.flows.ResumeQuery(r, passed.Onward.Query, passed.Onward.At, passed.Auth)
		return goes{true, next}, err
	default:
		return s.core.Answer(r, passed.Auth, plain)
	}
}
