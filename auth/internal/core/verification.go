package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"authd/auth/internal/store"
)

// Verification is a one-time value that stands for something: a mailbox to be
// proven, a password to be reset.
type Verification struct {
	Purpose   string // what the value is good for: never good for anything else
	Subject   string // whom or what it is about
	ExpiresAt time.Time
	data      string
}

// Data reads what was stored with the value into v.
func (v *Verification) Data(dst any) error {
	if err := json.Unmarshal([]byte(v.data), dst); err != nil {
		return fmt.Errorf("read data of a %s value: %w", v.Purpose, err)
	}
	return nil
}

// NewVerification makes a value of 32 random characters, stores its hash, and
// returns it; only its holder ever has it. data is kept as JSON.
func (c *Core) NewVerification(ctx context.Context, tx *store.Tx, purpose, subject string, data any, ttl time.Duration) (value string, err error) {
	text, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("write data of a %s value: %w", purpose, err)
	}
	value = NewToken(32)
	return value, c.keepVerification(ctx, tx, purpose, subject, value, string(text), ttl)
}

// KeepVerification is NewVerification for a value that was made before, by
// [NewToken], because data depends on it.
func (c *Core) KeepVerification(ctx context.Context, tx *store.Tx, purpose, subject, value string, data any, ttl time.Duration) error {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("write data of a %s value: %w", purpose, err)
	}
	return c.keepVerification(ctx, tx, purpose, subject, value, string(text), ttl)
}

func (c *Core) keepVerification(ctx context.Context, tx *store.Tx, purpose, subject, value, text string, ttl time.Duration) error {
	now := c.Now(ctx)
	return insertVerification(ctx, tx, NewID(), purpose, HashToken(value), subject, text, now.Add(ttl), now)
}

// UseVerification consumes a value: the first caller gets it, every other one
// store.ErrNotFound, as does a value that has expired or is for another purpose.
func (c *Core) UseVerification(ctx context.Context, tx *store.Tx, purpose, value string) (*Verification, error) {
	return consumeVerification(ctx, tx, purpose, HashToken(value), c.Now(ctx))
}

// PeekVerification reads a value and leaves it. Errors: store.ErrNotFound.
func (c *Core) PeekVerification(ctx context.Context, q store.Querier, purpose, value string) (*Verification, error) {
	return findVerification(ctx, q, purpose, HashToken(value), c.Now(ctx))
}

// Expired tells whether a value would have been good, had it come in time. For a
// day after its end that can be told.
func (c *Core) Expired(ctx context.Context, q store.Querier, purpose, value string) (bool, error) {
	_, err := findVerification(ctx, q, purpose, HashToken(value), time.UnixMilli(0))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// SpendVerification marks a value as used and keeps the mark until it would
// have expired, under the purpose "<purpose>-used": a second click on a link
// can then be told from a forged one.
func (c *Core) SpendVerification(ctx context.Context, tx *store.Tx, purpose, value string) (*Verification, error) {
	return markVerification(ctx, tx, purpose, purpose+"-used", HashToken(value), c.Now(ctx))
}

// SpendOnce remembers until its end that a value was used which this table does not
// hold, such as a signed one. Only the first caller is told true.
func (c *Core) SpendOnce(ctx context.Context, tx *store.Tx, purpose, value string, end time.Time) (bool, error) {
	// What is swept is a day past its end; nobody asks after this one.
	return insertSpent(ctx, tx, NewID(), purpose, HashToken(value), end.Add(-24*time.Hour), c.Now(ctx))
}

// DropVerifications removes what is left of a purpose for a subject.
func (c *Core) DropVerifications(ctx context.Context, tx *store.Tx, purpose, subject string) error {
	return deleteVerifications(ctx, tx, purpose, subject)
}
