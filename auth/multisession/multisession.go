// Package multisession keeps several accounts signed in in one browser. Each has a
// session of its own, whose token stands in a cookie of its own beside the one that
// counts; to change over is to make another of them the one that counts.
//
// What a browser holds is its cookies and nothing else: no list in the database
// says which people share a machine. Lists tell a handle in place of a token, as
// those of auth/session do, for who reads one answer must not be able to act as
// everybody in it.
//
// The package must not make sessions, and must not lengthen one: an account that
// was chosen again is no fresher than its sign-in.
package multisession

import (
	"cmp"
	"slices"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Service is this capability.
type Service struct {
	core *core.Core
	max  int
}

// New connects the capability.
func New(c *core.Core) *Service {
	s := &Service{core: c, max: c.Config.MultiSession.MaximumSessions}
	if c.Config.MultiSession.Enabled {
		c.TokenSent = append(c.TokenSent, s.keep)
	}
	return s
}

// marker stands between the name of the session's cookie and the token in lower case.
const marker = "_multi-"

func suffixOf(token string) string { return marker + strings.ToLower(token) }

// maxHeld bounds what is read of one request.
const maxHeld = 32

// tokens are those in the browser's cookies, whatever became of their sessions.
func (s *Service) tokens(r *api.Request) []string {
	var tokens []string
	s.core.TokensBeside(r, marker, func(suffix, token string) {
		if suffix == suffixOf(token) && len(tokens) < maxHeld && !slices.Contains(tokens, token) {
			tokens = append(tokens, token)
		}
	})
	return tokens
}

// held are the sessions of the browser that still run, newest first; the one that
// counts is among them, with or without a cookie beside it. over are the tokens of
// those that do not run any more.
func (s *Service) held(r *api.Request) (running []*core.Auth, over []string, err error) {
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return nil, nil, err
	}
	if caller != nil {
		running = append(running, caller)
	}
	for _, token := range s.tokens(r) {
		if caller != nil && token == caller.Session.Token {
			continue
		}
		a, err := s.core.SessionOf(r, token)
		if err != nil {
			return nil, nil, err
		}
		if a == nil {
			over = append(over, token)
			continue
		}
		running = append(running, a)
	}
	slices.SortStableFunc(running, func(a, b *core.Auth) int { return cmp.Compare(b.Session.ID, a.Session.ID) })
	return running, over, nil
}

// Accounts are who is signed in in this browser, each person once.
func (s *Service) Accounts(r *api.Request) ([]*core.Auth, error) {
	running, _, err := s.held(r)
	if err != nil {
		return nil, err
	}
	caller := core.Caller(r)
	var accounts []*core.Auth
	for _, a := range running {
		if caller != nil && a.User.ID == caller.User.ID && a.Session.ID != caller.Session.ID {
			continue
		}
		if !slices.ContainsFunc(accounts, func(b *core.Auth) bool { return a.User.ID == b.User.ID }) {
			accounts = append(accounts, a)
		}
	}
	return accounts, nil
}

// find is the session of this browser that ref names, by its handle or its token,
// and what else runs here. Cookies of sessions that are over are taken away.
// Errors: ErrInvalidToken.
func (s *Service) find(r *api.Request, ref string) (found *core.Auth, others []*core.Auth, err error) {
	running, over, err := s.held(r)
	if err != nil {
		return nil, nil, err
	}
	for _, token := range over {
		s.core.SetTokenBeside(r, suffixOf(token), "", 0)
	}
	for _, a := range running {
		if ref == a.Session.Handle() || ref == a.Session.Token {
			found = a
		} else {
			others = append(others, a)
		}
	}
	if found == nil {
		return nil, nil, ErrInvalidToken
	}
	return found, others, nil
}

// SetActive makes a session of this browser the one that counts. Errors: ErrInvalidToken.
func (s *Service) SetActive(r *api.Request, ref string) (*core.Auth, error) {
	a, _, err := s.find(r, ref)
	if err != nil {
		return nil, err
	}
	s.core.Switch(r, a)
	r.Security("account-switched", "user", a.User.ID, "session", a.Session.ID)
	return a, nil
}

// Revoke ends a session of this browser. When it was the one that counts, the
// newest of the others does from now on. Errors: ErrInvalidToken.
func (s *Service) Revoke(r *api.Request, ref string) error {
	ended, others, err := s.find(r, ref)
	if err != nil {
		return err
	}
	if err := s.end(r, ended); err != nil {
		return err
	}
	s.core.SetTokenBeside(r, suffixOf(ended.Session.Token), "", 0)
	switch caller := core.Caller(r); {
	case caller == nil || caller.Session.ID != ended.Session.ID:
	case len(others) > 0:
		s.core.Switch(r, others[0])
	default:
		s.core.ClearCookies(r)
	}
	return nil
}

func (s *Service) end(r *api.Request, a *core.Auth) error {
	ctx := r.Context()
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := s.core.EndSession(ctx, tx, a.User.ID, a.Session.ID)
		return err
	})
	if err == nil {
		r.Security("sign-out", "user", a.User.ID, "session", a.Session.ID)
	}
	return err
}

// SignOut ends all sessions of this browser: signing out leaves nobody behind.
func (s *Service) SignOut(r *api.Request) error {
	for _, token := range s.tokens(r) {
		s.core.SetTokenBeside(r, suffixOf(token), "", 0)
		a, err := s.core.SessionOf(r, token)
		if err != nil {
			return err
		}
		if a == nil {
			continue
		}
		if err := s.end(r, a); err != nil {
			return err
		}
	}
	return nil
}

// keep gives a session a cookie beside the one that counts, where the browser has
// none for it and room for one. A person has one account here: an earlier session
// of theirs loses its cookie. It goes on until it ends, for apps that the person
// signed in to with it would be signed out.
func (s *Service) keep(r *api.Request, a *core.Auth, _ string) {
	tokens := s.tokens(r)
	if slices.Contains(tokens, a.Session.Token) {
		return
	}
	others := 0
	for _, token := range tokens {
		b, err := s.core.SessionOf(r, token)
		if err != nil {
			r.Log().Warn("the browser's accounts were not read", "error", err)
			return
		}
		switch {
		case b == nil:
		case b.User.ID == a.User.ID:
			s.core.SetTokenBeside(r, suffixOf(token), "", 0)
		default:
			others++
		}
	}
	if others < s.max {
		s.core.SetTokenBeside(r, suffixOf(a.Session.Token), a.Session.Token, s.core.TokenAge(a.Session))
	}
}
