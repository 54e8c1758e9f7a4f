package core

import (
	"context"
	"errors"
	"slices"

	"authd/auth/internal/store"
)

// UserLinked is the event that an anonymous user became somebody: another user, or
// the same one with a way in of their own. What apps keep under the first id belongs
// to the second from then on.
type UserLinked struct {
	Anonymous *User // as they were
	User      *User
	Method    string // how they came in
	Kept      bool   // the anonymous user is not deleted
}

// Former is the session that came with the request of a sign-in, while it runs: whoever
// the browser was before. nil when there was none.
func (c *Core) Former(ctx context.Context, q store.Querier, s *SignIn) (*Auth, error) {
	if s.Request == nil {
		return nil, nil
	}
	token, _ := c.token(s.Request)
	if token == "" {
		return nil, nil
	}
	a, err := c.findSession(ctx, q, HashToken(token))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if now := c.Now(ctx); !a.Session.ExpiresAt.After(now) || a.User.BannedAt(now) {
		return nil, nil
	}
	return a, nil
}

type successorKey struct{}

// DeleteLinked removes a user who lives on as another, whom [Successor] then names
// to who hears of it.
func (c *Core) DeleteLinked(ctx context.Context, tx *store.Tx, userID, successor string) error {
	_, err := c.DeleteUser(context.WithValue(ctx, successorKey{}, successor), tx, userID)
	return err
}

// Successor is, while UserDeleted is heard, the user who has what was the deleted
// one's; "" when it is nobody's any more.
func Successor(ctx context.Context) string {
	id, _ := ctx.Value(successorKey{}).(string)
	return id
}

// ReservePlaceholders names addresses that stand in for one, of users who have none:
// no mail goes there, nobody is asked to prove them, and nobody signs up with one.
func (c *Core) ReservePlaceholders(made func(email string) bool) {
	c.placeholders = append(c.placeholders, made)
}

// IsPlaceholder tells whether an address leads nowhere and only fills the place.
func (c *Core) IsPlaceholder(email string) bool {
	return slices.ContainsFunc(c.placeholders, func(made func(string) bool) bool { return made(email) })
}
