// Package password is signing up and signing in with an e-mail address and a
// password, changing the password, and resetting a forgotten one.
//
// A known and an unknown address get the same answer after the same work: a
// sign-in hashes either way, a reset queues the same job either way, and the
// job finds out. The package must not answer differently, nor sooner.
package password

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Hasher turns passwords into hashes and checks them.
type Hasher interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, encoded, password string) (ok, rehash bool, err error)
	// Dummy costs what Verify costs, for an account that does not exist.
	Dummy(ctx context.Context, password string) error
}

// SignUpPolicy decides whether strangers may make an account.
type SignUpPolicy interface {
	SignUpOpen(ctx context.Context) (bool, error)
}

// Verifier sends the mail that proves an address.
type Verifier interface {
	// QueueVerification queues the mail inside tx and returns the job's id.
	QueueVerification(ctx context.Context, tx *store.Tx, email, callbackURL, languages string) (string, error)
}

// Service is this capability.
type Service struct {
	core   *core.Core
	hash   Hasher
	policy SignUpPolicy
	verify Verifier
}

// New connects the capability.
func New(c *core.Core, h Hasher, p SignUpPolicy, v Verifier) (*Service, error) {
	s := &Service{core: c, hash: h, policy: p, verify: v}
	rules, err := newRules(c)
	if err != nil {
		return nil, err
	}
	c.PasswordChecks = append(c.PasswordChecks, rules.check)
	s.registerMail()
	// A link in a mailbox that is the person's no more must open nothing.
	c.EmailChanged.On(func(ctx context.Context, tx *store.Tx, e *core.EmailChanged) error {
		return c.DropVerifications(ctx, tx, purposeReset, e.User.ID)
	})
	return s, nil
}

// CheckLength holds a new password to the configured length, counted as the
// contract counts: in UTF-16 units. Errors: ErrTooShort, ErrTooLong.
func (s *Service) CheckLength(password string) error {
	n := 0
	for _, r := range password {
		n++
		if r >= 0x10000 && r != utf8.RuneError {
			n++
		}
	}
	cfg := s.core.Config.EmailAndPassword
	switch {
	case n < cfg.MinPasswordLength:
		return ErrTooShort
	case n > cfg.MaxPasswordLength:
		return ErrTooLong
	}
	return nil
}

// checkTooLong bounds the work a guess can cause.
func (s *Service) checkTooLong(password string) error {
	if err := s.CheckLength(password); errors.Is(err, ErrTooLong) {
		return err
	}
	return nil
}

// Check compares a password with a user's own. Errors: ErrWrong when it is not
// that, or there is none.
func (s *Service) check(ctx context.Context, userID, password string) (hash string, rehash bool, err error) {
	hash, err = s.core.PasswordHash(ctx, s.core.DB, userID)
	if err != nil {
		return "", false, err
	}
	if hash == "" {
		return "", false, errors.Join(s.hash.Dummy(ctx, password), ErrWrong)
	}
	ok, rehash, err := s.hash.Verify(ctx, hash, password)
	if err != nil {
		return "", false, err
	}
	if !ok {
		return "", false, ErrWrong
	}
	return hash, rehash, nil
}

// Verify tells whether password is that of a user who is signed in. Whoever holds a
// session that is not theirs may guess here as well as at a sign-in, so it counts
// as a try at one. Errors: ErrTooLong, ErrInvalidPassword, core.ErrLocked.
func (s *Service) Verify(r *api.Request, u *core.User, password string) error {
	if err := s.checkTooLong(password); err != nil {
		return err
	}
	ctx := r.Context()
	attempt := &core.Attempt{Name: core.NormalizeEmail(u.Email), User: u, Method: "password", Request: r}
	_, _, err := s.attempt(ctx, attempt, password)
	if errors.Is(err, ErrWrong) {
		r.Security("password-refused", "user", u.ID)
		return ErrInvalidPassword
	}
	return err
}

// attempt takes one guess at a password. It asks a second time whether guesses wait,
// for those that came together were all let in when there were few: only as many as
// are allowed may learn whether they were right. Errors: ErrWrong, core.ErrLocked.
func (s *Service) attempt(ctx context.Context, a *core.Attempt, password string) (hash string, rehash bool, err error) {
	if err := s.core.CheckAttempt(ctx, a); err != nil {
		return "", false, err
	}
	hash, rehash, err = s.identify(ctx, a.User, password)
	switch {
	case errors.Is(err, ErrWrong):
		if err := s.core.AttemptFailed(ctx, a); err != nil {
			return "", false, err
		}
		return "", false, ErrWrong
	case err != nil:
		return "", false, err
	}
	return hash, rehash, s.core.CheckAttempt(ctx, a)
}

// Set gives a user a password, as an administrator does; their access stays.
// Errors: ErrTooShort, ErrTooLong, those of the checks of passwords.
func (s *Service) Set(ctx context.Context, userID, password string) error {
	hash, err := s.HashFor(ctx, userID, password)
	if err != nil {
		return err
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) error { return s.core.SetPasswordHash(ctx, tx, userID, hash) })
}

// Hash turns a new password into what is stored of it, once everybody who may
// refuse one was asked. It waits, so it stands before every transaction.
// Errors: those of the checks of passwords.
func (s *Service) Hash(ctx context.Context, p core.NewPassword) (string, error) {
	if err := s.core.CheckPassword(ctx, p); err != nil {
		return "", err
	}
	return s.hash.Hash(ctx, p.Text)
}

// HashFor looks at a new password of a user, and turns it into what is stored of it.
// Errors: ErrTooShort, ErrTooLong, those of the checks of passwords.
func (s *Service) HashFor(ctx context.Context, userID, password string) (string, error) {
	if err := s.CheckLength(password); err != nil {
		return "", err
	}
	return s.hashFor(ctx, userID, password)
}

// hashFor is Hash for somebody who is there already; for nobody it is their next
// step that says so.
func (s *Service) hashFor(ctx context.Context, userID, password string) (string, error) {
	p := core.NewPassword{Text: password}
	user, err := s.core.User(ctx, s.core.DB, userID)
	if err == nil {
		p.Email, p.Name = user.Email, user.Name
	} else if !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	return s.Hash(ctx, p)
}

// resetTTL is how long a reset link works.
func (s *Service) resetTTL() time.Duration {
	return s.core.Config.EmailAndPassword.ResetPasswordTokenExpiresIn
}
