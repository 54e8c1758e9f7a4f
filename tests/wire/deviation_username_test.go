package wire

import "slices"

// usernameDeviations are about usernames.
func usernameDeviations() []deviation {
	return []deviation{
		{
			ID:         "reserved-usernames",
			BetterAuth: "Every username that keeps the rules can be had.",
			Authd:      "Names such as `admin`, and what looks like them (`adm1n`), count as taken (`username.reserved`); the operator may still give them.",
			Why:        "Whoever is called admin is believed to be one.",
		},
		{
			ID:         "asking-for-usernames-is-limited",
			BetterAuth: "`/is-username-available` has the limit of every endpoint: 100 in ten seconds.",
			Authd:      "60 a minute from one address.",
			Why:        "It tells whose names there are; who types one needs fewer.",
		},
		{
			ID:         "usernames-in-one-form",
			BetterAuth: "Usernames are put in small letters. A name in full-width letters is invalid.",
			Authd:      "They are brought into NFKC first: full-width letters are the letters that they stand for, at a sign-in too.",
			Why:        "Keyboards of some scripts type them, and the person sees no difference.",
		},
		{
			ID:         "immutable-usernames-stay",
			BetterAuth: "With `immutableUsername` a name can still be taken away with `null`, and another be chosen then.",
			Authd:      "`USERNAME_IS_IMMUTABLE` for `null`, too.",
			Why:        "Otherwise the name is not immutable.",
		},
		{
			ID:         "display-usernames-are-seen",
			BetterAuth: "A display username may be anything.",
			Authd:      "At most 255 characters, no space around it and no characters that are not seen, or that turn the text around: `INVALID_DISPLAY_USERNAME`.",
			Why:        "It is what others see of somebody.",
		},
		{
			ID:         "preferred-username",
			BetterAuth: "userinfo has no `preferred_username`.",
			Authd:      "With usernames on, the scope `profile` gives it.",
			Why:        "It is the standard claim (OpenID Connect Core 5.1), and what most apps make their accounts of.",
			Recordings: []int{421},
			Change: func(_ recording, want exchange) exchange {
				if claims, ok := want.Body.(object); ok {
					want.Body = append(slices.Clone(claims), member{"preferred_username", "alice_1"})
				}
				return want
			},
		},
	}
}
