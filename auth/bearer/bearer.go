// Package bearer is the session of apps that keep no cookies: every answer that
// gives a session tells its token in the header set-auth-token, and the app sends
// it back as Authorization: Bearer (RFC 6750 §2.1).
//
// The token is the session's own, not an OAuth access token: those are looked up
// by the provider and name no session here, as an operator's token names none. A
// request that carries it has no cookie for a foreign site to misuse, which is why
// the origin check does not apply to it.
//
// The package must not read a token at the pages: browsers go there, with cookies.
package bearer

import (
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Service is this capability.
type Service struct {
	core   *core.Core
	signed bool // only tokens with their signature count
}

// New connects the capability.
func New(c *core.Core) *Service {
	s := &Service{core: c, signed: c.Config.Bearer.RequireSignature}
	if c.Config.Bearer.Enabled {
		c.Presented = s.presented
		c.TokenSent = append(c.TokenSent, tell)
	}
	return s
}

// maxLength is more than any token of ours has, its signature escaped.
const maxLength = 256

// presented is the session token of the Authorization header: alone, or with its
// signature, as it is or escaped for a URL. What has a signature that does not hold
// is somebody else's token, such as a JWT, and is passed over.
func (s *Service) presented(r *api.Request) (token string, signed bool) {
	lines := r.HTTP.Header["Authorization"]
	if len(lines) == 0 || len(lines[0]) > maxLength || r.Endpoint().Mount != api.Auth {
		return "", false
	}
	scheme, value, _ := strings.Cut(lines[0], " ")
	value = strings.TrimSpace(value)
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return "", false
	case strings.Contains(value, "."):
		token = s.core.Unsign(value)
		return token, token != ""
	case s.signed:
		return "", false
	default:
		return value, false
	}
}

const header = "set-auth-token"

// tell gives the app the token, and lets pages of other origins read it.
func tell(r *api.Request, _ *core.Auth, signed string) {
	if r.Endpoint().Mount != api.Auth {
		return
	}
	r.Header().Set(header, signed)
	r.Expose(header)
}
