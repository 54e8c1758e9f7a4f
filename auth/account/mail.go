package account

import (
	"context"
	"encoding/json"
	"errors"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// kindClaimed is the mail to who proved an address that had an account already:
// if they made it themselves, its password is gone.
const kindClaimed = "address-claimed"

type claimed struct {
	UserID string `json:"userId"`
	Locale string `json:"locale,omitempty"`
}

// shown is what a test build shows of a mail.
type shown struct {
	User json.RawMessage `json:"user"`
}

func (s *Service) tellClaimed(ctx context.Context, tx *store.Tx, user *core.User, how core.LinkRules) error {
	job, err := s.core.Mail.Queue(ctx, tx, kindClaimed, claimed{user.ID, how.Languages})
	if how.Mails != nil {
		*how.Mails = append(*how.Mails, job)
	}
	return err
}

func (s *Service) claimedMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	to, err := core.MailJob[claimed](payload)
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
	return &core.Letter{Kind: kindClaimed, To: user.Email, Name: user.Name, Locale: to.Locale, Payload: shown{core.UserJSON(user)}}, nil
}
