package user

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Applicant is which address a verification token would prove, and since when somebody
// has an account with it that can go where it was somebody else; the zero time for one
// that cannot. Errors: ErrInvalidToken, ErrTokenExpired.
func (s *Service) Applicant(ctx context.Context, token string) (email string, since time.Time, err error) {
	if email, err = s.Pending(ctx, token); err != nil {
		return "", since, err
	}
	u, err := s.core.UserByEmail(ctx, s.core.DB, email)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return email, since, nil
	case err == nil && removable(u):
		since = u.CreatedAt
	}
	return email, since, err
}

// removable: an account goes by the word of a mailbox as long as nobody has proven that
// the mailbox is theirs. Administrators are not anybody's to remove.
func removable(u *core.User) bool { return !u.EmailVerified && !u.HasRole("admin") }

// Disown deletes the account of who entered an address that is not theirs, by the token
// that its owner was sent. Were the address confirmed instead, that one would stay, with
// their password. Errors: ErrInvalidToken, ErrTokenExpired, ErrUserNotFound.
func (s *Service) Disown(r *api.Request, token string) error {
	ctx := r.Context()
	var gone *core.User
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		v, err := s.core.UseVerification(ctx, tx, purposeVerify, token)
		if errors.Is(err, store.ErrNotFound) {
			return s.unusable(ctx, tx, token)
		}
		if err != nil {
			return err
		}
		if gone, err = s.core.UserByEmail(ctx, tx, v.Subject); err != nil {
			return notFound(err)
		}
		if !removable(gone) {
			return ErrInvalidToken
		}
		if err := s.core.DropPending(ctx, tx, gone); err != nil {
			return err
		}
		_, err = s.core.DeleteUser(ctx, tx, gone.ID)
		return err
	})
	if err == nil {
		r.Security("user-deleted", "user", gone.ID, "by", "the owner of their address")
	}
	return err
}

func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrUserNotFound
	}
	return err
}
