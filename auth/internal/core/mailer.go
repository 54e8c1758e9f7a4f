package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/mail"
	"authd/auth/internal/outbox"
	"authd/auth/internal/store"
)

// Letter is a mail before it is worded: what it is about and where its link leads.
type Letter struct {
	Kind    string        // "verify-email", "reset-password", …: the wording, and the X-Authd-Kind of a mail in a file
	To      string        // the address
	Name    string        // the addressee's, "" when unknown
	Link    string        // the page that acts, "" for a mere notice
	Locale  string        // an Accept-Language header: the reader's languages
	Valid   time.Duration // how long the link works
	Event   Event         // what happened, for a notice
	About   string        // what else it names: the new address
	Payload any           // what a test build shows of it: user, url, token
}

// Event is when and where something happened that a notice tells of.
type Event struct {
	At        time.Time `json:"at,omitzero"`
	UserAgent string    `json:"userAgent,omitempty"`
	IP        string    `json:"ip,omitempty"`
}

// NewEvent takes an event from the request that caused it.
func NewEvent(r *api.Request) Event {
	return Event{At: r.Now(), UserAgent: r.UserAgent(), IP: r.IP()}
}

// Wording turns a letter into a subject, a text and a page of HTML.
type Wording func(ctx context.Context, l *Letter) (subject, text, html string, err error)

// Mailer queues mails in the transaction that causes them and has them sent.
// A job names what happened; whom it concerns is looked up when it runs, so
// that a known and an unknown address cost the request the same.
type Mailer struct {
	queue  *outbox.Queue
	sender mail.Sender
	word   Wording
	// wait is set when mails are files: then they are there before the answer is.
	wait bool
	// nowhere tells of addresses that no mail is for.
	nowhere func(email string) bool
	cap     *mailCap
}

// NewMailer joins the queue with the sender.
func NewMailer(queue *outbox.Queue, sender mail.Sender, word Wording, wait bool) *Mailer {
	return &Mailer{queue: queue, sender: sender, word: word, wait: wait}
}

// Handle registers what a job of a kind does: it returns the letter to send,
// or nil when there is nobody to send it to.
func (m *Mailer) Handle(kind string, compose func(ctx context.Context, payload []byte) (*Letter, error)) {
	m.queue.Handle(kind, func(ctx context.Context, payload []byte) error {
		l, err := compose(ctx, payload)
		if err != nil || l == nil {
			return err
		}
		if m.nowhere != nil && m.nowhere(l.To) {
			return nil
		}
		subject, text, html, err := m.word(ctx, l)
		if err != nil {
			return fmt.Errorf("word a %s mail: %w", l.Kind, err)
		}
		err = m.sender.Send(ctx, mail.Message{Kind: l.Kind, To: l.To, Subject: subject, Text: text, HTML: html, Payload: l.Payload})
		if errors.Is(err, mail.ErrPermanent) {
			return fmt.Errorf("%w: %w", outbox.ErrPermanent, err)
		}
		return err
	})
}

// MailJob reads what was queued of a mail.
func MailJob[T any](payload []byte) (job T, err error) {
	if err := json.Unmarshal(payload, &job); err != nil {
		return job, fmt.Errorf("read a mail job: %w", err)
	}
	return job, nil
}

// Queue adds a job inside tx. After the commit its id goes to [Mailer.Sent].
func (m *Mailer) Queue(ctx context.Context, tx *store.Tx, kind string, payload any) (id string, err error) {
	return m.queue.Add(ctx, tx, kind, payload)
}

// Sent is called after the commit: it wakes the queue, or waits for the files.
func (m *Mailer) Sent(ctx context.Context, ids ...string) {
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" }) // was not queued
	if len(ids) == 0 {
		return
	}
	if !m.wait {
		m.queue.Wake()
		return
	}
	// A file that could not be written stays queued and is tried again; the
	// queue has logged why.
	_ = m.queue.Flush(ctx, ids...)
}
