//go:build testhooks

package clock_test

import (
	"context"
	"testing"
	"time"

	"authd/auth/internal/clock"
)

func TestATestCanSetTheTimeOfOneContext(t *testing.T) {
	want := time.UnixMilli(1_700_000_000_000)
	if got := clock.System(clock.With(context.Background(), want)); !got.Equal(want) {
		t.Fatalf("System() = %v, want %v", got, want)
	}
}
