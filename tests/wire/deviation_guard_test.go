package wire

// guardDeviations are about what keeps out bad passwords, bots and people who guess.
func guardDeviations() []deviation {
	return []deviation{
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
