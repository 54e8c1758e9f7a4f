package oidc_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/oidc"
)

// TestConsentShowsTheClient: OpenID Connect Registration §2: people are shown logo_uri,
// policy_uri and tos_uri, and nothing that could run or report who looks.
func TestConsentShowsTheClient(t *testing.T) {
	t.Parallel()
	const png = "\x89PNG\r\n\x1a\n"
	w := openWorld(t, nil)
	w.outside.put("https://app.example/logo.png", site{kind: "image/png", body: png})
	w.outside.put("https://app.example/logo.svg", site{kind: "image/svg+xml", body: `<svg xmlns="http://www.w3.org/2000/svg"/>`})
	w.outside.put("https://app.example/lies.png", site{kind: "image/png", body: `<html>`})
	w.outside.put("https://app.example/large.png", site{kind: "image/png", body: png + strings.Repeat("a", 128<<10)})
	w.outside.put("https://app.example/moved.png", site{status: 302, kind: "image/png", body: png})
	consent := func(id string) *answer {
		b := w.ada()
		return b.do(httptest.NewRequest("GET", b.authorize(request(id, url.Values{"prompt": {"consent"}})).String(), nil))
	}
	for logo, shown := range map[string]bool{
		"https://app.example/logo.png": true, "https://app.example/logo.svg": false, "https://app.example/lies.png": false,
		"https://app.example/large.png": false, "https://app.example/moved.png": false, "https://nobody.example/logo.png": false,
		"https://127.0.0.2/logo.png": false, "http://app.example/logo.png": false,
	} {
		made := w.with("", "POST", register, map[string]any{
			"redirect_uris": []string{callback}, "logo_uri": logo, "policy_uri": "https://app.example/policy?a=1&b=2", "tos_uri": "https://terms.example/",
		}).json(201)
		a := consent(made["client_id"].(string))
		page := a.Body.String()
		for _, want := range []string{`href="https://app.example/policy?a=1&amp;b=2"`, `href="https://terms.example/"`, `rel="noopener noreferrer nofollow"`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %s", logo, want)
			}
		}
		if strings.Contains(page, `src="data:image/png;base64,iVBORw0KGgo="`) != shown || strings.Contains(page, `src="http`) {
			t.Errorf("%s: shown %v, want %v", logo, !shown, shown)
		}
		if policy := a.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "img-src 'self' data:;") {
			t.Errorf("policy %s", policy)
		}
	}
	id, _ := w.client(oidc.Client{Name: "Shop", Icon: "http://app.example/own.png"})
	w.outside.put("http://app.example/own.png", site{kind: "image/png", body: png})
	before := w.outside.requests()
	for range 3 {
		if !strings.Contains(consent(id).Body.String(), "data:image/png") {
			t.Error("the operator's client has a picture on the operator's network")
		}
	}
	w.pass(time.Hour)
	consent(id)
	if n := w.outside.requests() - before; n != 2 {
		t.Errorf("the picture was read %d times", n)
	}
}
