package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	Password   string // the hash; only of the provider "credential", and never read back here
	CreatedAt  time.Time
	UpdatedAt  time.Time

	// What the provider gave: when its tokens end, where it said so, and the scopes granted.
	AccessExpires, RefreshExpires *time.Time
	Scopes                        []string
	sealed                        sealedTokens
}

// sealedTokens are a provider's tokens as they lie in the row; nil where there is none.
type sealedTokens struct{ access, refresh, id *string }

// HasRefreshToken tells whether new tokens can be had without the person.
func (a *Account) HasRefreshToken() bool { return a.sealed.refresh != nil }

// Tokens are what a provider gave for an identity, in clear: only ever in memory.
type Tokens struct {
	AccessToken, RefreshToken, IDToken string
	AccessExpires, RefreshExpires      time.Time // zero where the provider did not say
	Scopes                             []string
}

// Any tells whether there is a token.
func (t *Tokens) Any() bool { return t.AccessToken != "" || t.RefreshToken != "" || t.IDToken != "" }

// Identity is somebody as a provider knows them, after it has answered for them.
type Identity struct {
	ProviderID, AccountID string
	Email                 string // "" where the provider tells none
	EmailVerified         bool   // the provider says that the mailbox is theirs
	Name                  string
	Image                 *string
	Tokens                Tokens
}

// ErrIdentityTaken tells that an identity belongs to somebody already.
var ErrIdentityTaken = errors.New("the identity at the provider is linked to a user already")

// Accounts lists a user's ways in, oldest first.
func (c *Core) Accounts(ctx context.Context, q store.Querier, userID string) ([]*Account, error) {
	return listAccounts(ctx, q, userID)
}

// Account reads one of a user's ways in. Errors: store.ErrNotFound.
func (c *Core) Account(ctx context.Context, q store.Querier, userID, id string) (*Account, error) {
	return findAccount(ctx, q, userID, id)
}

// AccountOf finds the account of an identity. Errors: store.ErrNotFound.
func (c *Core) AccountOf(ctx context.Context, q store.Querier, providerID, accountID string) (*Account, error) {
	return findIdentity(ctx, q, providerID, accountID)
}

// LinkAccount gives a user an identity as a way in. It asks nothing: the rules
// are account.Link's. Errors: ErrIdentityTaken.
func (c *Core) LinkAccount(ctx context.Context, tx *store.Tx, userID string, id *Identity) (*Account, error) {
	now := c.Now(ctx)
	a := &Account{ID: NewID(), AccountID: id.AccountID, ProviderID: id.ProviderID, UserID: userID, CreatedAt: now, UpdatedAt: now, Scopes: id.Tokens.Scopes}
	if err := c.takeTokens(a, &id.Tokens); err != nil {
		return nil, err
	}
	if err := insertAccount(ctx, tx, a); err != nil {
		if store.IsUnique(err, "account.account_id") {
			return nil, ErrIdentityTaken
		}
		return nil, err
	}
	return a, c.AccountLinked.Emit(ctx, tx, a)
}

// UpdateAccount keeps newer tokens of an account. Scopes that were granted stay
// granted; moreScopes adds those that came with the tokens.
func (c *Core) UpdateAccount(ctx context.Context, tx *store.Tx, a *Account, t *Tokens, moreScopes bool) error {
	if err := c.takeTokens(a, t); err != nil {
		return err
	}
	if moreScopes {
		for _, scope := range t.Scopes {
			if !slices.Contains(a.Scopes, scope) {
				a.Scopes = append(a.Scopes, scope)
			}
		}
	}
	a.UpdatedAt = c.Now(ctx)
	return updateAccount(ctx, tx, a)
}

// RotateAccount keeps tokens that the refresh token of a was spent for, and
// returns the account as it is then; nil, and nothing is written, when another
// process was first.
func (c *Core) RotateAccount(ctx context.Context, tx *store.Tx, a *Account, t *Tokens) (*Account, error) {
	if a.sealed.refresh == nil {
		return nil, nil
	}
	next := *a // a stays as it was read, for this may run twice
	if err := c.takeTokens(&next, t); err != nil {
		return nil, err
	}
	next.UpdatedAt = c.Now(ctx)
	kept, err := rotateAccount(ctx, tx, &next, *a.sealed.refresh)
	if err != nil || !kept {
		return nil, err
	}
	return &next, nil
}

// SameRefreshToken tells whether two readings of a row have the same refresh token.
func (a *Account) SameRefreshToken(b *Account) bool {
	if a.sealed.refresh == nil || b.sealed.refresh == nil {
		return a.sealed.refresh == b.sealed.refresh
	}
	return *a.sealed.refresh == *b.sealed.refresh
}

// UnlinkAccount takes a way in away. It reports whether there was one.
func (c *Core) UnlinkAccount(ctx context.Context, tx *store.Tx, a *Account) (bool, error) {
	gone, err := deleteAccount(ctx, tx, a.UserID, a.ID)
	if err != nil || !gone {
		return false, err
	}
	return true, c.AccountUnlinked.Emit(ctx, tx, a)
}

// ClaimMailbox is for the moment in which a mailbox is proven by something else
// than the account that bears its address: an attacker may have registered the
// address before its owner came. Every way in, session, grant and pending link of
// who was there first ends; the user is the owner's from now on.
func (c *Core) ClaimMailbox(ctx context.Context, tx *store.Tx, u *User) error {
	gone, err := deleteAccountsOf(ctx, tx, u.ID)
	if err != nil {
		return err
	}
	for _, a := range gone {
		if err := c.AccountUnlinked.Emit(ctx, tx, a); err != nil {
			return err
		}
	}
	if err := c.DropPending(ctx, tx, u); err != nil {
		return err
	}
	if err := c.EndAccess(ctx, tx, u.ID, "claimed"); err != nil {
		return err
	}
	if err := c.MailboxClaimed.Emit(ctx, tx, u); err != nil {
		return err
	}
	u.EmailVerified = true
	return c.SaveUser(ctx, tx, u)
}

// DropPending deletes every one-time value that is about a user: links in mails
// to an address that is no longer theirs.
func (c *Core) DropPending(ctx context.Context, tx *store.Tx, u *User) error {
	return deleteVerificationsOf(ctx, tx, u.ID, u.Email)
}

// AccountTokens opens the tokens of an account.
func (c *Core) AccountTokens(a *Account) (*Tokens, error) {
	t := &Tokens{Scopes: a.Scopes}
	if a.AccessExpires != nil {
		t.AccessExpires = *a.AccessExpires
	}
	if a.RefreshExpires != nil {
		t.RefreshExpires = *a.RefreshExpires
	}
	for _, one := range []struct {
		name   string
		sealed *string
		clear  *string
	}{
		{"access", a.sealed.access, &t.AccessToken},
		{"refresh", a.sealed.refresh, &t.RefreshToken},
		{"id", a.sealed.id, &t.IDToken},
	} {
		if one.sealed == nil {
			continue
		}
		text, err := c.tokens.Open(tokenIdentity(a.ID, one.name), *one.sealed)
		if err != nil {
			return nil, fmt.Errorf("open the %s token of account %s: %w", one.name, a.ID, err)
		}
		*one.clear = string(text)
	}
	return t, nil
}

// tokenIdentity is the associated data of a sealed token: one moved to another
// row or column does not open.
func tokenIdentity(accountID, name string) string { return "account " + accountID + " " + name }

// takeTokens seals what t has into a, and leaves what t has not: providers give a
// refresh token only sometimes. A new token brings its own end, known or not.
func (c *Core) takeTokens(a *Account, t *Tokens) error {
	seal := func(name, clear string, to **string) error {
		sealed, err := c.tokens.Seal(tokenIdentity(a.ID, name), []byte(clear))
		*to = &sealed
		return err
	}
	if t.AccessToken != "" {
		if err := seal("access", t.AccessToken, &a.sealed.access); err != nil {
			return err
		}
		a.AccessExpires = timeOrNil(t.AccessExpires)
	}
	if t.RefreshToken != "" {
		if err := seal("refresh", t.RefreshToken, &a.sealed.refresh); err != nil {
			return err
		}
		a.RefreshExpires = timeOrNil(t.RefreshExpires)
	}
	if t.IDToken != "" {
		return seal("id", t.IDToken, &a.sealed.id)
	}
	return nil
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = millis(t)
	return &t
}

// PasswordHash is a user's password hash, "" when they have none. For nobody, whose id is
// "", one is read all the same: the time must not tell.
func (c *Core) PasswordHash(ctx context.Context, q store.Querier, userID string) (string, error) {
	if userID == "" {
		return "", readSomePassword(ctx, q)
	}
	return passwordHash(ctx, q, userID)
}

// SetPasswordHash gives a user a password, in place of an earlier one.
func (c *Core) SetPasswordHash(ctx context.Context, tx *store.Tx, userID, hash string) error {
	a := &Account{
		ID: NewID(), AccountID: userID, ProviderID: CredentialProvider, UserID: userID,
		Password: hash, CreatedAt: c.Now(ctx), UpdatedAt: c.Now(ctx),
	}
	kept, err := upsertPassword(ctx, tx, a)
	if err != nil {
		return err
	}
	return c.PasswordSet.Emit(ctx, tx, PasswordSet{Account: a, First: kept == a.ID})
}

// ReplacePasswordHash stores a stronger hash of the same password, unless the
// password was changed in between.
func (c *Core) ReplacePasswordHash(ctx context.Context, tx *store.Tx, userID, old, hash string) error {
	return replacePassword(ctx, tx, userID, old, hash, c.Now(ctx))
}
