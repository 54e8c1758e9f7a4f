// Package account is the ways in that a person has beside the session in hand: the
// identities at providers linked to them, and the tokens those gave.
//
// Link is where it is decided whose an identity is, for every way of signing in
// that asks another server; no other package may link. The package must not talk
// to a provider inside a transaction, and gives tokens only to their own user.
package account

import (
	"context"
	"errors"
	"slices"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/upstream"
)

// Providers are those that are configured.
type Providers interface {
	Get(id string) (*upstream.Provider, bool)
}

// patProvider is where personal access tokens are from that people sign in with.
const patProvider = "github"

// walletProvider is where Ethereum accounts are from that people sign in with.
const walletProvider = "siwe"

// Service is this capability.
type Service struct {
	core      *core.Core
	rules     config.AccountLinking
	providers Providers
	anonymous Anonymous
	refreshes flights
}

// Anonymous are users who become somebody with an identity.
type Anonymous interface {
	Is(u *core.User) bool
	Become(ctx context.Context, tx *store.Tx, u *core.User, id *core.Identity) error
}

// UseAnonymous lets anonymous users connect an identity, whatever its address is.
func (s *Service) UseAnonymous(a Anonymous) { s.anonymous = a }

// New connects the capability.
func New(c *core.Core, p Providers) *Service {
	s := &Service{core: c, rules: c.Config.Account.AccountLinking, providers: p}
	c.Mail.Handle(core.MailClaimed, s.claimedMail)
	c.WaysIn = append(c.WaysIn, s.waysIn)
	return s
}

// List is a user's ways in, oldest first.
func (s *Service) List(ctx context.Context, userID string) ([]*core.Account, error) {
	return s.core.Accounts(ctx, s.core.DB, userID)
}

// Find reads one of a user's ways in. Errors: ErrNotFound.
func (s *Service) Find(ctx context.Context, userID, id string) (*core.Account, error) {
	a, err := s.core.Account(ctx, s.core.DB, userID, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNotFound
	}
	return a, err
}

// Usable tells whether a person can come in by an account as the server is configured.
func (s *Service) Usable(a *core.Account) bool {
	if a.ProviderID == core.CredentialProvider {
		return s.core.Config.EmailAndPassword.Enabled
	}
	_, configured := s.providers.Get(a.ProviderID)
	return configured || a.ProviderID == walletProvider && s.core.Config.SIWE.Enabled || a.ProviderID == patProvider && s.core.Config.PATSignin.Enabled
}

// Unlink takes a way in from its user, unless it is the last one by which they
// can come in. Errors: ErrLast, ErrNotFound.
func (s *Service) Unlink(r *api.Request, userID, id string) error {
	ctx := r.Context()
	var gone *core.Account
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		gone, err = s.unlink(ctx, tx, userID, id)
		return err
	})
	if err == nil {
		r.Security("account-unlinked", "user", userID, "provider", gone.ProviderID)
	}
	return err
}

func (s *Service) unlink(ctx context.Context, tx *store.Tx, userID, id string) (*core.Account, error) {
	all, err := s.core.Accounts(ctx, tx, userID)
	if err != nil {
		return nil, err
	}
	last, err := s.isLast(ctx, tx, userID, id)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(a *core.Account) bool { return a.ID == id })
	switch {
	case at < 0 && (len(all) != 1 || !last): // the contract's order
		return nil, ErrNotFound
	case last:
		return nil, ErrLast
	}
	_, err = s.core.UnlinkAccount(ctx, tx, all[at])
	return all[at], err
}

// isLast tells whether a user could not come in any more without the account with
// that id, so that it must stay.
func (s *Service) isLast(ctx context.Context, q store.Querier, userID, id string) (bool, error) {
	if s.rules.AllowUnlinkingAll {
		return false, nil
	}
	u, err := s.core.User(ctx, q, userID)
	if err != nil {
		return false, err
	}
	keeps, err := s.core.KeepsWayIn(ctx, q, u, core.WayIn{Kind: core.AccountWayIn, ID: id})
	return !keeps, err
}

// waysIn are the accounts by which a user can come in.
func (s *Service) waysIn(ctx context.Context, q store.Querier, u *core.User) ([]core.WayIn, error) {
	all, err := s.core.Accounts(ctx, q, u.ID)
	var ways []core.WayIn
	for _, a := range all {
		if s.Usable(a) {
			ways = append(ways, core.WayIn{Kind: core.AccountWayIn, ID: a.ID})
		}
	}
	return ways, err
}
