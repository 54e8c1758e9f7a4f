package wire

// phoneDeviations are about phone numbers.
func phoneDeviations() []deviation {
	return []deviation{
		{
			ID:         "phone-numbers-are-e164",
			BetterAuth: "A phone number is any text, unless the app gives `phoneNumberValidator`.",
			Authd:      "It is `+` and 7 to 15 digits (E.164), kept in that form whatever is written between them; else `INVALID_PHONE_NUMBER`. `sms.allowed_countries` says where messages go.",
			Why:        "The same number must be the same user, and each message costs money.",
			Recordings: []int{575},
			Change:     refused(400, "INVALID_PHONE_NUMBER"),
		},
		{
			ID:         "unproven-phone-numbers",
			BetterAuth: "Who proves a number comes into the account that has it, also where somebody else gave it at their sign-up and never proved it.",
			Authd:      "An unproven number gives way: it is taken from that account, unless the person is signed in to it or has just given its password.",
			Why:        "Otherwise an attacker waits with an account of theirs at somebody's number.",
		},
		{
			ID:         "phone-sign-in-tells-nothing",
			BetterAuth: "`/sign-in/phone-number` answers sooner for an unknown number, and tells `PHONE_NUMBER_NOT_VERIFIED` to who does not know the password.",
			Authd:      "It hashes a password either way, and asks for the proof of the number behind the right password only.",
			Why:        "Nobody is to learn whose number has an account.",
		},
		{
			ID:         "text-messages-cost",
			BetterAuth: "`/phone-number/send-otp` sends to every number.",
			Authd:      "To a number that is nobody's only where one may sign up by it (`phone_number.sign_up_on_verification`) or somebody signed in asks; and only so many in an hour to a number, for a client address and in all (`[sms]`): 429.",
			Why:        "Messages to numbers of the attacker's own are a business.",
		},
		{
			ID:         "no-account-at-the-number",
			BetterAuth: "A right code for a number that is nobody's is `FAILED_TO_UPDATE_USER` (500) where one cannot sign up by it.",
			Authd:      "`PHONE_NUMBER_NOT_EXIST` (400).",
			Why:        "Nothing is wrong with the server.",
		},
		{
			ID:         "phone-reset-keeps-the-code",
			BetterAuth: "A new password that is too short uses up the code of a reset.",
			Authd:      "The password is looked at first.",
			Why:        "Another message would have to be sent.",
		},
		{
			ID:         "last-phone-number",
			BetterAuth: "`phoneNumber: null` takes a number away, whatever is left.",
			Authd:      "`LAST_WAY_IN` where the person could not come in any more.",
			Why:        "Nobody is to lose their account by a click.",
		},
		{
			ID:         "no-mail-to-a-placeholder",
			BetterAuth: "Where accounts are deleted by a link in a mail, that goes to the made-up address of somebody who has none, too: they cannot delete theirs.",
			Authd:      "Who has no mailbox (a phone number, a wallet or nothing alone) deletes the account at once, in a session that is fresh.",
			Why:        "The mail leads nowhere.",
		},
	}
}
