//go:build testhooks

package clock

import (
	"context"
	"time"
)

type overrideKey struct{}

// System is the machine's clock, or the time that With put into ctx.
func System(ctx context.Context) time.Time {
	if t, ok := ctx.Value(overrideKey{}).(time.Time); ok {
		return t
	}
	return time.Now()
}

// With makes t the time for everything that is done under the returned context.
func With(ctx context.Context, t time.Time) context.Context {
	return context.WithValue(ctx, overrideKey{}, t)
}
