package outbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"authd/auth/internal/store"
)

// idleTime is how long Run sleeps when nothing is due and nobody wakes it. It is not longer
// because commands add jobs beside the server; looking costs one indexed read.
const idleTime = 5 * time.Second

// Run delivers jobs when they are due until ctx ends. Deliveries that are under way then go
// on: Drain waits for them.
func (q *Queue) Run(ctx context.Context) {
	for ctx.Err() == nil {
		t := time.NewTimer(min(q.start(ctx), idleTime))
		select {
		case <-q.wake:
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
	}
}

// Drain delivers what is due and waits for what is being delivered. When ctx ends first the
// deliveries are broken off; their jobs stay queued for the next start.
func (q *Queue) Drain(ctx context.Context) {
	for ctx.Err() == nil {
		q.start(ctx)
		if q.idle() {
			return
		}
		select {
		case <-q.ended:
		case <-ctx.Done():
		}
	}
	q.abort()
	// What was broken off still writes down that it was.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	for !q.idle() && pause(last, time.Millisecond) == nil {
	}
}

// start begins the delivery of every due job, as slots become free, and says how long it is
// until the next one is due.
func (q *Queue) start(ctx context.Context) time.Duration {
	for {
		next, err := nextDue(ctx, q.db)
		if errors.Is(err, store.ErrNotFound) {
			return idleTime
		}
		if err != nil {
			q.warn(ctx, err)
			return idleTime
		}
		if wait := next.Sub(q.now()); wait > 0 {
			return wait
		}
		n := q.takeSlots(ctx)
		if n == 0 {
			return 0
		}
		jobs, err := q.leaseDue(ctx, n)
		for range n - len(jobs) {
			<-q.slots
		}
		if err != nil {
			q.warn(ctx, err)
			return idleTime
		}
		for _, j := range jobs {
			d := q.begin(j)
			go func() {
				defer func() { <-q.slots }()
				_ = q.finish(q.work, j, d) // it has written down and logged a failure
			}()
		}
	}
}

// takeSlots waits for a free slot and takes the others that are free; 0 when ctx ended.
func (q *Queue) takeSlots(ctx context.Context) int {
	select {
	case q.slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for n := 1; ; n++ {
		select {
		case q.slots <- struct{}{}:
		default:
			return n
		}
	}
}

func (q *Queue) warn(ctx context.Context, err error) {
	if ctx.Err() == nil {
		q.log.Warn("the outbox cannot be read", "reason", store.Reason(err), "err", err)
	}
}

// The delay before an attempt doubles from firstDelay to longestDelay.
const (
	firstDelay   = 5 * time.Second
	longestDelay = time.Hour
)

// delay is how long to wait after so many attempts, give or take a fifth, so that jobs which
// failed together do not come back together.
func delay(attempts int64) time.Duration {
	d := longestDelay
	if attempts < 12 {
		d = min(d, firstDelay<<max(0, attempts-1))
	}
	return d*4/5 + rand.N(d*2/5) //nolint:gosec // spreads load, guards nothing
}

// A job is given up after leastAttempts when it is a day old, and forgotten a month later.
const (
	leastAttempts = 10
	giveUpAfter   = 24 * time.Hour
	forgetAfter   = 30 * 24 * time.Hour
)

func hopeless(j job, err error, now time.Time) bool {
	if errors.Is(err, ErrPermanent) {
		return true
	}
	return j.attempts >= leastAttempts && now.Sub(j.created) >= giveUpAfter
}
