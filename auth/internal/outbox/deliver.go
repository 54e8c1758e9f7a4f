package outbox

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"authd/auth/internal/store"
)

func (q *Queue) lease(ctx context.Context, id string) (j job, err error) {
	now := q.now()
	err = q.db.Write(ctx, func(tx *store.Tx) error {
		j, err = leaseOne(ctx, tx, id, now, now.Add(leaseTime))
		return err
	})
	return j, err
}

func (q *Queue) leaseDue(ctx context.Context, l *lane, limit int) (jobs []job, err error) {
	now := q.now()
	err = q.db.Write(ctx, func(tx *store.Tx) error {
		jobs, err = leaseDue(ctx, tx, l.name, now, now.Add(leaseTime), limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return jobs, nil
}

// delivering is the delivery of a job that this process is at.
func (q *Queue) delivering(id string) *delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running[id]
}

func (q *Queue) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.running) == 0
}

func (q *Queue) begin(j job) *delivery {
	d := &delivery{done: make(chan struct{})}
	q.mu.Lock()
	q.running[j.id] = d
	q.mu.Unlock()
	return d
}

func (q *Queue) deliver(ctx context.Context, j job) error {
	return q.finish(ctx, j, q.begin(j))
}

// finish makes one attempt and writes down what came of it. An attempt does not end with the
// request that began it.
func (q *Queue) finish(ctx context.Context, j job, d *delivery) error {
	ctx = context.WithoutCancel(ctx)
	d.err = q.attempt(ctx, j)
	if err := q.settle(ctx, j, d.err); err != nil {
		// The lease runs out and the job is delivered once more.
		q.log.Error("the outcome of a job is not kept", "kind", j.kind, "job", j.id, "err", err)
	}
	q.mu.Lock()
	delete(q.running, j.id)
	q.mu.Unlock()
	close(d.done)
	select {
	case q.ended <- struct{}{}:
	default:
	}
	return d.err
}

func (q *Queue) attempt(ctx context.Context, j job) (err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	defer context.AfterFunc(q.work, cancel)()
	defer func() {
		if v := recover(); v != nil {
			q.log.Error("a job panicked", "kind", j.kind, "job", j.id, "panic", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("the handler of %s panicked", j.kind)
		}
	}()
	handler := q.handlers[j.kind]
	if handler == nil {
		return fmt.Errorf("nothing handles the kind %q", j.kind)
	}
	payload, err := q.sealer.Open(aad(j.id, j.kind), j.sealed)
	if err != nil {
		return fmt.Errorf("open the payload: %w", err)
	}
	return handler(ctx, payload)
}

func (q *Queue) settle(ctx context.Context, j job, failure error) error {
	if failure == nil {
		return q.db.Write(ctx, func(tx *store.Tx) error { return deleteJob(ctx, tx, j) })
	}
	now, reason, l := q.now(), printable(failure), q.laneOf(j.kind)
	if l.terms.hopeless(j, failure, now) {
		q.log.Error("a job is given up", "kind", j.kind, "job", j.id, "attempts", j.attempts, "err", reason)
		return q.db.Write(ctx, func(tx *store.Tx) error {
			if err := deleteDead(ctx, tx, now.Add(-forgetAfter)); err != nil {
				return err
			}
			return buryJob(ctx, tx, j, now, reason)
		})
	}
	next := now.Add(l.terms.delay(j.attempts, failure))
	q.log.Warn("a job failed and will be tried again", "kind", j.kind, "job", j.id, "attempts", j.attempts,
		"next", next, "err", reason)
	return q.db.Write(ctx, func(tx *store.Tx) error {
		tx.AfterCommit(l.ring)
		return retryJob(ctx, tx, j, next, reason)
	})
}

// printable is the start of an error's text on one line: a mail server may answer with a page.
func printable(err error) string {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(err.Error(), "?")), " ")
	text = strings.ReplaceAll(text, "\x00", "?")
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return text
}
