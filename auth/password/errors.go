package password

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them.
var (
	ErrDisabled            = &api.Error{Status: http.StatusBadRequest, Code: "EMAIL_PASSWORD_DISABLED", Message: "Email and password is not enabled"}
	ErrSignUpDisabled      = &api.Error{Status: http.StatusBadRequest, Code: "EMAIL_PASSWORD_SIGN_UP_DISABLED", Message: "Email and password sign up is not enabled"}
	ErrInvalidEmail        = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_EMAIL", Message: "Invalid email"}
	ErrWrong               = &api.Error{Status: http.StatusUnauthorized, Code: "INVALID_EMAIL_OR_PASSWORD", Message: "Invalid email or password"}
	ErrTooShort            = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_TOO_SHORT", Message: "Password too short"}
	ErrTooLong             = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_TOO_LONG", Message: "Password too long"}
	ErrInvalidPassword     = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_PASSWORD", Message: "Invalid password"}
	ErrNoPassword          = &api.Error{Status: http.StatusBadRequest, Code: "CREDENTIAL_ACCOUNT_NOT_FOUND", Message: "Credential account not found"}
	ErrAlreadySet          = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_ALREADY_SET", Message: "User already has a password set"}
	ErrInvalidToken        = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_TOKEN", Message: "Invalid token"}
	ErrUserNotFound        = &api.Error{Status: http.StatusBadRequest, Code: "USER_NOT_FOUND", Message: "User not found"}
	errInvalidTokenInQuery = "INVALID_TOKEN"
)
