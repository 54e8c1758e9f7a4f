package core

import (
	"context"

	"authd/auth/internal/store"
)

// ResealTokens seals the tokens of accounts elsewhere under the secret now in
// force, for authd secret rotate. It reports how many were sealed anew.
func (c *Core) ResealTokens(ctx context.Context) (n int, err error) {
	if len(c.Config.Secrets) < 2 {
		return 0, nil // there is none that was in force before
	}
	const batch = 200 // so that sign-ins wait for no more than that
	for after := ""; ; {
		accounts, err := listWithTokens(ctx, c.DB, after, batch)
		if err != nil || len(accounts) == 0 {
			return n, err
		}
		anew := 0
		var write []*Account
		for _, a := range accounts {
			before := *a
			some, err := c.resealAccount(a)
			if err != nil {
				return n, err
			}
			if anew += some; some > 0 {
				write = append(write, &before, a)
			}
		}
		err = c.DB.Write(ctx, func(tx *store.Tx) error {
			for i := 0; i < len(write); i += 2 {
				if err := replaceTokens(ctx, tx, write[i], write[i+1]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		n, after = n+anew, accounts[len(accounts)-1].ID
	}
}

// resealAccount leaves what no secret opens: it came from one that is no longer there.
func (c *Core) resealAccount(a *Account) (n int, err error) {
	for name, at := range map[string]**string{"access": &a.sealed.access, "refresh": &a.sealed.refresh, "id": &a.sealed.id} {
		identity := tokenIdentity(a.ID, name)
		if *at == nil || c.tokens.Current(identity, **at) {
			continue
		}
		clear, err := c.tokens.Open(identity, **at)
		if err != nil {
			continue
		}
		next, err := c.tokens.Seal(identity, clear)
		if err != nil {
			return n, err
		}
		*at = &next
		n++
	}
	return n, nil
}
