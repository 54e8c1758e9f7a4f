package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/oidc"
)

// TestRefusedRequests: each row is a request that must not get a code. "page"
// rows must not lead to the client either.
func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	public, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none"})
	loose, _ := w.client(oidc.Client{PKCEOptional: true})
	scoped, _ := w.client(oidc.Client{Scopes: []string{"openid"}})
	disabled := w.disabledClient()
	cases := []refusedCase{
		{"RFC 6749 4.1.2.1: without client_id nobody can be told", id, url.Values{"client_id": {""}}, "invalid_request", true},
		{"RFC 6749 4.1.2.1: an unknown client is not sent anywhere", "nobody", nil, "invalid_client", true},
		{"a disabled client is not sent anywhere", disabled, nil, "invalid_client", true},
		{"RFC 6749 3.1: client_id twice", id, url.Values{"client_id": {id, id}}, "invalid_request", true},
		{"OpenID Connect Core 3.1.2.1: redirect_uri is required", id, url.Values{"redirect_uri": {""}}, "invalid_redirect", true},
		{"RFC 6749 3.1: redirect_uri twice", id, url.Values{"redirect_uri": {callback, callback}}, "invalid_request", true},
		{"RFC 9700 4.1.3: another host", id, url.Values{"redirect_uri": {"https://evil.example/callback"}}, "invalid_redirect", true},
		{"RFC 9700 4.1.3: a longer path", id, url.Values{"redirect_uri": {callback + "/more"}}, "invalid_redirect", true},
		{"RFC 9700 4.1.3: another query", id, url.Values{"redirect_uri": {callback + "?x=1"}}, "invalid_redirect", true},
		{"RFC 9700 4.1.3: another case", id, url.Values{"redirect_uri": {"https://APP.example/callback"}}, "invalid_redirect", true},
		{"RFC 6749 3.1.2: a fragment", id, url.Values{"redirect_uri": {callback + "#x"}}, "invalid_redirect", true},
		{"RFC 6749 3.1: state twice", id, url.Values{"state": {"a", "b"}}, "invalid_request", false},
		{"RFC 6749 3.1: scope twice", id, url.Values{"scope": {"openid", "email"}}, "invalid_request", false},
		{"an oversized nonce", id, url.Values{"nonce": {strings.Repeat("n", 5000)}}, "invalid_request", false},
		{"a zero byte", id, url.Values{"nonce": {"a\x00b"}}, "invalid_request", false},
		{"RFC 6749 3.1.1: response_type is required", id, url.Values{"response_type": {""}}, "invalid_request", false},
		{"OAuth 2.1: an unknown response type", id, url.Values{"response_type": {"bogus"}}, "unsupported_response_type", false},
		{"Multiple Response Types 2.1: an unknown response mode", id, url.Values{"response_mode": {"pigeon"}}, "invalid_request", false},
		{"RFC 6749 3.1: response_mode twice", id, url.Values{"response_mode": {"query", "fragment"}}, "invalid_request", false},
		{"OpenID Connect Core 6.1: unsigned request objects are not offered", id, url.Values{"request": {"eyJhbGciOiJub25lIn0.e30."}}, "request_not_supported", false},
		{"OpenID Connect Core 6.2: request_uri is not offered", id, url.Values{"request_uri": {"https://app.example/r"}}, "request_uri_not_supported", false},
		{"OpenID Connect Core 7.2.1: registration is not offered", id, url.Values{"registration": {"{}"}}, "registration_not_supported", false},
		{"RFC 6749 4.1.2.1: an unknown scope", id, url.Values{"scope": {"openid bogus"}}, "invalid_scope", false},
		{"RFC 6749 4.1.2.1: a scope that the client does not have", scoped, url.Values{"scope": {"openid email"}}, "invalid_scope", false},
		{"OAuth 2.1 4.1.1: PKCE of a confidential client", id, url.Values{"code_challenge": {""}, "code_challenge_method": {""}}, "invalid_request", false},
		{"OAuth 2.1 4.1.1: PKCE of a public client", public, url.Values{"code_challenge": {""}, "code_challenge_method": {""}}, "invalid_request", false},
		{"RFC 9700 2.1.1: plain is not taken", id, url.Values{"code_challenge_method": {"plain"}}, "invalid_request", false},
		{"RFC 7636 4.3: no method means plain", id, url.Values{"code_challenge_method": {""}}, "invalid_request", false},
		{"RFC 7636 4.3: plain not even without required PKCE", loose, url.Values{"code_challenge_method": {"plain"}}, "invalid_request", false},
		{"RFC 7636 4.2: a challenge that is no SHA-256", id, url.Values{"code_challenge": {"short"}}, "invalid_request", false},
		{"a method without a challenge", loose, url.Values{"code_challenge": {""}}, "invalid_request", false},
		{"OpenID Connect Core 3.1.2.1: an unknown prompt", id, url.Values{"prompt": {"bogus"}}, "invalid_request", false},
		{"OpenID Connect Core 3.1.2.1: none stands alone", id, url.Values{"prompt": {"none login"}}, "invalid_request", false},
		{"a negative max_age", id, url.Values{"max_age": {"-1"}}, "invalid_request", false},
		{"a max_age that is no number", id, url.Values{"max_age": {"soon"}}, "invalid_request", false},
		{"RFC 8707 2: a resource that is not known", id, url.Values{"resource": {"https://api.example"}}, "invalid_target", false},
		{"OpenID Connect Core 3.1.2.6: consent needed and prompt=none", id, url.Values{"prompt": {"none"}}, "consent_required", false},
	}
	before := w.count("oauth_grant")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			to := w.ada().authorize(request(c.client, c.change))
			answered := to.Query()
			if c.page {
				if to.Host != "localhost:8080" || to.Path != "/error" {
					t.Fatalf("sent to %s, want authd's own error page", to)
				}
			} else {
				if !strings.HasPrefix(to.String(), callback+"?") {
					t.Fatalf("sent to %s, want the client", to)
				}
				if answered.Get("iss") != issuer || answered.Get("state") != c.state() {
					t.Errorf("answered %v: iss (RFC 9207) and state must be there", answered)
				}
			}
			if answered.Get("error") != c.want || answered.Get("error_description") == "" || answered.Has("code") {
				t.Errorf("answered %v, want the error %s", answered, c.want)
			}
		})
	}
	if n := w.count("oauth_grant"); n != before {
		t.Errorf("%d codes were made", n-before)
	}
	if n := w.count("oauth_flow"); n != 0 {
		t.Errorf("%d flows were begun", n)
	}
}

type refusedCase struct {
	name   string
	client string
	change url.Values
	want   string // the error
	page   bool   // shown to the person, not sent to the client
}

func (c refusedCase) state() string {
	if s := c.change["state"]; len(s) > 0 {
		return s[0]
	}
	return "st4te"
}

func (w *world) disabledClient() string {
	w.t.Helper()
	id, _ := w.client(oidc.Client{Disabled: true})
	return id
}

// TestImplicitErrorsAreInTheFragment: OAuth 2.0 Multiple Response Types §5.
func TestImplicitErrorsAreInTheFragment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	for _, kind := range []string{"token", "id_token", "code id_token"} {
		to := w.ada().authorize(request(id, url.Values{"response_type": {kind}}))
		answered, err := url.ParseQuery(to.Fragment)
		if err != nil || to.RawQuery != "" || answered.Get("error") != "unsupported_response_type" || answered.Get("iss") != issuer {
			t.Errorf("%s: sent to %s", kind, to)
		}
	}
}

// TestStepsOfSigningIn: what prompt and max_age ask of whom, and that it ends.
func TestStepsOfSigningIn(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change url.Values
		signed bool
		path   string // the first step
		step   string
	}{
		{"nobody is signed in", nil, false, "/login", "login"},
		{"prompt=login asks the signed-in too", url.Values{"prompt": {"login"}}, true, "/login", "login"},
		{"max_age=0 is as prompt=login", url.Values{"max_age": {"0"}}, true, "/login", "login"},
		{"a sign-in older than max_age is not enough", url.Values{"max_age": {"59"}}, true, "/login", "login"},
		{"a sign-in within max_age is enough", url.Values{"max_age": {"60"}}, true, "/consent", "consent"},
		{"prompt=create leads to sign-up", url.Values{"prompt": {"create"}}, true, "/signup", "sign-up"},
		{"prompt=select_account asks which account", url.Values{"prompt": {"select_account"}}, true, "/select-account", "select-account"},
		{"prompt=consent asks the signed-in", url.Values{"prompt": {"consent"}}, true, "/consent", "consent"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			id, secret := w.client(oidc.Client{SkipConsent: c.path != "/consent"})
			b := w.anonymous()
			if c.signed {
				b = w.ada()
			}
			to := b.authorize(request(id, c.change))
			if to.Path != c.path || b.page(to).json(200)["Step"] != c.step {
				t.Fatalf("sent to %s, step %v", to, b.page(to).json(200)["Step"])
			}
			if c.path != "/consent" {
				if c.signed { // going on without the step leads back to it
					if again := b.act(to, "resume", nil).location(); again.String() != to.String() {
						t.Fatalf("went on to %s without the step", again)
					}
				}
				w.pass(time.Second)
				b.signIn(nil).json(200)
				to = b.act(to, "resume", nil).location()
			} else {
				to = b.allow(to)
			}
			w.redeem(id+":"+secret, to.Query().Get("code"), nil).json(200)
			if n := w.count("oauth_flow"); n != 0 {
				t.Errorf("%d flows are left", n)
			}
		})
	}
}

func TestPromptNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	none := request(id, url.Values{"prompt": {"none"}})
	if got := w.anonymous().authorize(none).Query().Get("error"); got != "login_required" {
		t.Errorf("without a session: %s", got)
	}
	old := request(id, url.Values{"prompt": {"none"}, "max_age": {"10"}})
	if got := w.ada().authorize(old).Query().Get("error"); got != "login_required" {
		t.Errorf("with a session that is too old: %s", got)
	}
	w.code(id, nil) // gives consent
	if got := w.ada().authorize(none).Query(); got.Get("code") == "" {
		t.Errorf("with session and consent: %v", got)
	}
}

// TestConsent: who is asked, and when again.
func TestConsent(t *testing.T) {
	t.Parallel()
	native := []string{"http://127.0.0.1/callback", "com.example.app:/callback", callback}
	cases := []struct {
		name   string
		client oidc.Client
		first  url.Values // allowed before, nil for nothing
		second url.Values
		asked  bool
	}{
		{"the first time", oidc.Client{}, nil, url.Values{}, true},
		{"not again for the same scopes", oidc.Client{}, url.Values{}, url.Values{}, false},
		{"not again for fewer scopes", oidc.Client{}, url.Values{}, url.Values{"scope": {"openid"}}, false},
		{"again for more scopes", oidc.Client{}, url.Values{"scope": {"openid"}}, url.Values{"scope": {"openid email"}}, true},
		{"again when the client wants it", oidc.Client{}, url.Values{}, url.Values{"prompt": {"consent"}}, true},
		{"not for a trusted client on https", oidc.Client{SkipConsent: true}, nil, url.Values{}, false},
		{"for a trusted client that wants it", oidc.Client{SkipConsent: true}, nil, url.Values{"prompt": {"consent"}}, true},
		{"RFC 8252 8.6: for a trusted public client on loopback", oidc.Client{SkipConsent: true, TokenEndpointAuthMethod: "none", RedirectURIs: native}, nil, url.Values{"redirect_uri": {"http://127.0.0.1:4711/callback"}}, true},
		{"RFC 8252 8.6: again each time on loopback", oidc.Client{TokenEndpointAuthMethod: "none", RedirectURIs: native}, url.Values{}, url.Values{"redirect_uri": {"http://127.0.0.1:4711/callback"}}, true},
		{"RFC 8252 8.6: again each time with an own scheme", oidc.Client{TokenEndpointAuthMethod: "none", RedirectURIs: native}, url.Values{}, url.Values{"redirect_uri": {"com.example.app:/callback"}}, true},
		{"a trusted client with a secret on loopback is asked for, once", oidc.Client{SkipConsent: true, RedirectURIs: native[:1]}, nil, url.Values{"redirect_uri": {"http://127.0.0.1:4711/callback"}}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			id, _ := w.client(c.client)
			if c.first != nil {
				w.code(id, c.first)
			}
			to := w.ada().authorize(request(id, c.second))
			if asked := to.Path == "/consent"; asked != c.asked {
				t.Errorf("sent to %s, asked = %v", to, asked)
			}
		})
	}
}

// TestConsentOfTheCommandLine: authd's own client never skips consent.
func TestConsentOfTheCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for range 2 {
		b := w.ada()
		to := b.authorize(request(oidc.CLIClientID, url.Values{"redirect_uri": {"http://127.0.0.1:50123/callback"}}))
		if to.Path != "/consent" {
			t.Fatalf("sent to %s without being asked", to)
		}
		page := b.page(to).json(200)
		if page["Loopback"] != true || page["RedirectHost"] != "127.0.0.1" || len(page["NewScopes"].([]any)) != 4 {
			t.Errorf("the page knows %v", page)
		}
		if back := b.allow(to); back.Host != "127.0.0.1:50123" {
			t.Errorf("sent to %s", back)
		}
	}
}

func TestNarrowedConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	b := w.ada()
	to := b.authorize(request(id, nil))
	b.act(to, "allow", url.Values{"scope": {"openid admin"}}).refused(400, "invalid_request")
	back := b.act(to, "allow", url.Values{"scope": {"email openid"}}).location()
	tokens := w.redeem(id+":"+secret, back.Query().Get("code"), nil).json(200)
	if tokens["scope"] != "openid email" || tokens["refresh_token"] != nil {
		t.Errorf("tokens: %v", tokens)
	}
	if to := w.ada().authorize(request(id, nil)); to.Path != "/consent" {
		t.Errorf("what was not allowed is not asked for again: %s", to)
	}
}

// TestAuthorizeByForm: OpenID Connect Core §3.1.2.1, requests may be posted. A form
// of another site brings no cookies: what it asks for comes again as a link, so that
// whoever is signed in is not asked once more, and other journeys keep their cookie.
func TestAuthorizeByForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true})
	post := func(b *browser, v url.Values, site string) *answer {
		r := httptest.NewRequest(http.MethodPost, "/api/auth/oauth2/authorize", strings.NewReader(v.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://app.example")
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Site", site)
		return b.do(r)
	}
	asked := request(id, url.Values{"prompt": {"none"}})
	a := post(w.anonymous(), asked, "cross-site")
	again, err := url.Parse(a.Header().Get("Location"))
	if err != nil || a.Code != http.StatusSeeOther || again.Query().Encode() != asked.Encode() || len(a.Result().Cookies()) != 0 {
		t.Fatalf("answered %d, %s", a.Code, again)
	}
	if a.Header().Get("Cache-Control") != "no-store" {
		t.Error("the link may be cached")
	}
	to := w.ada().get(again.RequestURI()).location()
	w.redeem(id+":"+secret, to.Query().Get("code"), nil).json(http.StatusOK)
	long := strings.Repeat("x", 4000)
	for name, c := range map[string]struct {
		b    *browser
		v    url.Values
		site string
		to   string
	}{
		"one that brings cookies":    {w.ada(), asked, "cross-site", callback + "?code="},
		"one of this site":           {w.ada(), asked, "same-origin", callback + "?code="},
		"nobody's, of this site":     {w.anonymous(), asked, "same-origin", callback + "?error=login_required"},
		"one that no link can carry": {w.anonymous(), request(id, url.Values{"login_hint": {long}, "extra": {long}, "more": {long}}), "cross-site", issuer + "/login?flow="},
	} {
		if to := post(c.b, c.v, c.site).Header().Get("Location"); !strings.HasPrefix(to, c.to) {
			t.Errorf("%s: sent to %s", name, to)
		}
	}
}
