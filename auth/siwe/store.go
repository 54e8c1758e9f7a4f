package siwe

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/store"
)

// findOwner is whose an address is on any chain, and whether it is known on this one.
// "" when it is nobody's.
func findOwner(ctx context.Context, q store.Querier, address string, chainID int64) (userID string, here bool, err error) {
	type row struct {
		user  string
		chain int64
	}
	found, err := store.One(ctx, q, func(r *store.Row) row { return row{r.Text(), r.Int()} }, `SELECT user_id, chain_id FROM wallet_address
WHERE address = $1 ORDER BY CASE WHEN chain_id = $2 THEN 0 ELSE 1 END, created_at LIMIT 1`, address, chainID)
	if errors.Is(err, store.ErrNotFound) {
		return "", false, nil
	}
	return found.user, err == nil && found.chain == chainID, err
}

func insertWallet(ctx context.Context, tx *store.Tx, id, userID, address string, chainID int64, primary bool, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO wallet_address (id, user_id, address, chain_id, is_primary, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		id, userID, address, chainID, primary, now)
	return err
}

func deleteWallet(ctx context.Context, tx *store.Tx, userID, address string, chainID int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM wallet_address WHERE user_id = $1 AND address = $2 AND chain_id = $3`, userID, address, chainID)
	return err
}
