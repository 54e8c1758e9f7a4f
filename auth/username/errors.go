package username

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them. A name that breaks the
// rules is 422 where one is asked about, and 400 where one is given.
var (
	ErrWrong    = &api.Error{Status: http.StatusUnauthorized, Code: "INVALID_USERNAME_OR_PASSWORD", Message: "Invalid username or password"}
	ErrTooShort = &api.Error{Status: http.StatusBadRequest, Code: "USERNAME_TOO_SHORT", Message: "Username is too short"}
	ErrTooLong  = &api.Error{Status: http.StatusBadRequest, Code: "USERNAME_TOO_LONG", Message: "Username is too long"}
	ErrInvalid  = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_USERNAME", Message: "Username is invalid"}
	ErrTaken    = &api.Error{Status: http.StatusBadRequest, Code: "USERNAME_IS_ALREADY_TAKEN", Message: "Username is already taken. Please try another."}
	ErrDisplay  = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_DISPLAY_USERNAME", Message: "Display username is invalid"}
	ErrKept     = &api.Error{Status: http.StatusBadRequest, Code: "USERNAME_IS_IMMUTABLE", Message: "Username cannot be updated"}

	errAskedTooShort = asked(ErrTooShort)
	errAskedTooLong  = asked(ErrTooLong)
	errAskedInvalid  = asked(ErrInvalid)

	// Of signing in with a password.
	errDisabled = &api.Error{Status: http.StatusBadRequest, Code: "EMAIL_PASSWORD_DISABLED", Message: "Email and password is not enabled"}
	errPassword = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_TOO_LONG", Message: "Password too long"}
)

func asked(e *api.Error) *api.Error {
	return &api.Error{Status: http.StatusUnprocessableEntity, Code: e.Code, Message: e.Message}
}
