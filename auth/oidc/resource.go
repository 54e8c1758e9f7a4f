package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// Resource is an API that access tokens are asked for by its name (RFC 8707). The
// zero value of a field says that the resource asks for nothing in particular.
type Resource struct {
	ID                    string
	Identifier            string
	Name                  string
	AccessTokenExpiresIn  time.Duration
	RefreshTokenExpiresIn time.Duration
	SigningAlgorithm      string
	AllowedScopes         []string // tokens for it have no others; nil for no limit
	CustomClaims          map[string]json.RawMessage
	DPoPBound             bool // only tokens that are bound to a key (RFC 9449)
	Disabled              bool
	Declared              bool // it stands in authd.toml
	PolicyVersion         int64
	Metadata              json.RawMessage
	CreatedAt, UpdatedAt  time.Time

	linked bool // to the client that asks
}

// ErrResourceNotFound says that there is no resource of that identifier.
var ErrResourceNotFound = errors.New("there is no such resource")

// target is where a token is to count, and what the resources there ask of it.
type target struct {
	resources               []string
	accessLife, refreshLife time.Duration // 0: no limit
	alg                     string
	allowed                 [][]string // the scopes that each resource takes
	boundOnly               bool
	claims                  map[string]json.RawMessage
}

// maxResources bounds the audience of one token.
const maxResources = 10

// target finds the resources that a request asks for. Errors: invalid_target
// (RFC 8707 §2).
func (s *Service) target(ctx context.Context, client *Client, asked []string) (target, error) {
	return s.targetIn(ctx, s.core.DB, client, asked)
}

func (s *Service) targetIn(ctx context.Context, q store.Querier, client *Client, asked []string) (target, error) {
	var t target
	for _, identifier := range asked {
		if identifier == "" || slices.Contains(t.resources, identifier) {
			continue
		}
		if len(t.resources) == maxResources {
			return target{}, bad(invalidTarget, "too many resources")
		}
		t.resources = append(t.resources, identifier)
		if identifier == s.userinfoURL { // our own
			continue
		}
		r, err := findResource(ctx, q, identifier, client.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return target{}, err
		}
		// What there is elsewhere is nobody's business: one answer for all.
		if err != nil || r.Disabled || !r.linked && !s.openTo(client, identifier) {
			return target{}, bad(invalidTarget, "requested resource "+clip(asciiOnly(identifier))+" is not configured for this client")
		}
		if err := t.add(r); err != nil {
			return target{}, err
		}
	}
	return t, nil
}

// openTo tells whether a client may ask for a resource that it is not linked to.
// Clients that nobody registered by hand cannot be linked by hand either (MCP).
func (s *Service) openTo(client *Client, identifier string) bool {
	return !s.cfg.EnforcePerClientResources || slices.Contains(s.openResources(client), identifier)
}

// openResources are those that a client may ask for by how it was made. It may not
// introspect tokens for them: that takes a link.
func (s *Service) openResources(client *Client) []string {
	asked := client.Settings.Resources
	if client.Registration == madeByOperator {
		return asked
	}
	allowed := s.cfg.ClientRegistrationAllowedResources // as they are now
	asked = slices.DeleteFunc(slices.Clone(asked), func(one string) bool { return !slices.Contains(allowed, one) })
	return distinct(slices.Concat(s.cfg.ClientRegistrationDefaultResources, asked))
}

// checkAsked: a client that nobody looked at names only resources that the operator
// has for such. Errors: invalid_target.
func (s *Service) checkAsked(client *Client) error {
	for _, one := range client.Settings.Resources {
		if !slices.Contains(s.cfg.ClientRegistrationAllowedResources, one) && !slices.Contains(s.cfg.ClientRegistrationDefaultResources, one) {
			return bad(invalidTarget, "requested resource "+clip(asciiOnly(one))+" is not allowed for client registration")
		}
	}
	return nil
}

// add takes on what one more resource asks for: the shortest life, the fewest scopes.
func (t *target) add(r *Resource) error {
	t.accessLife = shorter(t.accessLife, r.AccessTokenExpiresIn)
	t.refreshLife = shorter(t.refreshLife, r.RefreshTokenExpiresIn)
	if r.SigningAlgorithm != "" {
		if t.alg != "" && t.alg != r.SigningAlgorithm {
			return bad(invalidTarget, "the requested resources need different signatures: ask for one at a time")
		}
		t.alg = r.SigningAlgorithm
	}
	if r.AllowedScopes != nil {
		t.allowed = append(t.allowed, r.AllowedScopes)
	}
	t.boundOnly = t.boundOnly || r.DPoPBound
	if len(r.CustomClaims) > 0 {
		if t.claims == nil {
			t.claims = map[string]json.RawMessage{}
		}
		maps.Copy(t.claims, r.CustomClaims)
	}
	return nil
}

// shorter of two durations of which 0 is none.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// algorithm signs the tokens for it.
func (t *target) algorithm() string {
	if t.alg == "" {
		return algEdDSA
	}
	return t.alg
}

// narrow leaves the scopes that every resource takes; the client is told which
// they are (RFC 6749 §3.3).
func (t *target) narrow(scopes []string) ([]string, error) {
	for _, allowed := range t.allowed {
		kept := slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return !slices.Contains(allowed, scope) })
		if len(kept) == 0 && len(scopes) > 0 {
			return nil, bad(invalidScope, "none of the requested scopes are allowed for this resource")
		}
		scopes = kept
	}
	return scopes, nil
}

// parseResources reads the resources of an authorization request. Its error is a
// *Refusal when they are at fault.
func (s *Service) parseResources(ctx context.Context, r *Request) error {
	t, err := s.target(ctx, r.Client, r.params["resource"])
	if err == nil {
		_, err = t.narrow(r.Scopes)
	}
	var wrong *api.OAuthError
	if errors.As(err, &wrong) {
		return r.refuse(wrong.Code, wrong.Description)
	}
	r.Resources = t.resources
	return err
}

// resourceNames are what people know the resources of a request by.
func (s *Service) resourceNames(ctx context.Context, identifiers []string) ([]string, error) {
	var names []string
	for _, identifier := range identifiers {
		r, err := s.Resource(ctx, identifier)
		if errors.Is(err, ErrResourceNotFound) { // since the request was checked
			continue
		}
		if err != nil {
			return nil, err
		}
		names = append(names, cmp.Or(r.Name, r.Identifier))
	}
	return names, nil
}

// within tells whether all was granted (RFC 8707 §2.2). Errors: invalid_target.
func (t *target) within(granted []string) error {
	for _, identifier := range t.resources {
		if !slices.Contains(granted, identifier) {
			return bad(invalidTarget, "requested resource not authorized")
		}
	}
	return nil
}

// grantedTarget is where the tokens of a code are to count: where the request at
// the token endpoint says, out of what was granted. A grant that names nothing
// takes on what is asked for now, when its code is redeemed (NOTES §13).
func (s *Service) grantedTarget(ctx context.Context, r *tokenRequest, g *grant) (target, error) {
	asked := r.form["resource"]
	if !slices.ContainsFunc(asked, func(one string) bool { return one != "" }) {
		asked = g.resources
	}
	t, err := s.target(ctx, r.client, asked)
	if err != nil {
		return target{}, err
	}
	if len(g.resources) == 0 {
		g.resources = t.resources
	}
	return t, t.within(g.resources)
}

// checkIdentifier says what is wrong with the name of a resource, "" when nothing
// is: an absolute URI without a fragment (RFC 8707 §2).
func checkIdentifier(identifier string) string {
	if len(identifier) > maxRedirectURI {
		return "is too long"
	}
	if strings.ContainsFunc(identifier, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"\<>`, r) }) {
		return "has a character that no URI has"
	}
	u, err := url.Parse(identifier)
	if err != nil || u.Scheme == "" || (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() == "" {
		return "is not an absolute URI"
	}
	if strings.Contains(identifier, "#") {
		return "must not have a fragment (RFC 8707 section 2)"
	}
	return ""
}
