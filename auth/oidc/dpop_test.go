package oidc_test

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/oidc"
)

const tokenURL, userinfoURL = issuer + "/api/auth/oauth2/token", issuer + "/api/auth/oauth2/userinfo"

// proof is a DPoP proof; change holds what differs in its claims, nil for left out.
func (w *world) proof(key crypto.Signer, alg, method, address string, change map[string]any) string {
	w.t.Helper()
	claims := map[string]any{
		"jti": "proof-" + strconv.FormatInt(jtis.Add(1), 10), "htm": method, "htu": address, "iat": w.clock(w.t.Context()).Unix(),
	}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return signed(w.t, key, alg, map[string]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: key.Public()}}, claims)
}

func ath(token string) map[string]any {
	sum := sha256.Sum256([]byte(token))
	return map[string]any{"ath": base64.RawURLEncoding.EncodeToString(sum[:])}
}

func jktOf(t testing.TB, key crypto.Signer) string {
	t.Helper()
	k := jose.JSONWebKey{Key: key.Public()}
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// proving posts a form with DPoP headers.
func (w *world) proving(path, basic string, form url.Values, proofs ...string) *answer {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/auth/oauth2/"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id, secret, ok := strings.Cut(basic, ":"); ok {
		r.SetBasicAuth(id, secret)
	}
	r.Header["Dpop"] = proofs
	return w.do(r)
}

func redeeming(code string, change url.Values) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	maps.Copy(form, change)
	return form
}

// show shows an access token at userinfo.
func (w *world) show(scheme, token string, proofs ...string) *answer {
	r := httptest.NewRequest(http.MethodGet, "/api/auth/oauth2/userinfo", nil)
	r.Header.Set("Authorization", scheme+" "+token)
	r.Header["Dpop"] = proofs
	return w.do(r)
}

// TestBoundTokens: RFC 9449 §5 to §7, for a public and a confidential client.
func TestBoundTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, alg := range []string{"ES256", "EdDSA", "PS256", "RS256"} {
		for _, method := range []string{"none", "client_secret_basic"} {
			t.Run(alg+" "+method, func(t *testing.T) {
				key, other := newKey(t, alg), newKey(t, "ES256")
				id, secret := w.client(oidc.Client{TokenEndpointAuthMethod: method})
				who, basic := url.Values{"client_id": {id}}, ""
				if secret != "" {
					basic = id + ":" + secret
				}
				tokens := w.proving("token", basic, redeeming(w.code(id, nil), who), w.proof(key, alg, "POST", tokenURL, nil)).json(200)
				access := tokens["access_token"].(string)
				if tokens["token_type"] != "DPoP" {
					t.Errorf("token_type %v", tokens["token_type"])
				}
				w.show("DPoP", access, w.proof(key, alg, "GET", userinfoURL, ath(access))).json(200)
				w.show("Bearer", access).refused(401, "invalid_token")
				w.show("Bearer", access, w.proof(key, alg, "GET", userinfoURL, ath(access))).refused(401, "invalid_token")
				a := w.show("DPoP", access, w.proof(other, "ES256", "GET", userinfoURL, ath(access)))
				a.refused(401, "invalid_token")
				if c := a.Header().Get("WWW-Authenticate"); !strings.HasPrefix(c, `DPoP error="invalid_token"`) || !strings.Contains(c, `algs="ES256 EdDSA PS256 RS256"`) {
					t.Errorf("RFC 9449 7.1: challenged with %s", c)
				}
				form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}, "client_id": {id}}
				if secret == "" { // RFC 9449 §5: bound, for a public client
					w.form("token", basic, form).refused(400, "invalid_grant")
					w.proving("token", basic, form, w.proof(other, "ES256", "POST", tokenURL, nil)).refused(400, "invalid_grant")
				} else {
					seen := w.form("introspect", basic, url.Values{"token": {access}}).json(200)
					if cnf, _ := seen["cnf"].(map[string]any); seen["token_type"] != "DPoP" || cnf["jkt"] != jktOf(t, key) {
						t.Errorf("RFC 9449 6.2: introspection %v", seen)
					}
				}
				next := w.proving("token", basic, form, w.proof(key, alg, "POST", tokenURL, nil)).json(200)
				access = next["access_token"].(string)
				w.show("DPoP", access, w.proof(key, alg, "GET", userinfoURL, ath(access))).json(200)
			})
		}
	}
}

// TestRefusedProofs: RFC 9449 §4.3, and the code stays good.
func TestRefusedProofs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	key := newKey(t, "ES256")
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	good := func(change map[string]any) string { return w.proof(key, "ES256", "POST", tokenURL, change) }
	made := func(key any, alg string, header map[string]any) string {
		return signed(t, key, alg, header, map[string]any{"jti": "x", "htm": "POST", "htu": tokenURL, "iat": w.clock(t.Context()).Unix()})
	}
	public := jose.JSONWebKey{Key: key.Public()}
	now := w.clock(t.Context()).Unix()
	encode := func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }
	used := good(nil)
	w.proving("token", basic, redeeming("bogus", nil), used).refused(400, "invalid_grant")
	code := w.code(id, nil)
	for _, c := range []struct {
		name   string
		proofs []string
	}{
		{"4.3(1): two proofs", []string{good(nil), good(nil)}},
		{"4.3(2): not a JWT", []string{"x"}},
		{"4.3(2): empty", []string{""}},
		{"4.3(3): no jti", []string{good(map[string]any{"jti": nil})}},
		{"4.3(3): no htm", []string{good(map[string]any{"htm": nil})}},
		{"4.3(3): no htu", []string{good(map[string]any{"htu": nil})}},
		{"4.3(3): no iat", []string{good(map[string]any{"iat": nil})}},
		{"4.3(4): another typ", []string{made(key, "ES256", map[string]any{"typ": "JWT", "jwk": public})}},
		{"4.3(4): no typ", []string{made(key, "ES256", map[string]any{"jwk": public})}},
		{"4.3(5): alg none", []string{encode(`{"alg":"none","typ":"dpop+jwt"}`) + "." + encode(`{"jti":"x"}`) + "."}},
		{"4.3(5): HS256", []string{made([]byte(strings.Repeat("k", 32)), "HS256", map[string]any{"typ": "dpop+jwt", "jwk": public})}},
		{"4.3(6): signed by another key", []string{made(newKey(t, "ES256"), "ES256", map[string]any{"typ": "dpop+jwt", "jwk": public})}},
		{"4.3(6): no key", []string{made(key, "ES256", map[string]any{"typ": "dpop+jwt"})}},
		{"4.3(7): a private key", []string{made(key, "ES256", map[string]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: key}})}},
		{"4.3(8): another method", []string{good(map[string]any{"htm": "GET"})}},
		{"4.3(8): a method in small letters", []string{good(map[string]any{"htm": "post"})}},
		{"4.3(9): another endpoint", []string{good(map[string]any{"htu": userinfoURL})}},
		{"4.3(9): another server", []string{good(map[string]any{"htu": "https://evil.example/api/auth/oauth2/token"})}},
		{"4.3(9): no address", []string{good(map[string]any{"htu": "/api/auth/oauth2/token"})}},
		{"4.3(10): a nonce that is not ours", []string{good(map[string]any{"nonce": "bogus"})}},
		{"4.3(11): too old", []string{good(map[string]any{"iat": now - 121})}},
		{"4.3(11): of the future", []string{good(map[string]any{"iat": now + 31})}},
		{"11.1: used before", []string{used}},
		{"oversized", []string{good(map[string]any{"pad": strings.Repeat("x", 4000)})}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := "invalid_dpop_proof"
			if strings.HasPrefix(c.name, "4.3(10)") {
				want = "use_dpop_nonce"
			}
			w.proving("token", basic, redeeming(code, nil), c.proofs...).refused(400, want)
		})
	}
	if w.count("oauth_access_token") != 0 {
		t.Fatal("a token was made")
	}
	// RFC 9449 §4.3(9): compared after normalisation, without query and fragment.
	w.proving("token", basic, redeeming(code, nil), good(map[string]any{"htu": "HTTP://LOCALHOST:8080/api/auth/oauth2/token?a=b#c"})).json(200)
}

// TestProofsAtUserinfo: RFC 9449 §4.3(12), §7.1.
func TestProofsAtUserinfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	key := newKey(t, "ES256")
	id, secret := w.client(oidc.Client{})
	bound := func() string {
		return w.proving("token", id+":"+secret, redeeming(w.code(id, nil), nil), w.proof(key, "ES256", "POST", tokenURL, nil)).json(200)["access_token"].(string)
	}
	first, second := bound(), bound()
	used := w.proof(key, "ES256", "GET", userinfoURL, ath(first))
	w.show("DPoP", first, used).json(200)
	for name, a := range map[string]*answer{
		"11.1: used before":           w.show("DPoP", first, used),
		"4.3(12): no ath":             w.show("DPoP", first, w.proof(key, "ES256", "GET", userinfoURL, nil)),
		"4.3(12): another token's":    w.show("DPoP", first, w.proof(key, "ES256", "GET", userinfoURL, ath(second))),
		"4.3(8): another method":      w.show("DPoP", first, w.proof(key, "ES256", "POST", userinfoURL, ath(first))),
		"4.3(9): the token endpoint":  w.show("DPoP", first, w.proof(key, "ES256", "GET", tokenURL, ath(first))),
		"7.1: no proof":               w.show("DPoP", first),
		"7.1: two proofs":             w.show("DPoP", first, w.proof(key, "ES256", "GET", userinfoURL, ath(first)), w.proof(key, "ES256", "GET", userinfoURL, ath(first))),
		"4.3(11): made two hours ago": w.show("DPoP", first, w.proof(key, "ES256", "GET", userinfoURL, map[string]any{"iat": start.Add(-2 * time.Hour).Unix(), "ath": ath(first)["ath"]})),
	} {
		t.Run(name, func(t *testing.T) {
			a.refused(401, "invalid_dpop_proof")
			if !strings.HasPrefix(a.Header().Get("WWW-Authenticate"), `DPoP error="invalid_dpop_proof"`) {
				t.Errorf("challenged with %s", a.Header().Get("WWW-Authenticate"))
			}
		})
	}
	plain := w.tokens(id, secret)["access_token"].(string)
	w.show("DPoP", plain, w.proof(key, "ES256", "GET", userinfoURL, ath(plain))).refused(401, "invalid_token")
	w.show("Bearer", plain).json(200)
}

// TestBoundCode: RFC 9449 §10, §10.1.
func TestBoundCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	key, other := newKey(t, "ES256"), newKey(t, "ES256")
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	try := func(code string) {
		t.Helper()
		w.redeem(basic, code, nil).refused(400, "invalid_grant")
		w.proving("token", basic, redeeming(code, nil), w.proof(other, "ES256", "POST", tokenURL, nil)).refused(400, "invalid_grant")
		w.proving("token", basic, redeeming(code, nil), w.proof(key, "ES256", "POST", tokenURL, nil)).json(200)
	}
	try(w.code(id, url.Values{"dpop_jkt": {jktOf(t, key)}}))
	parURL := issuer + "/api/auth/oauth2/par"
	for name, a := range map[string]*answer{
		"dpop_jkt":       w.form("par", basic, request(id, url.Values{"dpop_jkt": {jktOf(t, key)}})),
		"proof":          w.proving("par", basic, request(id, nil), w.proof(key, "ES256", "POST", parURL, nil)),
		"both, the same": w.proving("par", basic, request(id, url.Values{"dpop_jkt": {jktOf(t, key)}}), w.proof(key, "ES256", "POST", parURL, nil)),
	} {
		uri, _ := a.json(201)["request_uri"].(string)
		code := w.ada().authorize(byURI(id, uri)).Query().Get("code")
		if code == "" {
			t.Fatalf("%s: no code", name)
		}
		try(code)
	}
	w.proving("par", basic, request(id, url.Values{"dpop_jkt": {jktOf(t, other)}}), w.proof(key, "ES256", "POST", parURL, nil)).refused(400, "invalid_dpop_proof")
	w.proving("par", basic, request(id, nil), w.proof(key, "ES256", "POST", tokenURL, nil)).refused(400, "invalid_dpop_proof")
	if to := w.ada().authorize(request(id, url.Values{"dpop_jkt": {"short"}})); to.Query().Get("error") != "invalid_request" {
		t.Errorf("sent to %s", to)
	}
}

// TestRequiredProof: RFC 9449 §5.2.
func TestRequiredProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{Settings: oidc.Settings{DPoPBoundAccessTokens: true}})
	code := w.code(id, nil)
	w.redeem(id+":"+secret, code, nil).refused(400, "invalid_dpop_proof")
	w.proving("token", id+":"+secret, redeeming(code, nil), w.proof(newKey(t, "EdDSA"), "EdDSA", "POST", tokenURL, nil)).json(200)
}

// TestNonces: RFC 9449 §8, §8.2, §9: a nonce is asked for, taken, renewed in time, and ends.
func TestNonces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__DPOP_NONCE": "true"})
	key := newKey(t, "ES256")
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	code := w.code(id, nil)
	try := func(nonce any) *answer {
		return w.proving("token", basic, redeeming(code, nil), w.proof(key, "ES256", "POST", tokenURL, map[string]any{"nonce": nonce}))
	}
	a := try(nil)
	a.refused(400, "use_dpop_nonce")
	nonce := a.Header().Get("DPoP-Nonce")
	if nonce == "" || !strings.Contains(a.Header().Get("Access-Control-Expose-Headers"), "DPoP-Nonce") || a.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("header %v", a.Header())
	}
	try(flip(nonce)).refused(400, "use_dpop_nonce")
	tokens := try(nonce)
	access := tokens.json(200)["access_token"].(string)
	if tokens.Header().Get("DPoP-Nonce") != "" {
		t.Error("a fresh nonce is replaced")
	}
	show := func(nonce any) *answer {
		return w.show("DPoP", access, w.proof(key, "ES256", "GET", userinfoURL, map[string]any{"nonce": nonce, "ath": ath(access)["ath"]}))
	}
	asked := show(nil)
	asked.refused(401, "use_dpop_nonce")
	if asked.Header().Get("DPoP-Nonce") == "" || !strings.HasPrefix(asked.Header().Get("WWW-Authenticate"), `DPoP error="use_dpop_nonce"`) {
		t.Errorf("header %v", asked.Header())
	}
	w.pass(3 * time.Minute)
	older := show(nonce)
	older.json(200)
	if next := older.Header().Get("DPoP-Nonce"); next == "" || next == nonce {
		t.Errorf("an older nonce is not replaced: %q", next)
	}
	w.pass(2 * time.Minute)
	show(nonce).refused(401, "use_dpop_nonce")
}
