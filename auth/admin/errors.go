package admin

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability.
var (
	ErrUserNotFound = &api.Error{Status: http.StatusNotFound, Code: "USER_NOT_FOUND", Message: "User not found"}
	ErrInvalidEmail = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_EMAIL", Message: "Invalid email"}
	ErrUserExists   = &api.Error{Status: http.StatusBadRequest, Code: "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", Message: "User already exists. Use another email."}
	ErrPasswordSet  = &api.Error{Status: http.StatusBadRequest, Code: "PASSWORD_ALREADY_SET", Message: "User already has a password set"}
	ErrNoData       = &api.Error{Status: http.StatusBadRequest, Code: "NO_DATA_TO_UPDATE", Message: "No data to update"}
	ErrWhichUser    = &api.Error{Status: http.StatusBadRequest, Code: "VALIDATION_ERROR", Message: "[body] Name the user by id or by email"}
	ErrInvalidRole  = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_ROLE", Message: "A role is letters, digits, - and _; several are joined by commas"}
)
