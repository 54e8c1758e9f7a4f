package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"authd/auth/internal/store"
)

// protectedPath is where the metadata of a resource is: between its origin and
// its path (RFC 9728 §3).
const protectedPath = "/.well-known/oauth-protected-resource"

// protected is the metadata of a resource (RFC 9728 §2).
type protected struct {
	Resource               string   `json:"resource"`
	AuthorizationServers   []string `json:"authorization_servers"`
	ScopesSupported        []string `json:"scopes_supported,omitempty"`
	BearerMethodsSupported []string `json:"bearer_methods_supported"`
	ResourceName           string   `json:"resource_name,omitempty"`
	DPoPSigningAlgs        []string `json:"dpop_signing_alg_values_supported"`
	DPoPRequired           bool     `json:"dpop_bound_access_tokens_required,omitempty"`
}

// protectedDocument is the metadata of the registered resource whose path on this
// origin is given. A resource elsewhere serves its own. Without a path, and without
// a resource there, it is the only one on this origin, as better-auth's mcp has it.
// Errors: ErrResourceNotFound.
func (s *Service) protectedDocument(ctx context.Context, path string) ([]byte, error) {
	r, err := findResource(ctx, s.core.DB, s.issuer+path, "")
	if errors.Is(err, store.ErrNotFound) && path == "" {
		r, err = s.onlyHere(ctx)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && r.Disabled {
		return nil, ErrResourceNotFound
	}
	if err != nil {
		return nil, err
	}
	scopes := r.AllowedScopes
	if scopes == nil {
		scopes = s.cfg.Scopes
	}
	name := r.Name
	if name == r.Identifier { // nobody gave it one
		name = ""
	}
	about, err := json.Marshal(&protected{
		Resource: r.Identifier, AuthorizationServers: []string{s.issuer}, ScopesSupported: slices.DeleteFunc(slices.Clone(scopes), personal),
		BearerMethodsSupported: []string{"header"}, ResourceName: name, DPoPSigningAlgs: clientAlgs(), DPoPRequired: r.DPoPBound,
	})
	if err != nil {
		return nil, fmt.Errorf("resource metadata: %w", err)
	}
	return about, nil
}

// onlyHere is the one resource on this origin. Errors: store.ErrNotFound when there are more or none.
func (s *Service) onlyHere(ctx context.Context) (*Resource, error) {
	all, err := listResources(ctx, s.core.DB)
	if err != nil {
		return nil, err
	}
	here := slices.DeleteFunc(all, func(r *Resource) bool { return r.Disabled || !strings.HasPrefix(r.Identifier, s.issuer+"/") })
	if len(here) != 1 {
		return nil, store.ErrNotFound
	}
	return here[0], nil
}

// ResourceChallenge is what a resource server answers in WWW-Authenticate, so that
// a client finds out which server gives tokens for it (RFC 9728 §5.1, RFC 6750 §3).
// code and scope are "" where there is nothing to say; without an address of http
// or https there is no metadata to point to.
func ResourceChallenge(identifier, code, scope string) string {
	var parts []string
	if u, err := url.Parse(identifier); err == nil && (u.Scheme == "https" || u.Scheme == "http") && checkIdentifier(identifier) == "" {
		at := u.Scheme + "://" + u.Host + protectedPath + strings.TrimSuffix(u.EscapedPath(), "/")
		if u.RawQuery != "" {
			at += "?" + u.RawQuery
		}
		parts = append(parts, `resource_metadata="`+at+`"`)
	}
	if code != "" {
		parts = append(parts, `error="`+asciiOnly(code)+`"`)
	}
	if scope != "" {
		parts = append(parts, `scope="`+asciiOnly(scope)+`"`)
	}
	return strings.TrimSpace("Bearer " + strings.Join(parts, ", "))
}
