package wire

// guardDeviations are about what keeps out bad passwords, bots and people who guess.
func guardDeviations() []deviation {
	return []deviation{
		{
			ID:         "guesses-wait",
			BetterAuth: "Passwords may be guessed as fast as the rate limit of one address allows, from as many addresses as there are.",
			Authd:      "After 20 failures at one account, or failures at 30 accounts from one network, further sign-ins with a password wait: 429 `SIGN_IN_LOCKED`. Browsers that have signed in to the account before do not. `lockout.enabled = false` turns it off.",
			Why:        "NIST SP 800-63B section 5.2.2, and lists of passwords from breaches elsewhere.",
		},
		{
			ID:         "captcha-after-limits",
			BetterAuth: "The captcha plugin asks before the rate limit, for every method, and takes a `success` that is anything true.",
			Authd:      "It asks after the rate limit, where there is an endpoint, and `success` must be `true`.",
			Why:        "Nobody may have this server ask a provider without limit.",
		},
		{
			ID:         "proof-of-work",
			BetterAuth: "Every captcha is a third party's.",
			Authd:      "`captcha.provider = \"proof-of-work\"` is one of its own: `GET /captcha/challenge?for=/sign-in/email` gives a task, and its solution comes as any other, in `x-captcha-response`. From a network that waits for its guesses the task is harder, and who solves it does not wait.",
			Why:        "A server of one's own should not have to tell a third party who signs in.",
		},
		{
			ID:         "known-device-cookie",
			BetterAuth: "A sign-in sets the session's cookies.",
			Authd:      "It sets `known_device` too: signed, encrypted, HttpOnly. It lets nobody in.",
			Why:        "Somebody else's guesses must not lock the person out, nor every new network be told of by mail.",
		},
		{
			ID:         "password-too-personal",
			BetterAuth: "Any password of the right length is taken.",
			Authd:      "One that is little more than the person's name or address, or the server's name, is refused with 400 `PASSWORD_TOO_PERSONAL`; `password_rules.refuse_personal = false` takes it.",
			Why:        "NIST SP 800-63B section 5.1.1.2: such passwords are guessed first.",
		},
		{
			ID:         "breach-check-everywhere-and-open",
			BetterAuth: "`haveIBeenPwned` checks on seven paths, before the current password is looked at, and answers 500 when the service does not.",
			Authd:      "It checks wherever somebody gets a password, after the current one was right. Without an answer the password is taken, and the log says so.",
			Why:        "A service elsewhere must not decide whether people can sign up here; and what it is asked about comes from who may ask.",
		},
	}
}
