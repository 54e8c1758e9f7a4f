package social

import (
	"errors"
	"net/http"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// The errors of this capability, as the contract words them.
var (
	ErrProviderNotFound    = &api.Error{Status: http.StatusNotFound, Code: "PROVIDER_NOT_FOUND", Message: "Provider not found"}
	ErrIDTokenNotSupported = &api.Error{Status: http.StatusNotFound, Code: "ID_TOKEN_NOT_SUPPORTED", Message: "id_token not supported"}
	ErrInvalidToken        = &api.Error{Status: http.StatusUnauthorized, Code: "INVALID_TOKEN", Message: "Invalid token"}
	ErrNoUserInfo          = &api.Error{Status: http.StatusUnauthorized, Code: "FAILED_TO_GET_USER_INFO", Message: "Failed to get user info"}
	ErrEmailNotFound       = &api.Error{Status: http.StatusUnauthorized, Code: "USER_EMAIL_NOT_FOUND", Message: "User email not found"}
	ErrLink                = &api.Error{Status: http.StatusUnauthorized, Code: "OAUTH_LINK_ERROR", Message: "account not linked"}
	ErrAlreadyLinked       = &api.Error{Status: http.StatusConflict, Code: "SOCIAL_ACCOUNT_ALREADY_LINKED", Message: "Social account already linked"}
	ErrLinkingNotAllowed   = &api.Error{Status: http.StatusUnauthorized, Code: "LINKING_NOT_ALLOWED", Message: "Account not linked - linking not allowed"}
	ErrDifferentEmails     = &api.Error{Status: http.StatusUnauthorized, Code: "LINKING_DIFFERENT_EMAILS_NOT_ALLOWED", Message: "Account not linked - different emails not allowed"}
	// ErrProviderUnavailable: the provider's metadata cannot be read just now.
	ErrProviderUnavailable = &api.Error{Status: http.StatusBadGateway, Code: "PROVIDER_UNAVAILABLE", Message: "The provider cannot be reached at the moment"}
	// ErrNotMember: of none of the organizations that pat_signin lets in.
	ErrNotMember         = &api.Error{Status: http.StatusForbidden, Code: "ORGANIZATION_NOT_ALLOWED", Message: "You are not a member of an organization that may sign in"}
	errAuthorizationURL  = &api.Error{Status: http.StatusBadRequest, Message: "Invalid authorizationURL"}
	errNoState           = &api.Error{Status: http.StatusBadRequest, Message: "Unexpected error"}
	errOneTap            = &api.Error{Status: http.StatusBadRequest, Message: "invalid id token"}
	errOneTapEmail       = &api.Error{Status: http.StatusBadRequest, Message: "Email not available in token"}
	ErrParameterText     = api.Invalid("body.additionalParams", "Invalid input: expected string")
	ErrReservedParameter = api.Invalid("body.additionalParams", "additionalParams cannot include reserved OAuth parameters: state, client_id, redirect_uri, response_type, code_challenge, code_challenge_method, nonce, scope")
)

// refusal is why a callback ends, under the code that its redirect tells (NOTES
// §7). The linking rules refuse with a core.LinkError.
type refusal struct {
	code        string
	description string // only what the provider or the operator's policy itself said
}

func (e *refusal) Error() string { return e.code }

var (
	errStateNotFound  = &refusal{code: "state_not_found"}
	errStateMismatch  = &refusal{code: "state_mismatch"}
	errBadCallback    = &refusal{code: "invalid_callback_request"}
	errNoCode         = &refusal{code: "no_code"}
	errNoProvider     = &refusal{code: "oauth_provider_not_found"}
	errIssuerMismatch = &refusal{code: "issuer_mismatch"}
	errInvalidCode    = &refusal{code: "invalid_code"}
	errNoUserInfo     = &refusal{code: "unable_to_get_user_info"}
)

// providerRefusal passes on what the provider said, where it keeps to the
// characters that RFC 6749 §4.1.2.1 lets it use.
func providerRefusal(code, description string) *refusal {
	if !plain(code, 64) {
		return errBadCallback
	}
	if !plain(description, 256) {
		description = ""
	}
	return &refusal{code: code, description: description}
}

func plain(s string, most int) bool {
	return len(s) <= most && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' })
}

// refusalOf is what a redirect tells of an error; nil for what is no answer to a
// person: a full disk, a defect.
func refusalOf(err error) *refusal {
	var known *refusal
	var link *core.LinkError
	var told *api.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &link):
		return &refusal{code: link.Code}
	case !errors.As(err, &told) || told.Code == "" || told.Status >= http.StatusInternalServerError:
		return nil
	case told.Code == core.ErrBanned.Code:
		return &refusal{code: "banned"}
	case told.Code == core.ErrPolicyRefused.Code:
		return &refusal{code: "policy_refused", description: told.Message}
	default:
		return &refusal{code: strings.ToLower(told.Code)}
	}
}

// declared is what a JSON answer tells of a sign-in that the linking rules refuse.
func declared(err error) error {
	var link *core.LinkError
	if !errors.As(err, &link) {
		return err
	}
	return &api.Error{Status: ErrLink.Status, Code: ErrLink.Code, Message: link.Error()}
}

// linkDeclared is what a JSON answer tells of a link that they refuse.
func linkDeclared(err error) error {
	switch {
	case errors.Is(err, core.ErrLinkTaken):
		return ErrAlreadyLinked
	case errors.Is(err, core.ErrLinkOtherEmail):
		return ErrDifferentEmails
	case errors.Is(err, core.ErrLinkNotAllowed):
		return ErrLinkingNotAllowed
	default:
		return err
	}
}

// declaredWithoutCode is the same for One Tap, where the contract tells no code.
func declaredWithoutCode(err error) error {
	var link *core.LinkError
	if !errors.As(err, &link) {
		return err
	}
	return &api.Error{Status: http.StatusUnauthorized, Message: link.Error()}
}
