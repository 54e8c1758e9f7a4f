package core

import (
	"context"
	"encoding/base64"
	"time"

	"authd/auth/internal/store"
)

// mailCap bounds how many mails strangers can have an address sent. It counts by what
// was typed, so that an address that nobody has is counted like every other.
type mailCap struct {
	core *Core
	keys *Signer
}

func (c *Core) capMails() error {
	keys, err := c.Keys.Signer("mail count")
	if err != nil {
		return err
	}
	c.Mail.cap = &mailCap{core: c, keys: keys}
	return nil
}

// May counts a mail to an address that somebody typed, or whose owner somebody claims to
// be, and tells whether it may be sent. The answer to the request must not depend on it.
func (m *Mailer) May(ctx context.Context, tx *store.Tx, address string) (bool, error) {
	if m.cap == nil {
		return true, nil
	}
	return m.cap.may(ctx, tx, address)
}

func (l *mailCap) may(ctx context.Context, tx *store.Tx, address string) (bool, error) {
	now := l.core.Now(ctx)
	subject := base64.RawURLEncoding.EncodeToString(l.keys.Sign([]byte(NormalizeEmail(address))))
	n, err := countMail(ctx, tx, subject, now, now.Add(time.Hour))
	if err != nil {
		return false, err
	}
	most := int64(l.core.Config.Mail.MaxPerAddress)
	if n == most+1 {
		l.core.Log.WarnContext(ctx, "further mails to an address are not sent for an hour: mail.max_per_address is reached")
	}
	return n <= most, nil
}

// QueueTo is Queue for a mail to an address that somebody typed: "" when it has got
// too many of late.
func (m *Mailer) QueueTo(ctx context.Context, tx *store.Tx, address, kind string, payload any) (id string, err error) {
	if may, err := m.May(ctx, tx, address); err != nil || !may {
		return "", err
	}
	return m.Queue(ctx, tx, kind, payload)
}

// sweepMailCounts deletes what is over.
func (c *Core) sweepMailCounts(ctx context.Context) error {
	for n := int64(sweepBatch); n == sweepBatch; {
		err := c.DB.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = deleteMailCounts(ctx, tx, c.Now(ctx), sweepBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
