package core

import (
	"context"

	"authd/auth/internal/api"
)

// Attempt is a try to sign in with something that can be guessed. Whoever takes
// one asks CheckAttempt before it looks whether the guess is right, and says
// AttemptFailed when it was not: for a name that nobody has just the same.
type Attempt struct {
	// Name is what the person goes by, in the form that comparisons use.
	Name string
	// User is whose name it is, nil where it is nobody's.
	User    *User
	Method  string
	Request *api.Request
}

// Attempts is who counts them, and may have somebody wait.
type Attempts interface {
	// Check refuses an attempt that is to wait.
	Check(ctx context.Context, a *Attempt) error
	// Failed counts one.
	Failed(ctx context.Context, a *Attempt) error
}

// CheckAttempt refuses an attempt that is to wait.
func (c *Core) CheckAttempt(ctx context.Context, a *Attempt) error {
	if c.Attempts == nil {
		return nil
	}
	return c.Attempts.Check(ctx, a)
}

// AttemptFailed counts an attempt that failed.
func (c *Core) AttemptFailed(ctx context.Context, a *Attempt) error {
	if c.Attempts == nil {
		return nil
	}
	return c.Attempts.Failed(ctx, a)
}

// AttemptsLocked is the event that attempts are to wait.
type AttemptsLocked struct {
	// Kind is what the guesses were at or from: "account", "network", or "device",
	// a browser that is known to be the user's.
	Kind string
	// User is nil where the name is nobody's, and for a network.
	User *User
	IP   string
}
