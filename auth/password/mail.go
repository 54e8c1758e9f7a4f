package password

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// The mails of this capability.
const (
	kindReset        = "reset-password"
	kindWasReset     = "password-reset"
	kindChanged      = "password-changed"
	kindExistingUser = "existing-user-sign-up"
)

// purposeReset is what a reset token is good for; its subject is the user's id.
const purposeReset = "reset-password"

// address is the payload of this capability's jobs: whom it concerns, not who
// that is.
type address struct {
	Email      string     `json:"email"`
	RedirectTo string     `json:"redirectTo,omitempty"`
	Locale     string     `json:"locale,omitempty"`
	Event      core.Event `json:"event,omitzero"`
}

// shown is what a test build shows of a mail.
type shown struct {
	User  json.RawMessage `json:"user"`
	URL   string          `json:"url,omitempty"`
	Token string          `json:"token,omitempty"`
}

func (s *Service) registerMail() {
	s.core.Mail.Handle(kindReset, s.resetMail)
	for _, kind := range []string{kindWasReset, kindChanged, kindExistingUser} {
		s.core.Mail.Handle(kind, func(ctx context.Context, payload []byte) (*core.Letter, error) {
			to, user, err := s.addressee(ctx, payload)
			if err != nil || user == nil {
				return nil, err
			}
			return &core.Letter{Kind: kind, To: user.Email, Name: user.Name, Locale: to.Locale, Event: to.Event, Payload: shown{User: core.UserJSON(user)}}, nil
		})
	}
}

// addressee looks up whom a job concerns; user is nil when it is nobody.
func (s *Service) addressee(ctx context.Context, payload []byte) (to address, user *core.User, err error) {
	if to, err = core.MailJob[address](payload); err != nil {
		return to, nil, err
	}
	user, err = s.core.UserByEmail(ctx, s.core.DB, to.Email)
	if errors.Is(err, store.ErrNotFound) {
		return to, nil, nil
	}
	return to, user, err
}

// resetMail makes the token, so that nothing that works lies in the queue.
func (s *Service) resetMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	to, user, err := s.addressee(ctx, payload)
	if err != nil || user == nil {
		return nil, err
	}
	var token string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		token, err = s.core.NewVerification(ctx, tx, purposeReset, user.ID, struct{}{}, s.resetTTL())
		return err
	})
	if err != nil {
		return nil, err
	}
	base := s.core.Config.URL
	link := base + "/reset-password?token=" + token
	if to.RedirectTo != "" { // the app has a page of its own: the contract's link takes the person there
		link = base + "/api/auth/reset-password/" + token + "?callbackURL=" + url.QueryEscape(to.RedirectTo)
	}
	return &core.Letter{
		Kind: kindReset, To: user.Email, Name: user.Name, Link: link, Locale: to.Locale, Valid: s.resetTTL(),
		Payload: shown{
			User: core.UserJSON(user), Token: token,
			URL: base + "/api/auth/reset-password/" + token + "?callbackURL=" + url.QueryEscape(to.RedirectTo),
		},
	}, nil
}
