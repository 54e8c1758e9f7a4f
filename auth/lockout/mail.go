package lockout

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// kindLocked is the mail that tells of guesses, and the job that makes it.
const kindLocked = "sign-in-locked"

// tellAgain is how long a person is left in peace after such a mail.
const tellAgain = 24 * time.Hour

// locked is the job: whom it concerns is looked up when it runs, for the name may
// be nobody's.
type locked struct {
	Email  string     `json:"email"`
	Locale string     `json:"locale,omitempty"`
	Event  core.Event `json:"event,omitzero"`
}

// tell queues the mail inside tx.
func (s *Service) tell(ctx context.Context, tx *store.Tx, a *core.Attempt, bucket string, now time.Time) (id string, err error) {
	job := locked{Email: a.Name, Locale: a.Request.Languages(), Event: core.NewEvent(a.Request)}
	if a.User != nil {
		job.Email = a.User.Email
	}
	if err := told(ctx, tx, bucket, now); err != nil {
		return "", err
	}
	return s.core.Mail.Queue(ctx, tx, kindLocked, job)
}

func (s *Service) lockedMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	job, err := core.MailJob[locked](payload)
	if err != nil || !s.core.Config.Notices.SignInLocked {
		return nil, err
	}
	user, err := s.core.UserByEmail(ctx, s.core.DB, job.Email)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	// The languages are the stranger's: the person's own are not known here.
	return &core.Letter{Kind: kindLocked, To: user.Email, Name: user.Name, Locale: job.Locale, Event: job.Event, Payload: job}, nil
}

func ignoreNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
