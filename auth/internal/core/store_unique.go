package core

import (
	"context"

	"authd/auth/internal/store"
)

// findUserNearField is findUserNear for a unique field.
func findUserNearField(ctx context.Context, q store.Querier, field, value string) (*User, error) {
	return store.One(ctx, q, scanUserExtra, `SELECT `+userExtra+` FROM "user" u WHERE u.id = coalesce(
  (SELECT user_id FROM user_unique WHERE field = $1 AND value >= $2 ORDER BY value LIMIT 1),
  (SELECT user_id FROM user_unique WHERE field = $1 AND value < $2 ORDER BY value DESC LIMIT 1))`, field, value)
}

func upsertUnique(ctx context.Context, tx *store.Tx, userID, field, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO user_unique (field, value, user_id) VALUES ($1, $2, $3)
ON CONFLICT (user_id, field) DO UPDATE SET value = excluded.value`, field, value, userID)
	return err
}

func deleteUnique(ctx context.Context, tx *store.Tx, userID, field string) error {
	_, err := tx.Exec(ctx, `DELETE FROM user_unique WHERE user_id = $1 AND field = $2`, userID, field)
	return err
}

func deleteUniqueField(ctx context.Context, tx *store.Tx, field string) error {
	_, err := tx.Exec(ctx, `DELETE FROM user_unique WHERE field = $1`, field)
	return err
}
