package lockout

import (
	"time"

	"authd/auth/internal/core"
)

// waiting is core.ErrLocked with the time that is left.
type waiting struct {
	left   time.Duration
	byWork bool
}

func (w *waiting) Error() string { return core.ErrLocked.Error() }

func (w *waiting) Unwrap() error { return core.ErrLocked }

// RetryAfter is for the header of that name.
func (w *waiting) RetryAfter() time.Duration { return w.left }

// ByWork tells whether a proof of work is as good as the waiting.
func (w *waiting) ByWork() bool { return w.byWork }
