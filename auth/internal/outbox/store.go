package outbox

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// job is a row of the outbox that somebody has leased.
type job struct {
	id, kind, sealed string
	attempts         int64
	created          time.Time
}

func scanJob(r *store.Row) job {
	return job{id: r.Text(), kind: r.Text(), sealed: r.Text(), attempts: r.Int(), created: r.Time()}
}

func insertJob(ctx context.Context, tx *store.Tx, id, kind, lane, sealed string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO outbox (id, kind, lane, payload, next_at, created_at) VALUES ($1, $2, $3, $4, $5, $5)`,
		id, kind, lane, sealed, now)
	return err
}

// leaseDue takes up to limit jobs whose time has come, the oldest first.
func leaseDue(ctx context.Context, tx *store.Tx, lane string, now, until time.Time, limit int) ([]job, error) {
	return store.All(ctx, tx, scanJob, `UPDATE outbox SET leased_until = $1, next_at = $1, attempts = attempts + 1
		WHERE id IN (SELECT id FROM outbox WHERE lane = $2 AND state = 'waiting' AND next_at <= $3 ORDER BY next_at, id LIMIT $4)
		RETURNING id, kind, payload, attempts, created_at`, until, lane, now, limit)
}

// leaseOne takes a job unless another holds it, whether or not its time has come.
func leaseOne(ctx context.Context, tx *store.Tx, id string, now, until time.Time) (job, error) {
	return store.One(ctx, tx, scanJob, `UPDATE outbox SET leased_until = $1, next_at = $1, attempts = attempts + 1
		WHERE id = $2 AND state = 'waiting' AND leased_until <= $3
		RETURNING id, kind, payload, attempts, created_at`, until, id, now)
}

func deleteJob(ctx context.Context, tx *store.Tx, j job) error {
	_, err := tx.Exec(ctx, `DELETE FROM outbox WHERE id = $1 AND attempts = $2`, j.id, j.attempts)
	return err
}

func retryJob(ctx context.Context, tx *store.Tx, j job, next time.Time, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE outbox SET next_at = $1, leased_until = 0, last_error = $2 WHERE id = $3 AND attempts = $4`,
		next, reason, j.id, j.attempts)
	return err
}

func buryJob(ctx context.Context, tx *store.Tx, j job, now time.Time, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE outbox SET state = 'dead', next_at = $1, leased_until = 0, last_error = $2
		WHERE id = $3 AND attempts = $4`, now, reason, j.id, j.attempts)
	return err
}

// deleteDead forgets the jobs that were given up before a time.
func deleteDead(ctx context.Context, tx *store.Tx, before time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM outbox WHERE state = 'dead' AND next_at < $1`, before)
	return err
}

// nextDue says when the next job of a lane may be taken; store.ErrNotFound when none waits.
func nextDue(ctx context.Context, q store.Querier, lane string) (time.Time, error) {
	return store.One(ctx, q, func(r *store.Row) time.Time { return r.Time() },
		`SELECT next_at FROM outbox WHERE lane = $1 AND state = 'waiting' ORDER BY next_at LIMIT 1`, lane)
}

// jobState says whether a job waits or is dead, and why its last attempt failed;
// store.ErrNotFound when it is done.
func jobState(ctx context.Context, q store.Querier, id string) (state, reason string, err error) {
	both, err := store.One(ctx, q, func(r *store.Row) [2]string { return [2]string{r.Text(), r.Text()} },
		`SELECT state, last_error FROM outbox WHERE id = $1`, id)
	return both[0], both[1], err
}

// jobRow is a job with its payload still sealed.
type jobRow struct {
	Job
	sealed string
}

// listJobs finds lanes by the beginning of their name, as a range of the index.
func listJobs(ctx context.Context, q store.Querier, prefix string, limit int) ([]jobRow, error) {
	return store.All(ctx, q, func(r *store.Row) jobRow {
		return jobRow{Job: Job{
			ID: r.Text(), Kind: r.Text(), Dead: r.Text() == "dead", Attempts: r.Int(), CreatedAt: r.Time(), NextAt: r.Time(), LastError: r.Text(),
		}, sealed: r.Text()}
	}, `SELECT id, kind, state, attempts, created_at, next_at, last_error, payload FROM outbox
		WHERE lane >= $1 AND substr(lane, 1, $2) = $1 ORDER BY id DESC LIMIT $3`, prefix, len(prefix), limit)
}

func countJobs(ctx context.Context, q store.Querier, lane, state string) (int, error) {
	return store.One(ctx, q, func(r *store.Row) int { return int(r.Int()) },
		`SELECT count(*) FROM outbox WHERE lane = $1 AND state = $2`, lane, state)
}

// reviveJob makes a job due, unless somebody is at it, and says which lane it stands in.
func reviveJob(ctx context.Context, tx *store.Tx, id, prefix string, now time.Time) (lane string, err error) {
	return store.One(ctx, tx, func(r *store.Row) string { return r.Text() },
		`UPDATE outbox SET state = 'waiting', next_at = $1 WHERE id = $2 AND substr(lane, 1, $3) = $4 AND leased_until <= $1
		RETURNING lane`, now, id, len(prefix), prefix)
}

func waitingLanes(ctx context.Context, q store.Querier) ([]string, error) {
	return store.All(ctx, q, func(r *store.Row) string { return r.Text() },
		`SELECT DISTINCT lane FROM outbox WHERE lane > '' AND state = 'waiting'`)
}

func buryLane(ctx context.Context, tx *store.Tx, lane string, now time.Time, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE outbox SET state = 'dead', next_at = $1, leased_until = 0, last_error = $2
		WHERE lane = $3 AND state = 'waiting'`, now, reason, lane)
	return err
}
