package outbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/store"
)

// Job is what is shown of a job that waits or was given up.
type Job struct {
	ID, Kind  string
	Dead      bool
	Attempts  int64
	CreatedAt time.Time
	NextAt    time.Time // the next attempt, or when it was given up
	LastError string
	Payload   []byte // nil when it was sealed under a secret that is no longer there
}

// ErrNoJob tells that there is no such job, or no longer.
var ErrNoJob = errors.New("no such job")

// List shows the jobs of lanes whose names begin so, the newest first.
func (q *Queue) List(ctx context.Context, prefix string, limit int) ([]Job, error) {
	rows, err := listJobs(ctx, q.db, prefix, limit)
	if err != nil {
		return nil, err
	}
	jobs := make([]Job, 0, len(rows))
	for _, row := range rows {
		if payload, err := q.sealer.Open(aad(row.ID, row.Kind), row.sealed); err == nil {
			row.Payload = payload
		}
		jobs = append(jobs, row.Job)
	}
	return jobs, nil
}

// Count tells how many jobs of a lane wait, and how many were given up.
func (q *Queue) Count(ctx context.Context, lane string) (waiting, dead int, err error) {
	if waiting, err = countJobs(ctx, q.db, lane, "waiting"); err != nil {
		return 0, 0, err
	}
	dead, err = countJobs(ctx, q.db, lane, "dead")
	return waiting, dead, err
}

// Again has a job of such a lane tried now, also one that was given up. One that is being
// delivered is left to that. Errors: ErrNoJob.
func (q *Queue) Again(ctx context.Context, id, prefix string) error {
	return q.db.Write(ctx, func(tx *store.Tx) error {
		lane, err := reviveJob(ctx, tx, id, prefix, q.now())
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoJob
		}
		if l := q.lanes[lane]; l != nil {
			tx.AfterCommit(l.ring)
		}
		return err
	})
}

// Abandon gives up what waits in lanes whose names begin so and that nobody keeps any more.
func (q *Queue) Abandon(ctx context.Context, prefix string, keep []string, reason string) error {
	lanes, err := waitingLanes(ctx, q.db)
	if err != nil {
		return err
	}
	for _, lane := range lanes {
		if !strings.HasPrefix(lane, prefix) || slices.Contains(keep, lane) {
			continue
		}
		err := q.db.Write(ctx, func(tx *store.Tx) error { return buryLane(ctx, tx, lane, q.now(), reason) })
		if err != nil {
			return err
		}
		q.log.Warn("jobs are given up", "kind", lane, "err", reason)
	}
	return nil
}
