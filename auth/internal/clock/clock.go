// Package clock is the one place that tells the time.
//
// Everything that depends on time takes a Clock, so that a test can set it. System reads the
// machine's clock; in builds with the testhooks tag it obeys a time carried by the context,
// which a released binary cannot be told. The package must not keep a time of its own.
package clock

import (
	"context"
	"time"
)

// Clock tells what time it is for the work that ctx belongs to.
type Clock func(ctx context.Context) time.Time
