package wire

func socialDeviations() []deviation {
	return []deviation{
		{
			ID:         "state-cookie",
			BetterAuth: "The cookie of a sign-in at a provider holds its state, signed, for 5 minutes; the code verifier lies in the database in clear.",
			Authd:      "It holds the verifier and the nonce, encrypted, for the 10 minutes that the sign-in may take; the database has neither.",
			Why:        "Who reads the database cannot use a code that they intercept (RFC 9700 section 2.1.1), several tabs do not disturb each other, and people who must find a second factor there get the time for it.",
			Recordings: []int{73, 75, 84, 578, 587},
			Change: func(_ recording, want exchange) exchange {
				want.Cookies = []setCookie{{Name: "better-auth.state", Value: "plain", Attributes: "Max-Age=600; Path=/; HttpOnly; SameSite=Lax"}}
				return want
			},
		},
		{
			ID:         "expo-proxy",
			BetterAuth: "`/expo-authorization-proxy` sends the browser to any https address, with a state that only its caller vouches for.",
			Authd:      "It goes only to the provider that the app began the sign-in for, with the state cookie that the app got; a link at a provider is not begun so. It is there only with `[expo] enabled`, and so is the `cookie` parameter of redirects to an app's scheme.",
			Why:        "An address on this server that leads anywhere is phishing's (RFC 9700 section 4.11), and whoever opens a link that somebody else began would have their identity linked with that account.",
		},
		{
			ID:         "nonce-always",
			BetterAuth: "Google is asked without a nonce.",
			Authd:      "Every OpenID provider is asked with one, and its ID token must have it.",
			Why:        "It binds the ID token to the browser that asked (OpenID Connect Core section 3.1.2.1, RFC 9700 section 4.5.3).",
			Recordings: []int{73, 578},
			Change: func(_ recording, want exchange) exchange {
				return want.rewriteAll(func(key string, value any) any {
					switch query := value.(type) {
					case anyOrder:
						if key == "query" {
							return anyOrder(object(query).with("nonce", someToken))
						}
					case object:
						if key == "query" {
							return query.with("nonce", someToken)
						}
					}
					return value
				})
			},
		},
	}
}
