package core

import (
	"context"
	"errors"

	"authd/auth/internal/store"
)

// ErrAdopted tells that a row of another server's is here already.
var ErrAdopted = errors.New("a row with this id is here already")

// What came from another server is adopted: ids and times stay as they were, for
// other databases may name them. No mail is sent and nobody is told of a new user.

// AdoptUser makes a user as it is, id and times included; values are of UserFields. Errors: ErrEmailTaken,
// *FieldTaken, ErrAdopted when the id is taken.
func (c *Core) AdoptUser(ctx context.Context, tx *store.Tx, u *User, values Values) error {
	u.Extra = Extra{fields: c.UserFields}.With(values)
	if err := adoptUser(ctx, tx, u); err != nil {
		switch {
		case store.IsUnique(err, "user.email"):
			return ErrEmailTaken
		case store.IsUnique(err, "user.id"):
			return ErrAdopted
		}
		return err
	}
	if err := c.keepUnique(ctx, tx, u.ID, Extra{}, u.Extra); err != nil {
		return err
	}
	if u.Role == "" {
		return nil
	}
	return c.RoleChanged.Emit(ctx, tx, u)
}

// AdoptPassword gives a user that was adopted the hash of their password.
// Errors: ErrAdopted when there is one.
func (c *Core) AdoptPassword(ctx context.Context, tx *store.Tx, a *Account) error {
	a.ProviderID, a.AccountID = CredentialProvider, a.UserID
	return adopted(adoptPassword(ctx, tx, a), "account.id", "account.account_id")
}

// AdoptIdentity gives a user that was adopted their identity at a provider, its
// tokens sealed anew. Errors: ErrAdopted when it is somebody's.
func (c *Core) AdoptIdentity(ctx context.Context, tx *store.Tx, a *Account, t *Tokens) error {
	a.Scopes = t.Scopes
	if err := c.takeTokens(a, t); err != nil {
		return err
	}
	return adopted(insertAccount(ctx, tx, a), "account.id", "account.account_id")
}

// AdoptSession keeps a session whose token its holder has. Errors: ErrAdopted
// when the session is there.
func (c *Core) AdoptSession(ctx context.Context, tx *store.Tx, s *Session) error {
	return adopted(insertSession(ctx, tx, s), "session.id", "session.token_hash")
}

// SessionExists tells whether a session has this id or this token.
func (c *Core) SessionExists(ctx context.Context, q store.Querier, id, token string) (bool, error) {
	return sessionExists(ctx, q, id, HashToken(token))
}

func adopted(err error, columns ...string) error {
	for _, column := range columns {
		if store.IsUnique(err, column) {
			return ErrAdopted
		}
	}
	return err
}
