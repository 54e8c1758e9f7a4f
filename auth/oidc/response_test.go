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

// formOf reads the page that an answer is posted from: where to, and what.
func (b *browser) formOf(to *url.URL) (action string, fields url.Values, page *answer) {
	b.w.t.Helper()
	if to.Path != "/continue" || !strings.HasPrefix(to.String(), issuer) {
		b.w.t.Fatalf("sent to %s, want our page that posts", to)
	}
	page = b.get(to.RequestURI())
	if page.Code != http.StatusOK {
		b.w.t.Fatalf("the page answers %d", page.Code)
	}
	fields = url.Values{}
	_, form, _ := strings.Cut(page.Body.String(), `<form method="post" action="`)
	action, form, _ = strings.Cut(form, `"`)
	form, _, _ = strings.Cut(form, "</form>")
	for _, input := range strings.Split(form, `<input type="hidden" name="`)[1:] {
		name, rest, _ := strings.Cut(input, `" value="`)
		value, _, _ := strings.Cut(rest, `"`)
		fields.Add(name, value)
	}
	return action, fields, page
}

// TestResponseModes: OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post
// Response Mode §2, RFC 9207 §2.
func TestResponseModes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true, RedirectURIs: []string{callback, callback + "?tenant=1"}})
	for name, c := range map[string]struct {
		mode   string
		change url.Values
		fails  string
	}{
		"2.1: the default of code is the query":     {"query", url.Values{"response_mode": {""}}, ""},
		"2.1: query":                                {"query", nil, ""},
		"2.1: fragment":                             {"fragment", nil, ""},
		"Form Post 2: form_post":                    {"form_post", nil, ""},
		"RFC 6749 3.1.2: the query is kept":         {"query", url.Values{"redirect_uri": {callback + "?tenant=1"}}, ""},
		"RFC 6749 3.1.2: also before a fragment":    {"fragment", url.Values{"redirect_uri": {callback + "?tenant=1"}}, ""},
		"RFC 6749 3.1.2: also of a form":            {"form_post", url.Values{"redirect_uri": {callback + "?tenant=1"}}, ""},
		"2.1: an error in the fragment":             {"fragment", url.Values{"scope": {"bogus"}}, "invalid_scope"},
		"Form Post 2: an error in a form":           {"form_post", url.Values{"scope": {"bogus"}}, "invalid_scope"},
		"Form Post 2: login_required in a form":     {"form_post", url.Values{"prompt": {"none"}, "max_age": {"1"}}, "login_required"},
		"Form Post 2: an unknown kind in a form":    {"form_post", url.Values{"response_type": {"token"}}, "unsupported_response_type"},
		"2.1: the mode counts, not the kind's":      {"query", url.Values{"response_type": {"token"}}, "unsupported_response_type"},
		"Form Post 2: a malformed request's answer": {"form_post", url.Values{"nonce": {"a", "b"}}, "invalid_request"},
	} {
		params := request(id, c.change)
		if c.change["response_mode"] == nil {
			params.Set("response_mode", c.mode)
		}
		b := w.ada()
		to := b.authorize(params)
		action, told := to.String(), to.Query()
		switch c.mode {
		case "form_post":
			action, told, _ = b.formOf(to)
		case "fragment":
			told, _ = url.ParseQuery(to.Fragment)
		}
		if !strings.HasPrefix(action, params.Get("redirect_uri")) {
			t.Errorf("%s: goes to %s, want %s", name, action, params.Get("redirect_uri"))
		}
		if told.Get("iss") != issuer || told.Get("state") != "st4te" || told.Get("error") != c.fails || told.Has("code") != (c.fails == "") {
			t.Errorf("%s: %v", name, told)
		}
		if c.fails == "" {
			w.redeem(id+":"+secret, told.Get("code"), url.Values{"redirect_uri": params["redirect_uri"]}).json(200)
		}
	}
}

// TestFormPostPage: it posts where the request was checked to lead, as its policy
// says, escapes what it carries, and counts only as long as the code does.
func TestFormPostPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{SkipConsent: true, RedirectURIs: []string{callback}})
	b := w.ada()
	to := b.authorize(request(id, url.Values{"response_mode": {"form_post"}, "state": {`"><script>alert(1)</script>`}}))
	if strings.Contains(to.String(), "authd_ac_") || strings.Contains(to.String(), "script") {
		t.Errorf("the answer stands in the URL: %s", to)
	}
	action, fields, page := b.formOf(to)
	if action != callback || fields.Get("code") == "" || strings.Contains(page.Body.String(), "<script>alert") {
		t.Errorf("the form goes to %s with %v", action, fields)
	}
	policy := page.Header().Get("Content-Security-Policy")
	if !strings.HasSuffix(policy, "; form-action https://app.example") || !strings.Contains(policy, "script-src 'self';") {
		t.Errorf("policy %s", policy)
	}
	if page.Header().Get("Cache-Control") != "no-store" || !strings.Contains(page.Body.String(), `<script src="/static/submit.`) {
		t.Errorf("headers %v", page.Header())
	}
	for name, uri := range map[string]string{
		"no answer":         "/continue",
		"a changed one":     strings.Replace(to.RequestURI(), "s1.", "s1.A", 1),
		"one that is plain": "/continue?answer=" + url.QueryEscape(`{"url":"https://evil.example/","until":"2030-01-01T00:00:00Z"}`),
	} {
		if got := b.get(uri); got.Code != http.StatusGone || strings.Contains(got.Body.String(), "https://evil") {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	w.pass(time.Minute)
	if got := b.get(to.RequestURI()); got.Code != http.StatusGone {
		t.Errorf("an answer whose code has ended: %d", got.Code)
	}
}

// TestFormPostAfterConsent: the pages and the JSON of an app's own page lead there too.
func TestFormPostAfterConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	b := w.ada()
	consent := b.authorize(request(id, url.Values{"response_mode": {"form_post"}}))
	_, fields, _ := b.formOf(b.allow(consent))
	w.redeem(id+":"+secret, fields.Get("code"), nil).json(200)

	denied := b.authorize(request(id, url.Values{"response_mode": {"form_post"}, "prompt": {"consent"}}))
	_, fields, _ = b.formOf(b.act(denied, "deny", nil).location())
	if fields.Get("error") != "access_denied" || fields.Has("code") {
		t.Errorf("denied: %v", fields)
	}
	r := httptest.NewRequest(http.MethodGet, "/api/auth/oauth2/authorize?"+request(id, url.Values{"response_mode": {"form_post"}}).Encode(), nil)
	r.Header.Set("Sec-Fetch-Mode", "cors")
	to, err := url.Parse(b.do(r).json(200)["url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if _, fields, _ = b.formOf(to); fields.Get("code") == "" {
		t.Errorf("asked by a script: %v", fields)
	}
}

// TestFormPostToAnApp: a private-use scheme takes no form (RFC 8252 §7.1).
func TestFormPostToAnApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	const app = "com.example.app:/callback"
	id, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none", RedirectURIs: []string{app}})
	to := w.ada().authorize(request(id, url.Values{"response_mode": {"form_post"}, "redirect_uri": {app}}))
	if !strings.HasPrefix(to.String(), app+"?error=invalid_request&") {
		t.Errorf("sent to %s", to)
	}
}
