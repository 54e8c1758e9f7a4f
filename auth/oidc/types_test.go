package oidc_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"authd/auth/oidc"
)

// zoo is one client that has a token of every type, each made by this server or,
// where clients make them, by the client.
type zoo struct {
	*world
	id     string
	assert func() url.Values // how the client proves itself
	make   map[string]func() string
}

func newZoo(t *testing.T) *zoo {
	t.Helper()
	w := withThings(t)
	key, hears := newKey(t, "ES256"), listen(t)
	id, _ := w.client(oidc.Client{
		TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(t, key), SkipConsent: true, BackchannelLogoutURI: hears.URL,
		GrantTypes: []string{"authorization_code", "refresh_token", grantOwn, grantExchange}, ClientCredentialsScopes: []string{"read:things"},
		PostLogoutRedirectURIs: []string{goodbye}, Settings: oidc.Settings{TokenExchange: []string{"*"}, UserinfoAlg: "EdDSA", IntrospectionAlg: "EdDSA"},
	})
	w.resource(oidc.Resource{Identifier: api1}, id)
	z := &zoo{world: w, id: id}
	sign := func() string { return signed(t, key, "ES256", nil, w.assertion(id, nil)) }
	z.assert = func() url.Values { return asserting(sign()) }
	enter := func(b *browser, change url.Values) map[string]any {
		to := b.authorize(request(id, change))
		form := redeeming(to.Query().Get("code"), z.assert())
		return w.form("token", "", form).json(200)
	}
	b := w.anonymous()
	b.signIn(nil).json(200)
	leaving := enter(b, nil)["id_token"].(string)
	b.leave(url.Values{"id_token_hint": {leaving}, "post_logout_redirect_uri": {goodbye}})
	heard := hears.heard()
	if len(heard) != 1 {
		t.Fatalf("%d logout tokens", len(heard))
	}
	tokens, forAPI := enter(w.ada(), nil), enter(w.ada(), url.Values{"resource": {api1}})
	opaque, at := tokens["access_token"].(string), forAPI["access_token"].(string)
	once := func(token string) func() string { return func() string { return token } }
	z.make = map[string]func() string{
		"access token":      once(opaque),
		"access token, JWT": once(at),
		"refresh token":     func() string { return enter(w.ada(), nil)["refresh_token"].(string) },
		"code":              func() string { return w.code(id, nil) },
		"ID token":          once(tokens["id_token"].(string)),
		"session JWT":       once(w.ada().get("/api/auth/token").json(200)["token"].(string)),
		"session":           once(strings.SplitN(w.ada().cookies["better-auth.session_token"], ".", 2)[0]),
		"logout token":      once(heard[0]),
		"userinfo":          once(w.userinfo(opaque).Body.String()),
		"introspection":     once(w.form("introspect", "", merged(z.assert(), url.Values{"token": {opaque}})).Body.String()),
		"assertion":         sign,
		"request object": func() string {
			return signed(t, key, "ES256", map[string]any{"typ": "oauth-authz-req+jwt"}, object(id, nil))
		},
		"request object, without typ": func() string { return signed(t, key, "ES256", nil, object(id, nil)) },
		"proof":                       func() string { return w.proof(key, "ES256", "POST", tokenURL, nil) },
		"proof, for userinfo":         func() string { return w.proof(key, "ES256", "GET", userinfoURL, ath(opaque)) },
	}
	return z
}

func merged(all ...url.Values) url.Values {
	form := url.Values{}
	for _, one := range all {
		maps.Copy(form, one)
	}
	return form
}

// token posts to the token endpoint and tells whether it gave tokens.
func (z *zoo) token(form url.Values) bool {
	return z.form("token", "", merged(z.assert(), form)).Code == http.StatusOK
}

func (z *zoo) places() map[string]func(token string) bool {
	exchange := func(form url.Values) bool {
		return z.token(merged(url.Values{"grant_type": {grantExchange}, "subject_token": {z.make["access token"]()}, "subject_token_type": {typeAccess}}, form))
	}
	authorize := func(change url.Values) bool { return z.ada().authorize(request(z.id, change)).Query().Has("code") }
	own := url.Values{"grant_type": {grantOwn}}
	return map[string]func(token string) bool{
		"userinfo": func(token string) bool { return z.userinfo(token).Code == http.StatusOK },
		"userinfo, by form": func(token string) bool {
			return z.form("userinfo", "", url.Values{"access_token": {token}}).Code == http.StatusOK
		},
		"introspection": func(token string) bool {
			a := z.form("introspect", "", merged(z.assert(), url.Values{"token": {token}}))
			return z.claims(a.Body.String())["token_introspection"].(map[string]any)["active"] == true
		},
		"code": func(token string) bool { return z.token(redeeming(token, nil)) },
		"refresh_token": func(token string) bool {
			return z.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
		},
		"subject_token": func(token string) bool { return exchange(url.Values{"subject_token": {token}}) },
		"actor_token": func(token string) bool {
			return exchange(url.Values{"actor_token": {token}, "actor_token_type": {typeAccess}})
		},
		"client_assertion": func(token string) bool {
			return z.form("token", "", merged(own, asserting(token))).Code == http.StatusOK
		},
		"DPoP": func(token string) bool {
			return z.proving("token", "", merged(own, z.assert()), token).Code == http.StatusOK
		},
		"request":       func(token string) bool { return authorize(url.Values{"request": {token}}) },
		"id_token_hint": func(token string) bool { return authorize(url.Values{"id_token_hint": {token}}) },
		"id_token_hint, at the end of a session": func(token string) bool {
			r := httptest.NewRequest(http.MethodGet, "/api/auth/oauth2/end-session?"+url.Values{"id_token_hint": {token}, "post_logout_redirect_uri": {goodbye}}.Encode(), nil)
			return strings.HasPrefix(z.do(r).Header().Get("Location"), goodbye)
		},
	}
}

// TestEachTypeInItsPlace: RFC 8725 §3.11, §3.12, RFC 9068 §4, §5, RFC 9101 §10.8,
// RFC 9701 §8.1, Back-Channel Logout §4: every type of token at every place that takes
// one. It counts where it belongs, and nowhere else.
func TestEachTypeInItsPlace(t *testing.T) {
	t.Parallel()
	access := []string{"access token", "access token, JWT"}
	belongs := map[string][]string{
		"userinfo": access, "userinfo, by form": access, "introspection": append([]string{"refresh token"}, access...),
		"code": {"code"}, "refresh_token": {"refresh token"}, "subject_token": access, "actor_token": access,
		"client_assertion": {"assertion"}, "DPoP": {"proof"}, "request": {"request object", "request object, without typ"},
		"id_token_hint": {"ID token"}, "id_token_hint, at the end of a session": {"ID token"},
	}
	shared := newZoo(t)
	for _, place := range slices.Sorted(maps.Keys(shared.places())) {
		t.Run(place, func(t *testing.T) {
			z := shared
			if place == "id_token_hint, at the end of a session" { // of Ada's, that the others need
				z = newZoo(t)
			}
			kinds := slices.Sorted(maps.Keys(z.make))
			for _, kind := range append(slices.DeleteFunc(kinds, func(k string) bool { return k == "ID token" }), "ID token") {
				if got, want := z.places()[place](z.make[kind]()), slices.Contains(belongs[place], kind); got != want {
					t.Errorf("%s: taken %v, want %v", kind, got, want)
				}
			}
		})
	}
}
