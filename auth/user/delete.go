package user

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// purposeDelete is what the token of a farewell mail is good for; its subject is
// the user's id.
const purposeDelete = "delete-account"

// Deletion is what somebody shows to have their account deleted: a password, the
// token of a mail, or neither, when they signed in not long ago.
type Deletion struct {
	Password, Token string
	CallbackURL     string // where the mail's link leads afterwards
}

// Delete deletes the caller, or has the mail sent that it takes (sent is true
// then): who has no mailbox shows a fresh session instead. Errors: ErrPasswordTooLong, ErrNoPassword, ErrInvalidPassword,
// core.ErrLocked, ErrNoDeletion, ErrSessionExpired.
func (s *Service) Delete(r *api.Request, caller *core.Auth, d Deletion) (sent bool, err error) {
	if d.Password != "" {
		if err := s.checkPassword(r, caller, d.Password); err != nil {
			return false, err
		}
	}
	switch {
	case d.Token != "":
		return false, s.deleteBy(r, caller, d.Token)
	case s.core.Config.User.DeleteUser.SendVerification && !s.core.IsPlaceholder(caller.User.Email):
		return true, s.sendDeletion(r, caller, d.CallbackURL)
	case d.Password == "":
		err := s.core.CheckFresh(r, caller)
		if errors.Is(err, core.ErrNotFresh) {
			err = ErrSessionExpired
		}
		if err != nil {
			return false, err
		}
	}
	return false, s.erase(r, caller, nil)
}

func (s *Service) checkPassword(r *api.Request, caller *core.Auth, password string) error {
	hash, err := s.core.PasswordHash(r.Context(), s.core.DB, caller.User.ID)
	if err != nil {
		return err
	}
	if hash == "" {
		return ErrNoPassword
	}
	return s.passwords.Verify(r, caller.User, password)
}

func (s *Service) sendDeletion(r *api.Request, caller *core.Auth, callbackURL string) error {
	ctx := r.Context()
	var mail string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if err := s.core.DropVerifications(ctx, tx, purposeDelete, caller.User.ID); err != nil {
			return err
		}
		mail, err = s.core.Mail.QueueTo(ctx, tx, caller.User.Email, kindDelete, farewell{UserID: caller.User.ID, CallbackURL: callbackURL, Locale: r.Languages()})
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mail)
	return nil
}

// deleteBy deletes the caller with the token of a mail; somebody else's is not
// used up. Errors: ErrNoDeletion.
func (s *Service) deleteBy(r *api.Request, caller *core.Auth, token string) error {
	return s.erase(r, caller, func(tx *store.Tx) error {
		v, err := s.core.UseVerification(r.Context(), tx, purposeDelete, token)
		if errors.Is(err, store.ErrNotFound) || err == nil && v.Subject != caller.User.ID {
			return ErrNoDeletion
		}
		return err
	})
}

// erase deletes the caller with all that is theirs, and takes the session from the browser.
func (s *Service) erase(r *api.Request, caller *core.Auth, first func(tx *store.Tx) error) error {
	ctx := r.Context()
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if first != nil {
			if err := first(tx); err != nil {
				return err
			}
		}
		for _, purpose := range []string{purposeDelete, purposeConfirm, purposeReplace} {
			if err := s.core.DropVerifications(ctx, tx, purpose, caller.User.ID); err != nil {
				return err
			}
		}
		_, err := s.core.DeleteUser(ctx, tx, caller.User.ID)
		return err
	})
	if err != nil {
		return err
	}
	r.Security("user-deleted", "user", caller.User.ID, "by", "themselves")
	s.core.ClearCookies(r)
	return nil
}

// DeletionPending tells whether a token would delete the user. Errors: ErrNoDeletion.
func (s *Service) DeletionPending(ctx context.Context, userID, token string) error {
	v, err := s.core.PeekVerification(ctx, s.core.DB, purposeDelete, token)
	if errors.Is(err, store.ErrNotFound) || err == nil && v.Subject != userID {
		return ErrNoDeletion
	}
	return err
}
