package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// flowLife is how long a person may take from the first page to the last.
const flowLife = time.Hour

// flow is a request that waits while a person is on our pages. The id that the
// pages carry opens it only together with the secret in the browser's cookie, so
// that a link to a flow that somebody else began is of no use.
type flow struct {
	id      string
	hash    string
	browser string // hash of the browser's secret
	request string // as it came, url-encoded
	done    string // a progress, JSON
}

// Flow is what a page may tell about the request it serves.
type Flow struct {
	ID        string
	Step      Step // what the person is asked for now; "" when nothing is left but to go on
	LoginHint string
	UILocales string

	ClientID      string
	ClientName    string // the client's name, or its id when it has none
	ClientURI     string // "" where nobody has checked it
	Unverified    bool   // nobody who runs the server has looked at the client
	Policy, Terms string // links, "" without
	Logo          string // a data URL, "" without
	Scopes        []string
	Resources     []string      // the APIs that access is for, by name
	NewScopes     []string      // those not allowed before; all of them when nothing is remembered
	Offline       bool          // access is kept until it is ended
	Lasts         time.Duration // how long access lasts when it is not kept
	// RedirectHost is where the answer goes: the host, or the scheme of an app.
	RedirectHost string
	Loopback     bool // it goes to a program on the person's own computer
	App          bool // it goes to whichever app has claimed the scheme
}

// Flow describes a flow to the page that serves it. Errors: ErrFlowGone.
func (s *Service) Flow(ctx context.Context, id, browser string, a *core.Auth) (*Flow, error) {
	j, err := s.journey(ctx, id, browser, a)
	if err != nil {
		return nil, err
	}
	r := j.request
	where, name := placeOf(r.RedirectURI)
	f := &Flow{
		ID: id, LoginHint: r.LoginHint, UILocales: r.UILocales,
		ClientID: r.Client.ID, ClientName: r.Client.Title(), ClientURI: r.Client.place(), Policy: r.Client.Policy, Terms: r.Client.TOS, Unverified: r.Client.Unverified,
		Scopes: r.asks(), NewScopes: r.asks(), Offline: slices.Contains(r.Scopes, scopeOffline), Lasts: s.accessLife(r.Client),
		RedirectHost: name, Loopback: where == placeLoopback, App: where == placeApp,
	}
	if f.Step, err = s.nextStep(ctx, j); err != nil && !errors.As(err, new(*Refusal)) {
		return nil, err
	}
	if f.Step == StepConsent {
		f.Logo = s.logo(ctx, r.Client)
	}
	if f.Resources, err = s.resourceNames(ctx, r.Resources); err != nil {
		return nil, err
	}
	if a != nil && !r.alwaysAsks() {
		given, err := s.consented(ctx, r.Client.ID, a.User.ID)
		if err != nil {
			return nil, err
		}
		f.NewScopes = slices.DeleteFunc(r.asks(), func(scope string) bool { return slices.Contains(given, scope) })
	}
	return f, nil
}

// Resume goes on after a person has signed in or up. Errors: ErrFlowGone.
func (s *Service) Resume(ctx context.Context, id, browser string, a *core.Auth) (Answer, error) {
	j, err := s.journey(ctx, id, browser, a)
	if err != nil {
		return Answer{}, err
	}
	return s.advance(ctx, j)
}

// Select goes on with the account that the browser is signed in to, which the
// person has chosen. Errors: ErrFlowGone.
func (s *Service) Select(ctx context.Context, id, browser string, a *core.Auth) (Answer, error) {
	j, err := s.journey(ctx, id, browser, a)
	if err != nil {
		return Answer{}, err
	}
	if a != nil {
		j.progress.Chosen = a.Session.ID
	}
	return s.advance(ctx, j)
}

// Allow answers the consent page with yes. scopes narrows what was asked; nil
// allows all of it. Errors: ErrFlowGone, *Refusal for a scope that was not asked for.
func (s *Service) Allow(ctx context.Context, id, browser string, a *core.Auth, scopes []string) (Answer, error) {
	j, err := s.journey(ctx, id, browser, a)
	if err != nil {
		return Answer{}, err
	}
	// The answer counts only for the person who was asked, and who still is who
	// the request wants them to be.
	if a == nil || j.progress.Asked != a.User.ID {
		return s.advance(ctx, j)
	}
	if step, err := s.identify(ctx, j); err != nil || step != stepDone {
		return s.advance(ctx, j)
	}
	allowed, err := narrow(j.request.asks(), scopes)
	if err != nil {
		return Answer{}, err
	}
	if len(allowed) == 0 && len(j.request.Scopes) > 0 { // nothing is left of it: that is a no
		return s.Deny(ctx, id, browser)
	}
	return s.answerWithCode(ctx, j, allowed, true)
}

// Deny answers any page with no: the client is told. Errors: ErrFlowGone.
func (s *Service) Deny(ctx context.Context, id, browser string) (Answer, error) {
	j, err := s.journey(ctx, id, browser, nil)
	if err != nil {
		return Answer{}, err
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error { return useFlow(ctx, tx, j.flow.hash) })
	if err != nil {
		return Answer{}, err
	}
	return s.refused(ctx, j.request.refuse(accessDenied, "User denied access"))
}

// narrow is the part of asked that was allowed.
func narrow(asked, allowed []string) ([]string, error) {
	if allowed == nil {
		return asked, nil
	}
	for _, scope := range allowed {
		if !slices.Contains(asked, scope) {
			return nil, bad(invalidRequest, "Scope not originally requested")
		}
	}
	return slices.DeleteFunc(slices.Clone(asked), func(scope string) bool { return !slices.Contains(allowed, scope) }), nil
}

// journey takes up a flow where it was left.
func (s *Service) journey(ctx context.Context, id, browser string, a *core.Auth) (*journey, error) {
	if id == "" || browser == "" {
		return nil, ErrFlowGone
	}
	f, err := findFlow(ctx, s.core.DB, core.HashToken(id), core.HashToken(browser), s.now(ctx))
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrFlowGone
	}
	if err != nil {
		return nil, err
	}
	f.id = id
	p := &progress{}
	if err := json.Unmarshal([]byte(f.done), p); err != nil {
		return nil, fmt.Errorf("read flow: %w", err)
	}
	p.Resumed = true
	params, err := url.ParseQuery(f.request)
	if err != nil {
		return nil, fmt.Errorf("read flow: %w", err)
	}
	r, err := s.parse(ctx, params)
	if errors.As(err, new(*Refusal)) { // the client is not what it was when the flow began
		return nil, ErrFlowGone
	}
	if err != nil {
		return nil, err
	}
	return &journey{request: r, auth: a, progress: p, browser: browser, flow: f}, nil
}

// keepFlow stores how far the journey has come. It returns the id for the page
// and, when the browser had none, a secret for its cookie.
func (s *Service) keepFlow(ctx context.Context, j *journey) (id, browser string, err error) {
	done, err := json.Marshal(j.progress)
	if err != nil {
		return "", "", fmt.Errorf("write flow: %w", err)
	}
	if j.flow != nil {
		if string(done) != j.flow.done {
			err = s.core.DB.Write(ctx, func(tx *store.Tx) error { return updateFlow(ctx, tx, j.flow.hash, string(done)) })
		}
		return j.flow.id, "", err
	}
	bound := j.browser
	if bound == "" {
		browser = core.NewToken(32)
		bound = browser
	}
	id = core.NewToken(32)
	f := &flow{hash: core.HashToken(id), browser: core.HashToken(bound), request: j.request.params.Encode(), done: string(done)}
	now := s.now(ctx)
	return id, browser, s.core.DB.Write(ctx, func(tx *store.Tx) error { return insertFlow(ctx, tx, f, now, now.Add(flowLife)) })
}

func (s *Service) dropFlow(ctx context.Context, f *flow) error {
	return s.core.DB.Write(ctx, func(tx *store.Tx) error { return useFlow(ctx, tx, f.hash) })
}
