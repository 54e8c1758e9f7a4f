package anonymous

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them.
var (
	ErrAgain          = &api.Error{Status: http.StatusBadRequest, Code: "ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY", Message: "Anonymous users cannot sign in again anonymously"}
	ErrDeleteDisabled = &api.Error{Status: http.StatusBadRequest, Code: "DELETE_ANONYMOUS_USER_DISABLED", Message: "Deleting anonymous users is disabled"}
	ErrNotAnonymous   = &api.Error{Status: http.StatusForbidden, Code: "USER_IS_NOT_ANONYMOUS", Message: "User is not anonymous"}
	// ErrClosed is authd's own: better-auth has no rules on who may come in.
	ErrClosed = &api.Error{Status: http.StatusForbidden, Code: "SIGNUP_DISABLED", Message: "Only who has an account may sign in"}
)
