// Package outbox does work outside the database that must not be lost: mail, webhooks.
//
// A job is a row written in the transaction that caused it, so that both happen or neither.
// It is delivered at least once: a handler must bear being called twice for the same job.
// A payload is sealed at rest. The package must not know what a job means, and must not
// deliver anything inside a transaction.
package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"authd/auth/internal/clock"
	"authd/auth/internal/store"
)

// Sealer encrypts what is kept at rest; aad binds a sealed text to its row.
type Sealer interface {
	Seal(aad string, plaintext []byte) (string, error)
	Open(aad string, sealed string) ([]byte, error)
}

// Handler does the work of one job. Its error is kept in the row and logged: it must name
// no secret. An error that wraps ErrPermanent gives the job up at once.
type Handler func(ctx context.Context, payload []byte) error

// ErrPermanent marks a failure that another attempt would not change.
var ErrPermanent = errors.New("permanent failure")

// Later wraps a failure of which the other side says how long to leave it alone.
type Later struct {
	Err  error
	Wait time.Duration
}

func (l *Later) Error() string { return l.Err.Error() }
func (l *Later) Unwrap() error { return l.Err }

// Queue holds the jobs and delivers them.
type Queue struct {
	db       *store.DB
	sealer   Sealer
	clock    clock.Clock
	log      *slog.Logger
	handlers map[string]Handler
	lanes    map[string]*lane // by name; "" for what has none of its own

	// Deliveries outlive the context that started them, so that SIGTERM does not cut a mail in
	// two; abort ends them when there is no more time.
	work  context.Context
	abort context.CancelFunc

	mu      sync.Mutex
	running map[string]*delivery
	ended   chan struct{} // one token: a delivery has ended
}

// delivery is a job that this process delivers now; err may be read once done is closed.
type delivery struct {
	done chan struct{}
	err  error
}

const (
	// attemptTime bounds one attempt; a lease is longer, so that it ends before another begins.
	attemptTime = time.Minute
	leaseTime   = 2 * time.Minute
)

// New makes a queue. Every kind must be given its handler before Run, Flush or Drain.
func New(db *store.DB, sealer Sealer, now clock.Clock, log *slog.Logger) *Queue {
	q := &Queue{
		db: db, sealer: sealer, clock: now, log: log,
		handlers: map[string]Handler{},
		lanes:    map[string]*lane{"": newLane("", Terms{})},
		running:  map[string]*delivery{},
		ended:    make(chan struct{}, 1),
	}
	q.work, q.abort = context.WithCancel(context.Background())
	return q
}

// Handle names the handler of a kind of job.
func (q *Queue) Handle(kind string, handler Handler) { q.handlers[kind] = handler }

// Add writes a job in the caller's transaction; payload is kept as JSON. Once the transaction
// is on disk a running queue delivers it.
func (q *Queue) Add(ctx context.Context, tx *store.Tx, kind string, payload any) (id string, err error) {
	if q.handlers[kind] == nil {
		return "", fmt.Errorf("add a job: nothing handles the kind %q", kind)
	}
	u, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("add a job: %w", err)
	}
	id = u.String()
	plain, err := json.Marshal(payload)
	if err != nil {
		return "", fmt.Errorf("add a job: %w", err)
	}
	sealed, err := q.sealer.Seal(aad(id, kind), plain)
	if err != nil {
		return "", fmt.Errorf("add a job: %w", err)
	}
	l := q.laneOf(kind)
	if err := insertJob(ctx, tx, id, kind, l.name, sealed, q.now()); err != nil {
		return "", fmt.Errorf("add a job: %w", err)
	}
	tx.AfterCommit(l.ring)
	return id, nil
}

// Wake has a running queue look for due jobs now, those that have no lane of their own.
func (q *Queue) Wake() { q.lanes[""].ring() }

// Flush delivers the jobs now, one after the other, and returns the first error; a job that
// failed stays queued. A job that is being delivered already is waited for.
func (q *Queue) Flush(ctx context.Context, ids ...string) error {
	var first error
	for _, id := range ids {
		if err := q.flushOne(ctx, id); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (q *Queue) flushOne(ctx context.Context, id string) error {
	for {
		if d := q.delivering(id); d != nil {
			select {
			case <-d.done:
				return d.err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		j, err := q.lease(ctx, id)
		if err == nil {
			return q.deliver(ctx, j)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("take the job: %w", err)
		}
		switch state, reason, err := jobState(ctx, q.db, id); {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("look at the job: %w", err)
		case state == "dead":
			return fmt.Errorf("the job was given up: %s", reason)
		}
		// Another process delivers it, or this one has just begun to.
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// now is the queue's own time. It is never that of a request: a job that a test makes in
// another time must not wait for that time.
func (q *Queue) now() time.Time { return q.clock(context.Background()) }

func aad(id, kind string) string { return "outbox/" + kind + "/" + id }

// pause waits, or returns the error of a ctx that ends first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
