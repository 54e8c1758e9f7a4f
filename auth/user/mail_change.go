package user

import (
	"context"
	"errors"
	"net/url"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// The jobs of changing an address and of deleting an account. The mail to the new
// address is a verification mail: there, it is the first one.
const (
	kindChangeEmail = "change-email"
	kindNewEmail    = "change-email-new"
	kindDelete      = "delete-account"
)

// confirmMail asks the old address whether it is to be replaced.
func (s *Service) confirmMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	l, change, err := s.changeMail(ctx, payload, purposeConfirm)
	if l != nil {
		l.Kind, l.To, l.About = kindChangeEmail, change.From, change.To
	}
	return l, err
}

// newAddressMail has the new address verified.
func (s *Service) newAddressMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	l, change, err := s.changeMail(ctx, payload, purposeReplace)
	if l != nil {
		l.Kind, l.To = kindVerify, change.To
	}
	return l, err
}

// changeMail makes the token; there is no letter where the address has changed
// since, or the new one is somebody's.
func (s *Service) changeMail(ctx context.Context, payload []byte, purpose string) (*core.Letter, *replacement, error) {
	change, err := core.MailJob[replacement](payload)
	if err != nil {
		return nil, nil, err
	}
	user, err := s.core.User(ctx, s.core.DB, change.UserID)
	if errors.Is(err, store.ErrNotFound) || err == nil && user.Email != change.From {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	_, err = s.core.UserByEmail(ctx, s.core.DB, change.To)
	if err == nil {
		return nil, nil, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, nil, err
	}
	l, err := s.tokenMail(ctx, user, purpose, change, s.core.Config.EmailVerification.ExpiresIn, change.Locale,
		"/change-email", "/api/auth/verify-email", change.CallbackURL)
	return l, &change, err
}

// tokenMail makes a token with the user's id as its subject, and the letter with
// its link: to the page, and for a test build the contract's address.
func (s *Service) tokenMail(
	ctx context.Context, user *core.User, purpose string, data any, ttl time.Duration, locale, page, endpoint, callback string,
) (*core.Letter, error) {
	var token string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		token, err = s.core.NewVerification(ctx, tx, purpose, user.ID, data, ttl)
		return err
	})
	if err != nil {
		return nil, err
	}
	base := s.core.Config.URL
	link := base + page + "?token=" + token
	if callback != "" {
		link += "&callbackURL=" + url.QueryEscape(callback)
	} else {
		callback = "/"
	}
	return &core.Letter{
		Name: user.Name, Link: link, Locale: locale, Valid: ttl,
		Payload: shown{User: core.UserJSON(user), URL: base + endpoint + "?token=" + token + "&callbackURL=" + url.QueryEscape(callback), Token: token},
	}, nil
}

// farewell is the payload of the job that asks whether an account is to be deleted.
type farewell struct {
	UserID      string `json:"userId"`
	CallbackURL string `json:"callbackURL,omitempty"`
	Locale      string `json:"locale,omitempty"`
}

func (s *Service) deleteMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	to, err := core.MailJob[farewell](payload)
	if err != nil {
		return nil, err
	}
	user, err := s.core.User(ctx, s.core.DB, to.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := s.tokenMail(ctx, user, purposeDelete, struct{}{}, s.core.Config.User.DeleteUser.DeleteTokenExpiresIn, to.Locale,
		"/delete-account", "/api/auth/delete-user/callback", to.CallbackURL)
	if l != nil {
		l.Kind, l.To = kindDelete, user.Email
	}
	return l, err
}
