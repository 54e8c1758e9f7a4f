package oidc_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"authd/auth/oidc"
)

const parURL = issuer + "/api/auth/oauth2/par"

// plan is what the modules of the OpenID Foundation's plan
// fapi2-security-profile-final-test-plan share (private_key_jwt, dpop, plain_fapi,
// openid_connect, plain_response): a server and two clients.
type plan struct {
	*fapi
	other *fapi
}

// module is one of them, under the name that it has there without the prefix
// fapi2-security-profile-final-.
type module struct {
	name string
	run  func(t *testing.T, p *plan)
}

// runPlan runs modules one after another: they share a clock.
func runPlan(t *testing.T, modules []module) {
	p := &plan{
		&fapi{id: "rp", alg: "PS256", key: newKey(t, "PS256"), dpop: newKey(t, "ES256")},
		&fapi{id: "other-rp", alg: "ES256", key: newKey(t, "ES256"), dpop: newKey(t, "EdDSA")},
	}
	var toml strings.Builder
	for _, f := range []*fapi{p.fapi, p.other} {
		var keys struct {
			Keys []map[string]any `json:"keys"`
		}
		if err := json.Unmarshal(keySet(t, f.key), &keys); err != nil {
			t.Fatal(err)
		}
		var members []string
		for name, value := range keys.Keys[0] {
			members = append(members, fmt.Sprintf("%s = %q", name, value))
		}
		slices.Sort(members)
		fmt.Fprintf(&toml, "[[client]]\nclient_id = %q\nprofile = \"fapi2\"\nredirect_uris = [%q]\njwks = { keys = [{ %s }] }\n", f.id, callback, strings.Join(members, ", "))
	}
	w := newWorld(t, map[string]string{"toml": toml.String()})
	p.w, p.other.w = w, w
	for _, m := range modules {
		t.Run(m.name, func(t *testing.T) {
			defer func(all testing.TB) { w.t = all }(w.t)
			w.t = t
			w.pass(time.Second)
			m.run(t, p)
		})
	}
}

// pushed pushes a request with what differs in it.
func (f *fapi) pushed(change url.Values) *answer {
	return f.w.form("par", "", f.asserting(request(f.id, change)))
}

// uri is the request_uri of a push that is taken.
func (f *fapi) uri(a *answer) string {
	f.w.t.Helper()
	return a.json(http.StatusCreated)["request_uri"].(string)
}

// back is where the browser is sent after Ada has agreed to a pushed request.
func (f *fapi) back(uri string) *url.URL {
	f.w.t.Helper()
	b := f.w.ada()
	to := b.authorize(byURI(f.id, uri))
	if to.Path == "/consent" {
		to = b.allow(to)
	}
	return to
}

// codeOf is the code for a request with what differs in it.
func (f *fapi) codeOf(change url.Values) string {
	f.w.t.Helper()
	return f.back(f.uri(f.pushed(change))).Query().Get("code")
}

// attempt asks for tokens once, with a nonce that is good and what differs in the
// proof and the assertion.
func (f *fapi) attempt(form url.Values, proof, assertion map[string]any) *answer {
	f.w.t.Helper()
	f.fresh()
	claims := map[string]any{"nonce": f.nonce}
	maps.Copy(claims, proof)
	all := asserting(signed(f.w.t, f.key, f.alg, nil, f.w.assertion(f.id, assertion)))
	maps.Copy(all, form)
	return f.w.proving("token", "", all, f.w.proof(f.dpop, f.dpopAlg(), "POST", tokenURL, claims))
}

// fresh gets a nonce, as the suite does: by asking without.
func (f *fapi) fresh() {
	f.w.t.Helper()
	a := f.w.proving("token", "", f.asserting(redeeming("x", nil)), f.w.proof(f.dpop, f.dpopAlg(), "POST", tokenURL, nil))
	a.refused(400, "use_dpop_nonce")
	f.nonce = a.Header().Get("DPoP-Nonce")
}

// resource shows a token at the resource endpoint, which here is userinfo.
func (f *fapi) resource(token string) *answer {
	return f.w.show("DPoP", token, f.w.proof(f.dpop, f.dpopAlg(), "GET", userinfoURL, ath(token)))
}

func TestFAPIPlan(t *testing.T) {
	t.Parallel()
	runPlan(t, []module{
		{"discovery-end-point-verification", func(t *testing.T, p *plan) {
			doc := p.w.anonymous().get("/.well-known/openid-configuration").json(200)
			for name, want := range map[string][]string{
				"grant_types_supported": {"authorization_code"}, "response_types_supported": {"code"}, "code_challenge_methods_supported": {"S256"},
				"token_endpoint_auth_methods_supported":            {"private_key_jwt"},
				"token_endpoint_auth_signing_alg_values_supported": {"PS256", "ES256", "EdDSA"},
				"dpop_signing_alg_values_supported":                {"PS256", "ES256", "EdDSA"},
				"id_token_signing_alg_values_supported":            {"ES256", "EdDSA"}, "scopes_supported": {"openid"},
			} {
				list, _ := doc[name].([]any)
				for _, one := range want {
					if !slices.Contains(list, any(one)) {
						t.Errorf("%s is %v", name, list)
					}
				}
			}
			if list := doc["code_challenge_methods_supported"].([]any); len(list) != 1 {
				t.Errorf("code_challenge_methods_supported is %v", list)
			}
			if doc["authorization_response_iss_parameter_supported"] != true || doc["require_pushed_authorization_requests"] != false ||
				doc["issuer"] != issuer || doc["pushed_authorization_request_endpoint"] != parURL || doc["jwks_uri"] == nil {
				t.Errorf("metadata %v", doc)
			}
		}},
		{"happy-flow", func(t *testing.T, p *plan) {
			a := p.pushed(nil)
			if life := a.json(201)["expires_in"].(float64); life < 5 || life >= 600 || len(p.uri(a)) < 60 { // §5.3.2.2(12)
				t.Errorf("answered %s", a.Body)
			}
			to := p.back(p.uri(a))
			if q := to.Query(); q.Get("state") != "st4te" || q.Get("iss") != issuer || len(q) != 3 {
				t.Errorf("sent to %s", to)
			}
			answered := p.token(redeeming(to.Query().Get("code"), nil))
			tokens := answered.json(200)
			if tokens["token_type"] != "DPoP" || tokens["expires_in"] == nil || tokens["refresh_token"] == nil || answered.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("tokens %v", tokens)
			}
			if claims := p.w.claims(tokens["id_token"]); claims["nonce"] != "n0nce" || claims["aud"] != p.id || claims["iss"] != issuer {
				t.Errorf("ID token %v", claims)
			}
			if head, _, _ := strings.Cut(tokens["id_token"].(string), "."); !strings.Contains(decode(t, head), `"alg":"ES256"`) {
				t.Error("§5.4.1: the ID token has another algorithm")
			}
			p.resource(tokens["access_token"].(string)).json(200)
		}},
		{"user-rejects-authentication", func(t *testing.T, p *plan) {
			b := p.w.ada()
			consent := b.authorize(byURI(p.id, p.uri(p.pushed(url.Values{"prompt": {"consent"}}))))
			to := b.act(consent, "deny", nil).location()
			if q := to.Query(); q.Get("error") != "access_denied" || q.Get("state") != "st4te" || q.Get("iss") != issuer || q.Has("code") {
				t.Errorf("sent to %s", to)
			}
		}},
		{"ensure-authorization-request-without-state-success", func(t *testing.T, p *plan) {
			to := p.back(p.uri(p.pushed(url.Values{"state": {""}})))
			if to.Query().Has("state") || !to.Query().Has("code") {
				t.Errorf("sent to %s", to)
			}
		}},
		{"ensure-authorization-request-without-nonce-success", func(t *testing.T, p *plan) {
			tokens := p.token(redeeming(p.codeOf(url.Values{"nonce": {""}}), nil)).json(200)
			if claims := p.w.claims(tokens["id_token"]); claims["nonce"] != nil {
				t.Errorf("ID token %v", claims)
			}
		}},
		{"ensure-authorization-request-with-long-state", func(t *testing.T, p *plan) {
			state := strings.Repeat("s", 384)
			if to := p.back(p.uri(p.pushed(url.Values{"state": {state}}))); to.Query().Get("state") != state {
				t.Errorf("sent to %s", to)
			}
		}},
		{"ensure-authorization-request-with-long-nonce", func(t *testing.T, p *plan) {
			nonce := strings.Repeat("n", 384)
			tokens := p.token(redeeming(p.codeOf(url.Values{"nonce": {nonce}}), nil)).json(200)
			if claims := p.w.claims(tokens["id_token"]); claims["nonce"] != nonce {
				t.Errorf("ID token %v", claims)
			}
		}},
		{"ensure-other-scope-order-succeeds", func(t *testing.T, p *plan) {
			tokens := p.token(redeeming(p.codeOf(url.Values{"scope": {"email profile openid"}}), nil)).json(200)
			scopes := strings.Fields(tokens["scope"].(string))
			slices.Sort(scopes)
			if !slices.Equal(scopes, []string{"email", "openid", "profile"}) || tokens["id_token"] == nil {
				t.Errorf("tokens %v", tokens)
			}
		}},
		{"ensure-different-state-inside-and-outside-the-pushed-request", func(t *testing.T, p *plan) {
			params := byURI(p.id, p.uri(p.pushed(nil)))
			params.Set("state", "outside")
			params.Set("nonce", "outside")
			to := p.w.ada().authorize(params)
			if to.Query().Get("state") != "st4te" {
				t.Errorf("sent to %s", to)
			}
			tokens := p.token(redeeming(to.Query().Get("code"), nil)).json(200)
			if claims := p.w.claims(tokens["id_token"]); claims["nonce"] != "n0nce" {
				t.Errorf("ID token %v", claims)
			}
		}},
		{"access-token-type-header-case-sensitivity", func(_ *testing.T, p *plan) {
			token := p.token(redeeming(p.code(), nil)).json(200)["access_token"].(string)
			for _, scheme := range []string{"dpop", "DPOP", "DPoP"} {
				p.w.show(scheme, token, p.w.proof(p.dpop, "ES256", "GET", userinfoURL, ath(token))).json(200)
			}
		}},
		{"ensure-authorization-code-is-bound-to-client", func(_ *testing.T, p *plan) {
			code := p.code()
			p.other.token(redeeming(code, nil)).refused(400, "invalid_grant")
			p.token(redeeming(code, nil)).json(200)
		}},
		{"attempt-reuse-authorization-code-after-one-second", func(_ *testing.T, p *plan) {
			code := p.code()
			token := p.token(redeeming(code, nil)).json(200)["access_token"].(string)
			p.resource(token).json(200)
			p.w.pass(time.Second)
			p.token(redeeming(code, nil)).refused(400, "invalid_grant")
			p.resource(token).refused(401, "invalid_token") // RFC 6749 §4.1.2
		}},
		{"authorization-code-lasts-at-most-60-seconds", func(_ *testing.T, p *plan) {
			code := p.code()
			p.w.pass(60 * time.Second)
			p.token(redeeming(code, nil)).refused(400, "invalid_grant")
		}},
		{"refresh-token", func(t *testing.T, p *plan) {
			first := p.token(redeeming(p.code(), nil)).json(200)
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}}
			p.other.token(form).refused(400, "invalid_grant") // it is bound to its client
			for range 3 {
				p.w.pass(time.Second)
				next := p.token(form).json(200)
				if next["refresh_token"] != first["refresh_token"] || next["access_token"] == first["access_token"] { // §5.3.2.1(9)
					t.Errorf("tokens %v", next)
				}
				p.resource(next["access_token"].(string)).json(200)
				if claims := p.w.claims(next["id_token"]); claims["sub"] != p.w.claims(first["id_token"])["sub"] || claims["aud"] != p.id {
					t.Errorf("ID token %v", claims)
				}
			}
			form.Set("scope", "openid bogus")
			p.token(form).refused(400, "invalid_scope")
			form.Del("scope")
			p.token(form).json(200)
		}},
		{"no-redirect-with-307", func(t *testing.T, p *plan) { // §5.3.2.2(10), (11)
			b := p.w.ada()
			r := httptest.NewRequest(http.MethodPost, "/api/auth/oauth2/authorize", strings.NewReader(byURI(p.id, p.uri(p.pushed(nil))).Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if a := b.do(r); a.Code != http.StatusSeeOther || !strings.HasPrefix(a.Header().Get("Location"), callback) {
				t.Errorf("answered %d to %s", a.Code, a.Header().Get("Location"))
			}
		}},
		{"refuses-the-password-grant", func(_ *testing.T, p *plan) { // §5.3.2.1(2)
			p.token(url.Values{"grant_type": {"password"}, "username": {"ada@example.com"}, "password": {"correct horse battery"}}).refused(400, "unsupported_grant_type")
		}},
		{"has-no-public-clients", func(t *testing.T, p *plan) { // §5.3.2.1(3), (5)
			for _, method := range []string{"none", "client_secret_basic", "client_secret_post"} {
				if _, _, err := p.w.srv.OIDC.CreateClient(t.Context(), oidc.Client{
					TokenEndpointAuthMethod: method, RedirectURIs: []string{callback}, Settings: oidc.Settings{Profile: "fapi2"},
				}, ""); err == nil {
					t.Errorf("%s was taken", method)
				}
			}
			form := request(p.id, nil)
			p.w.form("par", "", form).refused(401, "invalid_client") // §5.3.2.2(4)
			p.w.form("token", "", redeeming("x", url.Values{"client_id": {p.id}})).refused(401, "invalid_client")
		}},
	})
}
