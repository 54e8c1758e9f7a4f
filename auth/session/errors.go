package session

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them.
var (
	ErrPostNotAllowed = &api.Error{Status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED", Message: "POST method requires deferSessionRefresh to be enabled in session config"}
	ErrNothing        = &api.Error{Status: http.StatusBadRequest, Message: "No fields to update"}
)
