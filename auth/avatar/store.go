package avatar

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"authd/auth/internal/store"
)

func saveImage(ctx context.Context, tx *store.Tx, userID, hash, kind, data string, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO user_image (user_id, hash, type, data, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, type = excluded.type, data = excluded.data, created_at = excluded.created_at`,
		userID, hash, kind, data, now)
	return err
}

// moveImage gives a picture to a user who has none.
func moveImage(ctx context.Context, tx *store.Tx, from, to string) error {
	_, err := tx.Exec(ctx, `UPDATE user_image SET user_id = $1 WHERE user_id = $2 AND NOT EXISTS (SELECT 1 FROM user_image i WHERE i.user_id = $1)`, to, from)
	return err
}

func deleteImage(ctx context.Context, tx *store.Tx, userID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM user_image WHERE user_id = $1`, userID)
	return err
}

func findImage(ctx context.Context, q store.Querier, hash string) (*picture, error) {
	var text string
	p, err := store.One(ctx, q, func(r *store.Row) *picture {
		p := &picture{kind: r.Text()}
		text = r.Text()
		return p
	}, `SELECT type, data FROM user_image WHERE hash = $1`, hash)
	if err != nil {
		return nil, err
	}
	if p.data, err = base64.StdEncoding.DecodeString(text); err != nil {
		return nil, fmt.Errorf("read the picture %s: %w", hash, err)
	}
	return p, nil
}
