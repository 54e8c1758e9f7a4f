package pages

import (
	"errors"
	"net/http"

	"authd/auth/internal/api"
	"authd/views"
)

// The codes of errors that a page explains in a form, instead of on a page of their own.
const (
	codeWrong           = "INVALID_EMAIL_OR_PASSWORD"
	codeWrongName       = "INVALID_USERNAME_OR_PASSWORD"
	codeNameShort       = "USERNAME_TOO_SHORT"
	codeNameLong        = "USERNAME_TOO_LONG"
	codeNameInvalid     = "INVALID_USERNAME"
	codeNameTaken       = "USERNAME_IS_ALREADY_TAKEN"
	codeNameShown       = "INVALID_DISPLAY_USERNAME"
	codeNotVerified     = "EMAIL_NOT_VERIFIED"
	codeTooShort        = "PASSWORD_TOO_SHORT"
	codeTooLong         = "PASSWORD_TOO_LONG"
	codeInvalidPassword = "INVALID_PASSWORD"
	codeEmailTaken      = "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"
	codeSignUpDisabled  = "EMAIL_PASSWORD_SIGN_UP_DISABLED"
	codeInvalidSession  = "INVALID_SESSION_TOKEN"
	codeInvalidToken    = "INVALID_TOKEN"
	codeUserNotFound    = "USER_NOT_FOUND"
	codeMismatch        = "EMAIL_MISMATCH"
	codeAlreadyVerified = "EMAIL_ALREADY_VERIFIED"
	codeInvalidUser     = "INVALID_USER"
	codeTokenExpired    = "TOKEN_EXPIRED"
	codeSessionExpired  = "SESSION_EXPIRED"
	codeInvitation      = "INVITATION_INVALID"
	codeDomain          = "EMAIL_DOMAIN_NOT_ALLOWED"
	codeDisposable      = "EMAIL_DISPOSABLE"
	codeSignInLocked    = "SIGN_IN_LOCKED"
	codeCompromised     = "PASSWORD_COMPROMISED"
	codeTooPersonal     = "PASSWORD_TOO_PERSONAL"
	codePasswordList    = "PASSWORD_NOT_ALLOWED"
	codePending         = "APPROVAL_PENDING"
	codeLinkClosed      = "new_user_signup_disabled"
	codeWrongCode       = "INVALID_OTP"
	codeOldCode         = "OTP_EXPIRED"
	codeWorn            = "TOO_MANY_ATTEMPTS"
	codeNoCaptcha       = "MISSING_RESPONSE"
	codeBadCaptcha      = "VERIFICATION_FAILED"
	codeUnknown         = "UNKNOWN_ERROR"
	codeSetupDone       = "SETUP_DONE"
	codeSetupLink       = "SETUP_LINK_INVALID"
)

// errFlowGone is ErrFlowGone as an answer.
var errFlowGone = &api.Error{Status: http.StatusGone, Code: "FLOW_EXPIRED", Message: "This sign-in has expired or was already completed"}

// codeOf is the code of a declared error, "" for every other one.
func codeOf(err error) string {
	if declared := declaredOf(err); declared != nil {
		return declared.Code
	}
	return ""
}

func declaredOf(err error) *api.Error {
	var declared *api.Error
	if errors.As(err, &declared) {
		return declared
	}
	return nil
}

// blames puts an error beside the field that caused it, if it is about a password
// or an address. password is the name of the password's field.
func (s *Service) blames(err error, errs views.Errors, password string) bool {
	cfg := s.Core.Config.EmailAndPassword
	switch codeOf(err) {
	case codeTooShort:
		errs[password] = views.Msg("field.password_short", "n", cfg.MinPasswordLength)
	case codeTooLong:
		errs[password] = views.Msg("field.password_long", "n", cfg.MaxPasswordLength)
	case codeEmailTaken:
		errs["email"] = views.Msg("field.email_taken")
	case codeDomain:
		errs["email"] = views.Msg("error.email_domain")
	case codeDisposable:
		errs["email"] = views.Msg("error.email_disposable")
	case codeCompromised:
		errs[password] = views.Msg("field.password_compromised")
	case codeTooPersonal:
		errs[password] = views.Msg("field.password_personal")
	case codePasswordList:
		errs[password] = views.Msg("field.password_listed")
	default:
		return s.blamesName(err, errs)
	}
	return true
}

// blamesName is blames for a username that somebody wants to have.
func (s *Service) blamesName(err error, errs views.Errors) bool {
	cfg := s.Core.Config.Username
	switch codeOf(err) {
	case codeNameShort:
		errs["username"] = views.Msg("field.username_short", "n", cfg.MinUsernameLength)
	case codeNameLong:
		errs["username"] = views.Msg("field.username_long", "n", cfg.MaxUsernameLength)
	case codeNameInvalid:
		errs["username"] = views.Msg("field.username_invalid")
	case codeNameShown:
		errs["username_shown"] = views.Msg("field.username_shown_invalid")
	case codeNameTaken:
		errs["username"] = views.Msg("field.username_taken")
	default:
		return false
	}
	return true
}
