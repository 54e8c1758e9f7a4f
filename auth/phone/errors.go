package phone

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them.
var (
	ErrInvalid       = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_PHONE_NUMBER", Message: "Invalid phone number"}
	ErrExists        = &api.Error{Status: http.StatusBadRequest, Code: "PHONE_NUMBER_EXIST", Message: "Phone number already exists"}
	ErrNotThere      = &api.Error{Status: http.StatusBadRequest, Code: "PHONE_NUMBER_NOT_EXIST", Message: "phone number isn't registered"}
	ErrWrong         = &api.Error{Status: http.StatusUnauthorized, Code: "INVALID_PHONE_NUMBER_OR_PASSWORD", Message: "Invalid phone number or password"}
	ErrNotVerified   = &api.Error{Status: http.StatusUnauthorized, Code: "PHONE_NUMBER_NOT_VERIFIED", Message: "Phone number not verified"}
	ErrNotByUpdate   = &api.Error{Status: http.StatusBadRequest, Code: "PHONE_NUMBER_CANNOT_BE_UPDATED", Message: "Phone number cannot be updated"}
	ErrNoCode        = &api.Error{Status: http.StatusBadRequest, Code: "OTP_NOT_FOUND", Message: "OTP not found"}
	ErrCodeExpired   = &api.Error{Status: http.StatusBadRequest, Code: "OTP_EXPIRED", Message: "OTP expired"}
	ErrWrongCode     = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_OTP", Message: "Invalid OTP"}
	ErrTooManyWrong  = &api.Error{Status: http.StatusForbidden, Code: "TOO_MANY_ATTEMPTS", Message: "Too many attempts"}
	ErrNotSignedIn   = &api.Error{Status: http.StatusUnauthorized, Code: "USER_NOT_FOUND", Message: "User not found"}
	ErrUnexpected    = &api.Error{Status: http.StatusBadRequest, Code: "UNEXPECTED_ERROR", Message: "Unexpected error"}
	errPasswordLong  = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_TOO_LONG", Message: "Password too long"}
	errPasswordShort = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_TOO_SHORT", Message: "Password too short"}
	errPasswordsOff  = &api.Error{Status: http.StatusBadRequest, Code: "EMAIL_PASSWORD_DISABLED", Message: "Email and password is not enabled"}

	// These are authd's own: better-auth has no such rules.
	ErrCountry = &api.Error{Status: http.StatusBadRequest, Code: "PHONE_NUMBER_COUNTRY_NOT_ALLOWED", Message: "No messages are sent to phone numbers of this country"}
	ErrLast    = &api.Error{Status: http.StatusBadRequest, Code: "LAST_WAY_IN", Message: "This is the last way to sign in to the account"}
	ErrClosed  = &api.Error{Status: http.StatusForbidden, Code: "SIGNUP_DISABLED", Message: "Only who has an account may sign in"}
	errTooMany = &api.Error{Status: http.StatusTooManyRequests, Message: "Too many requests. Please try again later."}
)
