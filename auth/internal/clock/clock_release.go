//go:build !testhooks

package clock

import (
	"context"
	"time"
)

// System is the machine's clock.
func System(context.Context) time.Time { return time.Now() }

// With changes nothing here: only builds for black-box tests can be told the time.
func With(ctx context.Context, _ time.Time) context.Context { return ctx }
