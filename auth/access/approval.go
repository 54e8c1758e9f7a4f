package access

import (
	"context"
	"errors"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Approve lets in somebody who waits, and tells them. Errors: ErrUserNotFound, ErrNotPending.
func (s *Service) Approve(ctx context.Context, ref string) (*core.User, error) {
	var user *core.User
	var mail string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if user, err = s.waiting(ctx, tx, ref); err != nil {
			return err
		}
		user.Pending = false
		if err := s.core.SaveUser(ctx, tx, user); err != nil {
			return err
		}
		mail, err = s.core.Mail.Queue(ctx, tx, kindGranted, applicant{Email: user.Email})
		return err
	})
	if err != nil {
		return nil, err
	}
	s.core.Mail.Sent(ctx, mail)
	return user, nil
}

// Refuse deletes somebody who waits, and all that is theirs. Errors: ErrUserNotFound, ErrNotPending.
func (s *Service) Refuse(ctx context.Context, ref string) (*core.User, error) {
	var user *core.User
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if user, err = s.waiting(ctx, tx, ref); err != nil {
			return err
		}
		_, err = s.core.DeleteUser(ctx, tx, user.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return user, nil
}

// waiting finds somebody who waits, by id or by address.
func (s *Service) waiting(ctx context.Context, tx *store.Tx, ref string) (*core.User, error) {
	user, err := s.core.User(ctx, tx, ref)
	if errors.Is(err, store.ErrNotFound) {
		user, err = s.core.UserByEmail(ctx, tx, ref)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrUserNotFound
	case err == nil && !user.Pending:
		return nil, ErrNotPending
	}
	return user, err
}

// Waiting lists who waits to be let in, in the order in which they came, those
// after the given id.
func (s *Service) Waiting(ctx context.Context, after string, limit int) ([]*core.User, error) {
	return s.core.PendingUsers(ctx, s.core.DB, after, limit)
}

// updated has the administrators told of somebody who waits once the address is
// proven: before that the server asks nobody to look at what a stranger typed.
func (s *Service) updated(ctx context.Context, tx *store.Tx, e core.UserUpdated) error {
	if !e.After.Pending || !e.After.EmailVerified || e.Before.EmailVerified {
		return nil
	}
	_, err := s.core.Jobs.Add(ctx, tx, jobTell, applicant{Email: e.After.Email})
	return err
}
