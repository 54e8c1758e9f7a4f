// Package setup makes the first administrator, behind a link that only who
// started the server has seen, and asks who may sign up. It must not make a
// second one: once somebody administrates, it has nothing left to do. What the
// answer means is the business of its policy.
package setup

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

const (
	purpose     = "setup"
	linkTTL     = 7 * 24 * time.Hour
	settingDone = "setup_done"
	yes         = "true"
)

// Passwords hashes the administrator's password and holds it to the configured length.
type Passwords interface {
	CheckLength(password string) error
	Hash(ctx context.Context, p core.NewPassword) (string, error)
	Create(ctx context.Context, tx *store.Tx, n core.NewUser, hash string) (*core.User, error)
}

// Policy keeps the answer to who may sign up.
type Policy interface {
	SaveAnswer(ctx context.Context, tx *store.Tx, mode string) error
}

// Service is this capability.
type Service struct {
	core      *core.Core
	policy    Policy
	passwords Passwords
}

// New connects the capability. Whoever makes an administrator in another way
// (a command, an operator) has done what set-up is for.
func New(c *core.Core, p Policy) *Service {
	s := &Service{core: c, policy: p}
	c.UserCreated.On(s.noticeAdmin)
	c.RoleChanged.On(s.noticeAdmin)
	return s
}

func (s *Service) noticeAdmin(ctx context.Context, tx *store.Tx, u *core.User) error {
	if !u.HasRole("admin") {
		return nil
	}
	return s.markDone(ctx, tx)
}

// UsePasswords hands over what was built later.
func (s *Service) UsePasswords(p Passwords) { s.passwords = p }

func (s *Service) markDone(ctx context.Context, tx *store.Tx) error {
	if err := s.core.SaveSetting(ctx, tx, settingDone, yes); err != nil {
		return err
	}
	return s.core.DropVerifications(ctx, tx, purpose, "")
}

// Done tells whether there is an administrator.
func (s *Service) Done(ctx context.Context) (bool, error) {
	v, err := s.core.Setting(ctx, s.core.DB, settingDone)
	return v == yes, err
}

// Link makes the one-time link to /setup, in place of earlier ones; "" when
// set-up is done.
func (s *Service) Link(ctx context.Context) (string, error) {
	done, err := s.Done(ctx)
	if done || err != nil {
		return "", err
	}
	var token string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if err := s.core.DropVerifications(ctx, tx, purpose, ""); err != nil {
			return err
		}
		token, err = s.core.NewVerification(ctx, tx, purpose, "", struct{}{}, linkTTL)
		return err
	})
	if err != nil {
		return "", err
	}
	return s.core.Config.URL + "/setup?token=" + token, nil
}

// Check tells whether a set-up token is good. Errors: ErrDone, ErrToken.
func (s *Service) Check(ctx context.Context, token string) error {
	done, err := s.Done(ctx)
	if err != nil {
		return err
	}
	if done {
		return ErrDone
	}
	_, err = s.core.PeekVerification(ctx, s.core.DB, purpose, token)
	if errors.Is(err, store.ErrNotFound) {
		return ErrToken
	}
	return err
}

// Admin is what the first administrator says.
type Admin struct {
	Name, Email, Password string
	SignUp                string // who may sign up: "anyone", "approval", else only invited people
}

// Complete consumes the token, makes the administrator, keeps the answer, and
// signs the administrator in, all or nothing.
// Errors: ErrDone, ErrToken, core.ErrEmailTaken, what a password may be refused for.
func (s *Service) Complete(r *api.Request, token string, in Admin) (*core.Auth, error) {
	ctx := r.Context()
	if err := s.Check(ctx, token); err != nil {
		return nil, err
	}
	if err := s.passwords.CheckLength(in.Password); err != nil {
		return nil, err
	}
	hash, err := s.passwords.Hash(ctx, core.NewPassword{Text: in.Password, Email: in.Email, Name: in.Name})
	if err != nil {
		return nil, err
	}
	signIn := core.NewSignIn(r, nil, "setup", true, "pwd")
	auth, err := s.core.SignIn(r, signIn, func(tx *store.Tx) (err error) {
		if _, err := s.core.UseVerification(ctx, tx, purpose, token); err != nil {
			if errors.Is(err, store.ErrNotFound) {
				return ErrToken
			}
			return err
		}
		// Who holds the link runs the server: the address needs no further proof.
		signIn.User, err = s.passwords.Create(ctx, tx, core.NewUser{Name: in.Name, Email: in.Email, EmailVerified: true, Role: "admin"}, hash)
		if err != nil {
			return err
		}
		return s.policy.SaveAnswer(ctx, tx, in.SignUp)
	})
	if err == nil || signIn.Held != nil {
		r.Security("setup", "user", signIn.User.ID, "sign_up", in.SignUp)
	}
	return auth, err
}
