package user

import (
	"context"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Codes sends a code in place of the link that proves an address.
type Codes interface {
	QueueVerification(ctx context.Context, tx *store.Tx, email, languages string) (string, error)
}

// UseCodes has addresses proven by a code instead of a link.
func (s *Service) UseCodes(c Codes) { s.codes = c }

// ProveBy marks an address as proven, when use has proven that. The Auth is who
// was signed in by it, where that is configured. Errors: store.ErrNotFound, a *core.Held.
func (s *Service) ProveBy(r *api.Request, email string, use func(ctx context.Context, tx *store.Tx) error) (*core.User, *core.Auth, error) {
	ctx := r.Context()
	done := &Verified{}
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if err := use(ctx, tx); err != nil {
			return err
		}
		if done.User, err = s.core.UserByEmail(ctx, tx, email); err != nil || done.User.EmailVerified {
			return err
		}
		done.User.EmailVerified = true
		return s.core.SaveUser(ctx, tx, done.User)
	})
	if err != nil {
		return nil, nil, err
	}
	r.Security("email-verified", "user", done.User.ID)
	err = s.afterVerify(r, done)
	return done.User, done.Auth, err
}

// ReplaceBy gives the caller another address, when use has proven that the new
// one is theirs. Errors: core.ErrEmailTaken, store.ErrNotFound.
func (s *Service) ReplaceBy(r *api.Request, caller *core.Auth, email string, use func(ctx context.Context, tx *store.Tx) error) error {
	ctx := r.Context()
	var mails []string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := use(ctx, tx); err != nil {
			return err
		}
		user, err := s.core.User(ctx, tx, caller.User.ID)
		if err != nil {
			return err
		}
		if mails, err = s.replace(r, tx, user, email, true); err != nil {
			return err
		}
		caller.User = user
		return s.dropChange(ctx, tx, user.ID)
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mails...)
	r.Security("email-changed", "user", caller.User.ID)
	s.core.ResendCookies(r, caller)
	return nil
}
