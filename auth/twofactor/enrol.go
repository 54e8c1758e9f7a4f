package twofactor

import (
	"context"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Setup is an authenticator app that is being set up.
type Setup struct {
	URI string // otpauth://…: what the QR code holds
	Key string // to be typed, where there is no camera
	// BackupCodes are shown this once; none where the set-up was begun before.
	BackupCodes []string
}

// Begin starts with an authenticator app, or starts again with one that has not
// shown a code yet. Nothing counts before [Service.Prove] has seen a code, unless
// the configuration skips that.
// issuer is the name in the app, "" for the configured one.
// Errors: ErrNoApps, ErrAppThere.
func (s *Service) Begin(r *api.Request, u *core.User, issuer string) (*Setup, error) {
	ctx := r.Context()
	if s.cfg.TOTPOptions.Disable {
		return nil, ErrNoApps
	}
	secret := core.NewToken(32)
	sealed, err := s.secrets.Seal(u.ID, []byte(secret))
	if err != nil {
		return nil, err
	}
	setup := &Setup{URI: s.uri(issuer, u.Email, secret), Key: setupKey(secret)}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		begun, err := setSecret(ctx, tx, u.ID, sealed, s.cfg.SkipVerification, s.core.Now(ctx))
		if err != nil {
			return err
		}
		if !begun {
			return ErrAppThere
		}
		setup.BackupCodes, err = s.newBackupCodes(ctx, tx, u.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return setup, nil
}

// App is the authenticator app of a person, as it was or is being set up: to be
// read once more, without backup codes. Errors: ErrNoApps, ErrNoApp.
func (s *Service) App(ctx context.Context, u *core.User) (*Setup, error) {
	if s.cfg.TOTPOptions.Disable {
		return nil, ErrNoApps
	}
	f, err := s.factorOf(ctx, s.core.DB, u.ID)
	if err != nil {
		return nil, err
	}
	if f.Secret == "" {
		return nil, ErrNoApp
	}
	secret, err := s.secrets.Open(u.ID, f.Secret)
	if err != nil {
		return nil, err
	}
	return &Setup{URI: s.uri("", u.Email, string(secret)), Key: setupKey(string(secret))}, nil
}

// UseCodes turns on a second factor by codes that are sent: at once, as the
// contract has it. The caller's session gets another token. Errors: ErrNoCodes.
func (s *Service) UseCodes(r *api.Request, caller *core.Auth) (*core.Auth, error) {
	if !s.cfg.OTPOptions.Enabled {
		return nil, ErrNoCodes
	}
	return s.switchTo(r, caller, true)
}

// Disable takes a person's second factor, their backup codes and trusted
// browsers. The caller's session gets another token. Errors: ErrRequired.
func (s *Service) Disable(r *api.Request, caller *core.Auth) (*core.Auth, error) {
	if s.required(caller.User) {
		return nil, ErrRequired
	}
	a, err := s.switchTo(r, caller, false)
	if err == nil && s.core.TrustedDevice(r) != "" {
		r.SetCookie(s.core.TrustCookie("", 0))
	}
	return a, err
}

// switchTo turns a second factor on or off for who is signed in.
func (s *Service) switchTo(r *api.Request, caller *core.Auth, on bool) (*core.Auth, error) {
	ctx, what := r.Context(), "off"
	if on {
		what = "on"
	}
	news := changed(r, what)
	var renewed *core.Auth
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		u, err := s.core.User(ctx, tx, caller.User.ID)
		if err != nil {
			return notFoundIs(err, api.ErrUnauthorized)
		}
		if on {
			err = insertFactor(ctx, tx, u.ID, s.core.Now(ctx))
		} else {
			_, err = s.remove(ctx, tx, u.ID)
		}
		if err != nil {
			return err
		}
		if news.Mails = nil; enabled(u) != on {
			if err := s.turn(ctx, tx, u, on, news); err != nil {
				return err
			}
		}
		renewed, err = s.renew(ctx, tx, u, caller.Session, caller.Session.AMR)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.core.Mail.Sent(ctx, news.Mails...)
	s.core.Adopt(r, renewed)
	r.Security("two-factor-"+what, "user", caller.User.ID)
	return renewed, nil
}

// Enrolling is the person whose sign-in waits until they have set up a second
// factor; nil for everybody else.
func (s *Service) Enrolling(r *api.Request) *core.User {
	ch, err := s.load(r)
	if err != nil || !ch.Enrol {
		return nil
	}
	return ch.User
}
