// Package confirm asks somebody who is signed in whether it is they: before they
// change by what they, or others, can come in. A browser that was left open, or a
// session that was stolen, must not be enough to take an account over.
//
// A proof is good for a while, like a sign-in: until [window] is over since then
// nobody is asked again. It hangs on the session and ends with it. What counts as
// a proof is what the person could sign in with; capabilities bring theirs as a
// [Way]. Only who has nothing else gets a code by mail or text, for the mailbox is
// often open in the same browser, and a text is read on a locked phone.
//
// The package must not tell a proof of one session to another, nor accept more
// than a few wrong ones.
package confirm

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

const (
	// window is how long a proof is good for where session.fresh_age allows as much.
	window = 2 * time.Hour
	// leastWindow is that of a proof given for an act: the act must come through.
	leastWindow = time.Minute

	maxTries  = 10
	triesTime = time.Hour
	codeLife  = 10 * time.Minute
	codeLimit = 1_000_000 // six digits
)

// The ways of this package itself, and those that others bring.
const (
	Mail     = "mail"
	Password = "password"
	Code     = "code" // of an authenticator, or a backup code
	Text     = "text" // a code to their phone
	Passkey  = "passkey"
)

// Way is one thing by which somebody proves that it is they.
type Way struct {
	Kind string
	// Has tells whether a user has it.
	Has func(ctx context.Context, u *core.User) (bool, error)
	// Check tells whether proof is theirs. Errors: ErrWrong, what it refuses further tries with.
	Check func(r *api.Request, u *core.User, proof string) error
	// Send has the code sent that is the proof, where it is one. Such a way is for who
	// has no other.
	Send func(r *api.Request, u *core.User) error
	// Counts tells that Check counts wrong proofs itself, with those of sign-ins: a
	// second count here would let a thief spend two.
	Counts bool
}

// ErrWrong says that what was given is no proof.
var ErrWrong = errors.New("it does not prove who this is")

// ErrWait says that there were too many wrong tries.
type ErrWait struct{ For time.Duration }

func (e *ErrWait) Error() string { return "too many tries to prove who this is" }

// Service is this capability.
type Service struct {
	core *core.Core
	ways []Way
	sign *core.Signer // of codes: so few digits are no hash that anybody could not turn back
}

// New connects the capability.
func New(c *core.Core, ways ...Way) (*Service, error) {
	s := &Service{core: c, ways: ways}
	var err error
	if s.sign, err = c.Keys.Signer("confirmation code"); err != nil {
		return nil, err
	}
	c.Mail.Handle(kindCode, s.codeMail)
	c.ProvenAt = func(ctx context.Context, session *core.Session) (time.Time, error) {
		return provenAt(ctx, c.DB, session.ID)
	}
	return s, nil
}

// Recent tells whether whoever is signed in has proven lately who they are, by
// signing in or by [Service.Prove]. A sign-in that is Unproven counts only for who
// adds a way in.
func (s *Service) Recent(ctx context.Context, a *core.Auth, adds bool) (bool, error) {
	age, now := s.core.Config.Session.FreshAge, s.core.Now(ctx)
	if age == 0 || a.Session.Fresh(now, min(age, window)) {
		if adds || s.core.Unproven == nil {
			return true, nil
		}
		if unproven, err := s.core.Unproven(ctx, a.Session.ID); err != nil || !unproven {
			return err == nil, err
		}
	}
	at, err := provenAt(ctx, s.core.DB, a.Session.ID)
	if err != nil || at.IsZero() {
		return false, err
	}
	return age == 0 || now.Sub(at) < max(min(age, window), leastWindow), nil
}

// Ways are the kinds that a user can choose from. It is empty for who has no way
// to come in but the session that they have: for them that is all there is.
func (s *Service) Ways(ctx context.Context, u *core.User) ([]string, error) {
	kinds, err := s.has(ctx, u, nil, false)
	if err != nil || len(kinds) > 0 {
		return kinds, err
	}
	if u.EmailVerified {
		kinds = append(kinds, Mail)
	}
	return s.has(ctx, u, kinds, true)
}

// has adds the ways that a user has: those with a code that is sent, or the others.
func (s *Service) has(ctx context.Context, u *core.User, kinds []string, sent bool) ([]string, error) {
	for _, way := range s.ways {
		if (way.Send != nil) != sent {
			continue
		}
		has, err := way.Has(ctx, u)
		if err != nil {
			return nil, err
		}
		if has {
			kinds = append(kinds, way.Kind)
		}
	}
	return kinds, nil
}

// Prove takes a proof of who is signed in; from then on they are [Service.Recent].
// Errors: ErrWrong, *ErrWait, api.ErrUnauthorized for a session that has ended.
func (s *Service) Prove(r *api.Request, a *core.Auth, kind, proof string) error {
	ctx, id := r.Context(), a.Session.ID
	if !s.counts(kind) {
		if err := s.try(ctx, id); err != nil {
			return err
		}
	}
	if err := s.check(r, a, kind, proof); err != nil {
		if errors.Is(err, ErrWrong) {
			r.Security("confirmation-failed", "user", a.User.ID, "by", kind)
		}
		return err
	}
	r.Security("confirmed", "user", a.User.ID, "by", kind)
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := s.core.SessionEnd(ctx, tx, id)
		if errors.Is(err, store.ErrNotFound) { // signed out since
			return api.ErrUnauthorized
		}
		if err != nil {
			return err
		}
		return saveProof(ctx, tx, id, s.now(ctx))
	})
}

func (s *Service) check(r *api.Request, a *core.Auth, kind, proof string) error {
	ways, err := s.Ways(r.Context(), a.User)
	if err != nil {
		return err
	}
	if !slices.Contains(ways, kind) {
		return ErrWrong
	}
	for _, way := range s.ways {
		if way.Kind == kind {
			return way.Check(r, a.User, proof)
		}
	}
	return s.checkCode(r.Context(), a.Session.ID, proof)
}

// counts tells whether wrong proofs of a kind are counted elsewhere.
func (s *Service) counts(kind string) bool {
	return slices.ContainsFunc(s.ways, func(way Way) bool { return way.Kind == kind && way.Counts })
}

func (s *Service) now(ctx context.Context) time.Time {
	return s.core.Now(ctx).UTC().Truncate(time.Millisecond)
}

// try counts before it is known whether the try is a good one: so many at once
// count as many.
func (s *Service) try(ctx context.Context, sessionID string) error {
	now := s.now(ctx)
	var t tries
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		t, err = countTry(ctx, tx, sessionID, now, now.Add(triesTime))
		return err
	})
	if err == nil && t.count > maxTries {
		return &ErrWait{For: t.end.Sub(now)}
	}
	return err
}

func (s *Service) hash(sessionID, code string) string {
	return base64.RawURLEncoding.EncodeToString(s.sign.Sign([]byte(sessionID), []byte("|"), []byte(code)))
}

func (s *Service) checkCode(ctx context.Context, sessionID, code string) error {
	var right bool
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		right, err = useCode(ctx, tx, sessionID, s.hash(sessionID, code), s.now(ctx))
		return err
	})
	if err == nil && !right {
		return ErrWrong
	}
	return err
}

func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(codeLimit))
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}
