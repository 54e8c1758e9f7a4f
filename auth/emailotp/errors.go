package emailotp

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them.
var (
	ErrInvalidEmail    = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_EMAIL", Message: "Invalid email"}
	ErrInvalidOTP      = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_OTP", Message: "Invalid OTP"}
	ErrExpired         = &api.Error{Status: http.StatusBadRequest, Code: "OTP_EXPIRED", Message: "OTP expired"}
	ErrTooManyAttempts = &api.Error{Status: http.StatusForbidden, Code: "TOO_MANY_ATTEMPTS", Message: "Too many attempts"}
	ErrUserNotFound    = &api.Error{Status: http.StatusBadRequest, Code: "USER_NOT_FOUND", Message: "User not found"}
	ErrType            = &api.Error{Status: http.StatusBadRequest, Message: "Invalid OTP type"}
	ErrChangeDisabled  = &api.Error{Status: http.StatusBadRequest, Message: "Change email with OTP is disabled"}
	ErrSameEmail       = &api.Error{Status: http.StatusBadRequest, Message: "Email is the same"}
	ErrCurrentNeeded   = &api.Error{Status: http.StatusBadRequest, Message: "OTP is required to verify current email"}
	ErrInUse           = &api.Error{Status: http.StatusBadRequest, Message: "Email already in use"}
	ErrHashed          = &api.Error{Status: http.StatusBadRequest, Message: "OTP is hashed, cannot return the plain text OTP"}
)
