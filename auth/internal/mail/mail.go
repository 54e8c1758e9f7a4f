// Package mail sends one message to one person: through an SMTP server, or into
// files where none is configured.
//
// The package must not know what a message is about, retry, or keep anything:
// the outbox calls it as often as needed. What it returns as an error may be
// logged and stored, so it names no credentials and no links of a message.
package mail

import (
	"context"
	"errors"
)

// Message is one mail to one person.
type Message struct {
	Kind    string // what it is, as in `reset-password`: lower-case letters, digits, hyphens
	To      string // a bare address
	Subject string
	Text    string
	HTML    string // "" for a mail of text alone
	// Payload is what the mail was made from. Builds for black-box tests attach
	// it, in the header X-Authd-Payload; a release never looks at it.
	Payload any
}

// Sender sends mail. *SMTP and *Files do.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// ErrPermanent marks an error of a message that will not be accepted however
// often it is sent. All other errors are worth another attempt.
var ErrPermanent = errors.New("mail will never be accepted")
