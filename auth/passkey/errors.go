package passkey

import (
	"errors"
	"net/http"

	"authd/auth/internal/api"
)

// The errors of passkeys, as the contract words them.
var (
	ErrChallenge      = &api.Error{Status: http.StatusBadRequest, Code: "CHALLENGE_NOT_FOUND", Message: "Challenge not found"}
	ErrRegistration   = &api.Error{Status: http.StatusBadRequest, Code: "FAILED_TO_VERIFY_REGISTRATION", Message: "Failed to verify registration"}
	ErrNotYours       = &api.Error{Status: http.StatusUnauthorized, Code: "YOU_ARE_NOT_ALLOWED_TO_REGISTER_THIS_PASSKEY", Message: "You are not allowed to register this passkey"}
	ErrNoUser         = &api.Error{Status: http.StatusBadRequest, Code: "RESOLVE_USER_REQUIRED", Message: "Passkey registration requires either an authenticated session or a resolveUser callback when requireSession is false"}
	ErrBadUser        = &api.Error{Status: http.StatusBadRequest, Code: "RESOLVED_USER_INVALID", Message: "Resolved user is invalid"}
	ErrAuthentication = &api.Error{Status: http.StatusBadRequest, Code: "AUTHENTICATION_FAILED", Message: "Authentication failed"}
	ErrSignature      = &api.Error{Status: http.StatusUnauthorized, Code: "AUTHENTICATION_FAILED", Message: "Authentication failed"}
	ErrUnknown        = &api.Error{Status: http.StatusUnauthorized, Code: "PASSKEY_NOT_FOUND", Message: "Passkey not found"}
	ErrNotFound       = &api.Error{Status: http.StatusNotFound, Code: "PASSKEY_NOT_FOUND", Message: "Passkey not found"}
	errNoID           = &api.Error{Status: http.StatusBadRequest, Message: "Missing required parameter: id"} // no code, as the contract has it
	ErrForeign        = &api.Error{Status: http.StatusUnauthorized}                                          // no body, as the contract has it
	ErrLast           = &api.Error{Status: http.StatusBadRequest, Code: "LAST_WAY_IN", Message: "This passkey is all that you can sign in with"}
	ErrSignUpDisabled = &api.Error{Status: http.StatusBadRequest, Code: "PASSKEY_SIGN_UP_DISABLED", Message: "Sign-up with a passkey is not open"}
)

// errCopied tells that a counter went back: two devices hold the key, or the one
// that does is broken (WebAuthn L3 §7.2 step 22).
var errCopied = errors.New("the signature counter went back")
