package wire

import (
	"slices"
)

// twoFactorDeviations are about second factors.
func twoFactorDeviations() []deviation {
	return append([]deviation{
		{
			ID:         "guesses-of-the-signed-in-count",
			BetterAuth: "Wrong codes of somebody who is signed in are not counted for the account.",
			Authd:      "They are, once a second factor is set up.",
			Why:        "Who has stolen a session must not guess on what changes the account.",
			Recordings: []int{8047},
			Change:     refused(429, "ACCOUNT_TEMPORARILY_LOCKED"),
		},
		{
			ID:         "remembered-in-the-challenge",
			BetterAuth: "`rememberMe: false` at a sign-in that waits for a second factor is kept in the cookie `dont_remember`.",
			Authd:      "It is kept with the sign-in that waits.",
			Why:        "What somebody chose at one sign-in has no say in the next one of the same browser.",
			Recordings: []int{8061},
			Change:     withoutCookie("better-auth.dont_remember"),
		},
		{
			ID:         "trusted-and-not-remembered",
			BetterAuth: "`trustDevice` deletes the cookie `dont_remember`.",
			Authd:      "It leaves it.",
			Why:        "Whether a browser is asked for a second factor and how long its session lives are two things.",
			Recordings: []int{239, 8060},
			Change:     withoutCookie("better-auth.dont_remember"),
		},
	}, twoFactorRules()...)
}

// twoFactorRules are those that no recording shows.
func twoFactorRules() []deviation {
	return []deviation{
		{
			ID:         "a-code-counts-once",
			BetterAuth: "A code of an authenticator app counts as often as it is given while it is on the screen.",
			Authd:      "It counts once, and none that is older counts after it.",
			Why:        "RFC 6238 section 5.2: who looks over a shoulder must not come in too.",
		},
		{
			ID:         "every-way-in-is-asked",
			BetterAuth: "Only sign-ins by e-mail, username and phone number with a password are asked for the second factor.",
			Authd:      "So are magic links, codes by mail, codes by text message, wallets, passkeys that did not verify the person, and the automatic sign-in after verification or a reset; those through a provider where `two_factor.after_social` is on. What was sent to the place that the first proof was sent to is not offered. A link leads to `/two-factor`, everything else answers `twoFactorRedirect`.",
			Why:        "A second factor that one way in leaves out protects nothing.",
		},
		{
			ID:         "backup-codes-are-hashed",
			BetterAuth: "Backup codes are kept so that `viewBackupCodes` shows them again.",
			Authd:      "Hashes are kept; `viewBackupCodes` answers 400 `BACKUP_CODES_NOT_KEPT`.",
			Why:        "Who reads the database or a backup must not have them.",
		},
		{
			ID:         "backup-codes-of-an-unfinished-set-up",
			BetterAuth: "Backup codes count as soon as `enable` has answered with them, where a second factor is on already by codes that are sent.",
			Authd:      "They count with an authenticator app that has shown a code.",
			Why:        "Who knew the password may have begun a set-up before the person finished another one, and has those codes.",
		},
		{
			ID:         "an-app-may-need-two-factors",
			BetterAuth: "Nothing follows from `acr_values`, nor from an essential `acr`.",
			Authd:      "Where it is an `acr` of several factors, who has a second one is asked for it in a trusted browser and after a provider, too.",
			Why:        "OpenID Connect Core section 5.5.1.1, RFC 9470: an app that asks for a stronger sign-in has to get one, or be told that it does not.",
		},
		{
			ID:         "a-backup-code-twice-at-once",
			BetterAuth: "Of two requests with the same backup code at the same moment, the second is answered 409.",
			Authd:      "It is answered 401 `INVALID_BACKUP_CODE`.",
			Why:        "The code was used up; that the other request was this close is nobody's to know.",
		},
		{
			ID:         "a-backup-code-that-only-checks",
			BetterAuth: "`/two-factor/verify-backup-code` with `disableSession` makes the sign-in that waits useless.",
			Authd:      "The backup code is used up, and the sign-in goes on waiting for a second factor that signs in.",
			Why:        "Nothing in the answer says that the person has to begin again.",
		},
		{
			ID:         "codes-as-they-are-typed",
			BetterAuth: "A code with a space or without its hyphen is wrong.",
			Authd:      "Spaces and hyphens in codes of apps, sent codes and backup codes do not count.",
			Why:        "Apps show `123 456`, and people copy it so.",
		},
		{
			ID:         "nowhere-to-go-yet",
			BetterAuth: "A sign-in with a `callbackURL` that has to wait for a second factor answers `twoFactorRedirect` with that address in `Location`.",
			Authd:      "The answer has no `Location`.",
			Why:        "The sign-in is not done, and nobody is to go there before it is.",
		},
		{
			ID:         "the-issuer-in-an-app",
			BetterAuth: "A space in the issuer is `+` in the address that a QR code holds.",
			Authd:      "It is `%20`.",
			Why:        "It is no form (RFC 3986 section 2.1), and some apps show the `+`.",
		},
		{
			ID:         "the-last-method-is-one-that-let-in",
			BetterAuth: "`last_used_login_method` is set by a sign-in that waits for its second factor.",
			Authd:      "It is set when the second factor was given.",
			Why:        "Somebody who did not come in has not signed in.",
		},
		{
			ID:         "trusted-browsers-are-listed",
			BetterAuth: "The value of a trusted browser is kept as it is, and there is no list of them.",
			Authd:      "A hash is kept, `/account/security` lists them, and a new password or a second factor that is turned off ends them all.",
			Why:        "Somebody may have trusted a browser that is not theirs any more.",
		},
		{
			ID:         "a-second-factor-may-be-required",
			BetterAuth: "Nobody has to have a second factor.",
			Authd:      "`two_factor.require_two_factor` names who has to: their sign-in answers `twoFactorRedirect` with no methods until they have set one up, which `/two-factor/enable` begins without a password; turning it off is 403 `TWO_FACTOR_REQUIRED`.",
			Why:        "Companies ask for it.",
		},
	}
}

func withoutCookie(name string) func(recording, exchange) exchange {
	return func(_ recording, want exchange) exchange {
		want.Cookies = slices.DeleteFunc(slices.Clone(want.Cookies), func(c setCookie) bool { return c.Name == name })
		return want
	}
}
