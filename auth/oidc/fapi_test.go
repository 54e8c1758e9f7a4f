package oidc_test

import (
	"crypto"
	"crypto/ed25519"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/oidc"
)

// fapi is a client that keeps to the profile, with its two keys.
type fapi struct {
	w         *world
	id        string
	alg       string // of key
	key, dpop crypto.Signer
	nonce     string
}

func newFAPI(w *world) *fapi {
	w.t.Helper()
	f := &fapi{w: w, alg: "PS256", key: newKey(w.t, "PS256"), dpop: newKey(w.t, "ES256")}
	f.id, _ = w.client(oidc.Client{
		TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(w.t, f.key), IDTokenSignedResponseAlg: "ES256", Settings: oidc.Settings{Profile: "fapi2"},
	})
	return f
}

func (f *fapi) dpopAlg() string {
	if _, is := f.dpop.(ed25519.PrivateKey); is {
		return "EdDSA"
	}
	return "ES256"
}

func (f *fapi) asserting(form url.Values) url.Values {
	out := asserting(signed(f.w.t, f.key, f.alg, nil, f.w.assertion(f.id, nil)))
	for name, values := range form {
		out[name] = values
	}
	return out
}

// token asks for tokens, once more where a nonce is asked for.
func (f *fapi) token(form url.Values) *answer {
	form = f.asserting(form) // the same assertion both times: only one attempt uses it up
	for range 2 {
		a := f.w.proving("token", "", form, f.w.proof(f.dpop, f.dpopAlg(), "POST", tokenURL, map[string]any{"nonce": f.nonce}))
		next := a.Header().Get("DPoP-Nonce")
		if next == "" || a.Code == 200 {
			return a
		}
		a.refused(400, "use_dpop_nonce")
		f.nonce = next
	}
	f.w.t.Fatal("the nonce is not taken")
	return nil
}

func (f *fapi) code() string {
	f.w.t.Helper()
	b := f.w.ada()
	to := b.authorize(byURI(f.id, f.w.push("", f.asserting(request(f.id, nil)))))
	if to.Path == "/consent" {
		to = b.allow(to)
	}
	if to.Query().Get("iss") != issuer { // FAPI 2.0 §5.3.2.2
		f.w.t.Errorf("sent to %s", to)
	}
	return to.Query().Get("code")
}

// TestFAPI goes the way of the profile once.
func TestFAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__CODE_EXPIRES_IN": "10m"})
	f := newFAPI(w)
	tokens := f.token(redeeming(f.code(), nil)).json(200)
	access, refresh := tokens["access_token"].(string), tokens["refresh_token"].(string)
	if tokens["token_type"] != "DPoP" {
		t.Errorf("token_type %v", tokens["token_type"])
	}
	w.show("DPoP", access, w.proof(f.dpop, "ES256", "GET", userinfoURL, ath(access))).json(200)
	w.show("Bearer", access).refused(401, "invalid_token")
	// FAPI 2.0 §5.3.2.1: no rotation, so that the same token works again.
	for range 2 {
		next := f.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}).json(200)
		if next["refresh_token"] != refresh {
			t.Error("the refresh token was replaced")
		}
		w.pass(time.Second)
	}
	code := f.code()
	w.pass(time.Minute)
	f.token(redeeming(code, nil)).refused(400, "invalid_grant")
}

// TestRefusedByFAPI: what others may do and this profile may not.
func TestRefusedByFAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	f := newFAPI(w)
	if to := w.ada().authorize(request(f.id, nil)); to.Query().Get("error") != "invalid_request" {
		t.Errorf("5.3.2.2: a request that was not pushed: sent to %s", to)
	}
	w.form("par", "", f.asserting(request(f.id, url.Values{"code_challenge": {""}, "code_challenge_method": {""}}))).refused(400, "invalid_request")
	w.form("par", "", f.asserting(request(f.id, url.Values{"code_challenge_method": {"plain"}}))).refused(400, "invalid_request")
	code := f.code()
	w.form("token", "", f.asserting(redeeming(code, nil))).refused(400, "invalid_dpop_proof")
	for name, assertion := range map[string]string{
		"5.3.2.1: the token endpoint as aud": signed(t, f.key, "PS256", nil, w.assertion(f.id, map[string]any{"aud": tokenURL})),
		"5.3.2.1: a list as aud":             signed(t, f.key, "PS256", nil, w.assertion(f.id, map[string]any{"aud": []string{issuer}})),
		"5.4.1: RS256":                       signed(t, f.key, "RS256", nil, w.assertion(f.id, nil)),
	} {
		t.Run(name, func(t *testing.T) {
			form := asserting(assertion)
			form["token"] = []string{"x"}
			w.form("introspect", "", form).refused(401, "invalid_client")
		})
	}
	rsa := w.proof(testRSA(), "RS256", "POST", tokenURL, nil)
	w.proving("token", "", f.asserting(redeeming(code, nil)), rsa).refused(400, "invalid_dpop_proof")
	f.token(redeeming(code, nil)).json(200)
}

func TestFAPIRegistration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	good := oidc.Client{
		TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(t, newKey(t, "ES256")), RedirectURIs: []string{callback}, Settings: oidc.Settings{Profile: "fapi2"},
	}
	for name, change := range map[string]func(*oidc.Client){
		"5.3.2.1: a secret":                 func(c *oidc.Client) { c.TokenEndpointAuthMethod = "client_secret_basic" },
		"5.3.2.1: nothing to prove itself":  func(c *oidc.Client) { c.TokenEndpointAuthMethod = "none" },
		"5.3.2.2: PKCE optional":            func(c *oidc.Client) { c.PKCEOptional = true },
		"5.3.2.2: a loopback redirect":      func(c *oidc.Client) { c.RedirectURIs = []string{"http://127.0.0.1/cb"} },
		"5.4.1: ID tokens with RS256":       func(c *oidc.Client) { c.IDTokenSignedResponseAlg = "RS256" },
		"5.4.1: assertions with RS256":      func(c *oidc.Client) { c.Settings.AssertionAlg = "RS256" },
		"5.4.1: request objects with RS256": func(c *oidc.Client) { c.Settings.RequestObjectAlg = "RS256" },
		"a profile that is not known":       func(c *oidc.Client) { c.Settings.Profile = "fapi1" },
	} {
		c := good
		change(&c)
		if _, _, err := w.srv.OIDC.CreateClient(t.Context(), c, ""); err == nil || !strings.HasPrefix(err.Error(), "invalid_client_metadata") {
			t.Errorf("%s: %v", name, err)
		}
	}
	made, _, err := w.srv.OIDC.CreateClient(t.Context(), good, "")
	if err != nil || made.IDTokenSignedResponseAlg != "ES256" {
		t.Errorf("made %+v, %v", made, err)
	}
}
