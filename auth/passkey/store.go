package passkey

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

const columns = `id, name, public_key, user_id, credential_id, counter, device_type, backed_up, transports, created_at, aaguid, user_handle, user_verified, last_used_at, copied_at, needs_name`

func scan(r *store.Row) *Passkey {
	return &Passkey{
		ID: r.Text(), Name: text(r), PublicKey: r.Text(), UserID: r.Text(), CredentialID: r.Text(), Counter: r.Int(),
		DeviceType: r.Text(), BackedUp: r.Bool(), Transports: text(r), CreatedAt: r.NullTime(), AAGUID: text(r),
		UserHandle: text(r), UserVerified: r.Bool(), LastUsedAt: r.NullTime(), CopiedAt: r.NullTime(), NeedsName: r.Bool(),
	}
}

func text(r *store.Row) string {
	if t := r.NullText(); t != nil {
		return *t
	}
	return ""
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func anyPasskey(ctx context.Context, q store.Querier) (bool, error) {
	ids, err := store.All(ctx, q, func(r *store.Row) string { return r.Text() }, `SELECT id FROM passkey LIMIT 1`)
	return len(ids) > 0, err
}

func insertPasskey(ctx context.Context, tx *store.Tx, p *Passkey) error {
	_, err := tx.Exec(ctx, `INSERT INTO passkey (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		p.ID, null(p.Name), p.PublicKey, p.UserID, p.CredentialID, p.Counter, p.DeviceType, p.BackedUp, null(p.Transports), p.CreatedAt,
		null(p.AAGUID), null(p.UserHandle), p.UserVerified, p.LastUsedAt, p.CopiedAt, p.NeedsName)
	return err
}

// findPasskey reads one by its row. Errors: store.ErrNotFound.
func findPasskey(ctx context.Context, q store.Querier, id string) (*Passkey, error) {
	return store.One(ctx, q, scan, `SELECT `+columns+` FROM passkey WHERE id = $1`, id)
}

// findCredential reads one by what authenticators call it. Errors: store.ErrNotFound.
func findCredential(ctx context.Context, q store.Querier, credentialID string) (*Passkey, error) {
	return store.One(ctx, q, scan, `SELECT `+columns+` FROM passkey WHERE credential_id = $1`, credentialID)
}

func listPasskeys(ctx context.Context, q store.Querier, userID string) ([]*Passkey, error) {
	return store.All(ctx, q, scan, `SELECT `+columns+` FROM passkey WHERE user_id = $1 ORDER BY created_at, id`, userID)
}

// usePasskey writes down a sign-in. It reports false when the passkey is gone, or
// another sign-in has brought its counter as far: authenticators that count nothing say 0.
// named tells that the key was asked for by its id.
func usePasskey(ctx context.Context, tx *store.Tx, p *Passkey, a *assertion, named bool, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE passkey SET counter = $1, backed_up = $2, user_handle = COALESCE(user_handle, $3), last_used_at = $4, needs_name = $5
WHERE id = $6 AND (counter < $1 OR counter = 0 AND $1 = 0)`, a.counter, a.backedUp, null(a.handle), now, p.NeedsName && named, p.ID)
	return n > 0, err
}

// markCopied keeps the first time at which the counter went back.
func markCopied(ctx context.Context, tx *store.Tx, id string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE passkey SET copied_at = COALESCE(copied_at, $1) WHERE id = $2`, now, id)
	return err
}

func renamePasskey(ctx context.Context, tx *store.Tx, id, userID, name string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE passkey SET name = $1 WHERE id = $2 AND user_id = $3`, name, id, userID)
	return n > 0, err
}

func deletePasskey(ctx context.Context, tx *store.Tx, id, userID string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM passkey WHERE id = $1 AND user_id = $2`, id, userID)
	return n > 0, err
}

func deletePasskeysOf(ctx context.Context, tx *store.Tx, userID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM passkey WHERE user_id = $1`, userID)
	return err
}
