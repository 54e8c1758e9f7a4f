package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"authd/auth/internal/egress"
)

const (
	discoveryFresh   = time.Hour        // how long a discovery document counts
	discoveryAgain   = 10 * time.Second // how soon after a failure another look is taken
	discoveryTimeout = 5 * time.Second
	discoveryMaxBody = 256 << 10
)

// endpoints are where a provider is spoken to, and what it says of itself.
type endpoints struct {
	authorize, token, userInfo, jwks string
	issuers                          []string
	openID                           bool // an OpenID provider, found by discovery
	answersIss                       bool // its answers say who they are of (RFC 9207 §3)
}

// discovery keeps what was discovered.
type discovery struct {
	mu    sync.Mutex // held while it is read: others wait for the same answer
	at    *endpoints
	read  time.Time
	tried time.Time
}

// metadata is the part of OpenID Connect Discovery §3 that matters here.
type metadata struct {
	Issuer      string   `json:"issuer"`
	Authorize   string   `json:"authorization_endpoint"`
	Token       string   `json:"token_endpoint"`
	UserInfo    string   `json:"userinfo_endpoint"`
	JWKS        string   `json:"jwks_uri"`
	Algorithms  []string `json:"id_token_signing_alg_values_supported"`
	AnswersWith bool     `json:"authorization_response_iss_parameter_supported"`
}

// endpoints are those of the definition, and of discovery where that is wanted.
// Errors: ErrUnreachable.
func (p *Provider) endpoints(ctx context.Context) (*endpoints, error) {
	known := &endpoints{authorize: p.def.Authorize, token: p.def.Exchange, userInfo: p.def.UserInfo, jwks: p.def.JWKS, issuers: p.def.Issuers}
	if p.def.Discovery == "" {
		return known, nil
	}
	p.found.mu.Lock()
	defer p.found.mu.Unlock()
	now := p.now(ctx)
	if p.found.at != nil && now.Sub(p.found.read) < discoveryFresh {
		return p.found.at, nil
	}
	if now.Sub(p.found.tried) < discoveryAgain {
		if p.found.at == nil {
			return nil, fmt.Errorf("%w: the discovery document of %s could not be read a moment ago", ErrUnreachable, p.ID)
		}
		return p.found.at, nil
	}
	at, err := p.discover(ctx, known)
	if ctx.Err() == nil { // one who hangs up must not spend the look of all
		p.found.tried = now
	}
	if err == nil {
		p.found.at, p.found.read = at, now
	}
	if p.found.at == nil {
		return nil, err
	}
	return p.found.at, nil
}

func (p *Provider) discover(ctx context.Context, known *endpoints) (*endpoints, error) {
	body, err := p.document(ctx, p.def.Discovery, p.def.DiscoveryHeader)
	if err != nil {
		return nil, fmt.Errorf("%w: the discovery document of %s: %w", ErrUnreachable, p.ID, err)
	}
	var m metadata
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("%w: the discovery document of %s is no JSON object", ErrUnreachable, p.ID)
	}
	if err := p.believe(&m, known); err != nil {
		return nil, err
	}
	at := &endpoints{
		authorize: or(known.authorize, m.Authorize), token: or(known.token, m.Token), userInfo: or(known.userInfo, m.UserInfo),
		jwks: or(known.jwks, m.JWKS), issuers: known.issuers, openID: len(m.Algorithms) > 0, answersIss: m.AnswersWith,
	}
	if len(at.issuers) == 0 && m.Issuer != "" {
		at.issuers = []string{m.Issuer}
	}
	if !p.usable(at.authorize) || !p.usable(at.token) || at.userInfo != "" && !p.usable(at.userInfo) || at.jwks != "" && !p.usable(at.jwks) {
		return nil, fmt.Errorf("%w: the discovery document of %s has no usable endpoints", ErrUnreachable, p.ID)
	}
	return at, nil
}

// usable endpoints are addresses, and not http when the document came by https.
func (p *Provider) usable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && !strings.HasPrefix(p.def.Discovery, "https:"))
}

// believe: a document says for whom it speaks, and that must be the one that was
// asked (OpenID Connect Discovery §4.3), lest another's keys pass for its own.
func (p *Provider) believe(m *metadata, known *endpoints) error {
	const wellKnown = "/.well-known/openid-configuration"
	base, standard := strings.CutSuffix(p.def.Discovery, wellKnown)
	switch {
	case m.Issuer == "":
		return nil // no ID token will count
	case len(known.issuers) > 0 && slices.Contains(known.issuers, m.Issuer):
		return nil
	case len(known.issuers) > 0 || standard && strings.TrimSuffix(m.Issuer, "/") != base:
		return fmt.Errorf("%w: the discovery document of %s is of another issuer; set issuer when that is right", ErrUnreachable, p.ID)
	}
	return nil
}

// document reads what an address of the configuration, or of the provider, holds.
func (p *Provider) document(ctx context.Context, address string, header map[string]string) ([]byte, error) {
	if len(header) == 0 {
		found, err := p.out.Fetch(ctx, address, egress.Want{Trusted: true, MaxBody: discoveryMaxBody, Timeout: discoveryTimeout})
		return found.Body, err
	}
	ctx, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	return p.send(ctx, apiRequest{Method: http.MethodGet, URL: address, Header: header})
}

// CheckIssuer looks at the iss of an answer (RFC 9207 §2.4): it must be there
// when the provider says that it always is, and name the provider that was asked.
// Errors: ErrIssuerMissing, ErrIssuerMismatch, ErrUnreachable.
func (p *Provider) CheckIssuer(ctx context.Context, iss string) error {
	at, err := p.endpoints(ctx)
	if err != nil {
		return err
	}
	switch {
	case iss == "" && (p.needsIssuer || at.answersIss):
		return ErrIssuerMissing
	case iss != "" && len(at.issuers) > 0 && !slices.Contains(at.issuers, iss):
		return ErrIssuerMismatch
	}
	return nil
}
