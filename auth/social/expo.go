package social

import (
	"context"
	"net/url"
	"slices"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/upstream"
)

// takeOver lets the phone's browser go on with a sign-in that an app has begun and
// knows the state cookie of: the browser gets it. Only to the provider that the
// sign-in was begun for, or this would lead anywhere. Never a link: whoever could
// have somebody open such an address would have their identity linked with an
// account that is not theirs; apps link with an ID token.
// Errors: errAuthorizationURL, errNoState.
func (s *Service) takeOver(r *api.Request, authorizationURL, sealed string) error {
	ctx := r.Context()
	to, err := url.Parse(authorizationURL)
	if err != nil || to.Fragment != "" || to.Query().Get("state") == "" {
		return errAuthorizationURL
	}
	state := to.Query().Get("state")
	mine, _, ok := take(s.open(r, sealed), core.HashToken(state))
	if !ok {
		return errNoState
	}
	v, err := s.core.PeekVerification(ctx, s.core.DB, purposeState, state)
	if err != nil {
		return notFoundIs(err, errNoState)
	}
	var began Began
	if err := v.Data(&began); err != nil {
		return err
	}
	if began.LinkUser != "" || !s.leadsTo(ctx, began.Provider, to) {
		return errAuthorizationURL
	}
	waiting := slices.DeleteFunc(s.waiting(r), func(p pending) bool { return p.State == mine.State })
	return s.remember(r, append(waiting, mine))
}

// leadsTo tells whether to is the authorization endpoint of a provider.
func (s *Service) leadsTo(ctx context.Context, provider string, to *url.URL) bool {
	p, ok := s.set.Get(provider)
	if !ok {
		return false
	}
	own, err := p.AuthorizationURL(ctx, upstream.Request{})
	if err != nil {
		return false
	}
	at, err := url.Parse(own)
	return err == nil && at.Scheme == to.Scheme && at.Host == to.Host && at.Path == to.Path && to.User == nil
}
