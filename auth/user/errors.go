package user

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them.
var (
	ErrNothing         = &api.Error{Status: http.StatusBadRequest, Message: "No fields to update"}
	ErrEmail           = &api.Error{Status: http.StatusBadRequest, Code: "EMAIL_CAN_NOT_BE_UPDATED", Message: "Email can not be updated"}
	ErrMismatch        = &api.Error{Status: http.StatusBadRequest, Code: "EMAIL_MISMATCH", Message: "Email mismatch"}
	ErrAlreadyVerified = &api.Error{Status: http.StatusBadRequest, Code: "EMAIL_ALREADY_VERIFIED", Message: "Email is already verified"}
	ErrInvalidToken    = &api.Error{Status: http.StatusUnauthorized, Code: "INVALID_TOKEN", Message: "Invalid token"}
	ErrTokenExpired    = &api.Error{Status: http.StatusUnauthorized, Code: "TOKEN_EXPIRED", Message: "Token expired"}
	ErrInvalidUser     = &api.Error{Status: http.StatusUnauthorized, Code: "INVALID_USER", Message: "Invalid user"}
	ErrChangeDisabled  = &api.Error{Status: http.StatusBadRequest, Code: "CHANGE_EMAIL_DISABLED", Message: "Change email is disabled"}
	ErrSameEmail       = &api.Error{Status: http.StatusBadRequest, Message: "Email is the same"}
	ErrPasswordTooLong = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_TOO_LONG", Message: "Password too long"}
	ErrNoPassword      = &api.Error{Status: http.StatusBadRequest, Code: "CREDENTIAL_ACCOUNT_NOT_FOUND", Message: "Credential account not found"}
	ErrInvalidPassword = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_PASSWORD", Message: "Invalid password"}
	ErrSessionExpired  = &api.Error{Status: http.StatusBadRequest, Code: "SESSION_EXPIRED", Message: "Session expired. Re-authenticate to perform this action."}
	ErrNotSignedIn     = &api.Error{Status: http.StatusNotFound, Code: "FAILED_TO_GET_USER_INFO", Message: "Failed to get user info"}
	ErrNoDeletion      = &api.Error{Status: http.StatusNotFound, Code: "INVALID_TOKEN", Message: "Invalid token"}
	ErrUserNotFound    = &api.Error{Status: http.StatusUnauthorized, Code: "USER_NOT_FOUND", Message: "User not found"}
)
