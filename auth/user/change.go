package user

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Replacing an address takes two links: the old address confirms, the new one
// is verified. Both tokens have the user's id as their subject and hold both
// addresses, so that neither works once the address is another.
//
// The second link works only in a browser where the person is signed in. Else
// somebody could give their own account the address of another, and have that
// one's owner verify it with a click.
const (
	purposeConfirm = "change-email-confirmation"
	purposeReplace = "change-email-verification"
)

// Step is what a link of a change of address has done.
type Step string

// The steps.
const (
	StepConfirmed Step = "confirmed" // by the old address; the mail to the new one is on its way
	StepReplaced  Step = "replaced"
)

// replacement is what the jobs and tokens of a change know.
type replacement struct {
	UserID      string `json:"userId,omitempty"`
	From        string `json:"from"`
	To          string `json:"to"`
	CallbackURL string `json:"callbackURL,omitempty"`
	Locale      string `json:"locale,omitempty"`
}

// ChangeEmail begins to replace the caller's address. Whether the new one is
// somebody's is not told: the jobs look. Errors: ErrChangeDisabled, ErrSameEmail.
func (s *Service) ChangeEmail(r *api.Request, caller *core.Auth, email, callbackURL string) error {
	cfg, ctx := s.core.Config.User.ChangeEmail, r.Context()
	email = core.NormalizeEmail(email)
	switch {
	case !cfg.Enabled:
		return ErrChangeDisabled
	case email == caller.User.Email:
		return ErrSameEmail
	case !caller.User.EmailVerified && cfg.UpdateWithoutVerification:
		return s.replaceNow(r, caller, email, callbackURL)
	}
	kind, to := kindNewEmail, email
	if caller.User.EmailVerified && cfg.SendConfirmation {
		kind, to = kindChangeEmail, caller.User.Email
	}
	var mail string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if err := s.dropChange(ctx, tx, caller.User.ID); err != nil {
			return err
		}
		mail, err = s.core.Mail.QueueTo(ctx, tx, to, kind, replacement{
			UserID: caller.User.ID, From: caller.User.Email, To: email, CallbackURL: callbackURL, Locale: r.Languages(),
		})
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mail)
	r.Security("email-change-asked", "user", caller.User.ID)
	return nil
}

// replaceNow replaces an address that was never verified. That a taken one stays
// as it is can be seen by who asks; so it is only where it was configured.
func (s *Service) replaceNow(r *api.Request, caller *core.Auth, email, callbackURL string) error {
	ctx := r.Context()
	var mails []string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		user, err := s.core.User(ctx, tx, caller.User.ID)
		if err != nil {
			return err
		}
		if mails, err = s.replace(r, tx, user, email, false); err != nil {
			return err
		}
		id, err := s.QueueVerification(ctx, tx, email, callbackURL, r.Languages())
		mails = append(mails, id)
		caller.User = user
		return err
	})
	if errors.Is(err, core.ErrEmailTaken) {
		return nil
	}
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mails...)
	s.core.ResendCookies(r, caller)
	return nil
}

// replace writes the new address and ends every link that the old one got.
func (s *Service) replace(r *api.Request, tx *store.Tx, user *core.User, email string, verified bool) (mails []string, err error) {
	ctx := r.Context()
	before := user.Email
	user.Email, user.EmailVerified = email, verified
	if err := s.core.SaveUser(ctx, tx, user); err != nil {
		return nil, err
	}
	if err := s.core.DropVerifications(ctx, tx, purposeVerify, before); err != nil {
		return nil, err
	}
	e := &core.EmailChanged{User: user, Before: before, Event: core.NewEvent(r), Locale: r.Languages()}
	err = s.core.EmailChanged.Emit(ctx, tx, e)
	return e.Mails, err
}

// dropChange ends the links of a change that was asked for before.
func (s *Service) dropChange(ctx context.Context, tx *store.Tx, userID string) error {
	if err := s.core.DropVerifications(ctx, tx, purposeConfirm, userID); err != nil {
		return err
	}
	return s.core.DropVerifications(ctx, tx, purposeReplace, userID)
}

// spend uses a token, or tells that it was used before. Errors: store.ErrNotFound.
func (s *Service) spend(ctx context.Context, tx *store.Tx, purpose, token string) (v *core.Verification, again bool, err error) {
	v, err = s.core.SpendVerification(ctx, tx, purpose, token)
	if errors.Is(err, store.ErrNotFound) {
		v, err = s.core.PeekVerification(ctx, tx, purpose+"-used", token)
		return v, true, err
	}
	return v, false, err
}

// replaceBy does what a token of a change of address is for. An error undoes all
// of it, so that a link followed in the wrong browser is not used up.
func (s *Service) replaceBy(r *api.Request, tx *store.Tx, caller *core.Auth, token string) (*Verified, error) {
	ctx := r.Context()
	done := &Verified{Step: StepConfirmed}
	v, again, err := s.spend(ctx, tx, purposeConfirm, token)
	if errors.Is(err, store.ErrNotFound) {
		done.Step = StepReplaced
		v, again, err = s.spend(ctx, tx, purposeReplace, token)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, s.unusableChange(ctx, tx, token)
	}
	if err != nil {
		return nil, err
	}
	var change replacement
	if err := v.Data(&change); err != nil {
		return nil, err
	}
	if done.User, err = s.core.User(ctx, tx, v.Subject); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return nil, ErrUserNotFound
		}
		return nil, err
	}
	if caller != nil && caller.User.ID != v.Subject || caller == nil && done.Step == StepReplaced {
		return nil, ErrInvalidUser
	}
	done.Again = again
	return done, s.take(r, tx, done, change)
}

// take takes the step: once, and only while the address is the one it was about.
func (s *Service) take(r *api.Request, tx *store.Tx, done *Verified, change replacement) error {
	switch {
	case done.Again && (done.Step == StepConfirmed || done.User.Email == change.To):
		return nil
	case done.Again:
		return ErrInvalidToken
	case done.User.Email != change.From:
		return ErrUserNotFound
	case done.Step == StepReplaced:
		mails, err := s.replace(r, tx, done.User, change.To, true)
		done.mails = mails
		return err
	}
	change.UserID = done.User.ID
	id, err := s.core.Mail.QueueTo(r.Context(), tx, change.To, kindNewEmail, change)
	done.mails = []string{id}
	return err
}

func (s *Service) unusableChange(ctx context.Context, q store.Querier, token string) error {
	for _, purpose := range []string{purposeConfirm, purposeReplace} {
		expired, err := s.core.Expired(ctx, q, purpose, token)
		if err != nil {
			return err
		}
		if expired {
			return ErrTokenExpired
		}
	}
	return ErrInvalidToken
}

// afterStep gives the browser cookies that hold the new address.
func (s *Service) afterStep(r *api.Request, caller *core.Auth, done *Verified) error {
	if done.Step != StepReplaced || caller == nil {
		return nil
	}
	if !done.Again {
		r.Security("email-changed", "user", done.User.ID)
	}
	caller.User = done.User
	s.core.ResendCookies(r, caller)
	return nil
}

// Change is what a link of a change of address would do.
type Change struct {
	Step     Step
	From, To string
	UserID   string
}

// PendingChange reads what a token would do. Errors: ErrInvalidToken, ErrTokenExpired.
func (s *Service) PendingChange(ctx context.Context, token string) (*Change, error) {
	for step, purpose := range map[Step]string{StepConfirmed: purposeConfirm, StepReplaced: purposeReplace} {
		v, err := s.core.PeekVerification(ctx, s.core.DB, purpose, token)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var about replacement
		return &Change{Step: step, From: about.From, To: about.To, UserID: v.Subject}, v.Data(&about)
	}
	return nil, s.unusableChange(ctx, s.core.DB, token)
}
