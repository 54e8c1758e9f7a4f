package oidc

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/store"
)

// sweepBatch bounds how long a sweep holds the writer.
const sweepBatch = 200

// Sweep deletes what has expired, in small steps between which others write.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now(ctx)
	for _, remove := range []func(context.Context, *store.Tx, time.Time, int) (int64, error){
		deleteExpiredFlows, deleteExpiredJTIs, deleteDroppedPushed, deleteExpiredRegistrationTokens, deleteOldFailures,
	} {
		if err := s.deleteAll(ctx, func(tx *store.Tx) (int64, error) { return remove(ctx, tx, now, sweepBatch) }); err != nil {
			return err
		}
	}
	if err := s.sweepKeys(ctx); err != nil {
		return err
	}
	if err := s.sweepTable(ctx, now, accessTokensAfter, deleteAccessToken); err != nil {
		return err
	}
	if err := s.sweepTable(ctx, now, grantsAfter, deleteGrant); err != nil {
		return err
	}
	if err := s.sweepClientSessions(ctx, now); err != nil {
		return err
	}
	return s.sweepClients(ctx, now)
}

// A sweep takes turns with everybody else: it rests as long as it worked, and where it
// only looked so long that going through millions of rows takes a twentieth of a core.
const (
	restAfterWork = 1
	restAfterLook = 19
)

// rest waits some times as long as the work since began. Errors: that ctx ended.
func rest(ctx context.Context, began time.Time, times int) error {
	pause := time.NewTimer(time.Duration(times) * time.Since(began))
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-pause.C:
		return nil
	}
}

// deleteAll has rows deleted, at most sweepBatch in each transaction, until fewer are left.
func (s *Service) deleteAll(ctx context.Context, some func(tx *store.Tx) (int64, error)) error {
	for {
		began := time.Now()
		var n int64
		err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = some(tx)
			return err
		})
		if err != nil || n < sweepBatch {
			return err
		}
		if err := rest(ctx, began, restAfterWork); err != nil {
			return err
		}
	}
}

// expiring is a row of a table that the sweep goes through.
type expiring struct {
	id  string
	end time.Time
}

// sweepTable deletes what has expired of a table.
func (s *Service) sweepTable(ctx context.Context, now time.Time,
	look func(ctx context.Context, q store.Querier, after string, limit int) ([]expiring, error),
	remove func(context.Context, *store.Tx, string, time.Time) error,
) error {
	return walk(ctx, func(after string) (n int, last string, worked bool, err error) {
		rows, err := look(ctx, s.core.DB, after, sweepBatch)
		if err != nil || len(rows) == 0 {
			return 0, "", false, err
		}
		expired := expiredOf(rows, now)
		if len(expired) > 0 {
			err = s.removeEach(ctx, expired, now, remove)
		}
		return len(rows), rows[len(rows)-1].id, len(expired) > 0, err
	})
}

// walk goes through a table in the order of its key, a few rows at a time, so that
// nobody looks at an old state of the file for long: that would keep its log from
// being written back. step looks at the sweepBatch rows behind a key, so that the
// writer only has to delete; it tells how many there were, the last of them, and
// whether it deleted any.
func walk(ctx context.Context, step func(after string) (n int, last string, worked bool, err error)) error {
	after := ""
	for {
		began, times := time.Now(), restAfterLook
		n, last, worked, err := step(after)
		if err != nil || n < sweepBatch {
			return err
		}
		if worked {
			times = restAfterWork
		}
		after = last
		if err := rest(ctx, began, times); err != nil {
			return err
		}
	}
}

func expiredOf(rows []expiring, now time.Time) []string {
	var ids []string
	for _, row := range rows {
		if !row.end.After(now) {
			ids = append(ids, row.id)
		}
	}
	return ids
}

func (s *Service) removeEach(ctx context.Context, ids []string, now time.Time, remove func(context.Context, *store.Tx, string, time.Time) error) error {
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			if err := remove(ctx, tx, id, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// sweepClients deletes unverified clients that nobody uses.
func (s *Service) sweepClients(ctx context.Context, now time.Time) error {
	made, used := now.Add(-unusedGrace), now.Add(-s.cfg.ClientRegistrationUnusedExpiresIn)
	after := ""
	for {
		ids, err := unusedUnverified(ctx, s.core.DB, after, made, used, sweepBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			err := s.eraseClient(ctx, id, func(tx *store.Tx) error { return stillUnused(ctx, tx, id, made, used) })
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		after = ids[len(ids)-1]
	}
}

// eraseClient deletes a client and all that hangs on it, which may be very many
// rows: no more than sweepBatch of them in one transaction. may is asked in each of
// them whether the client is still to go; its error ends the deletion.
func (s *Service) eraseClient(ctx context.Context, clientID string, may func(tx *store.Tx) error) error {
	for _, remove := range []func(context.Context, *store.Tx, string, int) (int64, error){
		deleteGrantsOf, deleteConsentsOf, deleteClientSessionsOf,
	} {
		err := s.deleteAll(ctx, func(tx *store.Tx) (int64, error) {
			if err := may(tx); err != nil {
				return 0, err
			}
			return remove(ctx, tx, clientID, sweepBatch)
		})
		if err != nil {
			return err
		}
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		return deleteClient(ctx, tx, clientID)
	})
}
