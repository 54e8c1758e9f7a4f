package wire

func unprovokedOfMails(reasons map[string]string) {
	const inTime = "needs time to pass: the package's own tests bring it about on authd"
	for _, path := range []string{"/email-otp/change-email", "/email-otp/check-verification-otp", "/email-otp/reset-password", "/email-otp/verify-email", "/sign-in/email-otp"} {
		reasons["POST "+path+" 400 OTP_EXPIRED"] = inTime
	}
	for _, e := range []string{"400 OTP_EXPIRED", "400 INVALID_OTP", "403 TOO_MANY_ATTEMPTS"} {
		reasons["POST /email-otp/request-email-change "+e] = setUpOther
	}
	for _, path := range []string{"/email-otp/reset-password", "/email-otp/verify-email"} {
		reasons["POST "+path+" 400 USER_NOT_FOUND"] = "needs a user who goes while the code is on its way: the package's own tests bring it about on authd"
	}
	reasons["POST /email-otp/change-email 400 USER_NOT_FOUND"] = unreachable
	reasons["POST /sign-in/email-otp 500 ASYNC_VALIDATION_NOT_SUPPORTED"] = javascript
	reasons["GET /magic-link/verify 403 INVALID_ORIGIN"] = "a GET is not checked for its origin (measured)"
	for _, code := range []string{"INVALID_REDIRECT_URL", "INVALID_ERROR_CALLBACK_URL", "INVALID_NEW_USER_CALLBACK_URL"} {
		reasons["GET /magic-link/verify 403 "+code] = asOtherCode
	}
	for _, code := range []string{"failed_to_create_session", "failed_to_create_user", "user_not_found"} {
		reasons["GET /magic-link/verify 302 "+code] = unreachable
	}
	reasons["GET /magic-link/verify 302 new_user_signup_disabled"] = setUpOther
}
