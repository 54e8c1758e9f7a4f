package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"authd/auth/internal/clientip"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// How many wrong codes one may try in guessWindow (RFC 8628 §5.1). An address may
// be many people's.
const (
	guessesOfPerson  = 5
	guessesOfAddress = 20
	guessWindow      = 10 * time.Minute
)

// Person is who enters or answers a code.
type Person struct {
	Auth    *core.Auth // nil for nobody
	Address netip.Addr
}

// guessers are the names under which a person's wrong codes are counted.
func (p Person) guessers() map[string]int64 {
	names := map[string]int64{"address " + clientip.LimitKey(p.Address): guessesOfAddress}
	if p.Auth != nil {
		names["user "+p.Auth.User.ID] = guessesOfPerson
	}
	return names
}

// Look finds what a code stands for, and gives it to the first person who looks:
// nobody else can answer then. mine tells whether it is this person's.
// Errors: ErrUserCode, ErrCodeExpired, one with RetryAfter after too many guesses.
func (s *Service) Look(ctx context.Context, p Person, code string) (r *Request, mine bool, err error) {
	if r, err = s.find(ctx, p, code); err != nil {
		return nil, false, err
	}
	if p.Auth == nil {
		return r, false, nil
	}
	if r.userID == "" && r.Status == statusPending {
		err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
			claimed, err := claimRequest(ctx, tx, r.id, p.Auth.User.ID)
			if claimed {
				r.userID = p.Auth.User.ID
			}
			return err
		})
		if err != nil {
			return nil, false, fmt.Errorf("claim a user code: %w", err)
		}
	}
	return r, r.userID == p.Auth.User.ID, nil
}

// Client is what a person is told of who asks.
func (s *Service) Client(ctx context.Context, r *Request) (name, uri string, verified bool, err error) {
	if !r.OAuth {
		return r.ClientID, "", false, nil
	}
	return s.clients.DeviceClient(ctx, r.ClientID)
}

// Resources are the names of the APIs that a request is for.
func (s *Service) Resources(ctx context.Context, r *Request) ([]string, error) {
	return s.clients.DeviceResources(ctx, r.Resources)
}

// Answer approves or denies a request that this person has looked at. Errors:
// those of Look, ErrProcessed, ErrNotClaimed, ErrNotYours, and 401 without a session.
func (s *Service) Answer(ctx context.Context, p Person, code string, approve bool) error {
	r, err := s.find(ctx, p, code)
	switch {
	case err != nil:
		return err
	case r.Status != statusPending:
		return ErrProcessed
	case r.userID == "":
		return ErrNotClaimed
	case r.userID != p.Auth.User.ID:
		return ErrNotYours
	}
	r.Status = statusDenied
	if approve {
		r.Status = statusApproved
	}
	r.sessionID, r.authTime = p.Auth.Session.ID, p.Auth.Session.CreatedAt
	amr, err := json.Marshal(p.Auth.Session.AMR)
	if err != nil {
		return fmt.Errorf("answer a device: %w", err)
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		// A session that ended while its answer was under way lets nobody in.
		end, err := s.core.SessionEnd(ctx, tx, r.sessionID)
		if errors.Is(err, store.ErrNotFound) || err == nil && !s.now(ctx).Before(end) {
			return errAnonymous
		}
		if err != nil {
			return err
		}
		return decideRequest(ctx, tx, r, string(amr), s.now(ctx))
	})
	if errors.Is(err, errAnonymous) {
		return err
	}
	if errors.Is(err, store.ErrNotFound) {
		return ErrProcessed
	}
	if err != nil {
		return fmt.Errorf("answer a device: %w", err)
	}
	s.core.Log.LogAttrs(ctx, slog.LevelInfo, "security", slog.String("event", "device-"+r.Status),
		slog.String("user", r.userID), slog.String("client", r.ClientID), slog.String("device", r.IPAddress))
	return nil
}

// find reads the request of a user code, and counts when there is none.
func (s *Service) find(ctx context.Context, p Person, typed string) (*Request, error) {
	now := s.now(ctx)
	for who, most := range p.guessers() {
		n, ends, err := guesses(ctx, s.core.DB, who, now)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if n >= most {
			return nil, guessed{ends.Sub(now)}
		}
	}
	code := normalize(typed)
	if code == "" { // no guess: it could not have been right
		return nil, ErrUserCode
	}
	for _, hash := range s.codes.hashes(code) {
		r, err := findByUserCode(ctx, s.core.DB, hash)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err == nil && !now.Before(r.expiresAt) {
			return nil, ErrCodeExpired
		}
		return r, err
	}
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		for who := range p.guessers() {
			if err := countGuess(ctx, tx, who, now, now.Add(guessWindow)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, ErrUserCode
}
