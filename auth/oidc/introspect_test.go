package oidc_test

import (
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/oidc"
)

// accepting introspects with Accept headers.
func (w *world) accepting(basic, token string, accept ...string) *answer {
	r := httptest.NewRequest("POST", "/api/auth/oauth2/introspect", strings.NewReader(url.Values{"token": {token}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header["Accept"] = accept
	if id, secret, ok := strings.Cut(basic, ":"); ok {
		r.SetBasicAuth(id, secret)
	}
	return w.do(r)
}

// TestIntrospectionForm: RFC 9701 §4, §6, RFC 9110 §12.5.1: who gets a JWT.
func TestIntrospectionForm(t *testing.T) {
	t.Parallel()
	const signed = "application/token-introspection+jwt"
	w := withThings(t)
	_, basic := w.machine("read:things")
	always, secret := w.client(oidc.Client{Settings: oidc.Settings{IntrospectionAlg: "ES256"}})
	token := w.own(basic, nil).json(200)["access_token"].(string)
	for _, c := range []struct {
		name   string
		basic  string
		accept []string
		want   string
	}{
		{"4: by its name", basic, []string{signed}, signed},
		{"4: in any case", basic, []string{"Application/Token-Introspection+JWT"}, signed},
		{"RFC 9110 12.5.1: before JSON", basic, []string{"application/json;q=0.9, " + signed}, signed},
		{"RFC 9110 12.5.1: as good as JSON", basic, []string{"application/json, " + signed}, signed},
		{"RFC 9110 5.3: in a header of its own", basic, []string{"text/html", signed}, signed},
		{"RFC 9110 12.5.1: after JSON", basic, []string{"application/json, " + signed + ";q=0.5"}, "application/json"},
		{"RFC 9110 12.4.2: not at all", basic, []string{signed + ";q=0"}, "application/json"},
		{"anything", basic, []string{"*/*"}, "application/json"},
		{"part of another name", basic, []string{signed + "x"}, "application/json"},
		{"nothing", basic, nil, "application/json"},
		{"6: the client always gets one", always + ":" + secret, nil, signed},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.accepting(c.basic, token, c.accept...)
			if a.Code != 200 || a.Header().Get("Content-Type") != c.want || a.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v", a.Code, a.Header())
			}
		})
	}
	w.accepting("", token, signed).refused(400, "invalid_request") // RFC 9701 §4
	w.accepting("", token).refused(401, "invalid_client")
	w.accepting(basic+"x", token, signed).refused(401, "invalid_client")
}

// TestIntrospectionJWT: RFC 9701 §5: what is in it, and what never is.
func TestIntrospectionJWT(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, appSecret := w.client(oidc.Client{})
	server, secret := w.client(oidc.Client{Settings: oidc.Settings{IntrospectionAlg: "ES256"}})
	stranger, strangerSecret := w.client(oidc.Client{Settings: oidc.Settings{IntrospectionAlg: "EdDSA"}})
	w.resource(oidc.Resource{Identifier: api1}, app, server)
	tokens := w.redeem(app+":"+appSecret, w.code(app, url.Values{"resource": {api1}}), nil).json(200)
	access := tokens["access_token"].(string)
	at := w.claims(access)
	open := func(basic, token string, alg jose.SignatureAlgorithm) map[string]any {
		return w.jwt(w.accepting(basic, token).Body.String(), "token-introspection+jwt", alg)
	}

	claims := open(server+":"+secret, access, jose.ES256)
	about := claims["token_introspection"].(map[string]any)
	// sub and exp would make it look like an access token (RFC 9701 §5, §8.1).
	if names := slices.Sorted(maps.Keys(claims)); strings.Join(names, " ") != "aud iat iss token_introspection" {
		t.Errorf("its claims are %v", names)
	}
	if claims["aud"] != server || claims["iss"] != issuer || claims["iat"] != float64(w.clock(t.Context()).Unix()) {
		t.Errorf("it says %v", claims)
	}
	for _, name := range []string{"iss", "sub", "client_id", "scope", "exp", "iat", "jti", "sid"} {
		if about[name] != at[name] {
			t.Errorf("RFC 7662 2.2: %s is %v, the token has %v", name, about[name], at[name])
		}
	}
	if about["active"] != true || about["token_type"] != "Bearer" {
		t.Errorf("RFC 7662 2.2: %v", about)
	}
	for name, c := range map[string][2]string{
		"a token for somebody else": {stranger + ":" + strangerSecret, access}, "no token": {stranger + ":" + strangerSecret, "bogus"},
		"another client's refresh token": {stranger + ":" + strangerSecret, tokens["refresh_token"].(string)},
	} {
		about := open(c[0], c[1], jose.EdDSA)["token_introspection"].(map[string]any)
		if about["active"] != false || len(about) != 1 {
			t.Errorf("RFC 9701 5: %s: %v", name, about)
		}
	}
	// A resource server is told of access tokens; refresh tokens are for the client (RFC 6749 §10.4).
	if about := open(server+":"+secret, tokens["refresh_token"].(string), jose.ES256)["token_introspection"].(map[string]any); about["active"] != false || len(about) != 1 {
		t.Errorf("a refresh token at a resource server: %v", about)
	}
	document := w.anonymous().get("/.well-known/openid-configuration").json(200)
	for _, name := range []string{"introspection_signing_alg_values_supported", "userinfo_signing_alg_values_supported"} {
		if algs, _ := document[name].([]any); !slices.Contains(algs, any("ES256")) || !slices.Contains(algs, any("RS256")) {
			t.Errorf("RFC 9701 7, Discovery 3: %s is %v", name, document[name])
		}
	}
}

// TestResourceServersOfOpaqueTokens: RFC 7662 §2.2: a token that only we can read,
// by the client that serves its resource.
func TestResourceServersOfOpaqueTokens(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, appSecret := w.client(oidc.Client{Settings: oidc.Settings{AccessTokenFormat: "opaque"}, SubjectType: "pairwise"})
	server, secret := w.client(oidc.Client{GrantTypes: []string{grantOwn}, RedirectURIs: []string{}})
	other, otherSecret := w.client(oidc.Client{GrantTypes: []string{grantOwn}, RedirectURIs: []string{}})
	w.resource(oidc.Resource{Identifier: api1}, app, server)
	w.resource(oidc.Resource{Identifier: api2}, app, other)
	tokens := w.redeem(app+":"+appSecret, w.code(app, url.Values{"resource": {api1}}), nil).json(200)
	access := tokens["access_token"].(string)
	if strings.Contains(access, ".") {
		t.Fatalf("not opaque: %s", access)
	}
	seen := w.form("introspect", server+":"+secret, url.Values{"token": {access}}).json(200)
	if seen["active"] != true || seen["client_id"] != app || seen["aud"].([]any)[0] != api1 || seen["sub"] != w.userinfo(access).json(200)["sub"] {
		t.Errorf("introspection: %v", seen)
	}
	if seen := w.form("introspect", other+":"+otherSecret, url.Values{"token": {access}}).json(200); len(seen) != 1 || seen["active"] != false {
		t.Errorf("RFC 7662 4: another resource's server is told %v", seen)
	}
	// A client that lost its link asks in vain from then on.
	if _, err := w.srv.OIDC.UnlinkResource(t.Context(), api1, server); err != nil {
		t.Fatal(err)
	}
	if seen := w.form("introspect", server+":"+secret, url.Values{"token": {access}}).json(200); len(seen) != 1 {
		t.Errorf("unlinked: %v", seen)
	}
	// RFC 8707 §2.2: a refresh reaches no further than what was granted.
	w.refresh(app+":"+appSecret, tokens["refresh_token"].(string), url.Values{"resource": {api2}}).refused(400, "invalid_target")
}

// TestSignedUserInfoForms: OpenID Connect Core §5.3.2: by each client's wish, for GET and
// POST; errors are never signed.
func TestSignedUserInfoForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for alg, want := range map[string]jose.SignatureAlgorithm{"RS256": jose.RS256, "ES256": jose.ES256, "EdDSA": jose.EdDSA, "": ""} {
		id, secret := w.client(oidc.Client{Settings: oidc.Settings{UserinfoAlg: alg}, SubjectType: "pairwise"})
		tokens := w.tokens(id, secret)
		access := tokens["access_token"].(string)
		for name, a := range map[string]*answer{"GET": w.userinfo(access), "POST": w.form("userinfo", "", url.Values{"access_token": {access}})} {
			if a.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: it may be cached", alg, name)
			}
			if alg == "" {
				if info := a.json(200); info["iss"] != nil || info["sub"] != w.claims(tokens["id_token"])["sub"] {
					t.Errorf("plain: %v", info)
				}
				continue
			}
			if a.Header().Get("Content-Type") != "application/jwt" {
				t.Fatalf("%s %s: %v", alg, name, a.Header())
			}
			claims := w.jwt(a.Body.String(), "userinfo+jwt", want)
			if claims["iss"] != issuer || claims["aud"] != id || claims["sub"] != w.claims(tokens["id_token"])["sub"] || claims["exp"] != nil {
				t.Errorf("%s %s: %v", alg, name, claims)
			}
		}
		w.userinfo(flip(access)).refused(401, "invalid_token")
	}
}
