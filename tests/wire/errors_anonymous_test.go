package wire

func unprovokedOfAnonymous(reasons map[string]string) {
	for e, reason := range map[string]string{
		"POST /sign-in/anonymous 500 FAILED_TO_CREATE_USER":                        unreachable,
		"POST /sign-in/anonymous 400 COULD_NOT_CREATE_SESSION":                     unreachable,
		"POST /sign-in/anonymous 400 INVALID_EMAIL_FORMAT":                         "about a function of one's own that makes addresses",
		"POST /delete-anonymous-user 400 DELETE_ANONYMOUS_USER_DISABLED":           setUpOther,
		"POST /delete-anonymous-user 500 FAILED_TO_DELETE_ANONYMOUS_USER_SESSIONS": storage,
		"POST /delete-anonymous-user 500 FAILED_TO_DELETE_ANONYMOUS_USER":          storage,
		"POST /siwe/verify 400 ":                                                   setUpOther,
		"POST /siwe/verify 500 ":                                                   unreachable,
	} {
		reasons[e] = reason
	}
}
