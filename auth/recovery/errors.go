package recovery

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability.
var (
	ErrGone         = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_TOKEN", Message: "The link was used already, is too old, or was replaced by a newer one"}
	ErrChoose       = &api.Error{Status: http.StatusBadRequest, Code: "VALIDATION_ERROR", Message: "[body] Choose a new password or a passkey"}
	ErrUserNotFound = &api.Error{Status: http.StatusNotFound, Code: "USER_NOT_FOUND", Message: "User not found"}
	ErrExpiry       = &api.Error{Status: http.StatusBadRequest, Code: "VALIDATION_ERROR", Message: "A recovery link works for a minute to 7 days"}
)
