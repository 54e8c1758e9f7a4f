package wire

// accessDeviations are about who may come in.
func accessDeviations() []deviation {
	return []deviation{
		{
			ID:         "verified-before-every-session",
			BetterAuth: "`emailAndPassword.requireEmailVerification` holds back passwords only; a provider that does not vouch for the address still signs in, unless its own option says otherwise.",
			Authd:      "It stands before every new session, whatever the method: `EMAIL_NOT_VERIFIED`, or `email_not_verified` in a redirect.",
			Why:        "Whoever asks for proven addresses would otherwise have people whose addresses are not.",
		},
		{
			ID:         "closed-for-every-method",
			BetterAuth: "`emailAndPassword.disableSignUp` is about passwords; each provider has an option of its own.",
			Authd:      "Without `sign_up.mode` it closes the server for uninvited people by every method (`signup_disabled` in a redirect), as the answer on /setup does. `sign_up.mode = \"anyone\"` beside it is better-auth's meaning.",
			Why:        "A server that is closed must not be open at the next button.",
		},
	}
}
