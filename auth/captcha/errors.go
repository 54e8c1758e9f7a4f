package captcha

import (
	"net/http"

	"authd/auth/internal/api"
)

// The contract's errors.
var (
	ErrMissing = &api.Error{Status: http.StatusBadRequest, Code: "MISSING_RESPONSE", Message: "Missing CAPTCHA response"}
	ErrFailed  = &api.Error{Status: http.StatusForbidden, Code: "VERIFICATION_FAILED", Message: "Captcha verification failed"}
	// ErrUnknown is what there is when the provider does not answer.
	ErrUnknown = &api.Error{Status: http.StatusInternalServerError, Code: "UNKNOWN_ERROR", Message: "Something went wrong"}
)

// ErrPurpose refuses a task for something that asks for none.
var ErrPurpose = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_PURPOSE", Message: "Nothing of that name asks for a captcha"}
