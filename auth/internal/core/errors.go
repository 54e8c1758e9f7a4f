package core

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of signing in and of sessions, as the contract words them.
var (
	ErrEmailTaken    = &api.Error{Status: http.StatusUnprocessableEntity, Code: "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", Message: "User already exists. Use another email."}
	ErrBanned        = &api.Error{Status: http.StatusForbidden, Code: "BANNED_USER", Message: "You have been banned from this application. Please contact support if you believe this is an error."}
	ErrNotVerified   = &api.Error{Status: http.StatusForbidden, Code: "EMAIL_NOT_VERIFIED", Message: "Email not verified"}
	ErrReservedEmail = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_EMAIL", Message: "Invalid email"}
	ErrPending       = &api.Error{Status: http.StatusForbidden, Code: "APPROVAL_PENDING", Message: "Your account waits for an administrator to let you in"}
	// ErrPolicyRefused may have another message: the policy's own.
	ErrPolicyRefused     = &api.Error{Status: http.StatusForbidden, Code: "POLICY_REFUSED", Message: "You are not allowed in"}
	ErrPolicyUnavailable = &api.Error{Status: http.StatusServiceUnavailable, Code: "POLICY_UNAVAILABLE", Message: "It could not be checked whether you may come in. Try again later."}

	// ErrLocked has guesses wait, and answers a name that nobody has just the same.
	ErrLocked = &api.Error{Status: http.StatusTooManyRequests, Code: "SIGN_IN_LOCKED", Message: "Too many failed attempts to sign in. Try again later, sign in another way, or reset your password."}

	// What a new password may be refused for.
	ErrCompromised  = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_COMPROMISED", Message: "The password you entered has been compromised. Please choose a different password."}
	ErrTooPersonal  = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_TOO_PERSONAL", Message: "The password is little more than a name or an address. Please choose a different password."}
	ErrPasswordList = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_NOT_ALLOWED", Message: "The password is one of those that are not allowed here. Please choose a different password."}

	ErrNotFresh        = &api.Error{Status: http.StatusForbidden, Code: "SESSION_NOT_FRESH", Message: "Session is not fresh"}
	ErrSessionUser     = &api.Error{Status: http.StatusUnauthorized, Code: "FAILED_TO_GET_SESSION", Message: "Failed to get session"}
	ErrMissingField    = &api.Error{Status: http.StatusBadRequest, Code: "MISSING_FIELD", Message: "Field is required"}
	ErrFieldTaken      = &api.Error{Status: http.StatusUnprocessableEntity, Code: "FIELD_TAKEN", Message: "Somebody else has this value"}
	ErrFieldNotAllowed = &api.Error{Status: http.StatusBadRequest, Code: "FIELD_NOT_ALLOWED", Message: "Field not allowed to be set"}
)

// PolicyRefused is ErrPolicyRefused with the policy's own words, where it has any.
func PolicyRefused(message string) error {
	if message == "" {
		return ErrPolicyRefused
	}
	return &api.Error{Status: ErrPolicyRefused.Status, Code: ErrPolicyRefused.Code, Message: message}
}

// seeOther sends the browser to another page by GET, whatever it came with.
func seeOther(to string) api.Redirect {
	return api.Redirect{URL: to, Status: http.StatusSeeOther}
}

// byLink tells that a browser was sent here, and waits for a page and no JSON.
func byLink(r *api.Request) bool { return r.HTTP.Method == http.MethodGet }

// guarded are the fields of a user that a person may not set for themselves.
var guarded = [...]string{"role", "banned", "banReason", "banExpires"}
