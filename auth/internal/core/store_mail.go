package core

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// countMail counts one more mail to a subject in the hour that began with the first.
func countMail(ctx context.Context, tx *store.Tx, subject string, now, ends time.Time) (int64, error) {
	return store.One(ctx, tx, func(r *store.Row) int64 { return r.Int() }, `INSERT INTO mail_count (subject, mails, ends_at) VALUES ($1, 1, $2)
ON CONFLICT (subject) DO UPDATE SET mails = CASE WHEN mail_count.ends_at <= $3 THEN 1 ELSE mail_count.mails + 1 END,
ends_at = CASE WHEN mail_count.ends_at <= $3 THEN excluded.ends_at ELSE mail_count.ends_at END RETURNING mails`, subject, ends, now)
}

func deleteMailCounts(ctx context.Context, tx *store.Tx, now time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM mail_count WHERE subject IN (SELECT subject FROM mail_count WHERE ends_at <= $1 LIMIT $2)`, now, limit)
}
