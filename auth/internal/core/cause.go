package core

import (
	"context"

	"authd/auth/internal/api"
)

// Cause is the request behind a change, for who tells of the change by mail.
type Cause struct {
	Event  Event
	Locale string // an Accept-Language header
	// Mails are jobs that the listeners have queued.
	Mails []string
}

type causeKey struct{}

// WithCause has listeners know the request that changes something.
func WithCause(r *api.Request) (context.Context, *Cause) {
	cause := &Cause{Event: NewEvent(r), Locale: r.Languages()}
	return context.WithValue(r.Context(), causeKey{}, cause), cause
}

// CauseOf is the request behind a change; where there is none, or it said nothing of
// itself, the time alone.
func (c *Core) CauseOf(ctx context.Context) *Cause {
	if cause, ok := ctx.Value(causeKey{}).(*Cause); ok {
		return cause
	}
	return &Cause{Event: Event{At: c.Now(ctx)}}
}

// PhoneChanged is the event that a user's proven phone number is another one.
type PhoneChanged struct {
	User          *User
	Before, After string // "" for none
	Event         Event
	Locale        string // an Accept-Language header
	// Mails are jobs that the listeners have queued.
	Mails []string
}
