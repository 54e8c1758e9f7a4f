package clock_test

import (
	"context"
	"testing"
	"time"

	"authd/auth/internal/clock"
)

func TestSystemIsTheMachinesClock(t *testing.T) {
	var now clock.Clock = clock.System
	before := time.Now()
	got := now(context.Background())
	if got.Before(before) || got.After(time.Now()) {
		t.Fatalf("System() = %v, want a time between %v and now", got, before)
	}
}
