package password

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// SignIn checks address and password and gives the browser a session.
// Errors: ErrDisabled, ErrInvalidEmail, ErrTooLong, ErrWrong for an unknown
// address and a wrong password alike, core.ErrNotVerified, core.ErrBanned.
func (s *Service) SignIn(r *api.Request, email, password, callbackURL string, remember bool) (*core.Auth, error) {
	if !s.core.Config.EmailAndPassword.Enabled {
		return nil, ErrDisabled
	}
	if !api.ValidEmail(email) {
		return nil, ErrInvalidEmail
	}
	if err := s.checkTooLong(password); err != nil {
		return nil, err
	}
	ctx := r.Context()
	user, hash, rehash, err := s.identify(ctx, email, password)
	if errors.Is(err, ErrWrong) {
		r.Security("sign-in-failed", "method", "email")
	}
	if err != nil {
		return nil, err
	}
	if s.core.Config.EmailAndPassword.RequireEmailVerification && !user.EmailVerified {
		return nil, s.notVerified(r, user, callbackURL)
	}
	return s.core.SignIn(r, core.NewSignIn(r, user, "email", remember, "pwd"), s.stronger(ctx, user, password, hash, rehash))
}

// identify finds the user whose address and password these are.
func (s *Service) identify(ctx context.Context, email, password string) (user *core.User, hash string, rehash bool, err error) {
	user, err = s.core.UserByEmail(ctx, s.core.DB, email)
	if errors.Is(err, store.ErrNotFound) {
		if err := s.hash.Dummy(ctx, password); err != nil {
			return nil, "", false, err
		}
		return nil, "", false, ErrWrong
	}
	if err != nil {
		return nil, "", false, err
	}
	hash, rehash, err = s.check(ctx, user.ID, password)
	return user, hash, rehash, err
}

// stronger replaces an imported or outdated hash now that the password is at hand.
func (s *Service) stronger(ctx context.Context, user *core.User, password, old string, rehash bool) func(*store.Tx) error {
	if !rehash {
		return nil
	}
	hash, err := s.hash.Hash(ctx, password)
	if err != nil { // the server is busy: the next sign-in will do it
		return nil
	}
	return func(tx *store.Tx) error { return s.core.ReplacePasswordHash(ctx, tx, user.ID, old, hash) }
}

// notVerified refuses, and sends the link once more where that is configured.
func (s *Service) notVerified(r *api.Request, user *core.User, callbackURL string) error {
	if !s.core.Config.EmailVerification.SendOnSignIn {
		return core.ErrNotVerified
	}
	ctx := r.Context()
	var mail string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		mail, err = s.verify.QueueVerification(ctx, tx, user.Email, callbackURL, r.Languages())
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mail)
	return core.ErrNotVerified
}
