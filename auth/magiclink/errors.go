package magiclink

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability. Its address answers them in a redirect, with the
// contract's codes.
var (
	ErrInvalidToken   = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_TOKEN", Message: "Invalid token"}
	ErrSignUpDisabled = &api.Error{Status: http.StatusForbidden, Code: "new_user_signup_disabled", Message: "New user sign-up is disabled"}
	errCallback       = &api.Error{Status: http.StatusForbidden, Code: "INVALID_CALLBACK_URL", Message: "Invalid callbackURL"}
)
