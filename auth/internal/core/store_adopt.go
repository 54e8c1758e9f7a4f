package core

import (
	"context"

	"authd/auth/internal/store"
)

func adoptUser(ctx context.Context, tx *store.Tx, u *User) error {
	_, err := tx.Exec(ctx, `INSERT INTO "user" (id, name, email, email_verified, image, created_at, updated_at, role, banned, ban_reason, ban_expires, extra)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, COALESCE($12, '{}'))`,
		u.ID, u.Name, u.Email, u.EmailVerified, u.Image, u.CreatedAt, u.UpdatedAt, u.Role, u.Banned, u.BanReason, u.BanExpires, u.Extra.stored())
	return err
}

func adoptPassword(ctx context.Context, tx *store.Tx, a *Account) error {
	_, err := tx.Exec(ctx, `INSERT INTO account (id, account_id, provider_id, user_id, password, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)`, a.ID, a.AccountID, a.ProviderID, a.UserID, a.Password, a.CreatedAt, a.UpdatedAt)
	return err
}

func sessionExists(ctx context.Context, q store.Querier, id, tokenHash string) (bool, error) {
	ids, err := store.All(ctx, q, func(r *store.Row) string { return r.Text() }, `SELECT id FROM session WHERE id = $1 OR token_hash = $2`, id, tokenHash)
	return len(ids) > 0, err
}
