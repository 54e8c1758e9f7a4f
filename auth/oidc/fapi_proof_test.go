package oidc_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func decode(t *testing.T, part string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestFAPIPlanOfPushes are the plan's modules about requests and where they are pushed.
func TestFAPIPlanOfPushes(t *testing.T) {
	t.Parallel()
	refusedAt := func(t *testing.T, to *url.URL, code string) {
		t.Helper()
		if to.Path != "/error" || to.Query().Get("error") != code {
			t.Errorf("sent to %s", to)
		}
	}
	var modules []module
	for name, c := range map[string]struct {
		change url.Values
		want   string
	}{
		"par-without-pkce-fails":                        {url.Values{"code_challenge": {""}, "code_challenge_method": {""}}, "invalid_request"},
		"par-plain-pkce-rejected":                       {url.Values{"code_challenge_method": {"plain"}}, "invalid_request"},
		"par-pkce-without-method-is-plain-and-rejected": {url.Values{"code_challenge_method": {""}}, "invalid_request"},
		"ensure-redirect-uri-in-authorization-request":  {url.Values{"redirect_uri": {""}}, "invalid_request"},
		"ensure-registered-redirect-uri":                {url.Values{"redirect_uri": {callback + "/bogus"}}, "invalid_request"},
		"ensure-response-type-token-fails":              {url.Values{"response_type": {"token"}}, "unsupported_response_type"},
		"ensure-response-type-code-id-token-fails":      {url.Values{"response_type": {"code id_token"}}, "unsupported_response_type"},
		"par-authorization-request-containing-request_uri-form-param": {
			url.Values{"request_uri": {"urn:ietf:params:oauth:request_uri:x"}}, "invalid_request",
		},
		"par-with-duplicate-parameters-fails": {url.Values{"state": {"a", "b"}}, "invalid_request"},
	} {
		modules = append(modules, module{name, func(_ *testing.T, p *plan) { p.pushed(c.change).refused(400, c.want) }})
	}
	runPlan(t, append(modules, []module{
		{"par-pkce-incorrect-code-verifier-rejected", func(_ *testing.T, p *plan) {
			code := p.code()
			p.token(redeeming(code, url.Values{"code_verifier": {strings.Repeat("v", 43)}})).refused(400, "invalid_grant")
			p.token(redeeming(code, url.Values{"code_verifier": {challenge}})).refused(400, "invalid_grant")
			p.token(redeeming(code, url.Values{"code_verifier": nil})).refused(400, "invalid_request")
			p.token(redeeming(code, nil)).json(200)
		}},
		{"par-attempt-reuse-request_uri", func(t *testing.T, p *plan) {
			uri := p.uri(p.pushed(nil))
			if !p.back(uri).Query().Has("code") {
				t.Fatal("no code")
			}
			refusedAt(t, p.back(uri), "invalid_request_uri")
		}},
		{"par-ensure-reused-request-uri-prior-to-auth-completion-succeeds", func(t *testing.T, p *plan) {
			uri := p.uri(p.pushed(url.Values{"prompt": {"consent"}}))
			b := p.w.ada()
			if to := b.authorize(byURI(p.id, uri)); to.Path != "/consent" {
				t.Fatalf("sent to %s", to)
			}
			if to := p.back(uri); !to.Query().Has("code") {
				t.Errorf("sent to %s", to)
			}
		}},
		{"par-attempt-to-use-expired-request_uri", func(t *testing.T, p *plan) {
			a := p.pushed(nil)
			p.w.pass(time.Duration(a.json(201)["expires_in"].(float64)) * time.Second)
			refusedAt(t, p.back(p.uri(a)), "invalid_request_uri")
		}},
		{"par-attempt-to-use-request_uri-for-different-client", func(t *testing.T, p *plan) {
			uri := p.uri(p.pushed(nil))
			refusedAt(t, p.w.ada().authorize(byURI(p.other.id, uri)), "invalid_request_uri")
			refusedAt(t, p.w.ada().authorize(url.Values{"request_uri": {uri}}), "invalid_request")
		}},
		{"par-attempt-invalid-http-method", func(t *testing.T, p *plan) {
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
				if a := p.w.do(httptest.NewRequest(method, "/api/auth/oauth2/par", nil)); a.Code != 405 && a.Code != 404 {
					t.Errorf("%s answered %d", method, a.Code)
				}
			}
		}},
		{"ensure-unsigned-authorization-request-without-using-par-fails", func(t *testing.T, p *plan) {
			to := p.w.ada().authorize(request(p.id, nil))
			if q := to.Query(); q.Get("error") != "invalid_request" || q.Get("iss") != issuer || q.Has("code") {
				t.Errorf("sent to %s", to)
			}
		}},
		{"ensure-signed-authorization-request-without-using-par-fails", func(t *testing.T, p *plan) {
			now := p.w.clock(t.Context()).Unix()
			jar := signed(t, p.key, "PS256", nil, object(p.id, map[string]any{"nbf": now, "exp": now + 60}))
			if to := p.w.ada().authorize(url.Values{"client_id": {p.id}, "request": {jar}, "redirect_uri": {callback}}); to.Query().Get("error") != "invalid_request" {
				t.Errorf("sent to %s", to)
			}
		}},
	}...))
}

// TestFAPIPlanOfAssertions are the plan's modules about client authentication.
func TestFAPIPlanOfAssertions(t *testing.T) {
	t.Parallel()
	at := func(p *plan, seconds int64) int64 { return p.w.clock(p.w.t.Context()).Unix() + seconds }
	type change func(p *plan) map[string]any
	var modules []module
	for name, of := range map[string]change{
		"ensure-client-assertion-with-iss-aud-succeeds":                   func(*plan) map[string]any { return nil },
		"ensure-client-assertion-nbf-8-seconds-in-the-future-is-accepted": func(p *plan) map[string]any { return map[string]any{"nbf": at(p, 8)} },
		"ensure-client-assertion-iat-8-seconds-in-the-future-is-accepted": func(p *plan) map[string]any { return map[string]any{"iat": at(p, 8)} },
		"ensure-client-assertion-both-10-seconds-in-the-future-is-accepted": func(p *plan) map[string]any {
			return map[string]any{"iat": at(p, 10), "nbf": at(p, 10)}
		},
		"ensure-client-assertion-without-iat-is-accepted": func(*plan) map[string]any { return map[string]any{"iat": nil} },
	} {
		modules = append(modules, module{name, func(_ *testing.T, p *plan) { p.attempt(redeeming(p.code(), nil), nil, of(p)).json(200) }})
	}
	for name, of := range map[string]change{
		"par-test-array-as-audience-for-client-assertion-fails":           func(*plan) map[string]any { return map[string]any{"aud": []string{issuer, parURL}} },
		"ensure-client-assertion-with-one-audience-in-a-list-fails":       func(*plan) map[string]any { return map[string]any{"aud": []string{issuer}} },
		"ensure-client-assertion-for-the-token-endpoint-fails":            func(*plan) map[string]any { return map[string]any{"aud": tokenURL} },
		"ensure-client-assertion-for-the-par-endpoint-fails":              func(*plan) map[string]any { return map[string]any{"aud": parURL} },
		"ensure-client-assertion-with-wrong-aud-fails":                    func(*plan) map[string]any { return map[string]any{"aud": "https://other.example"} },
		"ensure-client-assertion-with-a-slash-behind-the-issuer-fails":    func(*plan) map[string]any { return map[string]any{"aud": issuer + "/"} },
		"ensure-client-assertion-with-no-sub-fails":                       func(*plan) map[string]any { return map[string]any{"sub": nil} },
		"ensure-client-assertion-with-no-exp-fails":                       func(*plan) map[string]any { return map[string]any{"exp": nil} },
		"ensure-client-assertion-with-no-jti-fails":                       func(*plan) map[string]any { return map[string]any{"jti": nil} },
		"ensure-client-assertion-with-exp-is-5-minutes-in-past-fails":     func(p *plan) map[string]any { return map[string]any{"exp": at(p, -300)} },
		"ensure-client-assertion-iat-61-seconds-in-the-future-is-refused": func(p *plan) map[string]any { return map[string]any{"iat": at(p, 61)} },
		"ensure-client-assertion-nbf-61-seconds-in-the-future-is-refused": func(p *plan) map[string]any { return map[string]any{"nbf": at(p, 61)} },
	} {
		modules = append(modules, module{name, func(_ *testing.T, p *plan) {
			code := p.code()
			p.attempt(redeeming(code, url.Values{"client_id": {p.id}}), nil, of(p)).refused(401, "invalid_client")
			push := asserting(signed(p.w.t, p.key, "PS256", nil, p.w.assertion(p.id, of(p))))
			for name, values := range request(p.id, nil) {
				push[name] = values
			}
			p.w.form("par", "", push).refused(401, "invalid_client")
			p.token(redeeming(code, nil)).json(200)
		}})
	}
	runPlan(t, append(modules, []module{
		{"ensure-signed-client-assertion-with-RS256-fails", func(t *testing.T, p *plan) {
			form := request(p.id, asserting(signed(t, p.key, "RS256", nil, p.w.assertion(p.id, nil))))
			p.w.form("par", "", form).refused(401, "invalid_client")
		}},
		{"ensure-client-assertion-in-token-endpoint", func(_ *testing.T, p *plan) {
			code := p.code()
			p.fresh()
			proof := p.w.proof(p.dpop, "ES256", "POST", tokenURL, map[string]any{"nonce": p.nonce})
			p.w.proving("token", "", redeeming(code, url.Values{"client_id": {p.id}}), proof).refused(401, "invalid_client")
		}},
		{"ensure-client-id-in-token-endpoint", func(_ *testing.T, p *plan) {
			code := p.code()
			p.attempt(redeeming(code, url.Values{"client_id": {p.other.id}}), nil, nil).refused(401, "invalid_client")
			p.attempt(redeeming(code, url.Values{"client_id": {p.id}}), nil, nil).json(200)
		}},
		{"ensure-client-assertion-of-another-client-fails", func(_ *testing.T, p *plan) {
			form := redeeming(p.code(), url.Values{"client_id": {p.id}})
			p.attempt(form, nil, map[string]any{"iss": p.other.id, "sub": p.other.id}).refused(401, "invalid_client")
		}},
		{"client-assertion-is-used-once", func(t *testing.T, p *plan) {
			form := request(p.id, asserting(signed(t, p.key, "PS256", nil, p.w.assertion(p.id, nil))))
			p.w.form("par", "", form).json(201)
			p.w.form("par", "", form).refused(401, "invalid_client")
		}},
	}...))
}

// TestFAPIPlanOfKeys are the plan's modules about sender-constrained tokens.
func TestFAPIPlanOfKeys(t *testing.T) {
	t.Parallel()
	at := func(p *plan, seconds int64) int64 { return p.w.clock(p.w.t.Context()).Unix() + seconds }
	runPlan(t, []module{
		{"ensure-holder-of-key-required", func(_ *testing.T, p *plan) {
			code := p.code()
			p.w.form("token", "", p.asserting(redeeming(code, nil))).refused(400, "invalid_dpop_proof")
			p.token(redeeming(code, nil)).json(200)
		}},
		{"ensure-dpop-auth-code-binding-success", func(t *testing.T, p *plan) {
			p.token(redeeming(p.codeOf(url.Values{"dpop_jkt": {jktOf(t, p.dpop)}}), nil)).json(200)
		}},
		{"ensure-dpop-proof-at-par-endpoint-binding-success", func(_ *testing.T, p *plan) {
			asked := p.w.proving("par", "", p.asserting(request(p.id, nil)), p.w.proof(p.dpop, "ES256", "POST", parURL, nil))
			asked.refused(400, "use_dpop_nonce")
			proof := p.w.proof(p.dpop, "ES256", "POST", parURL, map[string]any{"nonce": asked.Header().Get("DPoP-Nonce")})
			code := p.back(p.uri(p.w.proving("par", "", p.asserting(request(p.id, nil)), proof))).Query().Get("code")
			mine := p.dpop
			p.dpop = newKey(p.w.t, "ES256")
			p.token(redeeming(code, nil)).refused(400, "invalid_grant")
			p.dpop = mine
			p.token(redeeming(code, nil)).json(200)
		}},
		{"ensure-token-endpoint-fails-with-mismatched-dpop-jkt", func(t *testing.T, p *plan) {
			p.token(redeeming(p.codeOf(url.Values{"dpop_jkt": {jktOf(t, newKey(t, "ES256"))}}), nil)).refused(400, "invalid_grant")
		}},
		{"ensure-par-endpoint-fails-with-mismatched-dpop-jkt", func(t *testing.T, p *plan) {
			p.fresh()
			form := p.asserting(request(p.id, url.Values{"dpop_jkt": {jktOf(t, newKey(t, "ES256"))}}))
			p.w.proving("par", "", form, p.w.proof(p.dpop, "ES256", "POST", parURL, map[string]any{"nonce": p.nonce})).refused(400, "invalid_dpop_proof")
		}},
		{"ensure-dpop-proof-with-iat-10seconds-before-succeeds", func(_ *testing.T, p *plan) {
			p.attempt(redeeming(p.code(), nil), map[string]any{"iat": at(p, -10)}, nil).json(200)
		}},
		{"ensure-dpop-proof-with-iat-10seconds-after-succeeds", func(_ *testing.T, p *plan) {
			p.attempt(redeeming(p.code(), nil), map[string]any{"iat": at(p, 10)}, nil).json(200)
		}},
		{"dpop-negative-tests-at-the-token-endpoint", func(t *testing.T, p *plan) {
			code := p.code()
			for name, change := range map[string]map[string]any{
				"htm": {"htm": "GET"}, "htu": {"htu": parURL}, "no htm": {"htm": nil}, "no htu": {"htu": nil}, "no iat": {"iat": nil}, "no jti": {"jti": nil},
				"an old iat": {"iat": at(p, -3600)}, "a future iat": {"iat": at(p, 61)},
			} {
				if a := p.attempt(redeeming(code, nil), change, nil); a.Code != 400 || a.json(400)["error"] != "invalid_dpop_proof" {
					t.Errorf("%s: answered %d %s", name, a.Code, a.Body)
				}
			}
			p.fresh()
			claims := map[string]any{"jti": "n1", "htm": "POST", "htu": tokenURL, "iat": at(p, 0), "nonce": p.nonce}
			public := jose.JSONWebKey{Key: p.dpop.Public()}
			for name, proof := range map[string]string{
				"typ":           signed(t, p.dpop, "ES256", map[string]any{"typ": "JWT", "jwk": public}, claims),
				"a private key": signed(t, p.dpop, "ES256", map[string]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: p.dpop}}, claims),
				"another key":   signed(t, newKey(t, "ES256"), "ES256", map[string]any{"typ": "dpop+jwt", "jwk": public}, claims),
				"RS256":         signed(t, testRSA(), "RS256", map[string]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: testRSA().Public()}}, claims),
				"none":          base64URL(`{"alg":"none","typ":"dpop+jwt"}`) + "." + base64URL(`{"jti":"n1"}`) + ".",
			} {
				if a := p.w.proving("token", "", p.asserting(redeeming(code, nil)), proof); a.Code != 400 || a.json(400)["error"] != "invalid_dpop_proof" {
					t.Errorf("%s: answered %d %s", name, a.Code, a.Body)
				}
			}
			good := p.w.proof(p.dpop, "ES256", "POST", tokenURL, map[string]any{"nonce": p.nonce})
			p.w.proving("token", "", p.asserting(redeeming(code, nil)), good, good).refused(400, "invalid_dpop_proof")
			p.w.proving("token", "", p.asserting(redeeming(code, nil)), good).json(200)
			p.w.proving("token", "", p.asserting(redeeming(p.code(), nil)), good).refused(400, "invalid_dpop_proof") // RFC 9449 §11.1
		}},
		{"dpop-negative-tests-at-the-resource-endpoint", func(t *testing.T, p *plan) {
			token := p.token(redeeming(p.code(), nil)).json(200)["access_token"].(string)
			proof := func(change map[string]any) string {
				claims := ath(token)
				for name, value := range change {
					claims[name] = value
				}
				return p.w.proof(p.dpop, "ES256", "GET", userinfoURL, claims)
			}
			used := proof(nil)
			p.w.show("DPoP", token, used).json(200)
			for name, one := range map[string]string{
				"htm": proof(map[string]any{"htm": "POST"}), "htu": proof(map[string]any{"htu": tokenURL}), "no ath": proof(map[string]any{"ath": nil}),
				"another ath": proof(ath("x")), "an old iat": proof(map[string]any{"iat": at(p, -3600)}), "jti used before": used, "no jti": proof(map[string]any{"jti": nil}),
			} {
				if a := p.w.show("DPoP", token, one); a.Code != 401 || !strings.HasPrefix(a.Header().Get("WWW-Authenticate"), `DPoP error="invalid_dpop_proof"`) {
					t.Errorf("%s: answered %d %s", name, a.Code, a.Body)
				}
			}
			p.w.show("Bearer", token).refused(401, "invalid_token")
			p.w.show("Bearer", token, proof(nil)).refused(401, "invalid_token")
			p.w.show("DPoP", token).refused(401, "invalid_dpop_proof")
			p.w.show("DPoP", token, p.w.proof(newKey(t, "ES256"), "ES256", "GET", userinfoURL, ath(token))).refused(401, "invalid_token")
		}},
	})
}

func base64URL(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
