package core

import (
	"context"
	"slices"

	"authd/auth/internal/store"
)

// WayIn is one thing by which a user can sign in as the server is configured.
type WayIn struct {
	Kind string // of AccountWayIn, or what a capability calls its own: "passkey", "mailbox", …
	ID   string // of its row, "" where the user itself is what it hangs on
}

// AccountWayIn is the kind of a password, or of an identity at a provider.
const AccountWayIn = "account"

// WaysInOf lists the ways in of a user, of all capabilities.
func (c *Core) WaysInOf(ctx context.Context, q store.Querier, u *User) ([]WayIn, error) {
	var all []WayIn
	for _, ways := range c.WaysIn {
		some, err := ways(ctx, q, u)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// KeepsWayIn tells whether a user can still sign in when one way is taken away:
// nobody is to lose the last one by a click.
func (c *Core) KeepsWayIn(ctx context.Context, q store.Querier, u *User, gone WayIn) (bool, error) {
	all, err := c.WaysInOf(ctx, q, u)
	return Without(all, gone), err
}

// Without tells whether ways has another than the one that is to go.
func Without(ways []WayIn, gone WayIn) bool {
	return slices.ContainsFunc(ways, func(way WayIn) bool { return way != gone })
}
