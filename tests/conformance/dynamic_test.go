package conformance

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/tests/authdtest"
)

// dynamicModules are those of oidcc-dynamic with the response type code.
func dynamicModules() []module {
	return slices.Concat(registrationModules(), redirectModules(), []module{
		{"oidcc-discovery-endpoint-verification", nil, (*client).discovery},
		{"oidcc-server", nil, func(c *client) {
			c.signIn(nil)
			c.managed()
		}},
		{"oidcc-idtoken-rs256", map[string]any{"id_token_signed_response_alg": "RS256"}, func(c *client) { c.signIn(nil) }},
		{"oidcc-userinfo-rs256", map[string]any{"userinfo_signed_response_alg": "RS256"}, func(c *client) {
			t := c.redeem(c.authorized(nil))
			r := c.ask("get", t.access)
			if kind := r.header.Get("Content-Type"); r.status != http.StatusOK || kind != "application/jwt" {
				c.t.Fatalf("userinfo answered %d %s", r.status, kind)
			}
			claims, _ := c.verified(string(r.body), jose.RS256)
			if claims["sub"] != t.id["sub"] || claims["iss"] != c.URL || claims["aud"] != c.id() {
				c.t.Errorf("userinfo says %v", claims)
			}
			standardClaims(c.t, claims)
		}},
		{
			"oidcc-request-uri-unsigned",
			map[string]any{"request_uris": []string{"@/request.jwt"}, "request_object_signing_alg": "none"},
			requestByReference(nil),
		},
		{
			"oidcc-request-uri-signed-rs256",
			map[string]any{"request_uris": []string{"@/request.jwt#version"}, "request_object_signing_alg": "RS256", "jwks_uri": "@/jwks"},
			requestByReference(func(c *client, claims map[string]any) string {
				return c.signs.sign(c.t, claims)
			}),
		},
		{
			"oidcc-refresh-token-rp-key-rotation",
			map[string]any{"grant_types": []string{"authorization_code", "refresh_token"}, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "@/jwks"},
			func(c *client) {
				t := c.redeem(c.authorized(url.Values{"scope": {"openid offline_access"}, "prompt": {"consent"}}))
				c.signs = newSigner(c.t, jose.RS256)
				c.outside.put(c.t, c.at+"/jwks", c.signs.jwks())
				c.pass(time.Minute)
				c.granted(c.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.refresh}}))
			},
		},
		{
			"oidcc-ensure-client-assertion-with-iss-aud-succeeds",
			map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": true},
			func(c *client) {
				a := c.authorized(nil)
				form := c.code(a)
				form.Set("client_id", c.id())
				form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
				form.Set("client_assertion", c.signs.sign(c.t, c.assertion(c.URL)))
				req := c.request(http.MethodPost, c.text(c.t, "token_endpoint"), "application/x-www-form-urlencoded", []byte(form.Encode()))
				c.idToken(c.granted(c.call(req)), a.nonce)
			},
		},
	})
}

// managed reads and ends the client at its own address, as the suite does after each module.
func (c *client) managed() {
	c.t.Helper()
	at, token := c.told["registration_client_uri"].(string), c.told["registration_access_token"].(string)
	call := func(method string) *response {
		req := c.request(method, at, "", nil)
		req.Header.Set("Authorization", "Bearer "+token)
		return c.call(req)
	}
	if r := call(http.MethodGet); r.status != http.StatusOK || r.json(c.t)["client_id"] != c.id() {
		c.t.Errorf("the client is told %d %s", r.status, r.body)
	}
	if r := call(http.MethodDelete); r.status != http.StatusNoContent {
		c.t.Errorf("the client's end answered %d %s", r.status, r.body)
	}
	if r := call(http.MethodGet); r.status != http.StatusUnauthorized {
		c.t.Errorf("after its end the client is told %d", r.status)
	}
}

// registrationModules are about what a client says of itself.
func registrationModules() []module {
	shows := func(text string) func(c *client) {
		return func(c *client) {
			shown := c.open(c.link(c.params(nil)))
			shown = c.submit(shown, "/login", url.Values{"email": {email}, "password": {password}})
			if want := strings.Replace(text, "@", c.at, 1); !strings.Contains(shown.body, want) {
				c.t.Errorf("%s has no %s:\n%s", shown.url, want, shown.body)
			}
		}
	}
	return []module{
		{"oidcc-registration-logo-uri", map[string]any{"logo_uri": "@/logo.png"}, func(c *client) {
			const picture = "\x89PNG\r\n\x1a\n"
			c.outside.put(c.t, c.at+"/logo.png", picture)
			shows(`src="data:image/png;base64,` + base64.StdEncoding.EncodeToString([]byte(picture)) + `"`)(c)
		}},
		{"oidcc-registration-policy-uri", map[string]any{"policy_uri": "@/policy"}, shows(`href="@/policy"`)},
		{"oidcc-registration-tos-uri", map[string]any{"tos_uri": "@/tos"}, shows(`href="@/tos"`)},
		{
			"oidcc-registration-jwks-uri",
			map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "@/jwks"},
			func(c *client) { c.signIn(nil) },
		},
		{
			"oidcc-registration-sector-uri",
			map[string]any{"sector_identifier_uri": "@/sector", "subject_type": "pairwise"},
			func(c *client) {
				other := c.suite.client(c.t, c.mode, nil)
				if mine, others := c.signIn(nil), other.signIn(nil); mine.id["sub"] == others.id["sub"] {
					c.t.Error("two sectors know the person by the same name")
				}
			},
		},
		{"oidcc-registration-sector-bad", nil, func(c *client) {
			at := c.at + "/bad-sector"
			c.outside.put(c.t, at, []string{c.at + "/other"})
			c.asked["sector_identifier_uri"] = at
			c.denied(c.register(c.asked), http.StatusBadRequest, "invalid_client_metadata", "invalid_redirect_uri")
		}},
	}
}

// redirectModules are about where answers go (RFC 6749 §3.1.2).
func redirectModules() []module {
	query := map[string]any{"redirect_uris": []string{"@/callback?foo=bar"}}
	differs := func(suffix string) func(c *client) {
		return func(c *client) { c.stays(c.open(c.link(c.params(url.Values{"redirect_uri": {c.redirect + suffix}})))) }
	}
	return []module{
		{"oidcc-redirect-uri-query-OK", query, func(c *client) {
			c.redirect += "?foo=bar"
			c.signIn(nil)
		}},
		{"oidcc-redirect-uri-query-mismatch", query, differs("?bar=foo")},
		{"oidcc-redirect-uri-query-added", nil, differs("?foo=bar")},
		{"oidcc-ensure-redirect-uri-in-authorization-request", nil, func(c *client) {
			c.stays(c.open(c.link(c.params(url.Values{"redirect_uri": {""}}))))
		}},
		{"oidcc-redirect-uri-regfrag", nil, func(c *client) {
			c.asked["redirect_uris"] = []string{c.redirect + "#foobar"}
			c.denied(c.register(c.asked), http.StatusBadRequest, "invalid_redirect_uri")
		}},
	}
}

// TestServerRotateKeys is oidcc-server-rotate-keys, on a server of its own.
func TestServerRotateKeys(t *testing.T) {
	s := start(t)
	c := s.client(t, "", nil)
	first := c.signIn(nil)
	before := keyNames(t, s)
	if out, err := s.Run("key", "rotate", "--delay", "0s"); err != nil {
		t.Fatal(out, err)
	}
	if err := s.Stop(); err != nil { // one that goes on notices within a second
		t.Fatal(err)
	}
	if err := s.Launch(); err != nil {
		t.Fatal(err)
	}
	if len(keyNames(t, s)) == len(before) {
		t.Fatal("the new keys are not published")
	}
	next := c.signIn(nil)
	_, old := c.verified(first.raw, jose.RS256) // what was signed before still verifies
	_, current := c.verified(next.raw, jose.RS256)
	if old["kid"] == current["kid"] || slices.Contains(before, current["kid"].(string)) {
		t.Errorf("the key %v signs after %v", current["kid"], old["kid"])
	}
}

func keyNames(t *testing.T, s *suite) []string {
	t.Helper()
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		}
	}
	r := s.Client().Do(t, authdtest.Call{Method: http.MethodGet, Path: "=/.well-known/jwks.json"})
	if err := json.Unmarshal(r.Body, &set); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, key := range set.Keys {
		names = append(names, key.ID)
	}
	return names
}
