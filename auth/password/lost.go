package password

import (
	"context"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// ResetUser gives somebody a new password who has proven by another way than a mail
// who they are. Errors: ErrTooShort, ErrTooLong, and what use refuses with, which
// consumes the proof in the transaction.
func (s *Service) ResetUser(r *api.Request, user *core.User, next string, use func(ctx context.Context, tx *store.Tx) error) error {
	ctx := r.Context()
	hash, err := s.hashFor(ctx, user.ID, next)
	if err != nil {
		return err
	}
	var mail string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := use(ctx, tx); err != nil {
			return err
		}
		if err := s.core.SetPasswordHash(ctx, tx, user.ID, hash); err != nil {
			return err
		}
		if err := s.core.DropVerifications(ctx, tx, purposeReset, user.ID); err != nil {
			return err
		}
		if err := s.endAccess(ctx, tx, user.ID); err != nil {
			return err
		}
		mail, err = s.queueNotice(r, tx, kindWasReset, user.Email)
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mail)
	r.Security("password-reset", "user", user.ID)
	return nil
}
