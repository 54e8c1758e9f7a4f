package user

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// kindVerify is the mail, purposeVerify what its token is good for; the token's
// subject is the address.
const (
	kindVerify    = "verify-email"
	purposeVerify = "verify-email"
)

type address struct {
	Email       string `json:"email"`
	CallbackURL string `json:"callbackURL,omitempty"`
	Locale      string `json:"locale,omitempty"`
}

type shown struct {
	User  json.RawMessage `json:"user"`
	URL   string          `json:"url"`
	Token string          `json:"token"`
}

// QueueVerification queues the mail that proves an address, inside tx. Nothing
// is sent where nobody, or somebody already verified, has that address.
func (s *Service) QueueVerification(ctx context.Context, tx *store.Tx, email, callbackURL, languages string) (string, error) {
	if s.codes != nil {
		return s.codes.QueueVerification(ctx, tx, email, languages)
	}
	return s.core.Mail.QueueTo(ctx, tx, email, kindVerify, address{Email: email, CallbackURL: callbackURL, Locale: languages})
}

func (s *Service) verifyMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	to, err := core.MailJob[address](payload)
	if err != nil {
		return nil, err
	}
	user, err := s.core.UserByEmail(ctx, s.core.DB, to.Email)
	if errors.Is(err, store.ErrNotFound) || err == nil && user.EmailVerified {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ttl := s.core.Config.EmailVerification.ExpiresIn
	var token string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		token, err = s.core.NewVerification(ctx, tx, purposeVerify, user.Email, struct{}{}, ttl)
		return err
	})
	if err != nil {
		return nil, err
	}
	callback := to.CallbackURL
	if callback == "" {
		callback = "/"
	}
	query := "?token=" + token + "&callbackURL=" + url.QueryEscape(callback)
	link := s.core.Config.URL + "/verify-email?token=" + token
	if to.CallbackURL != "" {
		link += "&callbackURL=" + url.QueryEscape(to.CallbackURL)
	}
	return &core.Letter{
		Kind: kindVerify, To: user.Email, Name: user.Name, Link: link, Locale: to.Locale, Valid: ttl,
		Payload: shown{User: core.UserJSON(user), URL: s.core.Config.URL + "/api/auth/verify-email" + query, Token: token},
	}, nil
}
