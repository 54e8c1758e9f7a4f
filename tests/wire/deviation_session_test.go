package wire

import (
	"net/http"
	"slices"
	"strings"
)

func sessionDeviations() []deviation {
	return []deviation{
		{
			ID:         "session-handles",
			BetterAuth: "`GET /list-sessions` tells the tokens of all of a user's sessions.",
			Authd:      "It tells an opaque handle in their place, which `POST /revoke-session` takes like a token.",
			Why:        "Who reads one answer must not be able to act as every other device; and only hashes of tokens are stored.",
			Change:     handlesForTokens,
		},
		{
			ID:         "account-handles",
			BetterAuth: "`GET /multi-session/list-device-sessions` tells the tokens of all sessions of the browser.",
			Authd:      "It tells that of the one that counts, and for the others a handle, which `set-active` and `revoke` take like a token. Newest first.",
			Why:        "As for `GET /list-sessions`.",
			Recordings: []int{349},
			Change: func(_ recording, want exchange) exchange {
				list, ok := want.Body.([]any)
				if !ok {
					return want
				}
				changed := slices.Clone(list)
				for i, entry := range list {
					if account, ok := entry.(object); ok && i > 0 {
						session, _ := account.get("session")
						changed[i] = account.with("session", session.(object).with("token", someToken))
					}
				}
				want.Body = changed
				return want
			},
		},
		{
			ID:         "account-cookies-end-with-the-browser",
			BetterAuth: "The cookie that keeps an account beside others lasts as long as a remembered session, also after a sign-in with `rememberMe: false`.",
			Authd:      "It then ends with the browser, as the session's own cookie does.",
			Why:        "Who said not to be remembered must not be found signed in by who opens the browser next.",
			Recordings: []int{22, 1015, 1115, 1215, 8062, 8063},
			Change: func(_ recording, want exchange) exchange {
				want.Cookies = slices.Clone(want.Cookies)
				for i := range want.Cookies {
					want.Cookies[i].Attributes = strings.TrimPrefix(want.Cookies[i].Attributes, "Max-Age=604800; ")
				}
				return want
			},
		},
		{
			ID:         "signed-in-again",
			BetterAuth: "A sign-in of somebody who is signed in in that browser already ends their session there.",
			Authd:      "It takes its cookie away; the session runs on, in the list of `GET /list-sessions`, until it ends by age or is ended.",
			Why:        "A relying party may ask for a new sign-in (`prompt=login`, `max_age`), and the other applications of that session would be told that the person has left.",
		},
		{
			ID:         "ip-address",
			BetterAuth: "`session.ipAddress` is empty without `X-Forwarded-For`, and believes that header from anybody.",
			Authd:      "It is the peer's address, or the one that a trusted proxy names.",
			Why:        "A forged address is worse than none, and people look for theirs in the list of their devices.",
			Change:     knownAddress,
		},
		{
			ID:         "one-cookie-one-line",
			BetterAuth: "An answer may delete a cookie and set it again, in two `Set-Cookie` lines.",
			Authd:      "Only the line that counts is sent.",
			Why:        "RFC 6265 section 4.1.1 asks for one line a name.",
			Change:     lastOfEachCookie,
		},
		{
			ID:         "unknown-bearer",
			BetterAuth: "A bearer token that names no session clears the session's cookies.",
			Authd:      "It leaves them.",
			Why:        "It came from none of them, and an app that holds a token of another kind must not sign its person out.",
			Recordings: []int{317},
			Change: func(_ recording, want exchange) exchange {
				want.Cookies = nil
				return want
			},
		},
		{
			ID:         "dead-session-cookie",
			BetterAuth: "With the anonymous plugin, a sign-in over a dead session cookie signs out: its cookie is replaced by a deletion.",
			Authd:      "It signs in.",
			Why:        "That is a fault.",
			Recordings: []int{148},
			Change: func(_ recording, want exchange) exchange {
				const attributes = "Max-Age=604800; Path=/; HttpOnly; SameSite=Lax"
				want.Cookies = []setCookie{
					{Name: "better-auth.session_token", Value: "signed", Attributes: attributes},
					{Name: "better-auth.session_token_multi-(token)", Value: "signed", Attributes: attributes},
				}
				want.Header["Set-Auth-Token"] = someToken
				want.Header["Access-Control-Expose-Headers"] = "set-auth-token"
				return want
			},
		},
		{
			ID:         "reset-ends-access",
			BetterAuth: "A password reset leaves the person's sessions as they are, unless `revokeSessionsOnPasswordReset` is set.",
			Authd:      "It ends them, and the OAuth grants, unless `email_and_password.revoke_sessions_on_password_reset` is false, which keeps the sessions.",
			Why:        "Who resets a password may have lost it to somebody who is signed in (OWASP ASVS 5, 7.4.3). The runs replay with false.",
		},
		{
			ID:         "cache-for-reading",
			BetterAuth: "With the cookie cache on, most endpoints take the session from it.",
			Authd:      "Only `GET /get-session` does; all others read the database.",
			Why:        "A session that was ended must not change anything any more.",
		},
		{
			ID:         "cache-not-renewed",
			BetterAuth: "`POST /revoke-other-sessions` also renews the cookie cache.",
			Authd:      "It does not.",
			Why:        "Nothing in it has changed.",
			Recordings: []int{1017, 1117, 1217},
			Change: func(_ recording, want exchange) exchange {
				want.Cookies = nil
				return want
			},
		},
		{
			ID:         "set-auth-jwt",
			BetterAuth: "With the jwt plugin every answer of `GET /get-session` has a JWT in `set-auth-jwt`.",
			Authd:      "It has one with `[jwt] set_jwt_header = true`. `GET /token` gives one to who asks.",
			Why:        "A signature on every session read is a cost that nobody asked for. The runs replay with true.",
		},
		{
			ID:         "session-jwt",
			BetterAuth: "The JWTs of `GET /token` and `set-auth-jwt` have no `typ`.",
			Authd:      "It is `session+jwt`.",
			Why:        "RFC 8725 section 3.11: no kind of token may be taken for another.",
			Change:     sessionTokensHaveAType,
		},
		{
			ID:         "order-from-cache",
			BetterAuth: "A session read from the cookie cache has its fields in another order than one read from the database.",
			Authd:      "The order is always the same.",
			Why:        "No client depends on it; one encoder writes both.",
			Recordings: []int{1001, 1005, 1006, 1013, 1016, 1018, 1023, 1101, 1105, 1106, 1113, 1116, 1118, 1123, 1201, 1205, 1206, 1213, 1216, 1218, 1223},
			Change:     inAnyOrder,
		},
		{
			ID:         "tighter-limits",
			BetterAuth: "`/reset-password` and `/verify-password` may be called 100 times in ten seconds.",
			Authd:      "`/reset-password` ten times, `/verify-password` three times.",
			Why:        "Each guesses at a secret, and costs a password hash.",
			Recordings: []int{1322},
			Change: func(r recording, want exchange) exchange {
				want.Status = http.StatusTooManyRequests
				want.Header["X-Retry-After"] = "10"
				want.Body = object{{"message", "Too many requests. Please try again later."}}
				return want
			},
		},
		{
			ID:         "no-500-for-nonsense",
			BetterAuth: "A body that is `null`, empty or a text makes `/sign-up/email` and `/update-user` fail with 500.",
			Authd:      "It is a validation error.",
			Why:        "A request must not be able to make the server fail.",
			Recordings: []int{2003, 2007, 2168, 2172, 2173, 2478},
			Change:     refused(http.StatusBadRequest, "VALIDATION_ERROR"),
		},
		{
			ID:         "validated-once",
			BetterAuth: "Two validators of one body may both complain, and `/update-user` speaks of a record.",
			Authd:      "There is one complaint, of an object.",
			Why:        "They say the same.",
			Recordings: []int{2006, 2008, 2171},
			Change:     refused(http.StatusBadRequest, "VALIDATION_ERROR"),
		},
		{
			ID:         "origin-before-a-cookie",
			BetterAuth: "Who may call from which origin is checked before there is a cookie for `/sign-in/email`, `/sign-up/email` and sending codes by mail only.",
			Authd:      "It is for every sign-in and sign-up that a page of another site could bring about: by username, phone number, passkey and anonymously, too: `INVALID_ORIGIN`.",
			Why:        "Somebody could be signed in to an account of the attacker's without noticing.",
		},
		{
			ID:         "types-are-checked",
			BetterAuth: "`/update-user` and `/sign-up/email` store a number or a boolean as name, image or display username, and fail with 422 or 500 over other types; `oauth_query` may be a number.",
			Authd:      "These are validation errors.",
			Why:        "Clients declare them as texts and break on anything else.",
			Recordings: []int{2178, 2179, 2209, 2227},
			Change:     refused(http.StatusBadRequest, "VALIDATION_ERROR"),
		},
		{
			ID:         "change-email-in-ones-own-session",
			BetterAuth: "Following the link to a new address replaces it whoever follows it, and signs them in.",
			Authd:      "It does where the person is signed in; elsewhere it answers `INVALID_USER` and stays good.",
			Why:        "Somebody could give their own account the address of another, who makes it theirs with one click on a mail they did not ask for.",
		},
		{
			ID:         "pictures-over-https",
			BetterAuth: "The `image` of a user is any text.",
			Authd:      "It is an https address, or one of this server's.",
			Why:        "Apps put it into their pages, where `javascript:` or `http:` do harm.",
		},
		{
			ID:         "never-settable",
			BetterAuth: "A sign-up that sets `banned` is accepted, and the field ignored.",
			Authd:      "It is refused, as `role` is in both.",
			Why:        "One rule for all fields that are not for input.",
			Recordings: []int{2424},
			Change:     refused(http.StatusBadRequest, "FIELD_NOT_ALLOWED"),
		},
		{
			ID:         "same-for-known-addresses",
			BetterAuth: "Where addresses must be verified, the answer to a sign-up with a known address has `role: null`, the one to a new address has `role: \"user\"`.",
			Authd:      "Both have `role: \"user\"`.",
			Why:        "The answer must not tell who has an account.",
			Recordings: []int{1401, 1402},
			Change: func(_ recording, want exchange) exchange {
				return want.rewriteAll(func(key string, value any) any {
					if key == "role" {
						return "user"
					}
					return value
				})
			},
		},
	}
}

func handlesForTokens(_ recording, want exchange) exchange {
	list, ok := want.Body.([]any)
	if !ok {
		return want
	}
	changed := slices.Clone(list)
	for i, entry := range list {
		if session, ok := entry.(object); ok && isSession(session) {
			changed[i] = session.with("token", someToken)
		}
	}
	want.Body = changed
	return want
}

func knownAddress(_ recording, want exchange) exchange {
	return want.rewriteAll(func(_ string, value any) any {
		if session, ok := value.(object); ok && isSession(session) {
			return session.with("ipAddress", someText)
		}
		return value
	})
}

func lastOfEachCookie(_ recording, want exchange) exchange {
	var kept []setCookie
	for i, cookie := range want.Cookies {
		later := slices.ContainsFunc(want.Cookies[i+1:], func(other setCookie) bool { return other.Name == cookie.Name })
		if !later || strings.HasSuffix(cookie.Name, "(token)") { // that stands for several names
			kept = append(kept, cookie)
		}
	}
	want.Cookies = kept
	return want
}

func inAnyOrder(_ recording, want exchange) exchange {
	return want.rewriteAll(func(_ string, value any) any {
		if fields, ok := value.(object); ok {
			return anyOrder(fields)
		}
		return value
	})
}
