package oidc

import (
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
)

// profileFAPI2 is the FAPI 2.0 Security Profile (Final), which a client may be
// held to. What it takes beyond what everybody gets stands here and where the
// profile is named: its requests are pushed (par.go), its assertions are for our
// issuer alone (assertion.go), its tokens are bound to a key with a nonce of ours
// in the proof (dpop.go). PKCE, iss in answers and exact redirects are for all.
const profileFAPI2 = "fapi2"

// fapiCodeLife is the longest that a code may last (FAPI 2.0 §5.3.2.1).
const fapiCodeLife = time.Minute

// checkProfile holds a client's registration to its profile.
func checkProfile(c *Client) *api.OAuthError {
	if c.Settings.Profile != profileFAPI2 {
		return nil
	}
	if c.TokenEndpointAuthMethod != authPrivateKeyJWT {
		return bad(invalidMetadata, "profile fapi2 needs token_endpoint_auth_method private_key_jwt (FAPI 2.0 section 5.3.2.1)")
	}
	if c.PKCEOptional {
		return bad(invalidMetadata, "profile fapi2 needs PKCE (FAPI 2.0 section 5.3.2.2)")
	}
	for _, uri := range c.RedirectURIs {
		if !strings.HasPrefix(uri, "https://") {
			return bad(invalidMetadata, "profile fapi2 needs https in redirect_uris (FAPI 2.0 section 5.3.2.2)")
		}
	}
	for _, alg := range []string{c.IDTokenSignedResponseAlg, c.Settings.AssertionAlg, c.Settings.RequestObjectAlg, c.Settings.UserinfoAlg, c.Settings.IntrospectionAlg} {
		if alg != "" && !slices.Contains(fapiAlgs(), alg) {
			return bad(invalidMetadata, "profile fapi2 has only the algorithms "+strings.Join(fapiAlgs(), ", ")+" (FAPI 2.0 section 5.4.1)")
		}
	}
	return nil
}

// idTokenAlg is how a client's ID tokens are signed unless it says otherwise
// (OpenID Connect Registration §2; FAPI 2.0 §5.4.1 has no RS256).
func (c *Client) idTokenAlg() string {
	if c.Settings.Profile == profileFAPI2 {
		return algES256
	}
	return algRS256
}

// keepsRefreshToken: a refresh token that only its client can use, with its key,
// is not replaced at every use (FAPI 2.0 §5.3.2.1): one that got lost on the way
// would lock the client out.
func (c *Client) keepsRefreshToken() bool { return c.Settings.Profile == profileFAPI2 }

func (s *Service) codeLife(c *Client) time.Duration {
	if c.Settings.Profile == profileFAPI2 {
		return min(s.cfg.CodeExpiresIn, fapiCodeLife)
	}
	return s.cfg.CodeExpiresIn
}
