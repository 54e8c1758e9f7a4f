// Package social is signing in, and linking an account, at other providers.
//
// # The flow
//
// A sign-in begins here with a state, a PKCE verifier and a nonce, goes to the
// provider, and comes back to /callback/{provider}. What it was begun for (where
// it leads, whom it links) is a row that the state names, kept ten minutes and
// consumed by the first callback. The verifier and the nonce, and the proof that
// the browser is the one in which it began, are in a signed and encrypted cookie:
// who steals a code, a state or the database has neither (RFC 9700 §2.1, §4.7).
// Each provider has a redirect URI of its own, the row knows which provider it
// was for, and the issuer of the answer is checked where the provider sends it:
// an answer of one provider is never taken to another (RFC 9700 §4.4).
//
// The package must not decide whose an identity is: that is the account
// capability's one function. It knows no provider either: that is upstream.
package social

import (
	"context"
	"fmt"
	"time"

	"github.com/gorilla/securecookie"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/upstream"
)

// Accounts decides whose an identity is. Its refusals are *core.LinkError.
type Accounts interface {
	// Link finds or makes the user of an identity, and keeps its tokens.
	Link(ctx context.Context, tx *store.Tx, id *core.Identity, how core.LinkRules) (user *core.User, isNew bool, err error)
	// LinkTo adds an identity to a user who is signed in.
	LinkTo(ctx context.Context, tx *store.Tx, userID string, id *core.Identity, byIDToken bool) error
}

// Flows are the OAuth requests that wait for a person to sign in.
type Flows interface {
	// CheckQuery refuses a signed query that does not hold.
	CheckQuery(ctx context.Context, query string) error
	// ResumeQuery goes on with a signed query that held when the sign-in began.
	ResumeQuery(r *api.Request, query string, held time.Time, a *core.Auth) (url string, err error)
	// ResumeFlow goes on with a flow of authd's own pages.
	ResumeFlow(r *api.Request, id string, a *core.Auth) (url string, err error)
}

// Verifier sends the mail that proves an address.
type Verifier interface {
	QueueVerification(ctx context.Context, tx *store.Tx, email, callbackURL, languages string) (string, error)
}

// Service is this capability.
type Service struct {
	core     *core.Core
	set      *upstream.Set
	github   *upstream.Provider // for personal access tokens
	accounts Accounts
	flows    Flows
	verify   Verifier
	cookie   string               // name of the cookie that binds flows to their browser
	codecs   []securecookie.Codec // the secret in force first
	// anonymous is the id of the anonymous user who begins a sign-in, "" for none.
	anonymous func(*api.Request) string
}

// UseAnonymous lets anonymous users become who they sign in as, also where the
// provider's answer comes in another browser than their session's: that of an app.
func (s *Service) UseAnonymous(id func(*api.Request) string) { s.anonymous = id }

// New connects the capability.
func New(c *core.Core, set *upstream.Set, a Accounts, f Flows, v Verifier) (*Service, error) {
	s := &Service{core: c, set: set, accounts: a, flows: f, verify: v, cookie: c.Config.Advanced.CookiePrefix + ".state"}
	if c.Config.Expo.Enabled {
		s.cookie = c.Config.Advanced.CookiePrefix + ".oauth_state" // by this name the app hands it to its browser
	}
	if c.Config.Advanced.UseSecureCookies {
		s.cookie = "__Secure-" + s.cookie
	}
	if _, ok := set.Get(oneTapProvider); !ok && c.Config.OneTap.Enabled {
		return nil, fmt.Errorf("one_tap.enabled (%s) is true; allowed: true beside [social_providers.google], whose ID tokens One Tap gives", c.Config.Source("one_tap.enabled"))
	}
	var ok bool
	if s.github, ok = set.Get("github"); !ok {
		s.github = upstream.GitHub(c.Egress, c.Now)
	}
	var err error
	s.codecs, err = stateCodecs(c.Keys)
	return s, err
}

// Providers are those that people can sign in with, in the order of the configuration.
func (s *Service) Providers() []*upstream.Provider { return s.set.All() }

// callback is the redirect URI of a provider.
func (s *Service) callback(r *api.Request, provider string) string {
	return r.Base() + "/api/auth/callback/" + provider
}

// provider finds one. Errors: ErrProviderNotFound.
func (s *Service) provider(id string) (*upstream.Provider, error) {
	p, ok := s.set.Get(id)
	if !ok {
		return nil, ErrProviderNotFound
	}
	return p, nil
}
