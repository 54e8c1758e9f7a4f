// Package upstream signs people in elsewhere: it is the OAuth 2.0 client and
// OpenID Connect relying party of authd.
//
// A provider is a [Definition]: endpoints, scopes and where its profile keeps
// what. Only where a provider really differs there is a function. The table of
// all definitions stands in the files definitions_*.go; [[generic_oauth.config]]
// makes further ones.
//
// What a provider says is believed only after it was verified: ID tokens by
// signature, issuer, audience, time and nonce (OpenID Connect Core §3.1.3.7),
// answers by their issuer (RFC 9207), codes by PKCE (RFC 7636).
//
// The package knows no user, no session and no database. All that goes out goes
// through egress, to addresses of the configuration; tokens and secrets are in no
// error and no log.
package upstream

//go:generate go run ./providertable ../../../docs/social-providers.md

import (
	"fmt"

	"authd/auth/internal/clock"
	"authd/auth/internal/config"
	"authd/auth/internal/egress"
)

// Set is all providers that are configured.
type Set struct {
	all  []*Provider
	byID map[string]*Provider
}

// New makes the providers of the configuration. It calls nobody: a provider that
// is down does not stop the start. The error names the key that is wrong.
func New(cfg *config.Config, out *egress.Client, now clock.Clock) (*Set, error) {
	s := &Set{byID: map[string]*Provider{}}
	for _, given := range cfg.SocialProviders.All() {
		p, err := social(cfg, given)
		if err != nil {
			return nil, err
		}
		if p != nil {
			s.add(p, out, now)
		}
	}
	for i := range cfg.GenericOAuth.Config {
		p, err := generic(cfg, i)
		if err != nil {
			return nil, err
		}
		if _, taken := s.byID[p.ID]; taken {
			return nil, fmt.Errorf("generic_oauth.config[%d].provider_id (%s) is %q, which [social_providers.%s] has; allowed: a name of its own", i, cfg.Source("generic_oauth.config"), p.ID, p.ID)
		}
		s.add(p, out, now)
	}
	return s, nil
}

func (s *Set) add(p *Provider, out *egress.Client, now clock.Clock) {
	p.out, p.now = out, now
	s.all = append(s.all, p)
	s.byID[p.ID] = p
}

// Get finds a provider by its id.
func (s *Set) Get(id string) (*Provider, bool) {
	p, ok := s.byID[id]
	return p, ok
}

// All lists the providers: those that authd knows by name, then those of
// generic_oauth in the order of the configuration.
func (s *Set) All() []*Provider { return s.all }

// Provider is one configured provider.
type Provider struct {
	ID   string
	Name string // for its button
	Icon string // name of its picture, "" without one

	DisableSignUp            bool
	DisableImplicitSignUp    bool
	OverrideUserInfo         bool // on each sign-in
	RequireEmailVerification bool

	def          Definition
	clientIDs    []string // the first is ours, the others only count in ID tokens
	secret       string
	sign         *signer // in place of a secret, or nil
	redirectURI  string
	scopes       []string
	prompt       string
	noIDTokens   bool // apps may not sign in with an ID token
	needsIDToken bool // answers must have one
	needsIssuer  bool // answers must say who they are of

	out   *egress.Client
	now   clock.Clock
	found discovery
	keys  keySet
}

func (p *Provider) clientID() string { return p.clientIDs[0] }

// FormPost says that the answer comes as a form that the provider's page posts,
// so that cookies which are SameSite=Lax do not come with it.
func (p *Provider) FormPost() bool { return p.def.Params["response_mode"] == "form_post" }
