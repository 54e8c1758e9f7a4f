package oidc

import (
	"errors"
	"strings"

	"authd/auth/internal/api"
)

// The errors of the token, introspection, revocation and userinfo endpoints:
// RFC 6749 §5.2, RFC 7009 §2.2.1, RFC 6750 §3.1.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	invalidScope         = "invalid_scope"
	invalidToken         = "invalid_token"
	unauthorizedClient   = "unauthorized_client"
	unsupportedGrantType = "unsupported_grant_type"
	accessDenied         = "access_denied"
	invalidTarget        = "invalid_target"                    // RFC 8707 §2
	loginRequired        = "login_required"                    // OpenID Connect Core §3.1.2.6
	unmetRequirements    = "unmet_authentication_requirements" // OpenID Connect Core Unmet Authentication Requirements §2
)

// The errors of registering a client: RFC 7591 §3.2.2.
const (
	invalidRedirectURI = "invalid_redirect_uri"
	invalidMetadata    = "invalid_client_metadata"
)

// ErrFlowGone says that a flow has expired, was used, or began in another browser.
var ErrFlowGone = errors.New("this sign-in has expired or was already completed")

// ErrClientNotFound says that there is no client of that id.
var ErrClientNotFound = errors.New("there is no such client")

// ErrClientExists says that the id is taken.
var ErrClientExists = errors.New("a client with this id exists already")

// errSignature answers a signed query that was changed or is too old (NOTES §13).
var errSignature = &api.OAuthError{Status: 400, Code: "invalid_signature"}

// errUnreadable answers a query that is not form-encoded (RFC 6749 appendix B).
var errUnreadable = bad(invalidRequest, "the query is not form-encoded")

// errPreloginOff is the contract's bare 400 where the operator has not allowed it.
var errPreloginOff = &api.Error{Status: 400}

func bad(code, description string) *api.OAuthError {
	return &api.OAuthError{Status: 400, Code: code, Description: description}
}

// missing is the contract's answer for a client or consent that is not there.
func missing(description string) *api.OAuthError {
	return &api.OAuthError{Status: 404, Code: "not_found", Description: description}
}

// unauthenticated is invalid_client with 401, which always names a scheme
// (RFC 6749 §5.2, RFC 9110 §15.5.2; the realm is RFC 7617 §2's).
func unauthenticated(description string) *api.OAuthError {
	return &api.OAuthError{Status: 401, Code: invalidClient, Description: description, Challenge: `Basic realm="authd"`}
}

// bearerError is an error of a protected resource (RFC 6750 §3). A request
// without a token gets the bare challenge.
func bearerError(status int, code, description, scope string) *api.OAuthError {
	e := &api.OAuthError{Status: status, Code: code, Description: description, Challenge: "Bearer"}
	var parts []string
	if code != "" {
		parts = append(parts, `error="`+code+`"`, `error_description="`+description+`"`)
	}
	if scope != "" {
		parts = append(parts, `scope="`+scope+`"`)
	}
	if len(parts) > 0 {
		e.Challenge += " " + strings.Join(parts, ", ")
	}
	return e
}

// dpopError is an error of a protected resource about a token that is bound to a
// key (RFC 9449 §7.1).
func dpopError(code, description string) *api.OAuthError {
	e := bearerError(401, code, description, "")
	e.Challenge = "DPoP" + strings.TrimPrefix(e.Challenge, "Bearer") + `, algs="` + strings.Join(clientAlgs(), " ") + `"`
	return e
}

// Refusal is an authorization request that gets no code. Without a redirect URI
// that may be trusted, the person is told; with one, the client is (RFC 6749 §4.1.2.1).
type Refusal struct {
	Code        string
	Description string
	State       string

	to        *destination
	client    *Client    // nil when it is not known
	complaint *Complaint // for the person, where the client cannot be told
}

func (e *Refusal) Error() string { return e.Code + ": " + e.Description }

// unanswerable is a refusal that only the person can be told. client is nil when
// it is not known; without a Wrong the description says it.
func unanswerable(client *Client, code, description string, wrong ...Wrong) *Refusal {
	if len(wrong) == 0 {
		wrong = []Wrong{{Reason: description}}
	}
	return &Refusal{Code: code, Description: description, client: client, complaint: about(client, wrong...)}
}
