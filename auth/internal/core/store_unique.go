package core

import (
	"context"
	"errors"

	"authd/auth/internal/store"
)

func findUserByField(ctx context.Context, q store.Querier, field, value string) (*User, error) {
	return store.One(ctx, q, scanUserExtra, `SELECT `+userExtra+` FROM user_unique f JOIN "user" u ON u.id = f.user_id
WHERE f.field = $1 AND f.value = $2`, field, value)
}

// readSomeUser reads one user, any of them, where there are some.
func readSomeUser(ctx context.Context, q store.Querier) error {
	_, err := store.One(ctx, q, scanUserExtra, `SELECT `+userExtra+` FROM "user" u LIMIT 1`)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
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
