package core

import (
	"context"
	"time"

	"authd/auth/internal/store"
)

// CredentialProvider is the provider id of an account that is a password.
const CredentialProvider = "credential"

// Account is one way in of a user: a password, or an identity at a provider.
type Account struct {
	ID         string
	AccountID  string // the user's id at the provider; for a password the user's own id
	ProviderID string
	UserID     string
	Password   string // the hash; only of the provider "credential"
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// PasswordHash is a user's password hash, "" when they have none.
func (c *Core) PasswordHash(ctx context.Context, q store.Querier, userID string) (string, error) {
	return passwordHash(ctx, q, userID)
}

// SetPasswordHash gives a user a password, in place of an earlier one.
func (c *Core) SetPasswordHash(ctx context.Context, tx *store.Tx, userID, hash string) error {
	return upsertPassword(ctx, tx, &Account{
		ID: NewID(), AccountID: userID, ProviderID: CredentialProvider, UserID: userID,
		Password: hash, CreatedAt: c.Now(ctx), UpdatedAt: c.Now(ctx),
	})
}

// ReplacePasswordHash stores a stronger hash of the same password, unless the
// password was changed in between.
func (c *Core) ReplacePasswordHash(ctx context.Context, tx *store.Tx, userID, old, hash string) error {
	return replacePassword(ctx, tx, userID, old, hash, c.Now(ctx))
}
