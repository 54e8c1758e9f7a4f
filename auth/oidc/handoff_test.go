package oidc_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/oidc"
)

func external(t *testing.T) *world {
	t.Helper()
	return newWorld(t, map[string]string{
		"AUTHD_OAUTH_PROVIDER__LOGIN_PAGE": "https://id.example/login?lang=en", "AUTHD_OAUTH_PROVIDER__CONSENT_PAGE": "https://id.example/consent",
	})
}

// handed is the signed query that a page of the operator's was given.
func handed(t *testing.T, to *url.URL, page string) string {
	t.Helper()
	query, ok := strings.CutPrefix(to.String(), page)
	if !ok || !to.Query().Has("sig") || to.Query().Has("flow") {
		t.Fatalf("sent to %s, want %s with a signed query", to, page)
	}
	return query
}

// next is where an answer to a page of the operator's leads.
func next(t *testing.T, a *answer) *url.URL {
	t.Helper()
	body := a.json(200)
	to, _ := body["url"].(string)
	u, err := url.Parse(to)
	if err != nil || body["redirect"] != true || len(body) != 2 {
		t.Fatalf("answered %v", body)
	}
	return u
}

const (
	loginPage   = "https://id.example/login?lang=en&"
	consentPage = "https://id.example/consent?"
)

// TestHandoff: the operator's own login and consent pages (NOTES §13).
func TestHandoff(t *testing.T) {
	t.Parallel()
	w := external(t)
	id, secret := w.client(oidc.Client{})
	b := w.anonymous()
	to := b.authorize(request(id, url.Values{"prompt": {"login"}, "max_age": {"30"}, "custom": {"kept"}}))
	query := handed(t, to, loginPage)
	if to.Query().Get("custom") != "kept" {
		t.Errorf("custom parameters are lost: %s", to)
	}

	tampered := b.signIn(map[string]any{"oauth_query": query + "x"})
	tampered.refused(400, "invalid_signature")
	if len(tampered.Result().Cookies()) != 0 || strings.Contains(tampered.Body.String(), "description") {
		t.Errorf("a tampered query: %s, cookies %v", tampered.Body, tampered.Result().Cookies())
	}

	w.pass(time.Minute)
	signedIn := b.signIn(map[string]any{"oauth_query": query})
	to = next(t, signedIn)
	if b.cookies["better-auth.session_token"] == "" {
		t.Error("the browser was not signed in")
	}
	query = handed(t, to, consentPage)
	w.pass(time.Minute) // max_age was fulfilled when they signed in
	back := next(t, b.do(jsonRequest("POST", "/api/auth/oauth2/consent", map[string]any{"accept": true, "scope": "openid email", "oauth_query": query})))
	if back.Host != "app.example" || back.Query().Get("iss") != issuer {
		t.Fatalf("sent to %s", back)
	}
	if tokens := w.redeem(id+":"+secret, back.Query().Get("code"), nil).json(200); tokens["scope"] != "openid email" {
		t.Errorf("tokens: %v", tokens)
	}
	if n := w.count("oauth_flow"); n != 0 {
		t.Errorf("%d flows were begun for the operator's pages", n)
	}
}

func TestHandoffOfAccountAndSignUp(t *testing.T) {
	t.Parallel()
	w := external(t)
	id, _ := w.client(oidc.Client{SkipConsent: true})
	for prompt, taken := range map[string]string{"select_account": "selected", "create": "created"} {
		b := w.ada()
		query := handed(t, b.authorize(request(id, url.Values{"prompt": {prompt}})), loginPage)
		if to := next(t, b.do(jsonRequest("POST", "/api/auth/oauth2/continue", map[string]any{"postLogin": true, "oauth_query": query}))); to.Host != "id.example" {
			t.Errorf("%s: gone on to %s without the step", prompt, to)
		}
		if back := next(t, b.do(jsonRequest("POST", "/api/auth/oauth2/continue", map[string]any{taken: true, "oauth_query": query}))); back.Query().Get("code") == "" {
			t.Errorf("%s: sent to %s", prompt, back)
		}
	}
	b := w.anonymous()
	query := handed(t, b.authorize(request(id, url.Values{"prompt": {"create"}})), loginPage)
	signUp := map[string]any{"name": "Bob", "email": "bob@example.com", "password": "another password", "oauth_query": query}
	if back := next(t, b.do(jsonRequest("POST", "/api/auth/sign-up/email", signUp))); back.Query().Get("code") == "" {
		t.Errorf("signed up and sent to %s", back)
	}
}

// TestHandoffRefused: what the operator's pages cannot do.
func TestHandoffRefused(t *testing.T) {
	t.Parallel()
	w := external(t)
	id, _ := w.client(oidc.Client{})
	b := w.ada()
	consent := handed(t, b.authorize(request(id, nil)), consentPage)
	login := handed(t, b.authorize(request(id, url.Values{"prompt": {"login"}})), loginPage)
	post := func(b *browser, path string, body map[string]any) *answer {
		return b.do(jsonRequest("POST", "/api/auth/oauth2/"+path, body))
	}
	post(b, "consent", map[string]any{"accept": true}).refused(400, "invalid_request")
	post(b, "continue", map[string]any{"selected": true}).refused(400, "invalid_request")
	post(b, "continue", map[string]any{"oauth_query": consent}).refused(400, "invalid_request")
	post(b, "consent", map[string]any{"accept": true, "oauth_query": consent + "&utm=1"}).refused(400, "invalid_signature")
	post(b, "consent", map[string]any{"accept": true, "scope": "openid admin", "oauth_query": consent}).refused(400, "invalid_request")
	if got := post(b, "consent", map[string]any{"oauth_query": consent}).json(400); got["code"] != "VALIDATION_ERROR" {
		t.Errorf("without accept: %v", got)
	}
	if a := post(w.anonymous(), "consent", map[string]any{"accept": true, "oauth_query": consent}); a.Code != 401 {
		t.Errorf("without a session: %d %s", a.Code, a.Body)
	}
	if to := next(t, post(b, "consent", map[string]any{"accept": true, "oauth_query": login})); to.Host != "id.example" || to.Query().Get("prompt") != "login" {
		t.Errorf("consent without the sign-in that was asked for led to %s", to)
	}
	if w.count("oauth_grant") != 0 || w.count("oauth_consent") != 0 {
		t.Fatal("something was granted")
	}
	if to := next(t, post(b, "consent", map[string]any{"accept": false, "oauth_query": consent})); to.Query().Get("error") != "access_denied" || to.Query().Get("state") != "st4te" {
		t.Errorf("denied: %s", to)
	}
	w.pass(10 * time.Minute)
	post(b, "consent", map[string]any{"accept": true, "oauth_query": consent}).refused(400, "invalid_signature")
}

// TestHandoffOfLoginAlone: the operator's login page with authd's consent page.
func TestHandoffOfLoginAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__LOGIN_PAGE": "/my/login"})
	id, _ := w.client(oidc.Client{})
	b := w.anonymous()
	query := handed(t, b.authorize(request(id, url.Values{"prompt": {"login"}})), "/my/login?")
	w.pass(time.Second)
	to := next(t, b.signIn(map[string]any{"oauth_query": query}))
	if to.Path != "/consent" || b.cookies["better-auth.oauth_browser"] == "" {
		t.Fatalf("sent to %s", to)
	}
	b.do(jsonRequest("POST", "/api/auth/oauth2/consent", map[string]any{"accept": true, "oauth_query": query})).refused(400, "invalid_request")
	if back := b.allow(to); back.Query().Get("code") == "" {
		t.Errorf("sent to %s", back)
	}
}

// TestHandoffOfConsentAlone: authd's login page with the operator's consent page.
func TestHandoffOfConsentAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__CONSENT_PAGE": "https://id.example/consent"})
	id, _ := w.client(oidc.Client{})
	b := w.anonymous()
	to := b.authorize(request(id, url.Values{"prompt": {"login"}}))
	w.pass(time.Second)
	b.signIn(nil).json(200)
	query := handed(t, b.act(to, "resume", nil).location(), consentPage)
	w.pass(time.Second)
	if back := next(t, b.do(jsonRequest("POST", "/api/auth/oauth2/consent", map[string]any{"accept": true, "oauth_query": query}))); back.Query().Get("code") == "" {
		t.Errorf("sent to %s", back)
	}
	if n := w.count("oauth_flow"); n != 0 {
		t.Errorf("%d flows are left", n)
	}
}
