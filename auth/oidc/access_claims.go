package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// configuredClaims are what a JWT access token says beyond RFC 9068 §2.2: what the
// operator has for its resources, for its client, and for its scopes, such as
// roles (§2.2.3.1).
func (s *Service) configuredClaims(ctx context.Context, t *minted) (map[string]json.RawMessage, error) {
	m := t.of
	more := m.target.claims
	if own := m.client.Settings.Claims; len(own) > 0 {
		more = maps.Clone(own)
		maps.Copy(more, m.target.claims)
	}
	if m.grant == nil || len(s.claims) == 0 {
		return more, nil
	}
	u, err := s.activeUser(ctx, s.core.DB, m.grant.userID)
	if err != nil {
		return nil, err
	}
	more = maps.Clone(more)
	for name, value := range s.scopeClaims(u, strings.Fields(t.claims.Scope)) {
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("claim %s: %w", name, err)
		}
		if more == nil {
			more = map[string]json.RawMessage{}
		}
		more[name] = raw
	}
	return more, nil
}

// withClaims adds claims; none of them can stand in for what the token says
// already, or could have said.
func withClaims(c *accessClaims, more map[string]json.RawMessage) (any, error) {
	if len(more) == 0 {
		return c, nil
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("claims: %w", err)
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("claims: %w", err)
	}
	for name, value := range more {
		if !reservedClaim(name) {
			all[name] = value
		}
	}
	return all, nil
}

// reservedClaim: what only the server may say in an access token.
func reservedClaim(name string) bool {
	return slices.Contains([]string{
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "azp", "scope", "sid", "auth_time", "acr", "amr", "act", "may_act", "cnf",
	}, name)
}
