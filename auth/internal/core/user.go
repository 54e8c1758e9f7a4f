package core

import (
	"context"
	"strings"
	"time"
	"unicode"

	"authd/auth/internal/store"
)

// User is a person with an account.
type User struct {
	ID            string
	Name          string
	Email         string // lower case
	EmailVerified bool
	Image         *string
	CreatedAt     time.Time
	UpdatedAt     time.Time
	Role          string // comma-joined, "" is the contract's null
	Banned        bool
	BanReason     *string
	BanExpires    *time.Time
	Pending       bool // waits for an administrator to let them in
	Extra         Extra
}

// BannedAt tells whether the user is shut out at that time.
func (u *User) BannedAt(now time.Time) bool {
	return u.Banned && (u.BanExpires == nil || now.Before(*u.BanExpires))
}

// HasRole tells whether role is among the user's.
func (u *User) HasRole(role string) bool {
	for r := range strings.SplitSeq(u.Role, ",") {
		if r == role {
			return true
		}
	}
	return false
}

// NormalizeEmail is the form in which addresses are stored and compared. A letter
// beyond ASCII never becomes one of ASCII: U+212A, the Kelvin sign, would be "k" in
// small letters, and its owner would get the mail of somebody else.
func NormalizeEmail(email string) string {
	return strings.Map(func(r rune) rune {
		if small := unicode.ToLower(r); r <= unicode.MaxASCII || small > unicode.MaxASCII {
			return small
		}
		return r
	}, strings.TrimSpace(email))
}

// NewUser is what a user is made of.
type NewUser struct {
	Name, Email   string
	EmailVerified bool
	Image         *string
	Role          string // "" is "user"
	Pending       bool
	Fields        Values // of UserFields
}

// Synthetic is the user that would be made: also the answer to a sign-up with an
// address that is somebody's already.
func (c *Core) Synthetic(ctx context.Context, n NewUser) *User {
	now := c.Now(ctx)
	u := &User{
		ID: NewID(), Name: n.Name, Email: NormalizeEmail(n.Email), EmailVerified: n.EmailVerified, Image: n.Image,
		CreatedAt: now, UpdatedAt: now, Role: n.Role, Pending: n.Pending, Extra: c.UserFields.newExtra(n.Fields),
	}
	if u.Role == "" {
		u.Role = "user"
	}
	return u
}

// CreateUser makes a user inside tx. Errors: ErrEmailTaken, *FieldTaken.
func (c *Core) CreateUser(ctx context.Context, tx *store.Tx, n NewUser) (*User, error) {
	u := c.Synthetic(ctx, n)
	if err := insertUser(ctx, tx, u); err != nil {
		if store.IsUnique(err, "user.email") {
			return nil, ErrEmailTaken
		}
		return nil, err
	}
	if err := c.keepUnique(ctx, tx, u.ID, Extra{}, u.Extra); err != nil {
		return nil, err
	}
	return u, c.UserCreated.Emit(ctx, tx, u)
}

// DeleteUser removes a user and all that is theirs. It reports whether there was one.
func (c *Core) DeleteUser(ctx context.Context, tx *store.Tx, userID string) (bool, error) {
	if err := c.endAccess(ctx, tx, userID, "deleted"); err != nil {
		return false, err
	}
	if err := c.UserDeleted.Emit(ctx, tx, userID); err != nil {
		return false, err
	}
	return deleteUser(ctx, tx, userID)
}

// EndAccess ends all sessions of a user and tells who else gave out access:
// after a ban, a password reset, or an administrator's sign-out.
func (c *Core) EndAccess(ctx context.Context, tx *store.Tx, userID, reason string) error {
	return c.endAccess(ctx, tx, userID, reason)
}

func (c *Core) endAccess(ctx context.Context, tx *store.Tx, userID, reason string) error {
	ended, err := deleteSessionsOf(ctx, tx, userID, "")
	if err != nil {
		return err
	}
	return c.AccessEnded.Emit(ctx, tx, AccessEnded{UserID: userID, Reason: reason, Sessions: ended})
}
