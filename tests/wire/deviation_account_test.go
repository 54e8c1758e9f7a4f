package wire

// accountDeviations are about identities at providers.
func accountDeviations() []deviation {
	return []deviation{
		{
			ID:         "owner-claims-address",
			BetterAuth: "A sign-in elsewhere whose verified address a user has who never verified it ends with `account_not_linked`, unless `requireLocalEmailVerified` is false, which links it to that user as they are.",
			Authd:      "It makes the user the address's owner: passwords, linked accounts, sessions and grants of who registered it before are deleted first. `require_local_email_verified = true` refuses.",
			Why:        "Nobody may keep somebody from coming in by registering their address first, nor have a way in left when they come.",
		},
		{
			ID:         "trust-proves-nothing",
			BetterAuth: "With `requireLocalEmailVerified` false a trusted provider's unverified address links to a user who never verified it.",
			Authd:      "It ends with `account_not_linked`.",
			Why:        "Neither side has proven the address.",
		},
		{
			ID:         "override-needs-proof",
			BetterAuth: "`overrideUserInfoOnSignIn` also takes an address that the provider did not verify.",
			Authd:      "It takes one that the provider verified and nobody else has; name and picture in any case.",
			Why:        "An address typed in at a provider would be an address taken here.",
		},
		{
			ID:         "last-usable-account",
			BetterAuth: "`POST /unlink-account` keeps the last row, also when another one's provider is not configured any more or passwords are off.",
			Authd:      "It keeps the last one by which the person can come in.",
			Why:        "That is what the rule is for.",
		},
		{
			ID:         "new-token-new-end",
			BetterAuth: "A new access token without a lifetime keeps the end of the one before it.",
			Authd:      "Its end is not known then.",
			Why:        "It would be taken for one that has ended, and refreshed at each request.",
		},
		{
			ID:         "provider-said",
			BetterAuth: "`data` of `GET /account-info` is what a generic provider said, with what better-auth made of it.",
			Authd:      "It is what the provider said; what authd makes of it stands in `user`.",
			Why:        "Each has its place, and a provider's own field is never overwritten.",
			Recordings: []int{82},
			Change: func(_ recording, want exchange) exchange {
				body := want.Body.(object)
				data, _ := body.get("data")
				said := data.(object).without(func(key string) bool { return key == "emailVerified" || key == "image" })
				want.Body = body.with("data", anyOrder(said))
				return want
			},
		},
		{
			ID:         "no-account-cookie",
			BetterAuth: "`storeAccountCookie` keeps a provider's tokens in a cookie, which `useAccountCookie` selects.",
			Authd:      "It has no such cookie: `useAccountCookie` ends with `ACCOUNT_NOT_FOUND`.",
			Why:        "It is for servers without a database; tokens stay in the database, sealed.",
		},
	}
}
