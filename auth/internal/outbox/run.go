package outbox

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/store"
)

// idleTime is how long Run sleeps when nothing is due and nobody wakes it. It is not longer
// because commands add jobs beside the server; looking costs one indexed read.
const idleTime = 5 * time.Second

// Run delivers jobs when they are due until ctx ends. Deliveries that are under way then go
// on: Drain waits for them.
func (q *Queue) Run(ctx context.Context) {
	q.eachLane(func(l *lane) {
		for ctx.Err() == nil {
			t := time.NewTimer(min(q.start(ctx, l), idleTime))
			select {
			case <-l.wake:
			case <-t.C:
			case <-ctx.Done():
			}
			t.Stop()
		}
	})
}

// Drain delivers what is due and waits for what is being delivered. When ctx ends first the
// deliveries are broken off; their jobs stay queued for the next start.
func (q *Queue) Drain(ctx context.Context) {
	for ctx.Err() == nil {
		q.eachLane(func(l *lane) { q.start(ctx, l) })
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

// start begins the delivery of every due job of a lane, as slots become free, and says how
// long it is until the next one is due.
func (q *Queue) start(ctx context.Context, l *lane) time.Duration {
	for {
		next, err := nextDue(ctx, q.db, l.name)
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
		n := l.takeSlots(ctx)
		if n == 0 {
			return 0
		}
		jobs, err := q.leaseDue(ctx, l, n)
		for range n - len(jobs) {
			<-l.slots
		}
		if err != nil {
			q.warn(ctx, err)
			return idleTime
		}
		for _, j := range jobs {
			d := q.begin(j)
			go func() {
				defer func() { <-l.slots }()
				_ = q.finish(q.work, j, d) // it has written down and logged a failure
			}()
		}
	}
}

func (q *Queue) warn(ctx context.Context, err error) {
	if ctx.Err() == nil {
		q.log.Warn("the outbox cannot be read", "reason", store.Reason(err), "err", err)
	}
}
