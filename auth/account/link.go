package account

import (
	"context"
	"errors"
	"slices"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Link finds whose an identity is: THE rules, for every way of signing in that
// asks another server who somebody is. New tells that the user was made now.
//
//  1. An identity that is linked signs its user in, whatever address it has today.
//  2. Else the address decides. Nobody has it: that is a sign-up, where how allows one.
//  3. Somebody has it: the identity is linked only when linking by sign-in is
//     allowed, the address counts (verified by the provider, or the provider is
//     trusted), and the user who has it proved it, too.
//  4. A user who never proved the address may be an attacker who registered it
//     first. An address that the provider verified takes the user over: all that
//     was left there as a way in is deleted. Without that proof nothing is linked.
//
// Errors: the core.LinkErrors of a sign-in.
func (s *Service) Link(ctx context.Context, tx *store.Tx, id *core.Identity, how core.LinkRules) (user *core.User, isNew bool, err error) {
	if how.Mails != nil {
		*how.Mails = nil // of a run that was taken back
	}
	known, err := s.core.AccountOf(ctx, tx, id.ProviderID, id.AccountID)
	if err == nil {
		user, err := s.signInKnown(ctx, tx, known, id, how)
		return user, false, err
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, false, err
	}
	email := core.NormalizeEmail(id.Email)
	if !api.ValidEmail(email) {
		return nil, false, core.ErrNoEmail
	}
	user, err = s.core.UserByEmail(ctx, tx, email)
	if errors.Is(err, store.ErrNotFound) {
		user, err = s.signUp(ctx, tx, id, how)
		return user, true, err
	}
	if err != nil {
		return nil, false, err
	}
	if err := s.mayLink(user, id, how.Trusted); err != nil {
		return nil, false, err
	}
	return user, false, s.linkByEmail(ctx, tx, user, id, how)
}

// trusts tells whether a provider's address counts.
func (s *Service) trusts(id *core.Identity, trusted bool) bool {
	return id.EmailVerified || trusted || slices.Contains(s.rules.TrustedProviders, id.ProviderID)
}

// mayLink are rules 3 and 4.
func (s *Service) mayLink(user *core.User, id *core.Identity, trusted bool) error {
	switch {
	case !s.rules.Enabled, s.rules.DisableImplicitLinking, !s.trusts(id, trusted):
		return core.ErrNotLinked
	case user.EmailVerified:
		return nil
	case !id.EmailVerified, s.rules.RequireLocalEmailVerified:
		return core.ErrNotLinked
	}
	return nil
}

func (s *Service) linkByEmail(ctx context.Context, tx *store.Tx, user *core.User, id *core.Identity, how core.LinkRules) error {
	claimed := !user.EmailVerified
	if claimed {
		if err := s.core.ClaimMailbox(ctx, tx, user); err != nil {
			return err
		}
		if err := s.tellClaimed(ctx, tx, user, how); err != nil {
			return err
		}
	}
	if _, err := s.core.LinkAccount(ctx, tx, user.ID, id); err != nil {
		return err
	}
	// Who was there first also chose the name and picture.
	if claimed || s.rules.UpdateUserInfoOnLink {
		return s.takeProfile(ctx, tx, user, id)
	}
	return nil
}

func (s *Service) signUp(ctx context.Context, tx *store.Tx, id *core.Identity, how core.LinkRules) (*core.User, error) {
	if how.SignUp == nil {
		return nil, core.ErrSignUpRefused
	}
	user, err := how.SignUp(ctx, tx)
	if err != nil {
		return nil, err
	}
	_, err = s.core.LinkAccount(ctx, tx, user.ID, id)
	return user, err
}

// signInKnown keeps what the provider gave and tells today.
func (s *Service) signInKnown(ctx context.Context, tx *store.Tx, a *core.Account, id *core.Identity, how core.LinkRules) (*core.User, error) {
	user, err := s.core.User(ctx, tx, a.UserID)
	if err != nil {
		return nil, err
	}
	if s.core.Config.Account.UpdateAccountOnSignIn && id.Tokens.Any() {
		if err := s.core.UpdateAccount(ctx, tx, a, &id.Tokens, false); err != nil {
			return nil, err
		}
	}
	if id.EmailVerified && !user.EmailVerified && core.NormalizeEmail(id.Email) == user.Email {
		user.EmailVerified = true
		if err := s.core.SaveUser(ctx, tx, user); err != nil {
			return nil, err
		}
	}
	if how.OverrideUserInfo {
		return user, s.overrideUser(ctx, tx, user, id)
	}
	return user, nil
}

// overrideUser has the user follow the provider. The address follows only when
// the provider verified it and it is nobody else's: otherwise an address typed in
// at a provider would be an address taken here.
func (s *Service) overrideUser(ctx context.Context, tx *store.Tx, user *core.User, id *core.Identity) error {
	email := core.NormalizeEmail(id.Email)
	if id.EmailVerified && email != user.Email && api.ValidEmail(email) {
		_, err := s.core.UserByEmail(ctx, tx, email)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err != nil {
			// Links that were mailed to the old address must not outlive it.
			if err := s.core.DropPending(ctx, tx, user); err != nil {
				return err
			}
			user.Email, user.EmailVerified = email, true
		}
	}
	return s.takeProfile(ctx, tx, user, id)
}

// takeProfile copies name and picture, where the provider has them.
func (s *Service) takeProfile(ctx context.Context, tx *store.Tx, user *core.User, id *core.Identity) error {
	if id.Name != "" {
		user.Name = id.Name
	}
	if id.Image != nil && *id.Image != "" {
		user.Image = id.Image
	}
	return s.core.SaveUser(ctx, tx, user)
}

// LinkTo connects an identity to somebody who is signed in and asked for it.
// Connecting one again keeps its newer tokens and adds the scopes now granted.
// byIDToken follows the contract's order of refusals for that form.
// Errors: core.ErrLinkNotAllowed, core.ErrLinkOtherEmail, core.ErrLinkTaken.
func (s *Service) LinkTo(ctx context.Context, tx *store.Tx, userID string, id *core.Identity, byIDToken bool) error {
	user, err := s.core.User(ctx, tx, userID)
	if err != nil {
		return err
	}
	known, err := s.core.AccountOf(ctx, tx, id.ProviderID, id.AccountID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	taken := err == nil
	if taken && known.UserID == user.ID {
		if err := s.core.UpdateAccount(ctx, tx, known, &id.Tokens, true); err != nil {
			return err
		}
		return s.updateOnLink(ctx, tx, user, id)
	}
	switch {
	case taken && byIDToken:
		return core.ErrLinkTaken
	case !s.rules.Enabled, !s.trusts(id, false):
		return core.ErrLinkNotAllowed
	case core.NormalizeEmail(id.Email) != user.Email && !s.rules.AllowDifferentEmails && !s.anonymous.Is(user):
		return core.ErrLinkOtherEmail
	case taken:
		return core.ErrLinkTaken
	}
	if _, err := s.core.LinkAccount(ctx, tx, user.ID, id); err != nil {
		return err
	}
	if s.anonymous.Is(user) {
		return s.anonymous.Become(ctx, tx, user, id)
	}
	return s.updateOnLink(ctx, tx, user, id)
}

func (s *Service) updateOnLink(ctx context.Context, tx *store.Tx, user *core.User, id *core.Identity) error {
	if !s.rules.UpdateUserInfoOnLink {
		return nil
	}
	return s.takeProfile(ctx, tx, user, id)
}
