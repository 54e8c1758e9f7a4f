// Package emailotp is codes in mails: to sign in, to prove an address, to choose
// a new password, to replace an address.
//
// # What is kept of a code
//
// A code of six digits is guessed from any plain hash of it. So none is kept: a
// row has a random seed, and the code is what the server's secret makes of
// purpose, address and seed. Who reads the database has nothing; a mail that is
// sent twice has the same code twice.
//
// # What an answer tells
//
// Every address that a code is asked for gets a row, whether it is anybody's or
// not; only the job that writes the mail looks. Attempts are counted in the row,
// before the code is looked at. So a known and an unknown address differ in
// nothing, neither when a code is asked for nor when one is tried: only who has
// the right code learns whether there is an account.
//
// A code is used up in the transaction of what it is for, so that a refusal
// leaves it. Beside the attempts of one code, wrong ones are counted for an
// address and purpose over an hour: asking for codes anew does not buy guesses.
package emailotp

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// method is the name of this way to sign in, kind its mail.
const (
	method = "email-otp"
	kind   = "email-otp"
)

// What a code is good for, as the contract names it.
const (
	typeVerify = "email-verification"
	typeSignIn = "sign-in"
	typeReset  = "forget-password"
	typeChange = "change-email"
)

// Wrong codes for one address and purpose that are taken in a while.
const (
	mostFailures  = 15
	failuresCount = time.Hour
)

// SignUpPolicy decides whether strangers may make an account.
type SignUpPolicy interface {
	SignUpOpen(ctx context.Context) (bool, error)
}

// Use uses up what proves something, inside the transaction of what it proves.
type Use = func(ctx context.Context, tx *store.Tx) error

// Addresses proves and replaces the addresses of users.
type Addresses interface {
	// ProveBy marks an address as proven; the Auth is who was signed in by that.
	// Errors: store.ErrNotFound.
	ProveBy(r *api.Request, email string, use Use) (*core.User, *core.Auth, error)
	// ReplaceBy gives the caller another address. Errors: core.ErrEmailTaken.
	ReplaceBy(r *api.Request, caller *core.Auth, email string, use Use) error
}

// Passwords replaces forgotten passwords.
type Passwords interface {
	CheckLength(password string) error
	// ResetBy gives the user of a proven address a password. Errors: store.ErrNotFound.
	ResetBy(r *api.Request, email, next string, use Use) error
}

// Service is this capability.
type Service struct {
	core      *core.Core
	cfg       config.EmailOTP
	policy    SignUpPolicy
	addresses Addresses
	passwords Passwords
	keys      [][]byte // the one in force first
}

// New connects the capability.
func New(c *core.Core, p SignUpPolicy, a Addresses, w Passwords) (*Service, error) {
	s := &Service{core: c, cfg: c.Config.EmailOTP, policy: p, addresses: a, passwords: w}
	if !s.cfg.Enabled {
		return s, nil
	}
	var err error
	if s.keys, err = c.Keys.Bytes("mail code", keyLength); err != nil {
		return nil, err
	}
	c.Mail.Handle(kind, s.mail)
	c.WaysIn = append(c.WaysIn, core.MailboxWaysIn)
	c.EmailChanged.On(func(ctx context.Context, tx *store.Tx, e *core.EmailChanged) error {
		return s.forget(ctx, tx, e.User.ID, e.Before)
	})
	c.MailboxClaimed.On(func(ctx context.Context, tx *store.Tx, u *core.User) error {
		return s.forget(ctx, tx, u.ID, u.Email)
	})
	c.AccessEnded.On(func(ctx context.Context, tx *store.Tx, e core.AccessEnded) error {
		return deleteChanges(ctx, tx, e.UserID)
	})
	if s.cfg.SendVerificationOnSignUp && !s.cfg.OverrideDefaultEmailVerification {
		c.SigningUp.On(s.signingUp)
	}
	return s, nil
}

// forget ends the codes of an address and those that would replace it.
func (s *Service) forget(ctx context.Context, tx *store.Tx, userID, email string) error {
	if err := deleteCodes(ctx, tx, email); err != nil {
		return err
	}
	return deleteChanges(ctx, tx, userID)
}

// signingUp sends a code along with a sign-up by password.
func (s *Service) signingUp(ctx context.Context, tx *store.Tx, in *core.SignUp) error {
	if in.EmailVerified || in.Method != "email" {
		return nil
	}
	id, err := s.QueueVerification(ctx, tx, in.Email, in.Languages)
	in.Mails = append(in.Mails, id)
	return err
}

// QueueVerification queues the mail with the code that proves an address, inside tx.
func (s *Service) QueueVerification(ctx context.Context, tx *store.Tx, email, languages string) (string, error) {
	id, _, err := s.queue(ctx, tx, job{Type: typeVerify, Email: core.NormalizeEmail(email), Locale: languages})
	return id, err
}

// Send has a code sent, if it can be of use to who reads the mail. Whether it can
// is not told. Errors: ErrTooManyAttempts.
func (s *Service) Send(r *api.Request, kind, email string) error {
	return s.send(r, job{Type: kind, Email: core.NormalizeEmail(email), Invited: s.core.Invitation(r) != ""})
}

func (s *Service) send(r *api.Request, j job) error {
	ctx := r.Context()
	j.Locale = r.Languages()
	var id string
	var worn bool
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		id, worn, err = s.queue(ctx, tx, j)
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, id)
	if worn {
		r.Security("mail-code-worn", "purpose", j.Type)
		return ErrTooManyAttempts
	}
	return nil
}

// SignIn signs in whoever has the code, and makes an account where there is none.
// Errors: ErrInvalidOTP, also where no account is made; ErrExpired,
// ErrTooManyAttempts, and what a sign-up or a sign-in is refused with.
func (s *Service) SignIn(r *api.Request, email, code string, n Newcomer) (*core.Auth, error) {
	email = core.NormalizeEmail(email)
	use, err := s.try(r.Context(), typeSignIn, email, code)
	if err != nil {
		return nil, err
	}
	a, _, err := s.core.Arrive(r, core.Arrival{
		Email: email, Method: method, Name: n.Name, Image: n.Image, Fields: n.Fields, Closed: s.cfg.DisableSignUp, Brief: n.Brief, Prove: use,
	})
	if errors.Is(err, core.ErrSignUpRefused) || errors.Is(err, store.ErrNotFound) {
		return nil, ErrInvalidOTP
	}
	return a, err
}

// Newcomer is what somebody says who comes by a code: of themselves, for the account
// that is made where there is none.
type Newcomer struct {
	Name   string
	Image  *string
	Fields func() (core.Values, error) // of core's UserFields
	Brief  bool                        // the session ends with the browser
}

// Everywhere tells that addresses are proven by a code in place of a link.
func (s *Service) Everywhere() bool { return s.cfg.Enabled && s.cfg.OverrideDefaultEmailVerification }

// Verify proves an address. Errors: ErrInvalidOTP, ErrExpired, ErrTooManyAttempts, ErrUserNotFound.
func (s *Service) Verify(r *api.Request, email, code string) (*core.User, *core.Auth, error) {
	email = core.NormalizeEmail(email)
	use, err := s.try(r.Context(), typeVerify, email, code)
	if err != nil {
		return nil, nil, err
	}
	user, auth, err := s.addresses.ProveBy(r, email, use)
	return user, auth, somebody(err)
}

// Reset gives the user a new password.
// Errors: those of a password's length, ErrInvalidOTP, ErrExpired, ErrTooManyAttempts, ErrUserNotFound.
func (s *Service) Reset(r *api.Request, email, code, next string) error {
	if err := s.passwords.CheckLength(next); err != nil {
		return err
	}
	email = core.NormalizeEmail(email)
	use, err := s.try(r.Context(), typeReset, email, code)
	if err != nil {
		return err
	}
	return somebody(s.passwords.ResetBy(r, email, next, use))
}

func somebody(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrUserNotFound
	}
	return err
}

// Check tells whether a code is right and leaves it.
// Errors: ErrInvalidOTP, ErrExpired, ErrTooManyAttempts, ErrUserNotFound.
func (s *Service) Check(ctx context.Context, kind, email, code string) error {
	email = core.NormalizeEmail(email)
	if _, err := s.try(ctx, kind, email, code); err != nil {
		return err
	}
	_, err := s.core.UserByEmail(ctx, s.core.DB, email)
	return somebody(err)
}

// RequestChange has a code sent to the address that is to be the caller's.
// Whether that is somebody's is not told.
// Errors: ErrChangeDisabled, ErrSameEmail, ErrCurrentNeeded, those of a code.
func (s *Service) RequestChange(r *api.Request, caller *core.Auth, email, current string) error {
	email = core.NormalizeEmail(email)
	if err := s.mayChange(caller, email); err != nil {
		return err
	}
	if s.cfg.ChangeEmail.VerifyCurrentEmail {
		if current == "" {
			return ErrCurrentNeeded
		}
		use, err := s.try(r.Context(), typeVerify, caller.User.Email, current)
		if err != nil {
			return err
		}
		if err := s.core.DB.Write(r.Context(), func(tx *store.Tx) error { return use(r.Context(), tx) }); err != nil {
			return err
		}
	}
	return s.send(r, job{Type: typeChange, Email: email, UserID: caller.User.ID})
}

// Change gives the caller another address with the code that was sent there.
// Errors: ErrChangeDisabled, ErrSameEmail, ErrInUse, those of a code.
func (s *Service) Change(r *api.Request, caller *core.Auth, email, code string) error {
	email = core.NormalizeEmail(email)
	if err := s.mayChange(caller, email); err != nil {
		return err
	}
	use, err := s.try(r.Context(), typeChange, changing(caller.User.ID, email), code)
	if err != nil {
		return err
	}
	err = s.addresses.ReplaceBy(r, caller, email, use)
	if errors.Is(err, core.ErrEmailTaken) {
		return ErrInUse
	}
	return somebody(err)
}

func (s *Service) mayChange(caller *core.Auth, email string) error {
	switch {
	case !s.cfg.ChangeEmail.Enabled:
		return ErrChangeDisabled
	case !api.ValidEmail(email):
		return ErrInvalidEmail
	case email == caller.User.Email:
		return ErrSameEmail
	}
	return nil
}
