package outbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// Terms say how the jobs of a lane are delivered. The zero value is meant for what the server
// does for itself.
type Terms struct {
	// Concurrency is how many are delivered at once; 0 means 4.
	Concurrency int
	// Delays are how long to wait after the first failed attempt, the second, and so on; the
	// last one counts for all that follow. nil doubles from 5 s to an hour.
	Delays []time.Duration
	// GiveUpAfter is the age at which a job is given up, once it was tried LeastAttempts
	// times; 0 means a day and 10 times.
	GiveUpAfter   time.Duration
	LeastAttempts int64
}

// lane is a line of jobs with slots of its own: what is slow in it, or fails, holds up nothing
// elsewhere.
type lane struct {
	name  string
	terms Terms
	wake  chan struct{} // one token: look for due jobs
	slots chan struct{} // one for each delivery at a time
}

// The usual terms.
const (
	concurrency   = 4
	firstDelay    = 5 * time.Second
	longestDelay  = time.Hour
	giveUpAfter   = 24 * time.Hour
	leastAttempts = 10
	// forgetAfter is how long a job that was given up can still be looked at.
	forgetAfter = 30 * 24 * time.Hour
)

func newLane(name string, t Terms) *lane {
	if t.Concurrency == 0 {
		t.Concurrency = concurrency
	}
	if t.GiveUpAfter == 0 {
		t.GiveUpAfter, t.LeastAttempts = giveUpAfter, leastAttempts
	}
	return &lane{name: name, terms: t, wake: make(chan struct{}, 1), slots: make(chan struct{}, t.Concurrency)}
}

// HandleApart names the handler of a kind of job that has a lane of its own, called as the kind.
func (q *Queue) HandleApart(kind string, terms Terms, handler Handler) {
	q.handlers[kind] = handler
	q.lanes[kind] = newLane(kind, terms)
}

// laneOf is where the jobs of a kind stand in line.
func (q *Queue) laneOf(kind string) *lane {
	if l := q.lanes[kind]; l != nil {
		return l
	}
	return q.lanes[""]
}

// eachLane does the same for all lanes at once, and waits.
func (q *Queue) eachLane(fn func(l *lane)) {
	var all sync.WaitGroup
	for _, l := range q.lanes {
		all.Go(func() { fn(l) })
	}
	all.Wait()
}

// ring has a running queue look at the lane now.
func (l *lane) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// takeSlots waits for a free slot and takes the others that are free; 0 when ctx ended.
func (l *lane) takeSlots(ctx context.Context) int {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for n := 1; ; n++ {
		select {
		case l.slots <- struct{}{}:
		default:
			return n
		}
	}
}

// delay is how long to wait after so many attempts, give or take a fifth, so that jobs which
// failed together do not come back together; longer when the other side asks for it.
func (t Terms) delay(attempts int64, failure error) time.Duration {
	d := longestDelay
	switch n := int64(len(t.Delays)); {
	case n > 0:
		d = t.Delays[min(max(1, attempts), n)-1]
	case attempts < 12:
		d = min(d, firstDelay<<max(0, attempts-1))
	}
	var later *Later
	if errors.As(failure, &later) {
		d = max(d, min(later.Wait, giveUpAfter)*5/4) // never sooner than asked for
	}
	return d*4/5 + rand.N(d*2/5) //nolint:gosec // spreads load, guards nothing
}

func (t Terms) hopeless(j job, err error, now time.Time) bool {
	if errors.Is(err, ErrPermanent) {
		return true
	}
	return j.attempts >= t.LeastAttempts && now.Sub(j.created) >= t.GiveUpAfter
}
