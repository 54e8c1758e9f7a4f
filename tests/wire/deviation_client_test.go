package wire

import (
	"encoding/json"
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
			Recordings: []int{379, 380, 381, 385, 386, 387, 390, 391},
			Change:     registrationSaysAll,
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
			Recordings: []int{562, 566},
			Change:     apiTokensSayMore,
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
