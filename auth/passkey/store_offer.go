package passkey

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// offerDue tells whether noteOffer may find something to do, without writing.
func offerDue(ctx context.Context, q store.Querier, userID string, has int, now time.Time, inFlow bool) (bool, error) {
	standing, err := store.One(ctx, q, (*store.Row).Int,
		`SELECT COUNT(*) FROM passkey_offer WHERE user_id = $1 AND has = $2 AND (next_at > $3 OR $4 AND in_flow)`, userID, has, now, inFlow)
	return standing == 0, err
}

// noteOffer puts the next one off, unless somebody else has.
func noteOffer(ctx context.Context, tx *store.Tx, userID string, has int, now, next time.Time, inFlow bool) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO passkey_offer (user_id, has, next_at, in_flow) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, has) DO UPDATE SET next_at = excluded.next_at, in_flow = passkey_offer.in_flow OR excluded.in_flow
WHERE passkey_offer.next_at <= $5 AND NOT (excluded.in_flow AND passkey_offer.in_flow)`, userID, has, next, inFlow, now)
	return n > 0, err
}

func endOffers(ctx context.Context, tx *store.Tx, userID string, has int, next time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO passkey_offer (user_id, has, next_at, in_flow) VALUES ($1, $2, $3, FALSE)
ON CONFLICT (user_id, has) DO UPDATE SET next_at = excluded.next_at`, userID, has, next)
	return err
}
