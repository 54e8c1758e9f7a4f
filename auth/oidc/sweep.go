package oidc

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// sweepBatch bounds how long a sweep holds the writer.
const sweepBatch = 200

// Sweep deletes what has expired, in small steps between which others write.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now(ctx)
	for _, remove := range []func(context.Context, *store.Tx, time.Time, int) (int64, error){
		deleteExpiredFlows, deleteExpiredJTIs, deleteDroppedPushed, deleteExpiredRegistrationTokens, deleteOldFailures, s.sweepClients,
	} {
		for n := int64(sweepBatch); n == sweepBatch; {
			err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
				n, err = remove(ctx, tx, now, sweepBatch)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	if err := s.sweepKeys(ctx); err != nil {
		return err
	}
	if err := s.sweepTable(ctx, now, expiredAccessTokens, deleteAccessToken); err != nil {
		return err
	}
	if err := s.sweepTable(ctx, now, expiredGrants, deleteGrant); err != nil {
		return err
	}
	return s.sweepClientSessions(ctx, now)
}

// sweepTable goes through a table in the order of its key. A reader finds what
// has expired, so that the writer only has to delete.
func (s *Service) sweepTable(ctx context.Context, now time.Time,
	find func(context.Context, store.Querier, string, time.Time, int) ([]string, error),
	remove func(context.Context, *store.Tx, string, time.Time) error,
) error {
	after := ""
	for {
		ids, err := find(ctx, s.core.DB, after, now, sweepBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
			for _, id := range ids {
				if err := remove(ctx, tx, id, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}
