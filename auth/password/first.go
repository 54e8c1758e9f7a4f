package password

import (
	"context"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// queueNotice queues the mail that tells of another password, and returns "" where
// nobody wants it.
func (s *Service) queueNotice(r *api.Request, tx *store.Tx, kind, email string) (string, error) {
	if !s.core.Config.Notices.PasswordChanged {
		return "", nil
	}
	return s.core.Mail.Queue(r.Context(), tx, kind, address{Email: email, Locale: r.Languages(), Event: core.NewEvent(r)})
}

// SetFirst gives a person who signs in by other means a password of their own.
// Their session must be fresh: a password is a new way in.
// Errors: core.ErrNotFresh, ErrTooShort, ErrTooLong, ErrAlreadySet.
func (s *Service) SetFirst(r *api.Request, caller *core.Auth, password string) error {
	if err := s.core.CheckFreshToAdd(r, caller); err != nil {
		return err
	}
	var mail string
	err := s.first(r.Context(), caller.User.ID, password, func(tx *store.Tx) (err error) {
		mail, err = s.queueNotice(r, tx, kindChanged, caller.User.Email)
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(r.Context(), mail)
	r.Security("password-set", "user", caller.User.ID, "by", "themselves")
	return nil
}

// First gives a user who has no password one, for an operator.
// Errors: ErrTooShort, ErrTooLong, ErrAlreadySet.
func (s *Service) First(ctx context.Context, userID, password string) error {
	return s.first(ctx, userID, password, func(*store.Tx) error { return nil })
}

func (s *Service) first(ctx context.Context, userID, password string, also func(tx *store.Tx) error) error {
	if err := s.CheckLength(password); err != nil {
		return err
	}
	hash, err := s.hashFor(ctx, userID, password)
	if err != nil {
		return err
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		there, err := s.core.PasswordHash(ctx, tx, userID)
		if err != nil {
			return err
		}
		if there != "" {
			return ErrAlreadySet
		}
		if err := s.core.SetPasswordHash(ctx, tx, userID, hash); err != nil {
			return err
		}
		return also(tx)
	})
}
