package oidc

import (
	"fmt"
	"slices"
	"strings"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
)

// scopeClaim is one claim that a scope gives access to by configuration.
type scopeClaim struct{ scope, claim, field string }

// newScopeClaims reads oauth_provider.scope_claims.
func newScopeClaims(cfg config.OauthProvider) ([]scopeClaim, error) {
	var list []scopeClaim
	for _, entry := range cfg.ScopeClaims {
		words := strings.Fields(entry)
		if len(words) == 2 {
			words = append(words, words[1])
		}
		if len(words) != 3 {
			return nil, fmt.Errorf("oauth_provider.scope_claims: %q is not SCOPE CLAIM or SCOPE CLAIM FIELD", entry)
		}
		one := scopeClaim{words[0], words[1], words[2]}
		switch {
		case !slices.Contains(cfg.Scopes, one.scope):
			return nil, fmt.Errorf("oauth_provider.scope_claims: the scope %s is not among oauth_provider.scopes", one.scope)
		case slices.Contains(reservedClaims(), one.claim):
			return nil, fmt.Errorf("oauth_provider.scope_claims: %s is a claim of the provider's own", one.claim)
		case !slices.Contains(userFields(), one.field):
			return nil, fmt.Errorf("oauth_provider.scope_claims: there is no field %s; there are %s", one.field, strings.Join(userFields(), ", "))
		}
		list = append(list, one)
	}
	return list, nil
}

// userFields are what may be told of a person by configuration.
func userFields() []string {
	return []string{"id", "name", "email", "email_verified", "image", "role", "created_at", "updated_at", "given_name", "family_name", "username", "phone_number"}
}

// field is one of them; nil when the person has none.
func field(u *core.User, name string) any {
	switch name {
	case "id":
		return u.ID
	case "image":
		name = "picture"
	case "username":
		name = claimUsername
	case "role":
		if u.Role == "" {
			return nil
		}
		return strings.Split(u.Role, ",")
	case "created_at":
		return u.CreatedAt.Unix()
	}
	return person(u)[name]
}

// scopeClaims are the configured claims about a person that the scopes give access to.
func (s *Service) scopeClaims(u *core.User, scopes []string) map[string]any {
	claims := map[string]any{}
	for _, one := range s.claims {
		if value := field(u, one.field); value != nil && slices.Contains(scopes, one.scope) {
			claims[one.claim] = value
		}
	}
	return claims
}

// namesOf are the claims that people have where usernames or phone numbers are on.
func namesOf(cfg *config.Config) []string {
	var names []string
	if cfg.Username.Enabled {
		names = append(names, claimUsername)
	}
	if cfg.PhoneNumber.Enabled {
		names = append(names, claimPhone, claimPhoneVerified)
	}
	return names
}

// claimsSupported are what is told of a person and of how they signed in: always,
// by the standard scopes that are on, more where people have it, and by configuration (OpenID Connect
// Discovery §3, claims_supported).
func claimsSupported(cfg config.OauthProvider, more []string) []string {
	claims := []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"}
	for _, claim := range append([]string{"name", "picture", "given_name", "family_name", "email", "email_verified", "updated_at"}, more...) {
		if slices.Contains(cfg.Scopes, scopeOfClaim(claim)) {
			claims = append(claims, claim)
		}
	}
	for _, entry := range cfg.ScopeClaims {
		if words := strings.Fields(entry); len(words) > 1 && !slices.Contains(claims, words[1]) {
			claims = append(claims, words[1])
		}
	}
	return claims
}
