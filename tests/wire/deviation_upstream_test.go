package wire

// upstreamDeviations are about the providers that people come from.
func upstreamDeviations() []deviation {
	return []deviation{
		{
			ID:         "upstream-id-tokens-verified",
			BetterAuth: "ID tokens that come from a known provider's token endpoint are decoded, not verified. A generic provider's userinfo may tell of another person than its ID token.",
			Authd:      "Signature, issuer, audience, time and nonce are verified wherever they come from (Paybin publishes no keys: all but the signature), and the two must be of one person. LINE's are verified here, by its keys or the channel's secret, and not by asking LINE.",
			Why:        "OpenID Connect Core §3.1.3.7 and §5.3.2.",
		},
		{
			ID:         "upstream-discovery",
			BetterAuth: "Discovery documents are read at the start; a provider that is down is left out until the next one. Any issuer that the document names counts.",
			Authd:      "They are read when first needed, and again after an hour. The issuer must be the one at whose address the document is, unless `issuer` names another; endpoints by http are refused when the document came by https.",
			Why:        "A provider that is down for a minute would be gone for days; and OpenID Connect Discovery §4.3.",
		},
		{
			ID:         "upstream-settings",
			BetterAuth: "A missing `clientId` or `clientSecret` shows itself when somebody signs in. `clientSecret` may be missing everywhere.",
			Authd:      "It stops the start, and so does a key that the provider has no use for. Without a secret work only Cloudflare, Cognito, Microsoft, Vercel, VK and X, and generic providers with PKCE.",
			Why:        "Whoever sets it up should see it then.",
		},
		{
			ID:         "upstream-microsoft-tenant",
			BetterAuth: "`tenantId` may be a domain.",
			Authd:      "It is the directory's id, or `common`, `organizations`, `consumers`.",
			Why:        "ID tokens name the directory by its id only; by its domain one could not be told from another.",
		},
		{
			ID:         "upstream-logout",
			BetterAuth: "`POST /sign-out` can answer with a generic provider's logout address, and `allowIdpInitiated` begins a sign-in that the provider started.",
			Authd:      "It ends the session here only, and every sign-in begins here.",
			Why:        "Not built yet.",
		},
	}
}
