package api

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Error is an answer that tells the caller what went wrong. Capabilities
// declare theirs as variables in errors.go and return them.
type Error struct {
	Status  int
	Code    string // "" for the few that carry a message alone
	Message string // "" with "" as Code is an empty body
	// Repeats tells that the body says the status, too, as some of the contract's do.
	Repeats bool
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Message
}

// errorBody is the error as the contract writes it.
type errorBody struct {
	Message string `json:"message"`
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
}

// OAuthError is an error of the OAuth endpoints (RFC 6749 §5.2, RFC 6750 §3).
type OAuthError struct {
	Status      int
	Code        string // error
	Description string // error_description
	Challenge   string // the value of WWW-Authenticate, "" for none
}

func (e *OAuthError) Error() string { return e.Code + ": " + e.Description }

type oauthErrorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// Detour is an error that is no failure: what was asked for comes after
// something else, and that is answered in its place.
type Detour interface {
	error
	Detour(r *Request) (out any, err error)
}

// retryable is an error that passes by itself and knows when.
type retryable interface {
	error
	RetryAfter() time.Duration
}

// retryAfter is when to try again after err, 0 when that is not known.
func retryAfter(err error, answer *Error) time.Duration {
	var passing retryable
	switch {
	case errors.As(err, &passing):
		return passing.RetryAfter()
	case answer == ErrStorage:
		return 5 * time.Second
	default:
		return 0
	}
}

// The errors that any endpoint may answer.
var (
	ErrBadJSON       = &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "Invalid JSON in request body"}
	ErrTooLarge      = &Error{Status: http.StatusRequestEntityTooLarge, Code: "PAYLOAD_TOO_LARGE", Message: "Request body is too large: at most 1 MiB is allowed"}
	ErrUnauthorized  = &Error{Status: http.StatusUnauthorized, Code: "UNAUTHORIZED", Message: "Unauthorized"}
	ErrMissingOrigin = &Error{Status: http.StatusForbidden, Code: "MISSING_OR_NULL_ORIGIN", Message: "Missing or null Origin"}
	ErrInvalidOrigin = &Error{Status: http.StatusForbidden, Code: "INVALID_ORIGIN", Message: "Invalid origin"}
	ErrCrossSite     = &Error{Status: http.StatusForbidden, Code: "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED", Message: "Cross-site navigation login blocked. This request appears to be a CSRF attack."}
	ErrStorage       = &Error{Status: http.StatusServiceUnavailable, Code: "STORAGE_UNAVAILABLE", Message: "The server cannot write to its storage at the moment"}
	ErrBusy          = &Error{Status: http.StatusServiceUnavailable, Code: "SERVER_BUSY", Message: "The server is busy. Please try again shortly."}
	ErrNotFound      = &Error{Status: http.StatusNotFound}
	errTooMany       = &Error{Status: http.StatusTooManyRequests, Code: "", Message: "Too many requests. Please try again later."}
)

// Invalid is a validation failure of one place of the input: place is
// "[body.email]", text the contract's words.
func Invalid(place, text string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "VALIDATION_ERROR", Message: "[" + place + "] " + text}
}

// classify maps any error to what is answered; known tells whether it was declared.
func (rt *Router) classify(err error) (answer *Error, known bool) {
	var declared *Error
	if errors.As(err, &declared) {
		return declared, true
	}
	if rt.cfg.Classify != nil {
		if e := rt.cfg.Classify(err); e != nil {
			return e, true
		}
	}
	return &Error{Status: http.StatusInternalServerError}, false
}

// setRetryAfter writes whole seconds, rounded up (RFC 9110 §10.2.3); 0 writes nothing.
func (r *Request) setRetryAfter(wait time.Duration) {
	if wait > 0 {
		r.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}

// writeError answers err on a JSON endpoint.
func (r *Request) writeError(err error) {
	var oauth *OAuthError
	if errors.As(err, &oauth) {
		if oauth.Challenge != "" {
			r.Header().Set("WWW-Authenticate", oauth.Challenge)
		}
		r.Header().Set("Cache-Control", "no-store")
		r.writeJSON(oauth.Status, oauthErrorBody{oauth.Code, oauth.Description})
		return
	}
	answer, known := r.router.classify(err)
	if !known {
		r.logFailure(err)
	}
	r.setRetryAfter(retryAfter(err, answer))
	if code := r.endpoint.OAuth; code != "" && (answer.Status == http.StatusBadRequest || answer.Status == http.StatusRequestEntityTooLarge) {
		r.Header().Set("Cache-Control", "no-store")
		r.writeJSON(answer.Status, oauthErrorBody{code, answer.Message})
		return
	}
	if answer.Message == "" && answer.Code == "" {
		r.w.WriteHeader(answer.Status)
		return
	}
	body := errorBody{Message: answer.Message, Code: answer.Code}
	if answer.Repeats {
		body.Status = answer.Status
	}
	r.writeJSON(answer.Status, body)
}
