package twofactor

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them.
var (
	ErrCookie          = &api.Error{Status: http.StatusUnauthorized, Code: "INVALID_TWO_FACTOR_COOKIE", Message: "Invalid two factor cookie"}
	ErrCode            = &api.Error{Status: http.StatusUnauthorized, Code: "INVALID_CODE", Message: "Invalid code"}
	ErrBackupCode      = &api.Error{Status: http.StatusUnauthorized, Code: "INVALID_BACKUP_CODE", Message: "Invalid backup code"}
	ErrTooMany         = &api.Error{Status: http.StatusBadRequest, Code: "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE", Message: "Too many attempts. Please request a new code."}
	ErrLocked          = &api.Error{Status: http.StatusTooManyRequests, Code: "ACCOUNT_TEMPORARILY_LOCKED", Message: "Too many failed verification attempts. Your account is temporarily locked. Please try again later."}
	ErrExpired         = &api.Error{Status: http.StatusBadRequest, Code: "OTP_HAS_EXPIRED", Message: "OTP has expired"}
	ErrNoCodes         = &api.Error{Status: http.StatusBadRequest, Code: "OTP_NOT_CONFIGURED", Message: "OTP is not available"}
	ErrNoApps          = &api.Error{Status: http.StatusBadRequest, Code: "TOTP_NOT_CONFIGURED", Message: "TOTP is not available"}
	ErrNoApp           = &api.Error{Status: http.StatusBadRequest, Code: "TOTP_NOT_ENABLED", Message: "TOTP not enabled"}
	ErrAppThere        = &api.Error{Status: http.StatusBadRequest, Code: "TOTP_ALREADY_ENABLED", Message: "TOTP is already enabled"}
	ErrNotEnabled      = &api.Error{Status: http.StatusBadRequest, Code: "TWO_FACTOR_NOT_ENABLED", Message: "Two factor isn't enabled"}
	ErrNoBackupCodes   = &api.Error{Status: http.StatusBadRequest, Code: "BACKUP_CODES_NOT_ENABLED", Message: "Backup codes aren't enabled"}
	ErrInvalidPassword = &api.Error{Status: http.StatusBadRequest, Code: "INVALID_PASSWORD", Message: "Invalid password"}
	// ErrRequired: the configuration wants a second factor of this person.
	ErrRequired = &api.Error{Status: http.StatusForbidden, Code: "TWO_FACTOR_REQUIRED", Message: "Your account must have a second factor"}
	// ErrNotKept: backup codes are stored as hashes.
	ErrNotKept      = &api.Error{Status: http.StatusBadRequest, Code: "BACKUP_CODES_NOT_KEPT", Message: "Backup codes are kept as hashes and cannot be shown again"}
	ErrUserNotFound = &api.Error{Status: http.StatusNotFound, Code: "USER_NOT_FOUND", Message: "User not found"}
)
