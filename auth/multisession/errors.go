package multisession

import (
	"net/http"

	"authd/auth/internal/api"
)

// ErrInvalidToken says that this browser holds no such session.
var ErrInvalidToken = &api.Error{Status: http.StatusUnauthorized, Code: "INVALID_SESSION_TOKEN", Message: "Invalid session token"}
