package core

import (
	"context"
	"strings"
	"time"

	"authd/auth/internal/store"
)

const accountColumns = `id, account_id, provider_id, user_id, access_token, refresh_token, id_token, access_token_expires_at, refresh_token_expires_at, scope, created_at, updated_at`

func scanAccount(r *store.Row) *Account {
	a := &Account{ID: r.Text(), AccountID: r.Text(), ProviderID: r.Text(), UserID: r.Text()}
	a.sealed = sealedTokens{access: r.NullText(), refresh: r.NullText(), id: r.NullText()}
	a.AccessExpires, a.RefreshExpires = r.NullTime(), r.NullTime()
	if scope := r.NullText(); scope != nil {
		a.Scopes = splitScopes(*scope)
	}
	a.CreatedAt, a.UpdatedAt = r.Time(), r.Time()
	return a
}

// splitScopes reads the contract's form of a list of scopes.
func splitScopes(text string) []string {
	var list []string
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			list = append(list, one)
		}
	}
	return list
}

// scopeText is nil where nobody said which scopes were granted.
func scopeText(scopes []string) *string {
	if len(scopes) == 0 {
		return nil
	}
	text := strings.Join(scopes, ",")
	return &text
}

func listAccounts(ctx context.Context, q store.Querier, userID string) ([]*Account, error) {
	return store.All(ctx, q, scanAccount, `SELECT `+accountColumns+` FROM account WHERE user_id = $1 ORDER BY id`, userID)
}

func findAccount(ctx context.Context, q store.Querier, userID, id string) (*Account, error) {
	return store.One(ctx, q, scanAccount, `SELECT `+accountColumns+` FROM account WHERE id = $1 AND user_id = $2`, id, userID)
}

func findIdentity(ctx context.Context, q store.Querier, providerID, accountID string) (*Account, error) {
	return store.One(ctx, q, scanAccount, `SELECT `+accountColumns+` FROM account WHERE provider_id = $1 AND account_id = $2`, providerID, accountID)
}

func insertAccount(ctx context.Context, tx *store.Tx, a *Account) error {
	_, err := tx.Exec(ctx, `INSERT INTO account (id, account_id, provider_id, user_id, access_token, refresh_token, id_token,
access_token_expires_at, refresh_token_expires_at, scope, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		a.ID, a.AccountID, a.ProviderID, a.UserID, a.sealed.access, a.sealed.refresh, a.sealed.id,
		a.AccessExpires, a.RefreshExpires, scopeText(a.Scopes), a.CreatedAt, a.UpdatedAt)
	return err
}

func updateAccount(ctx context.Context, tx *store.Tx, a *Account) error {
	n, err := tx.Exec(ctx, `UPDATE account SET access_token = $1, refresh_token = $2, id_token = $3,
access_token_expires_at = $4, refresh_token_expires_at = $5, scope = $6, updated_at = $7 WHERE id = $8`,
		a.sealed.access, a.sealed.refresh, a.sealed.id, a.AccessExpires, a.RefreshExpires, scopeText(a.Scopes), a.UpdatedAt, a.ID)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// rotateAccount writes tokens only where the row still has the refresh token they
// were got with: who comes second must not put an older one back.
func rotateAccount(ctx context.Context, tx *store.Tx, a *Account, used string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE account SET access_token = $1, refresh_token = $2, id_token = $3,
access_token_expires_at = $4, refresh_token_expires_at = $5, updated_at = $6 WHERE id = $7 AND refresh_token = $8`,
		a.sealed.access, a.sealed.refresh, a.sealed.id, a.AccessExpires, a.RefreshExpires, a.UpdatedAt, a.ID, used)
	return n > 0, err
}

func listWithTokens(ctx context.Context, q store.Querier, after string, limit int) ([]*Account, error) {
	return store.All(ctx, q, scanAccount, `SELECT `+accountColumns+` FROM account
WHERE id > $1 AND (access_token IS NOT NULL OR refresh_token IS NOT NULL OR id_token IS NOT NULL) ORDER BY id LIMIT $2`, after, limit)
}

// replaceTokens writes each token only where the row still has the one before: a
// provider may have given another in between.
func replaceTokens(ctx context.Context, tx *store.Tx, before, next *Account) error {
	_, err := tx.Exec(ctx, `UPDATE account SET access_token = CASE WHEN access_token = $1 THEN $2 ELSE access_token END,
refresh_token = CASE WHEN refresh_token = $3 THEN $4 ELSE refresh_token END, id_token = CASE WHEN id_token = $5 THEN $6 ELSE id_token END WHERE id = $7`,
		before.sealed.access, next.sealed.access, before.sealed.refresh, next.sealed.refresh, before.sealed.id, next.sealed.id, before.ID)
	return err
}

func deleteAccount(ctx context.Context, tx *store.Tx, userID, id string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM account WHERE id = $1 AND user_id = $2`, id, userID)
	return n > 0, err
}

func deleteAccountsOf(ctx context.Context, tx *store.Tx, userID string) ([]*Account, error) {
	return store.All(ctx, tx, scanAccount, `DELETE FROM account WHERE user_id = $1 RETURNING `+accountColumns, userID)
}

func passwordHash(ctx context.Context, q store.Querier, userID string) (string, error) {
	hashes, err := store.All(ctx, q, func(r *store.Row) *string { return r.NullText() },
		`SELECT password FROM account WHERE provider_id = 'credential' AND account_id = $1 AND user_id = $1`, userID)
	if err != nil || len(hashes) == 0 || hashes[0] == nil {
		return "", err
	}
	return *hashes[0], nil
}

// readSomePassword reads what passwordHash would, of any user.
func readSomePassword(ctx context.Context, q store.Querier) error {
	_, err := store.All(ctx, q, func(r *store.Row) *string { return r.NullText() },
		`SELECT password FROM account WHERE provider_id = 'credential' AND account_id >= '' ORDER BY account_id LIMIT 1`)
	return err
}

// upsertPassword gives the id of the row: an older one when there was a password.
func upsertPassword(ctx context.Context, tx *store.Tx, a *Account) (id string, err error) {
	return store.One(ctx, tx, func(r *store.Row) string { return r.Text() }, `INSERT INTO account (id, account_id, provider_id, user_id, password, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (provider_id, account_id) DO UPDATE SET password = excluded.password, updated_at = excluded.updated_at
RETURNING id`, a.ID, a.AccountID, a.ProviderID, a.UserID, a.Password, a.CreatedAt, a.UpdatedAt)
}

func replacePassword(ctx context.Context, tx *store.Tx, userID, old, hash string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE account SET password = $1, updated_at = $2
WHERE provider_id = 'credential' AND account_id = $3 AND password = $4`, hash, now, userID, old)
	return err
}
