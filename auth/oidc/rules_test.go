package oidc_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/oidc"
)

// TestAnsweredRequests: each row is a request that gets a code, and what its RFC
// wants of the answer and of the tokens.
func TestAnsweredRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true, RedirectURIs: []string{callback, callback + "?tenant=1"}})
	const odd = "a b&c=d+e%20é~*'/?#\t{}"
	for name, c := range map[string]struct {
		change url.Values
		query  url.Values // parts of the answer
		claims map[string]any
		none   []string // claims that are not there
	}{
		"RFC 6749 4.1.2: state comes back as it was":      {url.Values{"state": {odd}}, url.Values{"state": {odd}}, nil, nil},
		"RFC 6749 4.1.2: no state where none was":         {url.Values{"state": {""}}, url.Values{"state": nil}, nil, nil},
		"RFC 6749 3.1: what is not known is passed over":  {url.Values{"utm_source": {"x"}, "display_mode": {"x"}}, nil, nil, nil},
		"RFC 6749 3.1.2: the query of the redirect stays": {url.Values{"redirect_uri": {callback + "?tenant=1"}}, url.Values{"tenant": {"1"}}, nil, nil},
		"RFC 9207 2: iss": {nil, url.Values{"iss": {issuer}}, nil, nil},
		"Core 3.1.2.1: nonce goes into the ID token as it was":       {url.Values{"nonce": {odd}}, nil, map[string]any{"nonce": odd}, nil},
		"Core 3.1.2.1: no nonce where none was":                      {url.Values{"nonce": {""}}, nil, nil, []string{"nonce"}},
		"Core 3.1.2.1: max_age makes auth_time required":             {url.Values{"max_age": {"3600"}}, nil, map[string]any{"auth_time": float64(start.Unix())}, nil},
		"Core 3.1.2.1: auth_time as an essential claim":              {url.Values{"claims": {`{"id_token":{"auth_time":{"essential":true}}}`}}, nil, map[string]any{"auth_time": float64(start.Unix())}, nil},
		"Core 3.1.2.1: an unknown display is no error":               {url.Values{"display": {"hologram"}}, nil, nil, nil},
		"Core 3.1.2.1: display=popup is no error":                    {url.Values{"display": {"popup"}}, nil, nil, nil},
		"Core 3.1.2.1: locales that are not there are no error":      {url.Values{"ui_locales": {"tlh x-klingon"}}, nil, nil, nil},
		"Core 5.2: claims_locales are no error":                      {url.Values{"claims_locales": {"fr"}}, nil, nil, nil},
		"Core 3.1.2.1: login_hint for somebody who is signed in":     {url.Values{"login_hint": {"eve@example.com"}}, nil, nil, nil},
		"Core 3.1.2.1: acr_values are a wish":                        {url.Values{"acr_values": {"urn:mace:incommon:iap:silver"}}, nil, nil, nil},
		"Core 5.5: a claim that is essential and not there":          {url.Values{"claims": {`{"userinfo":{"phone_number":{"essential":true}}}`}}, nil, nil, nil},
		"Core 5.5: members of claims that are not known":             {url.Values{"claims": {`{"verified_claims":{"x":1},"id_token":{"x":null}}`}}, nil, nil, []string{"x"}},
		"RFC 7636 4.3: S256":                                         {url.Values{"code_challenge_method": {"S256"}}, nil, nil, nil},
		"RFC 8707 2, RFC 6749 3.3: scopes in any order and repeated": {url.Values{"scope": {"email openid  email"}}, nil, nil, nil},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} { // Core §3.1.2.1: both
			params := request(id, c.change)
			r := httptest.NewRequest(method, "/api/auth/oauth2/authorize?"+params.Encode(), nil)
			if method == http.MethodPost {
				r = httptest.NewRequest(method, "/api/auth/oauth2/authorize", strings.NewReader(params.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			a := w.ada().do(r)
			to := a.location() // RFC 9700 §4.12: 302, never 307
			q := to.Query()
			if !strings.HasPrefix(to.String(), callback+"?") || !q.Has("code") || to.Fragment != "" || a.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: sent to %s", method, name, to)
				continue
			}
			for part, want := range c.query {
				if len(q[part]) != len(want) || len(want) > 0 && q.Get(part) != want[0] {
					t.Errorf("%s %s: %s is %q", method, name, part, q[part])
				}
			}
			tokens := w.redeem(id+":"+secret, q.Get("code"), url.Values{"redirect_uri": {params.Get("redirect_uri")}, "unknown": {"x"}}).json(200)
			claims := w.claims(tokens["id_token"])
			for claim, want := range c.claims {
				if claims[claim] != want {
					t.Errorf("%s %s: %s is %v", method, name, claim, claims[claim])
				}
			}
			for _, claim := range c.none {
				if _, there := claims[claim]; there {
					t.Errorf("%s %s: has %s", method, name, claim)
				}
			}
		}
	}
}

// TestWithoutOpenID: OpenID Connect Core §3.1.2.1: without openid it is OAuth alone.
func TestWithoutOpenID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true})
	to := w.ada().authorize(request(id, url.Values{"scope": {"email"}}))
	tokens := w.redeem(id+":"+secret, to.Query().Get("code"), nil).json(200)
	if tokens["id_token"] != nil || tokens["scope"] != "email" {
		t.Errorf("answered %v", tokens)
	}
}

// TestVerifiers: RFC 7636 §4.1, §4.5, §4.6, and RFC 9700 §4.8.2: nobody takes PKCE
// out of an exchange.
func TestVerifiers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true, PKCEOptional: true})
	public, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none", SkipConsent: true})
	s256 := func(v string) string {
		sum := sha256.Sum256([]byte(v))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	shortest, longest := strings.Repeat("a", 43), strings.Repeat("Z-._~09az", 14)+"xy"
	for name, c := range map[string]struct {
		client, challenge, verifier string
		want                        string
	}{
		"4.1: 43 characters":                                   {id, s256(shortest), shortest, ""},
		"4.1: 128 characters, all that there are":              {id, s256(longest), longest, ""},
		"4.1: 42 characters":                                   {id, s256(shortest[1:]), shortest[1:], "invalid_grant"},
		"4.1: 129 characters":                                  {id, s256(longest + "x"), longest + "x", "invalid_grant"},
		"4.1: a character that there is not":                   {id, s256(shortest + "+"), shortest + "+", "invalid_grant"},
		"4.6: another verifier":                                {id, s256(shortest), longest, "invalid_grant"},
		"4.5: no verifier":                                     {id, s256(shortest), "", "invalid_request"},
		"a client that may go without":                         {id, "", "", ""},
		"RFC 9700 4.8.2: a verifier where no challenge was":    {id, "", shortest, "invalid_grant"},
		"4.6: a public client":                                 {public, s256(shortest), shortest, ""},
		"4.6: a public client with another verifier":           {public, s256(shortest), longest, "invalid_grant"},
		"RFC 9700 2.1.1: a public client without its verifier": {public, s256(shortest), "", "invalid_request"},
	} {
		change := url.Values{"code_challenge": {c.challenge}}
		if c.challenge == "" {
			change.Set("code_challenge_method", "")
		}
		to := w.ada().authorize(request(c.client, change))
		basic, form := id+":"+secret, url.Values{"code_verifier": {c.verifier}}
		if c.client == public {
			basic, form["client_id"] = "", []string{public}
		}
		a := w.redeem(basic, to.Query().Get("code"), form)
		if c.want == "" {
			a.json(200)
		} else if got := a.json(400); got["error"] != c.want {
			t.Errorf("%s: answered %v", name, got)
		}
	}
}

// TestIssuerIsTold: RFC 9207 §2, §3: every answer names its server, as the metadata
// document does, whether it is a code or an error.
func TestIssuerIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{SkipConsent: true})
	about := w.anonymous().get("/.well-known/oauth-authorization-server").json(200)
	if about["authorization_response_iss_parameter_supported"] != true || about["issuer"] != issuer {
		t.Errorf("the metadata says %v, %v", about["authorization_response_iss_parameter_supported"], about["issuer"])
	}
	for name, change := range map[string]url.Values{
		"a code": nil, "a mistake": {"scope": {"bogus"}}, "nobody may be asked": {"prompt": {"none"}, "max_age": {"0"}}, "a repeated parameter": {"nonce": {"a", "b"}},
		"an unknown response type": {"response_type": {"bogus"}}, "a pushed request that is gone": {"request": {"x"}},
	} {
		q := w.ada().authorize(request(id, change)).Query()
		if len(q["iss"]) != 1 || q.Get("iss") != about["issuer"] {
			t.Errorf("%s: iss is %q", name, q["iss"])
		}
	}
}

// TestPagesOfAuthorization: RFC 9700 §4.2.4 (Referer), §4.16 (clickjacking) and §4.3.1
// (caches) for each page that a request may lead to.
func TestPagesOfAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	for name, to := range map[string]struct {
		b      *browser
		change url.Values
		path   string
	}{
		"signing in": {w.anonymous(), nil, "/login"},
		"signing up": {w.anonymous(), url.Values{"prompt": {"create"}}, "/signup"},
		"consent":    {w.ada(), nil, "/consent"},
		"an error":   {w.ada(), url.Values{"redirect_uri": {"https://evil.example"}}, "/error"},
		"a form":     {w.ada(), url.Values{"scope": {"bogus"}, "response_mode": {"form_post"}}, "/continue"},
	} {
		at := to.b.authorize(request(id, to.change))
		page := to.b.get(at.RequestURI())
		h := page.Header()
		if at.Path != to.path || page.Code != 200 {
			t.Errorf("%s: %d at %s", name, page.Code, at)
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: may be framed", name)
		}
		if referrer := h.Get("Referrer-Policy"); referrer != "same-origin" && referrer != "no-referrer" && referrer != "strict-origin" && referrer != "origin" {
			t.Errorf("%s: tells its address: %q", name, referrer)
		}
		if h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: may be cached", name)
		}
	}
}

// TestMethods: RFC 6749 §3.2 wants POST at the token endpoint; RFC 9126 §2.3 says
// what any other method gets at its own.
func TestMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for path, want := range map[string]int{"token": 404, "introspect": 404, "revoke": 404, "par": 405} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			a := w.do(httptest.NewRequest(method, "/api/auth/oauth2/"+path, nil))
			if a.Code != want || (a.Header().Get("Allow") == "POST") != (want == 405) {
				t.Errorf("%s %s: answered %d, Allow %q", method, path, a.Code, a.Header().Get("Allow"))
			}
		}
	}
	a := w.do(httptest.NewRequest("POST", "/.well-known/openid-configuration", nil))
	if a.Code != 405 || a.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("metadata: answered %d, Allow %q", a.Code, a.Header().Get("Allow"))
	}
}

// TestCodesAreShort: RFC 6749 §4.1.2: a code ends in at most ten minutes, whatever
// is configured, and RFC 6749 §10.5: works once.
func TestCodesAreShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true})
	code := w.code(id, nil)
	w.pass(10 * time.Minute)
	w.redeem(id+":"+secret, code, nil).refused(400, "invalid_grant")
}

// TestWhereObjectsCome: RFC 9101 §5: client_id stands beside the request object, and
// there is one object.
func TestWhereObjectsCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	key := newKey(t, "ES256")
	id, _ := w.client(oidc.Client{JWKS: keySet(t, key), SkipConsent: true})
	whole := signed(t, key, "ES256", map[string]any{"typ": "oauth-authz-req+jwt"}, object(id, nil))
	if to := w.ada().authorize(url.Values{"client_id": {id}, "request": {whole}}); !to.Query().Has("code") {
		t.Fatalf("as it should be: sent to %s", to)
	}
	for name, c := range map[string]struct {
		params url.Values
		want   string
		page   bool
	}{
		"no client_id":               {url.Values{"request": {whole}}, "invalid_request", true},
		"an unknown client_id":       {url.Values{"client_id": {"nobody"}, "request": {whole}}, "invalid_client", true},
		"two objects":                {url.Values{"client_id": {id}, "request": {whole, whole}}, "invalid_request", true},
		"two objects, and a place":   {request(id, url.Values{"request": {whole, whole}}), "invalid_request", false},
		"an object and a reference":  {request(id, url.Values{"request": {whole}, "request_uri": {"https://app.example/r"}}), "invalid_request", false},
		"an object and a pushed one": {url.Values{"client_id": {id}, "request": {whole}, "request_uri": {"urn:ietf:params:oauth:request_uri:x"}}, "invalid_request", true},
	} {
		to := w.ada().authorize(c.params)
		if q := to.Query(); q.Get("error") != c.want || q.Has("code") || strings.HasPrefix(to.String(), issuer+"/error?") != c.page {
			t.Errorf("%s: sent to %s", name, to)
		}
	}
}
