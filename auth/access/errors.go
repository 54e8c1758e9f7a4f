package access

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability. What a sign-up is refused with is in core too:
// core.ErrSignUpRefused, core.ErrPending.
var (
	ErrInvitation         = &api.Error{Status: http.StatusForbidden, Code: "INVITATION_INVALID", Message: "The invitation does not work: it was used, has expired, was withdrawn, or is for another address"}
	ErrDomain             = &api.Error{Status: http.StatusForbidden, Code: "EMAIL_DOMAIN_NOT_ALLOWED", Message: "E-mail addresses at this domain may not sign up"}
	ErrDisposable         = &api.Error{Status: http.StatusForbidden, Code: "EMAIL_DISPOSABLE", Message: "Addresses of services that give them away for minutes may not sign up"}
	ErrInvitationNotFound = &api.Error{Status: http.StatusNotFound, Code: "INVITATION_NOT_FOUND", Message: "Invitation not found"}
	ErrNobody             = &api.Error{Status: http.StatusBadRequest, Code: "SIGNUP_DISABLED", Message: "Nobody may sign up: sign_up.mode is nobody"}
	ErrInvalidEmail       = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_EMAIL", Message: "Invalid email"}
	ErrInvalidRole        = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_ROLE", Message: "A role is letters, digits, - and _; several are joined by commas"}
	ErrInvalidExpiry      = &api.Error{Status: http.StatusBadRequest, Code: "VALIDATION_ERROR", Message: "An invitation works for a minute to 400 days"}
	ErrTooLong            = &api.Error{Status: http.StatusBadRequest, Code: "VALIDATION_ERROR", Message: "The name of who invites has at most 100 characters, the note 500, without line breaks"}
	ErrUserNotFound       = &api.Error{Status: http.StatusNotFound, Code: "USER_NOT_FOUND", Message: "User not found"}
	ErrNotPending         = &api.Error{Status: http.StatusBadRequest, Code: "NOT_PENDING", Message: "The user does not wait to be let in"}
	ErrWhichUser          = &api.Error{Status: http.StatusBadRequest, Code: "VALIDATION_ERROR", Message: "[body] Name the user by id or by email"}
)
