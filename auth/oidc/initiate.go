package oidc

import (
	"net/url"

	"authd/auth/internal/api"
)

// checkInitiation: signing in that begins here sends people to the client, which
// must be a place that only it can hold (OpenID Connect Core §4).
func checkInitiation(c *Client) *api.OAuthError {
	if c.InitiateLoginURI == "" {
		return nil
	}
	u, err := url.Parse(c.InitiateLoginURI)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || len(c.InitiateLoginURI) > maxRedirectURI {
		return bad(invalidMetadata, "initiate_login_uri must be an https URL without a fragment")
	}
	return nil
}

// LoginLink is where a person goes who opens the app from here: the app is told
// who sends them, and begins a sign-in of its own (OpenID Connect Core §4). It is
// "" for a client that did not name such a place.
func (s *Service) LoginLink(c *Client) string {
	if c.InitiateLoginURI == "" || c.Disabled {
		return ""
	}
	return withParams(c.InitiateLoginURI, []param{{"iss", s.issuer}}, false)
}
