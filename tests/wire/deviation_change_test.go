package wire

import (
	"net/http"
	"slices"
	"strings"
)

func issuerIsOrigin(_ recording, want exchange) exchange {
	return want.rewriteAll(func(key string, value any) any {
		if (key == "iss" || key == "issuer") && value == "http://authd.test/api/auth" {
			return "http://authd.test"
		}
		return value
	})
}

func noTypeWithoutBody(r recording, want exchange) exchange {
	if _, none := want.Body.(absent); none && (want.Status >= http.StatusMultipleChoices || strings.HasPrefix(r.Path, "/oauth2/delete-")) {
		delete(want.Header, "Content-Type")
	}
	return want
}

func errorPage(_ recording, want exchange) exchange {
	if want.Header["Content-Type"] == "text/html" {
		want.Header["Content-Type"] = "text/html; charset=utf-8"
	}
	return want.rewriteAll(func(key string, value any) any {
		if key == "address" && value == "http://authd.test/api/auth/error" {
			return "http://authd.test/error"
		}
		return value
	})
}

func parametersInAnyOrder(_ recording, want exchange) exchange {
	return want.rewriteAll(func(key string, value any) any {
		if query, ok := value.(object); ok && key == "query" {
			return anyOrder(query)
		}
		return value
	})
}

// errorPageDetail: beside an error at the page /error, and nowhere else.
func errorPageDetail(_ recording, want exchange) exchange {
	to, ok := want.Header["Location"].(object)
	if !ok {
		return want
	}
	address, _ := to.get("address")
	query, _ := to.get("query")
	if fields, ok := query.(anyOrder); ok && address == "http://authd.test/error" {
		want.Header["Location"] = to.with("query", anyOrder(object(fields).with("detail", someText)))
	}
	return want
}

func oauthNoStore(r recording, want exchange) exchange {
	path := route(r.Path)
	if path == "/oauth2/authorize" && want.Status == http.StatusFound || path == "/oauth2/consent" && want.Status == http.StatusOK {
		want.Header["Cache-Control"] = "no-store"
	}
	return want
}

func oauthFieldsInAnyOrder(_ recording, want exchange) exchange {
	if fields, ok := want.Body.(object); ok && (fields.has("error") || fields.has("active")) {
		want.Body = anyOrder(fields)
	}
	return want
}

func withField(want exchange, key string, value any) exchange {
	switch fields := want.Body.(type) {
	case object:
		want.Body = fields.with(key, value)
	case anyOrder:
		want.Body = anyOrder(object(fields).with(key, value))
	}
	return want
}

func challenges(r recording, want exchange) exchange {
	switch {
	case want.Status == http.StatusUnauthorized && slices.Contains([]string{"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/end-session"}, route(r.Path)):
		want.Header["Www-Authenticate"] = `Basic realm="authd"`
	case want.Status == http.StatusUnauthorized && route(r.Path) == "/oauth2/userinfo" && want.Header["Www-Authenticate"] == nil:
		want.Header["Www-Authenticate"] = "Bearer"
	}
	return want
}

func defaultAlgorithm(_ recording, want exchange) exchange {
	return want.rewriteAll(func(key string, value any) any {
		token, ok := value.(object)
		if !ok || key != "id_token" {
			return value
		}
		header, _ := token.get("jws header")
		claims, _ := token.get("jws claims")
		return token.with("jws header", header.(object).with("alg", "RS256")).
			with("jws claims", anyOrder(claims.(object).with("amr", []any{"pwd"})))
	})
}

func threeKeys(_ recording, want exchange) exchange {
	want.Header["Cache-Control"] = "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400"
	want.Body = someDocument
	return want
}

// then is for one change after another.
func (e exchange) then(r recording, change func(recording, exchange) exchange) exchange {
	return change(r, e)
}

func clientFirst(r recording, want exchange) exchange {
	code, status := "invalid_client", http.StatusUnauthorized
	switch r.Index {
	case 2641: // not the way in that the client is registered for
		status = http.StatusBadRequest
	case 2646: // two clients in one request
		code, status = "invalid_request", http.StatusBadRequest
	}
	want = refused(status, code)(r, want)
	if status == http.StatusUnauthorized {
		want.Header["Www-Authenticate"] = `Basic realm="authd"`
	}
	return want
}

// sentBack is a redirect to the client with an error.
func sentBack(code string) func(recording, exchange) exchange {
	return func(_ recording, want exchange) exchange {
		want.Header["Location"] = object{{"address", "https://rp.example/cb"}, {"query", anyOrder{
			{"error", code}, {"error_description", someText}, {"state", "st4te"}, {"iss", "http://authd.test"},
		}}}
		return want
	}
}

func metadataDiffers(_ recording, want exchange) exchange {
	fields, ok := want.Body.(object)
	if !ok {
		return want
	}
	for name, value := range map[string]any{
		"jwks_uri":                    "http://authd.test/.well-known/jwks.json",
		"claims_supported":            []any{"sub", "iss", "aud", "exp", "iat", "name", "email"}, // of ID tokens and userinfo, not of access tokens
		"request_parameter_supported": true,
	} {
		fields = fields.with(name, value)
	}
	for _, m := range fields {
		if strings.HasSuffix(m.Key, "_auth_signing_alg_values_supported") || m.Key == "dpop_signing_alg_values_supported" {
			fields = fields.with(m.Key, []any{"ES256", "EdDSA", "PS256", "RS256"})
		}
	}
	want.Body = including(fields)
	return want
}

func emptyIsAbsent(_ recording, want exchange) exchange {
	return want.rewriteAll(func(key string, value any) any {
		switch {
		case key == "error" && value == "unsupported_response_type":
			return "invalid_request"
		case key == "error_description":
			return "response_type is required"
		case key == "scope" && value == "":
			return "openid profile email offline_access read:things"
		}
		return value
	})
}

// sessionTokensHaveAType: every other JWT of the recordings says what it is, or is an ID token.
func sessionTokensHaveAType(_ recording, want exchange) exchange {
	return want.rewriteAll(func(key string, value any) any {
		token, ok := value.(object)
		if !ok || key != "token" && key != "Set-Auth-Jwt" || !token.has("jws header") {
			return value
		}
		header, _ := token.get("jws header")
		claims, _ := token.get("jws claims")
		return object{{"jws header", append(header.(object), member{"typ", "session+jwt"})}, {"jws claims", claims}}
	})
}
