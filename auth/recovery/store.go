package recovery

import (
	"context"
	"errors"

	"authd/auth/internal/store"
)

func insertSession(ctx context.Context, tx *store.Tx, sessionID string) error {
	_, err := tx.Exec(ctx, `INSERT INTO recovery_session (session_id) VALUES ($1)`, sessionID)
	return err
}

// isRecovery tells whether a session began with a link.
func isRecovery(ctx context.Context, q store.Querier, sessionID string) (bool, error) {
	_, err := store.One(ctx, q, func(r *store.Row) string { return r.Text() }, `SELECT session_id FROM recovery_session WHERE session_id = $1`, sessionID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
