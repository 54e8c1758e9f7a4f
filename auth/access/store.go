package access

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

const columns = `id, email, role, inviter, note, created_at, expires_at`

func scan(r *store.Row) *Invitation {
	i := &Invitation{ID: r.Text()}
	if email := r.NullText(); email != nil {
		i.Email = *email
	}
	i.Role, i.Inviter, i.Note, i.CreatedAt, i.ExpiresAt = r.Text(), r.Text(), r.Text(), r.Time(), r.Time()
	return i
}

func insertInvitation(ctx context.Context, tx *store.Tx, i *Invitation, hash string) error {
	var email *string
	if i.Email != "" {
		email = &i.Email
	}
	_, err := tx.Exec(ctx, `INSERT INTO sign_up_invitation (id, token_hash, email, role, inviter, note, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, i.ID, hash, email, i.Role, i.Inviter, i.Note, i.CreatedAt, i.ExpiresAt)
	return err
}

func findInvitation(ctx context.Context, q store.Querier, hash string, now time.Time) (*Invitation, error) {
	return store.One(ctx, q, scan, `SELECT `+columns+` FROM sign_up_invitation WHERE token_hash = $1 AND expires_at > $2`, hash, now)
}

func findInvitationByID(ctx context.Context, q store.Querier, id string, now time.Time) (*Invitation, error) {
	return store.One(ctx, q, scan, `SELECT `+columns+` FROM sign_up_invitation WHERE id = $1 AND expires_at > $2`, id, now)
}

func listInvitations(ctx context.Context, q store.Querier, now time.Time) ([]*Invitation, error) {
	return store.All(ctx, q, scan, `SELECT `+columns+` FROM sign_up_invitation WHERE expires_at > $1 ORDER BY id`, now)
}

// useInvitation is the one conditional statement that makes an invitation good once.
func useInvitation(ctx context.Context, tx *store.Tx, hash, email string, now time.Time) (role string, err error) {
	return store.One(ctx, tx, func(r *store.Row) string { return r.Text() },
		`DELETE FROM sign_up_invitation WHERE token_hash = $1 AND expires_at > $2 AND (email IS NULL OR email = $3) RETURNING role`, hash, now, email)
}

func deleteInvitation(ctx context.Context, tx *store.Tx, id string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM sign_up_invitation WHERE id = $1`, id)
	return n > 0, err
}

func deleteExpired(ctx context.Context, tx *store.Tx, now time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM sign_up_invitation WHERE id IN (SELECT id FROM sign_up_invitation WHERE expires_at <= $1 LIMIT $2)`, now, limit)
}
