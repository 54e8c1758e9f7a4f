// Package user is what people do to their own profile: change it, and prove
// their e-mail address.
package user

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Service is this capability.
type Service struct {
	core      *core.Core
	passwords Passwords
	images    Images
	codes     Codes
}

// Images keeps what people uploaded.
type Images interface {
	// Forget deletes it, when the profile shows something else.
	Forget(ctx context.Context, tx *store.Tx, userID string) error
}

// UseImages tells who keeps uploaded pictures.
func (s *Service) UseImages(i Images) { s.images = i }

// Passwords checks a person's password.
type Passwords interface {
	// Verify refuses with PASSWORD_TOO_LONG, INVALID_PASSWORD or core.ErrLocked.
	Verify(r *api.Request, u *core.User, password string) error
}

// UsePasswords lets a password stand for a fresh sign-in.
func (s *Service) UsePasswords(p Passwords) { s.passwords = p }

// New connects the capability.
func New(c *core.Core) *Service {
	s := &Service{core: c}
	c.Mail.Handle(kindVerify, s.verifyMail)
	c.Mail.Handle(kindChangeEmail, s.confirmMail)
	c.Mail.Handle(kindNewEmail, s.newAddressMail)
	c.Mail.Handle(kindDelete, s.deleteMail)
	c.AccessEnded.On(func(ctx context.Context, tx *store.Tx, e core.AccessEnded) error {
		return s.dropChange(ctx, tx, e.UserID)
	})
	return s
}

// Update is what a person may change; nil leaves a field.
type Update struct {
	Name   *string
	Image  *string     // "" takes the image away
	Fields core.Values // of core's UserFields
}

// Update changes the caller's profile and sends the session's cookies again,
// for the cache in them holds the profile.
func (s *Service) Update(r *api.Request, caller *core.Auth, up Update) error {
	if up.Name == nil && up.Image == nil && len(up.Fields) == 0 {
		return ErrNothing
	}
	ctx, cause := core.WithCause(r)
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		cause.Mails = nil // of a run that was taken back
		user, err := s.core.User(ctx, tx, caller.User.ID)
		if err != nil {
			return err
		}
		if up.Name != nil {
			user.Name = *up.Name
		}
		if up.Image != nil {
			user.Image = up.Image
			if *up.Image == "" {
				user.Image = nil
			}
			if err := s.images.Forget(ctx, tx, user.ID); err != nil {
				return err
			}
		}
		before := *user
		user.Extra = user.Extra.With(up.Fields)
		if err := s.core.ProfileChanging.Emit(ctx, tx, core.UserUpdated{Before: &before, After: user}); err != nil {
			return err
		}
		caller.User = user
		return s.core.SaveUser(ctx, tx, user)
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, cause.Mails...)
	s.core.ResendCookies(r, caller)
	return nil
}

// RequestVerification has the verification mail sent. Without a session it
// tells nothing about the address; a person signed in may only ask for their own.
// Errors: ErrMismatch, ErrAlreadyVerified.
func (s *Service) RequestVerification(r *api.Request, email, callbackURL string) error {
	ctx := r.Context()
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return err
	}
	email = core.NormalizeEmail(email)
	if caller != nil && caller.User.Email != email {
		return ErrMismatch
	}
	if caller != nil && caller.User.EmailVerified {
		return ErrAlreadyVerified
	}
	var mail string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		mail, err = s.QueueVerification(ctx, tx, email, callbackURL, r.Languages())
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mail)
	return nil
}

// Verified is the outcome of following a verification link.
type Verified struct {
	User  *core.User
	Again bool       // the link had done its work before
	Auth  *core.Auth // the session, where following the link signs in
	// Step is what the link was for, where that was to replace an address.
	Step  Step
	mails []string
}

// Verify consumes a verification token: one that proves an address, or one of
// the two that replace it.
// Errors: ErrInvalidToken, ErrTokenExpired, ErrUserNotFound, ErrInvalidUser, core.ErrEmailTaken.
func (s *Service) Verify(r *api.Request, token string) (*Verified, error) {
	ctx := r.Context()
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	var done *Verified
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		done, err = s.verify(ctx, tx, token)
		if errors.Is(err, ErrInvalidToken) {
			done, err = s.replaceBy(r, tx, caller, token)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.core.Mail.Sent(ctx, done.mails...)
	if done.Step != "" {
		return done, s.afterStep(r, caller, done)
	}
	if done.Again {
		return done, nil
	}
	r.Security("email-verified", "user", done.User.ID)
	return done, s.afterVerify(r, done)
}

func (s *Service) verify(ctx context.Context, tx *store.Tx, token string) (*Verified, error) {
	v, err := s.core.SpendVerification(ctx, tx, purposeVerify, token)
	again := errors.Is(err, store.ErrNotFound)
	if again {
		v, err = s.core.PeekVerification(ctx, tx, purposeVerify+"-used", token)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, s.unusable(ctx, tx, token)
	}
	if err != nil {
		return nil, err
	}
	user, err := s.core.UserByEmail(ctx, tx, v.Subject)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUserNotFound
	}
	if err != nil {
		return nil, err
	}
	if user.EmailVerified {
		return &Verified{User: user, Again: true}, nil
	}
	if again { // the address was verified, then unverified: an old link must not undo that
		return nil, ErrInvalidToken
	}
	user.EmailVerified = true
	return &Verified{User: user}, s.core.SaveUser(ctx, tx, user)
}

// unusable says why a token is no good.
func (s *Service) unusable(ctx context.Context, q store.Querier, token string) error {
	expired, err := s.core.Expired(ctx, q, purposeVerify, token)
	if err != nil {
		return err
	}
	if expired {
		return ErrTokenExpired
	}
	return ErrInvalidToken
}

// afterVerify signs in where that is configured, and refreshes the caches of a
// browser in which the person already is signed in.
func (s *Service) afterVerify(r *api.Request, done *Verified) error {
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return err
	}
	if caller != nil && caller.User.ID == done.User.ID {
		caller.User = done.User
		s.core.ResendCookies(r, caller)
		return nil
	}
	if !s.core.Config.EmailVerification.AutoSignInAfterVerification || done.User.Pending {
		return nil
	}
	signIn := core.NewSignIn(r, done.User, "verify-email", true, "otp")
	signIn.Mailbox = true
	signIn.Onward.URL = leads(r)
	done.Auth, err = s.core.SignIn(r, signIn, nil)
	return err
}

// leads is where the link of a mail leads in the end, "" for nowhere that is trusted.
func leads(r *api.Request) string {
	to := r.Query("callbackURL")
	if to == "" {
		to, _ = r.Body["callbackURL"].(string)
	}
	if !r.Origins().TrustsURL(to) {
		return ""
	}
	return to
}

// Pending returns the address that a verification token would prove.
// Errors: ErrInvalidToken, ErrTokenExpired.
func (s *Service) Pending(ctx context.Context, token string) (email string, err error) {
	v, err := s.core.PeekVerification(ctx, s.core.DB, purposeVerify, token)
	if errors.Is(err, store.ErrNotFound) {
		return "", s.unusable(ctx, s.core.DB, token)
	}
	if err != nil {
		return "", err
	}
	return v.Subject, nil
}
