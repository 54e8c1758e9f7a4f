// Package sms sends one text message to one phone: through an HTTP request of one's
// own, through Twilio, or into files where nothing is configured.
//
// The package must not know what a message is about, retry, or keep anything: the
// outbox calls it as often as needed. What it returns as an error may be logged and
// stored, so it names no number, no text and no credentials.
package sms

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"authd/auth/internal/clock"
	"authd/auth/internal/config"
	"authd/auth/internal/egress"
	"authd/auth/internal/mail"
)

// Message is one text message.
type Message struct {
	ID   string // the same at every attempt
	Kind string // what it is, as in "phone-otp"
	To   string // E.164
	Text string
	// Payload is what the message was made from, for black-box tests alone.
	Payload any
}

// Sender sends text messages.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// ErrPermanent marks an error of a message that will not be accepted however often
// it is sent. All other errors are worth another attempt.
var ErrPermanent = errors.New("text message will never be accepted")

// New makes the sender that the configuration names; files is for when it names none.
func New(cfg config.SMS, out *egress.Client, now clock.Clock, files mail.Sender) (Sender, error) {
	switch {
	case cfg.Twilio.On():
		return &twilio{cfg: cfg.Twilio, timeout: cfg.Timeout, out: out}, nil
	case cfg.URL != "":
		secrets, err := config.SigningSecrets(cfg.Secret) // Load has checked it
		return &hook{cfg: cfg, secrets: secrets, out: out, now: now}, err
	default:
		return file{files}, nil
	}
}

// file writes messages where mails go that are not sent. A number stands as the
// local part of an address that leads nowhere (RFC 2606).
type file struct{ mails mail.Sender }

func (f file) Send(ctx context.Context, m Message) error {
	return f.mails.Send(ctx, mail.Message{Kind: m.Kind, To: m.To + "@sms.invalid", Subject: m.Text, Text: m.Text, Payload: m.Payload})
}

// most is how much of an answer is read.
const most = 2048

// refused are the statuses by which a receiver says that the message itself is wrong.
func refused(status int) bool {
	const tooLate, tooMany = 408, 429
	return status >= 400 && status < 500 && status != tooLate && status != tooMany
}

// judge says what an answer means; detail is what of it may be shown.
func judge(a egress.Answer, detail string) error {
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	err := fmt.Errorf("the sender of text messages answered %d%s", a.Status, detail)
	if refused(a.Status) {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	return err
}

// unnamed takes the address out of an error, for it may hold a secret.
func unnamed(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("no answer of the sender of text messages: %w", err)
}
