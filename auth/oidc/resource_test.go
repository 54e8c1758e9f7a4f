package oidc_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/oidc"
)

const (
	api1 = "https://api.example.com"
	api2 = "https://other.example/v1"
)

// resource makes one that the clients may ask for.
func (w *world) resource(r oidc.Resource, clients ...string) {
	w.t.Helper()
	if _, err := w.srv.OIDC.CreateResource(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
	for _, id := range clients {
		if err := w.srv.OIDC.LinkResource(w.t.Context(), r.Identifier, id); err != nil {
			w.t.Fatal(err)
		}
	}
}

// jwt checks a token's signature and type, and is its claims.
func (w *world) jwt(token, typ string, alg jose.SignatureAlgorithm) map[string]any {
	w.t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{alg})
	if err != nil {
		w.t.Fatalf("%v in %s", err, token)
	}
	if got := parsed.Headers[0].ExtraHeaders["typ"]; got != typ {
		w.t.Fatalf("typ %v, want %s", got, typ)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(w.anonymous().get("/.well-known/jwks.json").Body.Bytes(), &keys); err != nil {
		w.t.Fatal(err)
	}
	var claims map[string]any
	if err := parsed.Claims(keys.Key(parsed.Headers[0].KeyID)[0].Key, &claims); err != nil {
		w.t.Fatal(err)
	}
	return claims
}

// TestAccessTokenForAResource: RFC 8707 §2, RFC 9068 §2, NOTES §13.
func TestAccessTokenForAResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	w.resource(oidc.Resource{Identifier: api1}, id)
	w.resource(oidc.Resource{Identifier: api2, AccessTokenExpiresIn: 5 * time.Minute}, id)

	code := w.code(id, url.Values{"resource": {api1, api2}})
	w.redeem(basic, code, url.Values{"resource": {"https://unknown.example"}}).refused(400, "invalid_target")
	tokens := w.redeem(basic, code, url.Values{"resource": {api1}}).json(200)
	access := tokens["access_token"].(string)
	claims := w.jwt(access, "at+jwt", jose.EdDSA)
	now := float64(w.clock(t.Context()).Unix())
	info := w.userinfo(access).json(200)
	for name, want := range map[string]any{
		"iss": issuer, "client_id": id, "azp": id, "sub": info["sub"], "iat": now, "exp": now + 3600, "auth_time": float64(start.Unix()),
		"scope": "openid profile email offline_access", "aud": []any{api1, issuer + "/api/auth/oauth2/userinfo"},
	} {
		if !reflect.DeepEqual(claims[name], want) {
			t.Errorf("RFC 9068 2.2: %s = %v, want %v", name, claims[name], want)
		}
	}
	if claims["jti"] == "" || claims["sid"] == nil || w.count("oauth_access_token") != 0 {
		t.Errorf("jti %v, sid %v, %d rows", claims["jti"], claims["sid"], w.count("oauth_access_token"))
	}
	seen := w.form("introspect", basic, url.Values{"token": {access}}).json(200)
	if seen["active"] != true || seen["jti"] != claims["jti"] || !reflect.DeepEqual(seen["aud"], claims["aud"]) || seen["sub"] != info["sub"] {
		t.Errorf("introspection: %v", seen)
	}

	refresh := tokens["refresh_token"].(string)
	w.refresh(basic, refresh, url.Values{"resource": {"https://unknown.example"}}).refused(400, "invalid_target")
	both := w.refresh(basic, refresh, nil).json(200)
	if got := w.jwt(both["access_token"].(string), "at+jwt", jose.EdDSA); len(got["aud"].([]any)) != 3 || got["exp"] != now+300 {
		t.Errorf("2.2: all that was granted, with the shortest life: %v", got)
	}
	one := w.refresh(basic, both["refresh_token"].(string), url.Values{"resource": {api2}, "scope": {"email"}}).json(200)
	if got := w.jwt(one["access_token"].(string), "at+jwt", jose.EdDSA); got["aud"] != api2 || got["scope"] != "email" {
		t.Errorf("2.2: narrowed: %v", got)
	}

	// RFC 7009: one alone, then the family.
	w.form("revoke", basic, url.Values{"token": {access}})
	w.userinfo(access).refused(401, "invalid_token")
	w.userinfo(both["access_token"].(string)).json(200)
	w.form("revoke", basic, url.Values{"token": {one["refresh_token"].(string)}})
	w.userinfo(both["access_token"].(string)).refused(401, "invalid_token")
}

func TestAuthorizeForAResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	other, _ := w.client(oidc.Client{})
	w.resource(oidc.Resource{Identifier: api1}, id)
	w.resource(oidc.Resource{Identifier: api2, AllowedScopes: []string{"email", "offline_access"}}, id)
	w.resource(oidc.Resource{Identifier: "urn:off", Disabled: true}, id)
	for _, c := range []struct {
		name, client string
		change       url.Values
		want         string
	}{
		{"RFC 8707 2: unknown", id, url.Values{"resource": {"https://unknown.example"}}, "invalid_target"},
		{"RFC 8707 2: one of two unknown", id, url.Values{"resource": {api1, "https://unknown.example"}}, "invalid_target"},
		{"RFC 8707 2: a fragment", id, url.Values{"resource": {api1 + "#x"}}, "invalid_target"},
		{"disabled", id, url.Values{"resource": {"urn:off"}}, "invalid_target"},
		{"not linked to the client", other, url.Values{"resource": {api1}}, "invalid_target"},
		{"RFC 6749 3.3: no scope is left", id, url.Values{"resource": {api2}, "scope": {"openid"}}, "invalid_scope"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if q := w.ada().authorize(request(c.client, c.change)).Query(); q.Get("error") != c.want || q.Get("code") != "" {
				t.Errorf("answered %v", q)
			}
		})
	}
	// A resource's scopes bound the access token, and nothing else.
	tokens := w.redeem(id+":"+secret, w.code(id, url.Values{"resource": {api2}}), nil).json(200)
	if tokens["scope"] != "email offline_access" || tokens["id_token"] == nil || tokens["refresh_token"] == nil {
		t.Errorf("answered %v", tokens)
	}
	w.userinfo(tokens["access_token"].(string)).refused(403, "insufficient_scope")
}

// TestMachineTokensAsJWT: RFC 9068: sub is the client, aud is the resource.
func TestMachineTokensAsJWT(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	id, basic := w.machine("read:things")
	w.resource(oidc.Resource{
		Identifier: api1, SigningAlgorithm: "RS256", CustomClaims: map[string]json.RawMessage{"tenant": json.RawMessage(`"t1"`)},
	}, id)
	access := w.own(basic, url.Values{"resource": {api1}}).json(200)["access_token"].(string)
	claims := w.jwt(access, "at+jwt", jose.RS256)
	if claims["sub"] != id || claims["aud"] != api1 || claims["tenant"] != "t1" || claims["sid"] != nil || claims["auth_time"] != nil {
		t.Errorf("claims: %v", claims)
	}
	if w.count("oauth_access_token") != 0 {
		t.Error("a JWT has a row")
	}
	if seen := w.form("introspect", basic, url.Values{"token": {access}}).json(200); seen["active"] != true || seen["sub"] != id {
		t.Errorf("introspection: %v", seen)
	}
	w.userinfo(access).refused(403, "insufficient_scope")
	w.form("revoke", basic, url.Values{"token": {access}})
	if seen := w.form("introspect", basic, url.Values{"token": {access}}).json(200); seen["active"] != false {
		t.Errorf("revoked: %v", seen)
	}
	always, secret := w.client(oidc.Client{
		GrantTypes: []string{grantOwn}, ClientCredentialsScopes: []string{"read:things"}, RedirectURIs: []string{}, Settings: oidc.Settings{AccessTokenFormat: "jwt"},
	})
	plain := w.own(always+":"+secret, nil).json(200)["access_token"].(string)
	if claims := w.jwt(plain, "at+jwt", jose.EdDSA); claims["aud"] != issuer {
		t.Errorf("RFC 9068 3: without a resource: %v", claims)
	}
}

// TestTypesDoNotSubstitute: RFC 8725 §3.11, §3.12, RFC 9068 §4.
func TestTypesDoNotSubstitute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	w.resource(oidc.Resource{Identifier: api1}, id)
	tokens := w.redeem(basic, w.code(id, url.Values{"resource": {api1}}), nil).json(200)
	access, idToken := tokens["access_token"].(string), tokens["id_token"].(string)
	head, body, signature := parts(access)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`))
	for name, token := range map[string]string{
		"an ID token": idToken, "alg none": none + "." + body + ".", "a changed signature": head + "." + body + "." + flip(signature),
		"the claims of another": head + "." + strings.Split(idToken, ".")[1] + "." + signature, "endless": head + "." + strings.Repeat("A", 3000) + "." + signature,
	} {
		w.userinfo(token).refused(401, "invalid_token")
		if seen := w.form("introspect", basic, url.Values{"token": {token}}).json(200); len(seen) != 1 || seen["active"] != false {
			t.Errorf("%s: %v", name, seen)
		}
	}
	w.pass(time.Hour)
	w.userinfo(access).refused(401, "invalid_token")
}

func parts(token string) (head, body, signature string) {
	all := strings.Split(token, ".")
	return all[0], all[1], all[2]
}

// TestResourceServers: RFC 7662 §2.1: who serves a resource may ask about tokens
// for it, in plain or signed (RFC 9701); nobody else learns anything.
func TestResourceServers(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	id, basic := w.machine("read:things")
	server, serves := w.machine()
	_, stranger := w.machine()
	w.resource(oidc.Resource{Identifier: api1}, id, server)
	w.resource(oidc.Resource{Identifier: api2}, id)
	access := w.own(basic, url.Values{"resource": {api1}}).json(200)["access_token"].(string)
	elsewhere := w.own(basic, url.Values{"resource": {api2}}).json(200)["access_token"].(string)
	unbound := w.own(basic, nil).json(200)["access_token"].(string)
	for name, c := range map[string]struct {
		basic, token string
		active       bool
	}{
		"its resource": {serves, access, true}, "another resource": {serves, elsewhere, false},
		"no resource": {serves, unbound, false}, "a stranger": {stranger, access, false},
	} {
		if seen := w.form("introspect", c.basic, url.Values{"token": {c.token}}).json(200); seen["active"] != c.active || !c.active && len(seen) != 1 {
			t.Errorf("%s: %v", name, seen)
		}
	}
	// It may not end what it may see.
	w.form("revoke", serves, url.Values{"token": {access}})
	r := httptest.NewRequest("POST", "/api/auth/oauth2/introspect", strings.NewReader(url.Values{"token": {access}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/token-introspection+jwt")
	name, secret, _ := strings.Cut(serves, ":")
	r.SetBasicAuth(name, secret)
	a := w.do(r)
	if a.Code != 200 || a.Header().Get("Content-Type") != "application/token-introspection+jwt" {
		t.Fatalf("RFC 9701 5: %d %v", a.Code, a.Header())
	}
	claims := w.jwt(a.Body.String(), "token-introspection+jwt", jose.RS256)
	if about := claims["token_introspection"].(map[string]any); claims["iss"] != issuer || claims["aud"] != server || about["active"] != true || about["sub"] != id {
		t.Errorf("RFC 9701 5: %v", claims)
	}
}

// TestSignedUserInfo: OpenID Connect Core §5.3.2.
func TestSignedUserInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{Settings: oidc.Settings{UserinfoAlg: "ES256"}})
	a := w.userinfo(w.tokens(id, secret)["access_token"].(string))
	if a.Code != 200 || a.Header().Get("Content-Type") != "application/jwt" {
		t.Fatalf("%d %v", a.Code, a.Header())
	}
	claims := w.jwt(a.Body.String(), "userinfo+jwt", jose.ES256)
	if claims["iss"] != issuer || claims["aud"] != id || claims["sub"] == nil || claims["email"] != "ada@example.com" {
		t.Errorf("claims: %v", claims)
	}
}

// TestDeclaredResources: authd.toml says which there are.
func TestDeclaredResources(t *testing.T) {
	t.Parallel()
	const clients = "[[client]]\nclient_id = \"shop\"\nclient_secret = \"a-secret-of-more-than-thirty-two-characters\"\nredirect_uris = [\"" + callback + "\"]\n"
	const resource = "[[oauth_provider.resources]]\nidentifier = \"" + api1 + "\"\nallowed_scopes = [\"email\"]\naccess_token_ttl = \"5m\"\n"
	w := newWorld(t, map[string]string{"toml": clients + resource + "clients = [\"shop\"]\n"})
	basic := "shop:a-secret-of-more-than-thirty-two-characters"
	token := w.redeem(basic, w.code("shop", url.Values{"resource": {api1}}), nil).json(200)
	if token["scope"] != "email" || token["expires_in"] != 300.0 {
		t.Errorf("answered %v", token)
	}
	asks := func() string {
		return w.ada().authorize(request("shop", url.Values{"resource": {api1}})).Query().Get("error")
	}
	w.restart(clients + resource)
	if got := asks(); got != "invalid_target" {
		t.Errorf("the link is gone, the answer %q", got)
	}
	w.restart(clients + "[oauth_provider]\nenforce_per_client_resources = false\n" + resource)
	if got := asks(); got != "" {
		t.Errorf("every client may ask for every resource, the answer is %q", got)
	}
	w.restart(clients + "[oauth_provider]\nenforce_per_client_resources = false\n")
	if got := asks(); got != "invalid_target" {
		t.Errorf("the resource is gone, the answer %q", got)
	}
}

// TestRegisteredResources: NOTES §13: a client names the resources it wants when it
// registers, of those that the operator has for such clients.
func TestRegisteredResources(t *testing.T) {
	t.Parallel()
	const allowed, open = "AUTHD_OAUTH_PROVIDER__CLIENT_REGISTRATION_ALLOWED_RESOURCES", "AUTHD_OAUTH_PROVIDER__CLIENT_REGISTRATION_DEFAULT_RESOURCES"
	w := openWorld(t, map[string]string{allowed: api1, open: api2})
	w.resource(oidc.Resource{Identifier: api1})
	w.resource(oidc.Resource{Identifier: api2})
	w.resource(oidc.Resource{Identifier: "urn:internal"})
	asks := func(client map[string]any, resource string) string {
		return w.ada().authorize(request(client["client_id"].(string), url.Values{"resource": {resource}})).Query().Get("error")
	}
	said := func(resources any) map[string]any {
		return map[string]any{"redirect_uris": []string{callback}, "client_name": "RP", "resources": resources}
	}
	plain, both := w.with("", "POST", register, said(nil)).json(201), w.with("", "POST", register, said([]string{api1, api2, api1})).json(201)
	for name, c := range map[string]struct {
		client map[string]any
		told   []any
		first  string
	}{
		"without asking": {plain, []any{api2}, "invalid_target"},
		"by asking":      {both, []any{api2, api1}, ""},
	} {
		if !reflect.DeepEqual(c.client["resources"], c.told) {
			t.Errorf("%s: told of %v", name, c.client["resources"])
		}
		if got := asks(c.client, api1); got != c.first {
			t.Errorf("%s: asking for it: %q, want %q", name, got, c.first)
		}
		if got := asks(c.client, api2); got != "" {
			t.Errorf("%s: asking for what is for all: %q", name, got)
		}
		if got := asks(c.client, "urn:internal"); got != "invalid_target" {
			t.Errorf("%s: asking for another: %q", name, got)
		}
	}
	before := w.count("oauth_client")
	w.with("", "POST", register, said([]string{"urn:internal"})).refused(400, "invalid_target")
	w.with("", "POST", register, said([]string{api1, "https://unknown.example"})).refused(400, "invalid_target")
	w.with("", "POST", register, said(api1)).refused(400, "invalid_client_metadata")
	if w.count("oauth_client") != before {
		t.Error("a refused client was made")
	}
	// To ask for tokens for a resource is not to serve it: it may not introspect those of others.
	id, secret := w.client(oidc.Client{})
	w.resource(oidc.Resource{Identifier: "urn:shared"}, id)
	others := w.redeem(id+":"+secret, w.code(id, url.Values{"resource": {"urn:shared"}}), nil).json(200)["access_token"].(string)
	if err := w.srv.OIDC.LinkResource(t.Context(), api1, id); err != nil {
		t.Fatal(err)
	}
	forAPI := w.redeem(id+":"+secret, w.code(id, url.Values{"resource": {api1}}), nil).json(200)["access_token"].(string)
	for _, token := range []string{others, forAPI} {
		if seen := w.form("introspect", both["client_id"].(string)+":"+both["client_secret"].(string), url.Values{"token": {token}}).json(200); len(seen) != 1 || seen["active"] != false {
			t.Errorf("introspection: %v", seen)
		}
	}
}
