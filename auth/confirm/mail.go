package confirm

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

const kindCode = "confirm-code"

type codeJob struct {
	UserID    string `json:"userId"`
	SessionID string `json:"sessionId"`
	Locale    string `json:"locale,omitempty"`
	// Asked is when, by the time of who asked.
	Asked time.Time `json:"asked,omitzero"`
}

// shown is what a test build shows of a mail.
type shown struct {
	User json.RawMessage `json:"user"`
	OTP  string          `json:"otp"`
}

// SendCode has a code sent to whoever is signed in, by mail or by another way that
// sends one. Errors: ErrWrong when they have something better, those of the way.
func (s *Service) SendCode(r *api.Request, a *core.Auth, kind string) error {
	ways, err := s.Ways(r.Context(), a.User)
	if err != nil {
		return err
	}
	if !slices.Contains(ways, kind) {
		return ErrWrong
	}
	if kind == Mail {
		return s.mailCode(r, a)
	}
	for _, way := range s.ways {
		if way.Kind == kind && way.Send != nil {
			return way.Send(r, a.User)
		}
	}
	return ErrWrong
}

func (s *Service) mailCode(r *api.Request, a *core.Auth) error {
	ctx := r.Context()
	var mail string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		mail, err = s.core.Mail.QueueTo(ctx, tx, a.User.Email, kindCode, codeJob{UserID: a.User.ID, SessionID: a.Session.ID, Locale: r.Languages(), Asked: s.now(ctx)})
		return err
	})
	if err == nil {
		s.core.Mail.Sent(ctx, mail)
	}
	return err
}

// codeMail makes the code, so that nothing that works lies in the queue. A new one
// takes the place of the one before.
func (s *Service) codeMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	job, err := core.MailJob[codeJob](payload)
	if err != nil {
		return nil, err
	}
	user, err := s.core.User(ctx, s.core.DB, job.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	code, err := newCode()
	if err != nil {
		return nil, err
	}
	now := s.now(ctx)
	if job.Asked.After(now) {
		now = job.Asked
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := s.core.SessionEnd(ctx, tx, job.SessionID); err != nil {
			return err
		}
		return saveCode(ctx, tx, job.SessionID, s.hash(job.SessionID, code), now, now.Add(codeLife))
	})
	if errors.Is(err, store.ErrNotFound) { // signed out since
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &core.Letter{
		Kind: kindCode, To: user.Email, Name: user.Name, Locale: job.Locale, About: code, Valid: codeLife,
		Payload: shown{User: core.UserJSON(user), OTP: code},
	}, nil
}
