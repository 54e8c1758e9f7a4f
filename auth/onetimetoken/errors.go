package onetimetoken

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them; they have no codes.
var (
	ErrInvalidToken = &api.Error{Status: http.StatusBadRequest, Message: "Invalid token"}
	ErrSessionGone  = &api.Error{Status: http.StatusBadRequest, Message: "Session not found"}
	ErrNotForApps   = &api.Error{Status: http.StatusBadRequest, Message: "Client requests are disabled"}
)
