package core

import (
	"context"

	"authd/auth/internal/mail"
	"authd/auth/internal/outbox"
	"authd/auth/internal/store"
)

// Mailer queues mails in the transaction that causes them and has them sent.
// A job names what happened; whom it concerns is looked up when it runs, so
// that a known and an unknown address cost the request the same.
type Mailer struct {
	queue  *outbox.Queue
	sender mail.Sender
	// wait is set when mails are files: then they are there before the answer is.
	wait bool
}

// NewMailer joins the queue with the sender.
func NewMailer(queue *outbox.Queue, sender mail.Sender, wait bool) *Mailer {
	return &Mailer{queue: queue, sender: sender, wait: wait}
}

// Handle registers what a job of a kind does: it returns the mail to send, or
// nil when there is nobody to send it to.
func (m *Mailer) Handle(kind string, compose func(ctx context.Context, payload []byte) (*mail.Message, error)) {
	m.queue.Handle(kind, func(ctx context.Context, payload []byte) error {
		msg, err := compose(ctx, payload)
		if err != nil || msg == nil {
			return err
		}
		return m.sender.Send(ctx, *msg)
	})
}

// Queue adds a job inside tx. After the commit its id goes to [Mailer.Sent].
func (m *Mailer) Queue(ctx context.Context, tx *store.Tx, kind string, payload any) (id string, err error) {
	return m.queue.Add(ctx, tx, kind, payload)
}

// Sent is called after the commit: it wakes the queue, or waits for the files.
func (m *Mailer) Sent(ctx context.Context, ids ...string) {
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
