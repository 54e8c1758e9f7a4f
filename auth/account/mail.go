package account

import (
	"context"
	"encoding/json"
	"errors"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// shown is what a test build shows of a mail.
type shown struct {
	User json.RawMessage `json:"user"`
}

func (s *Service) tellClaimed(ctx context.Context, tx *store.Tx, user *core.User, how core.LinkRules) error {
	job, err := s.core.TellClaimed(ctx, tx, user, how.Languages)
	if how.Mails != nil {
		*how.Mails = append(*how.Mails, job)
	}
	return err
}

func (s *Service) claimedMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	to, err := core.MailJob[core.Claimed](payload)
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
	return &core.Letter{Kind: core.MailClaimed, To: user.Email, Name: user.Name, Locale: to.Locale, Payload: shown{core.UserJSON(user)}}, nil
}
