package wire

import (
	"encoding/json"
	"net/http"
	"strings"
)

// clientDeviations are those of clients, devices and the tokens for an API.
func clientDeviations() []deviation {
	return []deviation{
		{
			ID:         "registration-says-all",
			BetterAuth: "A registration is answered with some of the client's metadata, and cannot be managed by the client.",
			Authd:      "The answer also has what was decided, such as `id_token_signed_response_alg`, and a `registration_access_token` with its `registration_client_uri`.",
			Why:        "RFC 7591 section 3.2.1: all registered metadata is returned; RFC 7592.",
			Recordings: []int{379, 380, 381, 385, 386, 387, 390, 391, 2820},
			Change:     registrationSaysAll,
		},
		{
			ID:         "redirects-in-oauth-words",
			BetterAuth: "A redirect URI that no client may have is a `VALIDATION_ERROR` where a person makes or changes a client, and an `invalid_redirect_uri` where a client registers itself.",
			Authd:      "It is an `invalid_redirect_uri` everywhere.",
			Why:        "RFC 7591 section 3.2.2: one answer for one mistake.",
			Recordings: []int{2901, 2918, 2961},
			Change:     refused(http.StatusBadRequest, "invalid_redirect_uri"),
		},
		{
			ID:         "empty-lists",
			BetterAuth: "An empty list of response types contradicts the grant that needs one.",
			Authd:      "An empty list is one that was left out.",
			Why:        "RFC 7591 section 2 has a default for each list.",
			Recordings: []int{2904},
			Change: func(_ recording, _ exchange) exchange {
				return exchange{
					Status: http.StatusCreated, Body: someDocument,
					Header: map[string]any{"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"},
				}
			},
		},
		{
			ID:         "not-yours-says-so",
			BetterAuth: "Who asks for somebody else's client gets a 401 without a body.",
			Authd:      "It has the body of every other 401.",
			Why:        "Clients read `code`.",
			Recordings: []int{2910, 2917, 2923, 2927},
			Change:     refused(http.StatusUnauthorized, "UNAUTHORIZED"),
		},
		{
			ID:         "user-codes",
			BetterAuth: "The codes that devices show have eight letters and digits.",
			Authd:      "They have two times four consonants, `WDJB-MJHT`, and may be entered in any way.",
			Why:        "RFC 8628 section 6.1: no look-alikes, no words, easy to read out.",
		},
		{
			ID:         "whole-seconds",
			BetterAuth: "`expires_in` of a device's session is a second less than it lasts.",
			Authd:      "It is what it lasts.",
			Why:        "The time is read once a request.",
			Recordings: []int{365},
			Change: func(_ recording, want exchange) exchange {
				return withField(want, "expires_in", json.Number("604800"))
			},
		},
		{
			ID:         "api-tokens-say-more",
			BetterAuth: "A JWT access token does not say how and when the person signed in.",
			Authd:      "It has `auth_time`, `acr` and `amr`.",
			Why:        "RFC 9068 section 2.2.1: an API can ask for a stronger or newer sign-in.",
			Recordings: []int{562, 566, 2826, 2830, 2831},
			Change:     apiTokensSayMore,
		},
		{
			ID:         "claims-in-any-order",
			BetterAuth: "The header and the claims of a machine's JWT have a certain order.",
			Authd:      "They have that of a person's.",
			Why:        "One encoder writes them all; RFC 7519 section 4 knows no order.",
			Recordings: []int{2845, 2846},
			Change:     claimsInAnyOrder,
		},
		{
			ID:         "resource-metadata",
			BetterAuth: "The metadata of a resource lists five algorithms for DPoP.",
			Authd:      "It lists those that authd takes, and has its fields in another order.",
			Why:        "RFC 9728 section 2: the document describes the resource.",
			Recordings: []int{2800, 2801},
			Change: func(_ recording, want exchange) exchange {
				want = withField(want, "authorization_servers", []any{"http://authd.test"})
				want = withField(want, "dpop_signing_alg_values_supported", []any{"ES256", "EdDSA", "PS256", "RS256"})
				want.Body = anyOrder(want.Body.(object))
				return want
			},
		},
		{
			ID:         "resources-of-new-clients",
			BetterAuth: "With `mcp()`, every client that is made is linked to the resource, and its `resources` name it.",
			Authd:      "`resources` are those that the client asked for, and those of `client_registration_default_resources`, for which no link is needed.",
			Why:        "Whoever registers itself may ask for tokens; to introspect those of others takes a link that the operator makes.",
			Recordings: []int{2820},
			Change: func(_ recording, want exchange) exchange {
				return withField(want, "resources", []any{"https://api.example.com"})
			},
		},
		{
			ID:         "resources-that-are-none",
			BetterAuth: "A `resource` at the token endpoint that is no URI, or has a fragment, is an `invalid_request`.",
			Authd:      "It is an `invalid_target`, like every other that cannot be had.",
			Why:        "RFC 8707 section 2: invalid_target is for a resource that is missing, unknown or malformed.",
			Recordings: []int{2848, 2849},
			Change: func(_ recording, want exchange) exchange {
				want.Header["Cache-Control"], want.Header["Pragma"] = "no-store", "no-cache"
				return exchange{Status: want.Status, Header: want.Header, Body: errorCode("invalid_target")}
			},
		},
		{
			ID:         "tokens-for-an-api-revoked",
			BetterAuth: "A JWT access token cannot be revoked: `unsupported_token_type`.",
			Authd:      "It can: userinfo, introspection and token exchange refuse it from then on.",
			Why:        "RFC 7009 section 2.1; where it is checked by its signature alone, it counts until it ends (section 3).",
			Recordings: []int{2858},
			Change: func(_ recording, want exchange) exchange {
				want.Status, want.Body = 200, absent{}
				return want
			},
		},
	}
}

func registrationSaysAll(r recording, want exchange) exchange {
	more := func(client object) object {
		client = append(client[:len(client):len(client)], member{"id_token_signed_response_alg", "RS256"})
		if strings.HasSuffix(r.Path, "/register") {
			client = append(client, member{"registration_access_token", someToken}, member{"registration_client_uri", someText})
		}
		return client
	}
	switch body := want.Body.(type) {
	case object:
		want.Body = anyOrder(more(body))
	case []any:
		all := make([]any, len(body))
		for i, client := range body {
			all[i] = anyOrder(more(client.(object)))
		}
		want.Body = all
	}
	return want
}

func claimsInAnyOrder(_ recording, want exchange) exchange {
	return want.rewriteAll(func(key string, value any) any {
		token, ok := value.(object)
		if !ok || key != "access_token" {
			return value
		}
		header, _ := token.get("jws header")
		claims, _ := token.get("jws claims")
		return object{{"jws header", anyOrder(header.(object))}, {"jws claims", anyOrder(claims.(object))}}
	})
}

func apiTokensSayMore(_ recording, want exchange) exchange {
	return want.rewriteAll(func(key string, value any) any {
		token, ok := value.(object)
		if !ok || key != "access_token" {
			return value
		}
		header, _ := token.get("jws header")
		claims, _ := token.get("jws claims")
		more := append(claims.(object), member{"auth_time", json.Number("0")}, member{"acr", "0"}, member{"amr", []any{"pwd"}})
		return object{{"jws header", anyOrder(header.(object))}, {"jws claims", anyOrder(more)}}
	})
}
