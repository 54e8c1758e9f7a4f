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
	ErrUserNotFound    = &api.Error{Status: http.StatusUnauthorized, Code: "USER_NOT_FOUND", Message: "User not found"}
)
