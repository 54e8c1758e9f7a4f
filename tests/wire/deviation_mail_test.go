package wire

// mailDeviations are about links and codes in mails.
func mailDeviations() []deviation {
	return []deviation{
		{
			ID:         "mail-secrets-not-kept",
			BetterAuth: "Tokens of magic links and codes lie in clear, unless `storeToken` and `storeOTP` say otherwise; `getVerificationOTP` tells a code.",
			Authd:      "A hash is kept of a link, and of a code only what makes it together with the server's secret: `store_token` and `store_otp` are `hashed`. `getVerificationOTP` answers 400 while there is a code. `resend_strategy = \"reuse\"` works all the same.",
			Why:        "Who reads a backup must not be able to sign in.",
		},
		{
			ID:         "mail-unknown-addresses",
			BetterAuth: "Codes of an address that is nobody's are deleted at once, so that the fourth wrong one is answered otherwise than for a known address. A magic link is mailed to anybody, and fails when it is followed.",
			Authd:      "Wrong codes are counted for every address alike. Where a link or a code could let nobody in, no mail is sent.",
			Why:        "Neither an answer nor its time may tell who has an account.",
		},
		{
			ID:         "mail-code-guesses",
			BetterAuth: "Who asks for another code has all attempts again.",
			Authd:      "After 15 wrong codes for one address and purpose none is sent or works until an hour is over: `TOO_MANY_ATTEMPTS`, also when a code is asked for.",
			Why:        "From many addresses a code of six digits could be guessed otherwise.",
		},
		{
			ID:         "mail-refused-uses-nothing-up",
			BetterAuth: "A link or a code is used up before it is known whether the person may come in.",
			Authd:      "It is used up in the transaction of the sign-in.",
			Why:        "Who was refused for a reason that passes would need another mail.",
		},
		{
			ID:         "mail-proof-sends-the-cookie",
			BetterAuth: "`/email-otp/verify-email` of somebody who is signed in sets no session cookie.",
			Authd:      "It sends the one of the session again, as `/verify-email` does in both.",
			Why:        "Both prove the address; there is one way to do it.",
		},
		{
			ID:         "mail-reset-claims",
			BetterAuth: "A password reset, by link or by code, keeps what whoever registered the address left there, if it was never proven.",
			Authd:      "The address is proven by it: their sessions, connected accounts, passkeys, second factors and names go, as with a sign-in by mail.",
			Why:        "Somebody may have registered the address before its owner came.",
		},
	}
}
