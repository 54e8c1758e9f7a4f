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
// address and a wrong password alike, core.ErrLocked, core.ErrNotVerified, core.ErrBanned.
func (s *Service) SignIn(r *api.Request, email, password, callbackURL string, remember bool) (*core.Auth, error) {
	if !s.core.Config.EmailAndPassword.Enabled {
		return nil, ErrDisabled
	}
	if !api.ValidEmail(email) {
		return nil, ErrInvalidEmail
	}
	user, err := s.core.UserByEmail(r.Context(), s.core.DB, email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return s.SignInUser(r, core.ByPassword{Name: core.NormalizeEmail(email), User: user, Method: "email", Password: password, CallbackURL: callbackURL, Remember: remember, Wrong: ErrWrong})
}

// SignInUser signs in somebody who was looked up by a name of theirs. Errors:
// ErrDisabled, ErrTooLong, in.Wrong, core.ErrLocked, what in.Proven refuses with,
// core.ErrNotVerified, core.ErrBanned.
func (s *Service) SignInUser(r *api.Request, in core.ByPassword) (*core.Auth, error) {
	if !s.core.Config.EmailAndPassword.Enabled {
		return nil, ErrDisabled
	}
	if err := s.checkTooLong(in.Password); err != nil {
		return nil, err
	}
	ctx := r.Context()
	attempt := &core.Attempt{Name: in.Name, User: in.User, Method: in.Method, Request: r}
	hash, rehash, err := s.attempt(ctx, attempt, in.Password)
	if errors.Is(err, ErrWrong) {
		r.Security("sign-in-failed", "method", in.Method)
		return nil, in.Wrong
	}
	if err != nil {
		return nil, err
	}
	if in.Proven != nil {
		if err := in.Proven(ctx); err != nil {
			return nil, err
		}
	}
	if s.core.Config.EmailAndPassword.RequireEmailVerification && !in.User.EmailVerified && !s.core.IsPlaceholder(in.User.Email) {
		return nil, s.notVerified(r, in.User, in.CallbackURL)
	}
	return s.core.SignIn(r, core.NewSignIn(r, in.User, in.Method, in.Remember, "pwd"), s.stronger(ctx, in.User, in.Password, hash, rehash))
}

// identify tells whether the password is the user's. Errors: ErrWrong.
func (s *Service) identify(ctx context.Context, user *core.User, password string) (hash string, rehash bool, err error) {
	userID := "" // nobody's, whose password is looked for all the same: the time must not tell
	if user != nil {
		userID = user.ID
	}
	return s.check(ctx, userID, password)
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
