package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/oidc"
)

// testRSA is made once: an RSA key takes its time.
var testRSA = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// newKey makes a key for an algorithm.
func newKey(t testing.TB, alg string) crypto.Signer {
	t.Helper()
	switch alg {
	case "RS256", "PS256":
		return testRSA()
	case "ES256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	default:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
}

// keySet is the JWK set of public keys, each under the kid of its place.
func keySet(t testing.TB, keys ...crypto.Signer) json.RawMessage {
	t.Helper()
	var set jose.JSONWebKeySet
	for i, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Public(), KeyID: "k" + strconv.Itoa(i)})
	}
	raw, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// signed makes a JWT; header holds what is in it beside alg.
func signed(t testing.TB, key any, alg string, header, claims map[string]any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

var jtis atomic.Int64

// assertion is the claims of a good one; change holds what differs, nil for left out.
func (w *world) assertion(clientID string, change map[string]any) map[string]any {
	now := w.clock(w.t.Context()).Unix()
	claims := map[string]any{
		"iss": clientID, "sub": clientID, "aud": issuer, "iat": now, "exp": now + 60, "jti": "jti-" + strconv.FormatInt(jtis.Add(1), 10),
	}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

func asserting(assertion string) url.Values {
	return url.Values{"client_assertion_type": {assertionType}, "client_assertion": {assertion}}
}

// TestAssertionAlgorithms: RFC 7523 §2.2 with each signature.
func TestAssertionAlgorithms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			key := newKey(t, alg)
			id, secret := w.client(oidc.Client{TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(t, newKey(t, "ES256"), key)})
			if secret != "" {
				t.Error("a client with keys got a secret")
			}
			tokens := w.redeem("", w.code(id, nil), asserting(signed(t, key, alg, nil, w.assertion(id, nil)))).json(200)
			for _, endpoint := range []string{"introspect", "revoke"} {
				form := asserting(signed(t, key, alg, map[string]any{"kid": "k1"}, w.assertion(id, nil)))
				form["token"] = []string{tokens["access_token"].(string)}
				if a := w.form(endpoint, "", form); a.Code != 200 || endpoint == "introspect" && a.json(200)["active"] != true {
					t.Errorf("%s answered %d %s", endpoint, a.Code, a.Body)
				}
			}
		})
	}
}

// TestRefusedAssertions: none of these proves anything, and none is remembered as used.
func TestRefusedAssertions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	key, other := newKey(t, "ES256"), newKey(t, "ES256")
	id, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(t, key, testRSA())})
	otherID, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(t, other)})
	secretID, _ := w.client(oidc.Client{})
	strict, _ := w.client(oidc.Client{
		TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(t, key), Settings: oidc.Settings{AssertionAlg: "EdDSA"},
	})
	now := w.clock(t.Context()).Unix()
	sign := func(change map[string]any) string { return signed(t, key, "ES256", nil, w.assertion(id, change)) }
	der, err := x509.MarshalPKIXPublicKey(testRSA().Public())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	encode := func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }
	body, err := json.Marshal(w.assertion(id, nil))
	if err != nil {
		t.Fatal(err)
	}
	good := sign(nil)
	cases := []struct {
		name      string
		assertion string
		id        string
		status    int
	}{
		{"RFC 7523 3(1): another issuer", sign(map[string]any{"iss": otherID}), id, 401},
		{"RFC 7523 3(1): no issuer", sign(map[string]any{"iss": nil}), id, 401},
		{"RFC 7523 3(2): another subject", sign(map[string]any{"sub": otherID}), id, 401},
		{"RFC 7523 3(3): another server's", sign(map[string]any{"aud": "https://other.example"}), id, 401},
		{"RFC 7523 3(3): no audience", sign(map[string]any{"aud": nil}), id, 401},
		{"RFC 7523 3(3): an audience that begins like ours", sign(map[string]any{"aud": issuer + ".evil.example"}), id, 401},
		{"RFC 7523 3(4): expired", sign(map[string]any{"exp": now - 31}), id, 401},
		{"RFC 7523 3(4): no end", sign(map[string]any{"exp": nil}), id, 401},
		{"RFC 7523 3(4): too long", sign(map[string]any{"exp": now + 3600}), id, 401},
		{"RFC 7519 4.1.4: an end that is no time", sign(map[string]any{"exp": "soon"}), id, 401},
		{"RFC 7523 3(5): not yet", sign(map[string]any{"nbf": now + 40}), id, 401},
		{"RFC 7523 3(6): issued in the future", sign(map[string]any{"iat": now + 40}), id, 401},
		{"RFC 7523 3(6): issued long ago", sign(map[string]any{"iat": now - 3600}), id, 401},
		{"OpenID Connect Core 9: no jti", sign(map[string]any{"jti": nil}), id, 401},
		{"a jti without end", sign(map[string]any{"jti": strings.Repeat("x", 600)}), id, 401},
		{"RFC 7523 3(9): another client's key", signed(t, other, "ES256", nil, w.assertion(id, nil)), id, 401},
		{"another client's assertion", signed(t, other, "ES256", nil, w.assertion(otherID, nil)), id, 401},
		{"RFC 8725 2.1: alg none", encode(`{"alg":"none"}`) + "." + encode(string(body)) + ".", id, 401},
		{"RFC 8725 2.1: HS256 with the public key", signed(t, public, "HS256", nil, w.assertion(id, nil)), id, 401},
		{"RFC 7515 4.1.3: a key in the header", signed(t, other, "ES256", map[string]any{"jwk": jose.JSONWebKey{Key: other.Public()}}, w.assertion(id, nil)), id, 401},
		{"RFC 7515 4.1.11: an extension that is not known", signed(t, key, "ES256", map[string]any{"crit": []string{"x"}, "x": 1}, w.assertion(id, nil)), id, 401},
		{"a kid of no key", signed(t, key, "ES256", map[string]any{"kid": "k7"}, w.assertion(id, nil)), id, 401},
		{"changed after it was signed", good[:len(good)-90] + "AA" + good[len(good)-88:], id, 401},
		{"not a JWT", "x.y.z", id, 401},
		{"no assertion", "", id, 401},
		{"not a JWT and no client_id", "x.y.z", "", 400},
		{"OpenID Connect Registration 2: not the algorithm that was registered", signed(t, key, "ES256", nil, w.assertion(strict, nil)), strict, 401},
		{"RFC 7591 2: a client registered for a secret", signed(t, key, "ES256", nil, w.assertion(secretID, nil)), secretID, 400},
		{"an unknown client", signed(t, key, "ES256", nil, w.assertion("nobody", nil)), "", 401},
		{"oversized", sign(map[string]any{"pad": strings.Repeat("x", 4000)}), id, 400},
	}
	code := w.code(id, nil)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			form := asserting(c.assertion)
			if c.id != "" {
				form["client_id"] = []string{c.id}
			}
			want := "invalid_client"
			if c.name == "oversized" {
				want = "invalid_request"
			}
			w.redeem("", code, form).refused(c.status, want)
		})
	}
	if n := w.count("oauth_jti"); n != 0 {
		t.Errorf("%d ids are remembered", n)
	}
	w.redeem("", code, asserting(sign(nil))).json(200)
}

// TestAssertionAudiences: RFC 7523 §3(3), RFC 9126 §2: what may name this server.
func TestAssertionAudiences(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	key := newKey(t, "EdDSA")
	id, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(t, key)})
	for _, aud := range []any{issuer, issuer + "/api/auth/oauth2/token", issuer + "/api/auth/oauth2/par", []string{"https://other.example", issuer}} {
		w.redeem("", w.code(id, nil), asserting(signed(t, key, "EdDSA", nil, w.assertion(id, map[string]any{"aud": aud})))).json(200)
	}
}

// TestAssertionReplay: RFC 7523 §3(7): once, also of many at once, and the note is swept.
func TestAssertionReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	key := newKey(t, "EdDSA")
	id, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(t, key)})
	form := asserting(signed(t, key, "EdDSA", nil, w.assertion(id, nil)))
	form["token"] = []string{"unknown"}
	var served atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if w.form("introspect", "", form).Code == 200 {
				served.Add(1)
			}
		})
	}
	all.Wait()
	if n := served.Load(); n != 1 {
		t.Errorf("%d were served", n)
	}
	w.form("introspect", "", form).refused(401, "invalid_client")
	w.pass(91 * time.Second)
	if err := w.srv.OIDC.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.count("oauth_jti"); n != 0 {
		t.Errorf("%d ids are left", n)
	}
	w.form("introspect", "", form).refused(401, "invalid_client")
}

// TestRegisteredKeys: RFC 7591 §2.
func TestRegisteredKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	private, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: newKey(t, "ES256")}}})
	if err != nil {
		t.Fatal(err)
	}
	good := keySet(t, newKey(t, "ES256"))
	for name, c := range map[string]oidc.Client{
		"no keys":             {TokenEndpointAuthMethod: "private_key_jwt"},
		"both":                {JWKS: good, JWKSURI: "https://app.example/jwks"},
		"a private key":       {JWKS: private},
		"a shared key":        {JWKS: json.RawMessage(`{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`)},
		"no set":              {JWKS: json.RawMessage(`{"kty":"EC"}`)},
		"a script":            {JWKSURI: "javascript:alert(1)"},
		"plain http":          {JWKSURI: "http://app.example/jwks", Registration: "dynamic"},
		"an unknown alg":      {JWKS: good, Settings: oidc.Settings{AssertionAlg: "HS256"}},
		"credentials in jwks": {JWKSURI: "https://user:pass@app.example/jwks"},
	} {
		c.RedirectURIs = []string{callback}
		if _, _, err := w.srv.OIDC.CreateClient(t.Context(), c, ""); err == nil || !strings.HasPrefix(err.Error(), "invalid_client_metadata") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSecretsOverlap: a client has its old secret while it is moved to the new one.
func TestSecretsOverlap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, first := w.client(oidc.Client{})
	rotate := func(overlap time.Duration) string {
		t.Helper()
		secret, err := w.srv.OIDC.RotateSecret(t.Context(), id, overlap)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	works := func(secret string, want bool) {
		t.Helper()
		if got := w.form("introspect", id+":"+secret, url.Values{"token": {"x"}}).Code == 200; got != want {
			t.Errorf("the secret works: %v, want %v", got, want)
		}
	}
	second := rotate(time.Hour)
	works(first, true)
	works(second, true)
	w.pass(30 * time.Minute)
	third := rotate(time.Hour)
	works(first, true)
	w.pass(30 * time.Minute)
	works(first, false)
	works(second, true)
	works(third, true)
	last := rotate(0)
	works(second, false)
	works(third, false)
	works(last, true)
	for range 20 {
		last = rotate(time.Hour)
	}
	works(last, true)
	if c, err := w.srv.OIDC.Client(t.Context(), id); err != nil || len(c.Settings.PreviousSecrets) > 4 {
		t.Errorf("the list of secrets grows: %v", err)
	}
	if dump := w.dump(); strings.Contains(dump, last) || strings.Contains(w.text("SELECT settings FROM oauth_client WHERE client_id <> 'authd-cli'"), third) {
		t.Error("a secret is stored")
	}
}
