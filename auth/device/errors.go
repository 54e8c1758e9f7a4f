package device

import (
	"net/http"
	"time"

	"authd/auth/internal/api"
)

// Error codes of RFC 8628 §3.5 and RFC 6749 §5.2.
const (
	invalidRequest = "invalid_request"
	invalidClient  = "invalid_client"
	invalidGrant   = "invalid_grant"
	accessDenied   = "access_denied"
	expiredToken   = "expired_token"
)

func bad(code, description string) *api.OAuthError {
	return &api.OAuthError{Status: http.StatusBadRequest, Code: code, Description: description}
}

// What a device is told that asks for its tokens.
var (
	errPending    = bad("authorization_pending", "Authorization pending")
	errSlowDown   = bad("slow_down", "Polling too frequently")
	errExpired    = bad(expiredToken, "Device code has expired")
	errDenied     = bad(accessDenied, "Access denied")
	errDeviceCode = bad(invalidGrant, "Invalid device code")
	errMismatch   = bad(invalidGrant, "Client ID mismatch")
)

// What a person is told, or their app.
var (
	ErrUserCode    = bad(invalidRequest, "Invalid user code")
	ErrCodeExpired = bad(expiredToken, "User code has expired")
	ErrProcessed   = bad(invalidRequest, "Device code already processed")
	ErrNotClaimed  = bad(invalidRequest, "Device code has not been claimed by a verifying session; call `GET /device` with the `user_code` while signed in before approving or denying")
	ErrNotYours    = &api.OAuthError{Status: http.StatusForbidden, Code: accessDenied, Description: "This device authorization belongs to somebody else"}
	errAnonymous   = &api.OAuthError{Status: http.StatusUnauthorized, Code: "unauthorized", Description: "Authentication required"}
)

// guessed refuses somebody who tried too many wrong codes, for a while.
type guessed struct{ wait time.Duration }

var errGuessed = &api.Error{Status: http.StatusTooManyRequests, Message: "Too many requests. Please try again later."}

func (guessed) Error() string               { return errGuessed.Message }
func (guessed) Unwrap() error               { return errGuessed }
func (g guessed) RetryAfter() time.Duration { return g.wait }
