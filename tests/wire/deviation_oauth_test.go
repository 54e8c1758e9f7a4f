package wire

import (
	"net/http"
)

func oauthDeviations() []deviation {
	return []deviation{
		{
			ID:         "no-type-without-body",
			BetterAuth: "An answer without a body, such as a redirect, says `Content-Type: application/json`.",
			Authd:      "It says nothing about the body that it does not have.",
			Why:        "RFC 9110 section 8.3: the header describes content.",
			Change:     noTypeWithoutBody,
		},
		{
			ID:         "error-page",
			BetterAuth: "Where there is no safe place to return to, an error leads to `/api/auth/error`.",
			Authd:      "It leads to the page `/error`.",
			Why:        "That is the page for people; `/api/auth/error` answers too.",
			Change:     errorPage,
		},
		{
			ID:         "parameter-order",
			BetterAuth: "Parameters in the address of a redirect have a certain order.",
			Authd:      "They may come in another one.",
			Why:        "A query is a set of names; the signed query is signed over its sorted pairs.",
			Change:     parametersInAnyOrder,
		},
		{
			ID:         "error-page-detail",
			BetterAuth: "The address of the page `/error` has `error` and `error_description`.",
			Authd:      "Where the client, or where it wants people sent back, is at fault, it has `detail` too: what was received and what was expected, encrypted. No address of an app's ever has it.",
			Why:        "The page tells the person what to change, and nobody else can put words there.",
			Recordings: []int{394, 395, 405, 406, 597, 1312, 2611, 2612, 2613, 2614},
			Change:     errorPageDetail,
		},
		{
			ID:         "oauth-field-order",
			BetterAuth: "OAuth errors have `error_description` before `error`, or behind it.",
			Authd:      "`error` comes first, as the RFCs show it; the fields of an introspection always come in the same order.",
			Why:        "One encoder writes them all.",
			Change:     oauthFieldsInAnyOrder,
		},
		{
			ID:         "challenges",
			BetterAuth: "`WWW-Authenticate` is `Basic` alone where a client fails to prove itself, and lacks in some places.",
			Authd:      "Every 401 has one: `Basic realm=\"authd\"` for clients, `Bearer` at userinfo.",
			Why:        "RFC 9110 section 15.5.2; RFC 7617 section 2; RFC 6750 section 3.",
			Change:     challenges,
		},
		{
			ID:         "wrong-verifier",
			BetterAuth: "A wrong PKCE verifier is 401 `invalid_request`.",
			Authd:      "It is 400 `invalid_grant`.",
			Why:        "RFC 7636 section 4.6.",
			Recordings: []int{413},
			Change: func(_ recording, want exchange) exchange {
				want.Status = http.StatusBadRequest
				delete(want.Header, "Www-Authenticate")
				return withField(want, "error", "invalid_grant")
			},
		},
		{
			ID:         "unknown-token-revoked",
			BetterAuth: "Revoking a token that nobody knows is 400 `invalid_request`.",
			Authd:      "It is 200.",
			Why:        "RFC 7009 section 2.2.",
			Recordings: []int{447, 2674},
			Change: func(_ recording, want exchange) exchange {
				want.Status, want.Body = http.StatusOK, absent{}
				return want
			},
		},
		{
			ID:         "id-token-algorithm",
			BetterAuth: "ID tokens are signed with EdDSA.",
			Authd:      "They are signed with RS256 unless the client asks for ES256, EdDSA or PS256, and say in `amr` how the person signed in.",
			Why:        "OpenID Connect Registration section 2 has RS256 as the default.",
			Change:     defaultAlgorithm,
		},
		{
			ID:         "keys",
			BetterAuth: "`GET /jwks` has one Ed25519 key.",
			Authd:      "It has an RSA, a P-256 and an Ed25519 key, each with `use`, and may be cached.",
			Why:        "Clients choose their algorithm; the cache spares them a request for each token.",
			Recordings: []int{311},
			Change:     threeKeys,
		},
		{
			ID:         "well-known-places",
			BetterAuth: "There is no `/.well-known/openid-configuration` at the root.",
			Authd:      "There is: the issuer is the URL, so this is where clients look. better-auth's places answer too.",
			Why:        "OpenID Connect Discovery section 4.",
			Recordings: []int{376},
			Change: func(_ recording, want exchange) exchange {
				want.Status, want.Body = http.StatusOK, someDocument
				want.Header["Content-Type"] = "application/json"
				want.Header["Cache-Control"] = "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400"
				return want
			},
		},
		{
			ID:         "cross-origin",
			BetterAuth: "There is no CORS: an app on another origin needs a proxy.",
			Authd:      "Trusted origins may call the API with credentials; a preflight is answered. Metadata, keys and the token endpoint are for every origin, without credentials.",
			Why:        "Browser apps on another origin work without a proxy.",
		},
		{
			ID:         "one-time-tokens",
			BetterAuth: "The tokens in verification mails are JWTs, good for an hour and any number of times.",
			Authd:      "They are random one-time values, stored hashed.",
			Why:        "A link that was used or replaced must not count again, and no key signs for more than one purpose.",
		},
		{
			ID:         "ids",
			BetterAuth: "Ids are 32 random letters and digits.",
			Authd:      "They are UUIDv7.",
			Why:        "Indexes grow at their end; no client reads meaning into an id.",
		},
		{
			ID:         "oauth-no-store",
			BetterAuth: "Only the token, introspection, userinfo and end-session endpoints forbid caching.",
			Authd:      "Authorization and consent do, too.",
			Why:        "RFC 9700 section 4.3.1: the codes and signed queries in their answers are credentials.",
			Change:     oauthNoStore,
		},
		{
			ID:         "issuer",
			BetterAuth: "The OAuth issuer is the URL with `/api/auth` behind it.",
			Authd:      "The issuer is the URL itself.",
			Why:        "OpenID Connect Discovery and RFC 8414 put the metadata under the issuer; clients find both documents from the plain URL.",
			Change:     issuerIsOrigin,
		},
		{
			ID:         "client-first",
			BetterAuth: "The token endpoint looks at the code before it looks at the client's credentials.",
			Authd:      "The client is authenticated first.",
			Why:        "RFC 6749 section 3.2.1.",
			Recordings: []int{2638, 2639, 2640, 2641, 2643, 2645, 2646},
			Change:     clientFirst,
		},
		{
			ID:         "unlike-any-url",
			BetterAuth: "A `redirect_uri` that is no URL is an `invalid_request` of its own.",
			Authd:      "It is one that is not registered: `invalid_redirect` when asking for a code, `invalid_grant` for tokens.",
			Why:        "Redirects are compared as texts (RFC 9700 section 2.1), so nothing parses them.",
			Recordings: []int{2613, 2650},
			Change: func(r recording, want exchange) exchange {
				if r.Method == http.MethodPost {
					return inOtherWords(r, withField(want, "error", "invalid_grant"))
				}
				return want.rewriteAll(func(key string, value any) any {
					return map[bool]any{true: "invalid_redirect", false: value}[key == "error"]
				}).then(r, inOtherWords)
			},
		},
		{
			ID:         "checked-when-asked",
			BetterAuth: "A code challenge of the wrong form is found out later or never.",
			Authd:      "It is an `invalid_request` at once.",
			Why:        "RFC 7636 section 4.4.1.",
			Recordings: []int{2602},
			Change:     sentBack("invalid_request"),
		},
		{
			ID:         "request-objects",
			BetterAuth: "A `request` parameter is `request_not_supported`.",
			Authd:      "It is read: one that cannot be is an `invalid_request_object`.",
			Why:        "RFC 9101 section 7.",
			Recordings: []int{2615},
			Change:     sentBack("invalid_request_object"),
		},
		{
			ID:         "empty-is-absent",
			BetterAuth: "A parameter of an authorization request without a value is one that is wrong.",
			Authd:      "It is one that was left out.",
			Why:        "RFC 6749 section 3.1.",
			Recordings: []int{2600, 2606},
			Change:     emptyIsAbsent,
		},
		{
			ID:         "unreadable-requests",
			BetterAuth: "A body that cannot be parsed is `BAD_REQUEST` in better-auth's own form, also at OAuth endpoints; a query is read as far as that goes.",
			Authd:      "At OAuth endpoints it is `invalid_request`, at registration `invalid_client_metadata`; a parameter that is there twice, not UTF-8 or broken is refused, and an authorization request is refused at the client where it is certain which one asks.",
			Why:        "RFC 6749 sections 3.1, 4.1.2.1 and 5.2; RFC 7591 section 3.2.2.",
		},
		{
			ID:         "insufficient-scope",
			BetterAuth: "userinfo with a token without `openid` is 400 `invalid_scope`.",
			Authd:      "It is 403 `insufficient_scope` with a challenge.",
			Why:        "RFC 6750 section 3.1.",
			Recordings: []int{2687, 2854, 2855},
			Change: func(r recording, want exchange) exchange {
				want = refused(http.StatusForbidden, "insufficient_scope")(r, want)
				want.Header["Www-Authenticate"] = someText
				return want
			},
		},
		{
			ID:         "updated-at",
			BetterAuth: "userinfo has no `updated_at`.",
			Authd:      "It has, with the scope `profile`.",
			Why:        "OpenID Connect Core section 5.4.",
			Recordings: []int{421, 564, 565},
			Change: func(_ recording, want exchange) exchange {
				return withField(want, "updated_at", someNumber)
			},
		},
		{
			ID:         "no-token-at-all",
			BetterAuth: "userinfo takes an `Authorization` header of another scheme for a wrong token.",
			Authd:      "It says that there is none.",
			Why:        "RFC 6750 section 3.1: no error code when there was no token.",
			Recordings: []int{2680, 2681},
			Change: func(r recording, want exchange) exchange {
				want = refused(http.StatusUnauthorized, "invalid_request")(r, want)
				want.Header["Www-Authenticate"] = "Bearer"
				return want
			},
		},
		{
			ID:         "nothing-to-say",
			BetterAuth: "A revocation is answered with nothing or with `null`.",
			Authd:      "It is always answered with nothing.",
			Why:        "RFC 7009 section 2.2.",
			Recordings: []int{2676, 2677},
			Change: func(_ recording, want exchange) exchange {
				want.Body = absent{}
				return want
			},
		},
		{
			ID:         "resources-in-one-sentence",
			BetterAuth: "The description of `invalid_target` tells whether the resource is unknown, disabled, or not linked to the client.",
			Authd:      "One description for all three.",
			Why:        "RFC 8707 section 2 asks for `invalid_target`; a client need not learn of resources that are not for it.",
			Recordings: []int{430, 2690, 2821, 2822, 2825, 2828, 2829, 2847},
			Change:     inOtherWords,
		},
		{
			ID:         "two-pages-of-yours",
			BetterAuth: "An app may have pages of its own for signing up and for choosing an account.",
			Authd:      "`login_page` is also asked for `prompt=create` and `prompt=select_account`; the signed query says which.",
			Why:        "authd has these pages itself; an app that brings its own brings one for signing in and one for consent.",
			Recordings: []int{403, 456},
			Change: func(_ recording, want exchange) exchange {
				return want.rewriteAll(func(key string, value any) any {
					if key == "address" && (value == "/signup" || value == "/select-account") {
						return "/login"
					}
					return value
				})
			},
		},
		{
			ID:         "who-may-end-sessions",
			BetterAuth: "A client may end sessions only with `enable_end_session`.",
			Authd:      "So may one that registered a `post_logout_redirect_uri`, and a person's browser is shown pages instead of JSON: what is wrong, whether to sign out, and what became of each app.",
			Why:        "RP-Initiated Logout sections 2 and 3.1: a client asks by registering where people return to, and who is asked must be able to read it.",
		},
		{
			ID:         "sealed-question",
			BetterAuth: "The cookie of the page that asks whether to sign out can be read: it names the session.",
			Authd:      "It is encrypted, and also holds where the person goes afterwards.",
			Why:        "RP-Initiated Logout section 3: a person who says yes still returns to the app.",
			Recordings: []int{599},
			Change: func(_ recording, want exchange) exchange {
				for i := range want.Cookies {
					want.Cookies[i].Value = "plain"
				}
				return want
			},
		},
		{
			ID:         "posted-authorize",
			BetterAuth: "`POST /oauth2/authorize` sends the browser on with 302.",
			Authd:      "It does with 303.",
			Why:        "RFC 9700 section 4.12: what was posted here is not to be posted to the client; the FAPI 2.0 profile asks for it.",
			Recordings: []int{597},
			Change: func(_ recording, want exchange) exchange {
				want.Status = 303
				return want
			},
		},
		{
			ID:         "oauth-wording",
			BetterAuth: "OAuth errors have certain `error_description`s.",
			Authd:      "Some are worded so that the reader knows what to change.",
			Why:        "RFC 6749 section 5.2: it is for the developer; programs read `error`.",
			Recordings: []int{394, 406, 597, 2603, 2607, 2609, 2610, 2614, 2616, 2633, 2634, 2635, 2636, 2637, 2655, 2657, 2658, 2664, 2673, 2842, 2843, 2844, 2905, 2906, 2940, 2946, 2947, 2960, 2962, 2963},
			Change:     inOtherWords,
		},
		{
			ID:         "metadata",
			BetterAuth: "The metadata documents name what better-auth has, in a certain order.",
			Authd:      "They name that and what authd has besides, such as request objects; clients sign with ES256, EdDSA, PS256 or RS256; keys are at `/.well-known/jwks.json`, and the claims are those of ID tokens and userinfo.",
			Why:        "RFC 8414: the document describes its server.",
			Recordings: []int{375, 377, 378, 582},
			Change:     metadataDiffers,
		},
	}
}
