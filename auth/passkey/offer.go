package passkey

import (
	"context"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// How often somebody who signs in with a password is offered a passkey, and what
// stands for never again.
const (
	offerEvery = 14 * 24 * time.Hour
	offerLast  = 100 * 365 * 24 * time.Hour
)

// Offer tells whether a person is to be offered a passkey now, and notes that they
// were: a first one, or a second so that a lost device locks nobody out. Each comes
// again after two weeks, unless it was declined. inFlow tells that an app waits for
// the person: then each offer comes once.
func (s *Service) Offer(ctx context.Context, u *core.User, inFlow bool) (bool, error) {
	keys, err := listPasskeys(ctx, s.core.DB, u.ID)
	if err != nil || len(keys) > 1 {
		return false, err
	}
	now := s.now(ctx)
	due, err := offerDue(ctx, s.core.DB, u.ID, len(keys), now, inFlow)
	if err != nil || !due {
		return false, err
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		due, err = noteOffer(ctx, tx, u.ID, len(keys), now, now.Add(offerEvery), inFlow)
		return err
	})
	return due, err
}

// Decline ends the offers, until the person has another number of passkeys.
func (s *Service) Decline(ctx context.Context, u *core.User) error {
	keys, err := listPasskeys(ctx, s.core.DB, u.ID)
	if err != nil {
		return err
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		return endOffers(ctx, tx, u.ID, len(keys), s.now(ctx).Add(offerLast))
	})
}

// IsLast tells whether a passkey is all that a person can sign in with.
func (s *Service) IsLast(ctx context.Context, u *core.User, p *Passkey) (bool, error) {
	return s.isLast(ctx, s.core.DB, u, p)
}

func (s *Service) isLast(ctx context.Context, q store.Querier, u *core.User, p *Passkey) (bool, error) {
	if p.NeedsName {
		return false, nil // it is no way in
	}
	keeps, err := s.core.KeepsWayIn(ctx, q, u, core.WayIn{Kind: method, ID: p.ID})
	return !keeps, err
}

// ForAnyone tells whether accounts with a passkey alone are open where those with a
// password are not.
func (s *Service) ForAnyone() bool { return !s.cfg.Registration.RequireSession }

// RPID is the domain that passkeys belong to.
func (s *Service) RPID() string { return s.cfg.RPID }
