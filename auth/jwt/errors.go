package jwt

import (
	"net/http"

	"authd/auth/internal/api"
)

// ErrExpiration refuses a lifetime that cannot be read.
var ErrExpiration = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_EXPIRATION_TIME", Message: "expirationTime is a text such as 15m, 2h or 7d"}
