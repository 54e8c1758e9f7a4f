package social

import (
	"context"
	"net/url"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/upstream"
)

// answer is what a provider sends the browser back with (RFC 6749 §4.1.2, RFC 9207).
type answer struct {
	Code, State, Issuer, Error, Description, DeviceID, User string
}

// Callback takes the answer of a provider and returns where the browser goes.
func (s *Service) Callback(r *api.Request, provider string, in answer) (string, error) {
	began, where, err := s.callbackOf(r, provider, in)
	if err == nil {
		return where, nil
	}
	return s.failed(r, provider, began, err)
}

func (s *Service) callbackOf(r *api.Request, provider string, in answer) (began Began, where string, err error) {
	if in.State == "" {
		return began, "", errStateNotFound
	}
	began, mine, err := s.finish(r, provider, in.State)
	if err != nil {
		return began, "", err
	}
	p, ok := s.set.Get(provider)
	if !ok {
		return began, "", errNoProvider
	}
	id, err := s.exchange(r, p, mine, in)
	if err != nil {
		return began, "", err
	}
	if began.LinkUser != "" {
		return began, began.CallbackURL, s.link(r, began, id)
	}
	if id.Email == "" {
		return began, "", core.ErrNoEmail
	}
	a, isNew, err := s.enter(r, proven{provider: p, identity: id, requested: began.SignUp, back: began.CallbackURL, onward: began.onward(), anonymous: began.Anonymous})
	if err != nil {
		return began, "", err
	}
	where, err = s.onward(r, began, a, isNew)
	return began, where, err
}

// exchange turns the provider's answer into an identity.
func (s *Service) exchange(r *api.Request, p *upstream.Provider, mine pending, in answer) (*core.Identity, error) {
	ctx := r.Context()
	// The issuer first: an error may be another provider's as well (RFC 9207 §2.4).
	if err := p.CheckIssuer(ctx, in.Issuer); err != nil {
		return nil, errIssuerMismatch
	}
	if in.Error != "" {
		return nil, providerRefusal(in.Error, in.Description)
	}
	if in.Code == "" {
		return nil, errNoCode
	}
	tokens, err := p.Exchange(ctx, upstream.Code{Code: in.Code, Verifier: mine.Verifier, Nonce: mine.Nonce, RedirectURI: s.callback(r, p.ID), DeviceID: in.DeviceID})
	if err != nil {
		r.Log().Warn("the code was not exchanged", "provider", p.ID, "error", err)
		return nil, errInvalidCode
	}
	profile, err := p.Profile(ctx, tokens, url.Values{"user": {in.User}})
	if err != nil || profile.ID == "" {
		r.Log().Warn("the provider told no profile", "provider", p.ID, "error", err)
		return nil, errNoUserInfo
	}
	return identityOf(p, profile, tokens), nil
}

// onward is where a sign-in leads that succeeded: on with what waits for it, or
// where it was asked to.
func (s *Service) onward(r *api.Request, began Began, a *core.Auth, isNew bool) (string, error) {
	switch {
	case began.Flow != "":
		return s.flows.ResumeFlow(r, began.Flow, a)
	case began.Query != "":
		return s.flows.ResumeQuery(r, began.Query, began.At, a)
	case isNew && began.NewUserURL != "":
		return began.NewUserURL, nil
	default:
		return began.CallbackURL, nil
	}
}

// failed is where a sign-in leads that did not succeed. What is no answer to a
// person (a full disk, a defect) stays an error.
func (s *Service) failed(r *api.Request, provider string, began Began, err error) (string, error) {
	why := refusalOf(err)
	if why == nil {
		return "", err
	}
	r.Security("sign-in-failed", "method", provider, "reason", why.code)
	where := began.ErrorURL
	if where == "" {
		where = r.Base() + "/error"
	}
	q := url.Values{"error": {why.code}}
	if why.description != "" {
		q.Set("error_description", why.description)
	}
	return withQuery(where, q), nil
}

// withQuery adds parameters to a URL that may have some, and a fragment.
func withQuery(to string, q url.Values) string {
	to, fragment, has := strings.Cut(to, "#")
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	to += sep + q.Encode()
	if has {
		to += "#" + fragment
	}
	return to
}

// link adds an identity to the person who asked for it, while they still are
// signed in: whoever has the browser now may be somebody else.
func (s *Service) link(r *api.Request, began Began, id *core.Identity) error {
	ctx := r.Context()
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return err
	}
	if caller != nil && caller.User.ID != began.LinkUser {
		return errStateMismatch
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := s.stillSignedIn(ctx, tx, began); err != nil {
			return err
		}
		return s.accounts.LinkTo(ctx, tx, began.LinkUser, id, false)
	})
}

// stillSignedIn: an app's browser has no session of its own, so the session that
// asked is looked for.
func (s *Service) stillSignedIn(ctx context.Context, tx *store.Tx, began Began) error {
	end, err := s.core.SessionEnd(ctx, tx, began.LinkSession)
	if err == nil && !end.After(s.core.Now(ctx)) {
		err = store.ErrNotFound
	}
	return notFoundIs(err, errStateMismatch)
}
