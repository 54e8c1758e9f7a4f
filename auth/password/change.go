package password

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Change replaces the caller's password by another. With revokeOthers all their
// sessions end and the caller gets a new one; otherwise the session stays.
// Errors: ErrTooShort, ErrTooLong, ErrNoPassword, ErrInvalidPassword, core.ErrLocked.
func (s *Service) Change(r *api.Request, caller *core.Auth, current, next string, revokeOthers bool) (*core.Auth, error) {
	ctx := r.Context()
	if err := s.CheckLength(next); err != nil {
		return nil, err
	}
	old, err := s.core.PasswordHash(ctx, s.core.DB, caller.User.ID)
	if err != nil {
		return nil, err
	}
	if old == "" {
		return nil, ErrNoPassword
	}
	if err := s.Verify(r, caller.User, current); err != nil {
		return nil, err
	}
	hash, err := s.Hash(ctx, core.NewPassword{Text: next, Email: caller.User.Email, Name: caller.User.Name})
	if err != nil {
		return nil, err
	}
	auth, err := s.replace(r, caller, hash, revokeOthers)
	if err == nil {
		r.Security("password-changed", "user", caller.User.ID)
	}
	return auth, err
}

// Replace is Change for a caller who has just proven by other means than the password
// who they are; whoever calls it has asked. Errors: ErrTooShort, ErrTooLong, those of
// the checks of passwords.
func (s *Service) Replace(r *api.Request, caller *core.Auth, next string, revokeOthers bool) (*core.Auth, error) {
	hash, err := s.HashFor(r.Context(), caller.User.ID, next)
	if err != nil {
		return nil, err
	}
	auth, err := s.replace(r, caller, hash, revokeOthers)
	if err == nil {
		r.Security("password-changed", "user", caller.User.ID, "without", "the former one")
	}
	return auth, err
}

func (s *Service) replace(r *api.Request, caller *core.Auth, hash string, revokeOthers bool) (*core.Auth, error) {
	ctx := r.Context()
	var mail string
	write := func(tx *store.Tx) (err error) {
		if err := s.core.SetPasswordHash(ctx, tx, caller.User.ID, hash); err != nil {
			return err
		}
		if err := s.core.DropVerifications(ctx, tx, purposeReset, caller.User.ID); err != nil {
			return err
		}
		if revokeOthers {
			if err := s.core.EndAccess(ctx, tx, caller.User.ID, "password-changed"); err != nil {
				return err
			}
		}
		mail, err = s.queueNotice(r, tx, kindChanged, caller.User.Email)
		return err
	}
	defer func() { s.core.Mail.Sent(ctx, mail) }()
	if !revokeOthers {
		return nil, s.core.DB.Write(ctx, write)
	}
	signIn := core.NewSignIn(r, caller.User, "change-password", caller.Session.Remember, caller.Session.AMR...)
	signIn.Renews = true
	return s.core.SignIn(r, signIn, write)
}

// RequestReset has a reset link sent to an address, if it is somebody's: known
// and unknown addresses cost the same, for the job looks it up.
func (s *Service) RequestReset(r *api.Request, email, redirectTo string) error {
	ctx := r.Context()
	var mail string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		mail, err = s.core.Mail.QueueTo(ctx, tx, email, kindReset, address{Email: core.NormalizeEmail(email), RedirectTo: redirectTo, Locale: r.Languages()})
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mail)
	return nil
}

// ResetPending tells whether a reset token would work. Errors: ErrInvalidToken.
func (s *Service) ResetPending(ctx context.Context, token string) error {
	_, err := s.pending(ctx, token)
	return err
}

// pending is whose password a token would reset. Errors: ErrInvalidToken.
func (s *Service) pending(ctx context.Context, token string) (userID string, err error) {
	v, err := s.core.PeekVerification(ctx, s.core.DB, purposeReset, token)
	if errors.Is(err, store.ErrNotFound) {
		return "", ErrInvalidToken
	}
	if err != nil {
		return "", err
	}
	return v.Subject, nil
}

// Reset gives the holder of a reset token a new password. The person's sessions
// and grants end, unless the configuration keeps the sessions.
// Errors: ErrInvalidToken, ErrTooShort, ErrTooLong.
func (s *Service) Reset(r *api.Request, token, next string) error {
	ctx := r.Context()
	if token == "" {
		return ErrInvalidToken
	}
	if err := s.CheckLength(next); err != nil {
		return err
	}
	userID, err := s.pending(ctx, token)
	if err != nil { // spares a hash for a token that is no good
		return err
	}
	hash, err := s.hashFor(ctx, userID, next)
	if err != nil {
		return err
	}
	var mail string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		userID, mail, err = s.reset(r, tx, token, hash)
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mail)
	r.Security("password-reset", "user", userID)
	return nil
}

func (s *Service) reset(r *api.Request, tx *store.Tx, token, hash string) (userID, mail string, err error) {
	ctx := r.Context()
	v, err := s.core.UseVerification(ctx, tx, purposeReset, token)
	if errors.Is(err, store.ErrNotFound) {
		return "", "", ErrInvalidToken
	}
	if err != nil {
		return "", "", err
	}
	user, err := s.core.User(ctx, tx, v.Subject)
	if errors.Is(err, store.ErrNotFound) {
		return "", "", ErrUserNotFound
	}
	if err != nil {
		return "", "", err
	}
	if err := s.claim(ctx, tx, user); err != nil {
		return "", "", err
	}
	mail, err = s.setLost(r, tx, user, hash)
	return user.ID, mail, err
}

// claim is for who reads the mail of an address that was never proven: it is theirs
// from now on, and what somebody else may have left there goes.
func (s *Service) claim(ctx context.Context, tx *store.Tx, user *core.User) error {
	if user.EmailVerified {
		return nil
	}
	return s.core.ClaimMailbox(ctx, tx, user)
}

// setLost replaces a password that was lost.
func (s *Service) setLost(r *api.Request, tx *store.Tx, user *core.User, hash string) (mail string, err error) {
	ctx := r.Context()
	if err := s.core.SetPasswordHash(ctx, tx, user.ID, hash); err != nil {
		return "", err
	}
	if err := s.core.DropVerifications(ctx, tx, purposeReset, user.ID); err != nil {
		return "", err
	}
	if err := s.endAccess(ctx, tx, user.ID); err != nil {
		return "", err
	}
	return s.queueNotice(r, tx, kindWasReset, user.Email)
}

// ResetBy gives the user of an address a new password, after use has proven that
// the mailbox is theirs. Errors: store.ErrNotFound.
func (s *Service) ResetBy(r *api.Request, email, next string, use func(ctx context.Context, tx *store.Tx) error) error {
	ctx := r.Context()
	user, err := s.core.UserByEmail(ctx, s.core.DB, email)
	if err != nil {
		return err
	}
	hash, err := s.hashFor(ctx, user.ID, next)
	if err != nil {
		return err
	}
	var mail string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := use(ctx, tx); err != nil {
			return err
		}
		if user, err = s.core.UserByEmail(ctx, tx, email); err != nil {
			return err
		}
		if err := s.claim(ctx, tx, user); err != nil {
			return err
		}
		mail, err = s.setLost(r, tx, user, hash)
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mail)
	r.Security("password-reset", "user", user.ID)
	return nil
}

// endAccess: who lost the password may have lost it to somebody.
func (s *Service) endAccess(ctx context.Context, tx *store.Tx, userID string) error {
	const reason = "password-reset"
	if s.core.Config.EmailAndPassword.RevokeSessionsOnPasswordReset {
		return s.core.EndAccess(ctx, tx, userID, reason)
	}
	return s.core.AccessEnded.Emit(ctx, tx, core.AccessEnded{UserID: userID, Reason: reason})
}
