package operator

import (
	"context"

	"authd/auth/internal/store"
)

const columns = `id, name, created_at`

func scan(r *store.Row) *Token { return &Token{ID: r.Text(), Name: r.Text(), CreatedAt: r.Time()} }

func insertToken(ctx context.Context, tx *store.Tx, t *Token, hash string) error {
	_, err := tx.Exec(ctx, `INSERT INTO operator_token (id, name, token_hash, created_at) VALUES ($1, $2, $3, $4)`, t.ID, t.Name, hash, t.CreatedAt)
	return err
}

func listTokens(ctx context.Context, q store.Querier) ([]*Token, error) {
	return store.All(ctx, q, scan, `SELECT `+columns+` FROM operator_token ORDER BY id`)
}

func findToken(ctx context.Context, q store.Querier, hash string) (*Token, error) {
	return store.One(ctx, q, scan, `SELECT `+columns+` FROM operator_token WHERE token_hash = $1`, hash)
}

func deleteToken(ctx context.Context, tx *store.Tx, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM operator_token WHERE id = $1`, id)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}
