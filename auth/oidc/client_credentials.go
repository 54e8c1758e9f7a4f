package oidc

import (
	"context"
	"slices"
)

// clientCredentials gives a client a token of its own: nobody stands behind it
// (RFC 6749 §4.4). There is no refresh token: the client can ask again (§4.4.3).
func (s *Service) clientCredentials(ctx context.Context, r *tokenRequest) (*Tokens, error) {
	if r.client.Public() {
		return nil, bad(unauthorizedClient, "public clients cannot use the client_credentials grant")
	}
	own := r.client.ownScopes()
	if len(own) == 0 {
		return nil, bad(unauthorizedClient, "client has no authorized client_credentials scopes")
	}
	scopes, err := narrowed(own, r.form.Get("scope"))
	if err != nil {
		return nil, err
	}
	target, err := s.target(ctx, r.client, r.form["resource"])
	if err != nil {
		return nil, err
	}
	token, err := s.mint(&minting{client: r.client, scopes: scopes, target: target, jkt: r.jkt, now: r.now})
	if err != nil {
		return nil, err
	}
	return s.keepAndIssue(ctx, token)
}

// ownScopes are those the client may have without a person. What speaks of one
// is never among them.
func (c *Client) ownScopes() []string {
	if !slices.ContainsFunc(c.ClientCredentialsScopes, personal) {
		return c.ClientCredentialsScopes
	}
	return slices.DeleteFunc(slices.Clone(c.ClientCredentialsScopes), personal)
}

// personal tells whether a scope speaks of a person.
func personal(scope string) bool {
	switch scope {
	case scopeOpenID, scopeProfile, scopeEmail, scopeOffline, "address", "phone":
		return true
	}
	return false
}
