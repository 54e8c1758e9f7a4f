package siwe

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them.
var (
	ErrMismatch    = &api.Error{Status: http.StatusUnauthorized, Code: "UNAUTHORIZED_SIWE_MESSAGE_MISMATCH", Message: "Unauthorized: SIWE message does not match the expected nonce, domain, address, or chain ID", Repeats: true}
	ErrNonce       = &api.Error{Status: http.StatusUnauthorized, Code: "UNAUTHORIZED_INVALID_OR_EXPIRED_NONCE", Message: "Unauthorized: Invalid or expired nonce", Repeats: true}
	ErrExpired     = &api.Error{Status: http.StatusUnauthorized, Code: "UNAUTHORIZED_SIWE_MESSAGE_EXPIRED", Message: "Unauthorized: SIWE message has expired", Repeats: true}
	ErrNotYetValid = &api.Error{Status: http.StatusUnauthorized, Code: "UNAUTHORIZED_SIWE_MESSAGE_NOT_YET_VALID", Message: "Unauthorized: SIWE message is not yet valid", Repeats: true}
	ErrSignature   = &api.Error{Status: http.StatusUnauthorized, Message: "Unauthorized: Invalid SIWE signature", Repeats: true}
	// ErrClosed is authd's own: better-auth has no rules on who may come in.
	ErrClosed = &api.Error{Status: http.StatusForbidden, Code: "SIGNUP_DISABLED", Message: "Only who has an account may sign in"}
)
