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

func TestDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	b := w.ada()
	to := b.authorize(request(id, nil))
	answered := b.act(to, "deny", nil).location().Query()
	if answered.Get("error") != "access_denied" || answered.Get("state") != "st4te" || answered.Get("iss") != issuer || answered.Has("code") {
		t.Errorf("answered %v", answered)
	}
	if w.count("oauth_grant") != 0 || w.count("oauth_consent") != 0 {
		t.Error("something was granted")
	}
	if again := b.act(to, "allow", nil); again.Code != http.StatusGone {
		t.Errorf("the flow went on after it was denied: %d %s", again.Code, again.Body)
	}
}

// TestFlowIsBound: a flow works once, for an hour, in the browser where it began,
// for the person who was asked.
func TestFlowIsBound(t *testing.T) {
	t.Parallel()
	gone := func(t *testing.T, w *world, a *answer) {
		t.Helper()
		if a.Code != http.StatusGone {
			t.Errorf("answered %d %s %s", a.Code, a.Header().Get("Location"), a.Body)
		}
		if w.count("oauth_grant") != 0 {
			t.Error("a code was made")
		}
	}
	t.Run("not in another browser", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, _ := w.client(oidc.Client{})
		to := w.ada().authorize(request(id, nil))
		other := w.ada()
		gone(t, w, other.act(to, "allow", nil))
		other.authorize(request(id, nil)) // has a cookie of its own now
		gone(t, w, other.act(to, "allow", nil))
		gone(t, w, other.act(to, "deny", nil))
		gone(t, w, other.page(to))
	})
	t.Run("not with a cookie that somebody made up", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, _ := w.client(oidc.Client{})
		b := w.ada()
		to := b.authorize(request(id, nil))
		b.cookies["better-auth.oauth_browser"] += "x"
		gone(t, w, b.act(to, "allow", nil))
	})
	t.Run("not after an hour", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, _ := w.client(oidc.Client{})
		b := w.ada()
		to := b.authorize(request(id, nil))
		w.pass(time.Hour)
		gone(t, w, b.act(to, "allow", nil))
	})
	t.Run("not twice", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, _ := w.client(oidc.Client{})
		b := w.ada()
		to := b.authorize(request(id, nil))
		b.allow(to)
		if again := b.act(to, "allow", nil); again.Code != http.StatusGone || w.count("oauth_grant") != 1 {
			t.Errorf("answered %d, %d codes", again.Code, w.count("oauth_grant"))
		}
	})
	t.Run("not once the client is gone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, _ := w.client(oidc.Client{})
		b := w.ada()
		to := b.authorize(request(id, nil))
		if err := w.srv.OIDC.DeleteClient(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		gone(t, w, b.act(to, "allow", nil))
	})
	t.Run("not for somebody who was not asked", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, _ := w.client(oidc.Client{})
		b := w.ada()
		to := b.authorize(request(id, nil))
		b.do(jsonRequest("POST", "/api/auth/sign-up/email", map[string]any{"name": "Bob", "email": "bob@example.com", "password": "another password"})).json(200)
		if again := b.act(to, "allow", nil).location(); again.Path != "/consent" || w.count("oauth_grant") != 0 {
			t.Fatalf("Bob's answer to what Ada was asked led to %s", again)
		}
		if back := b.act(to, "allow", nil).location(); back.Query().Get("code") == "" {
			t.Errorf("Bob was asked and sent to %s", back)
		}
	})
	t.Run("no longer for somebody who has signed out", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, _ := w.client(oidc.Client{})
		b := w.ada()
		to := b.authorize(request(id, nil))
		b.do(jsonRequest("POST", "/api/auth/sign-out", map[string]any{}))
		if next := b.act(to, "allow", nil).location(); next.Path != "/login" || w.count("oauth_grant") != 0 {
			t.Errorf("sent to %s", next)
		}
	})
}

func TestSelectAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{SkipConsent: true})
	b := w.ada()
	to := b.authorize(request(id, url.Values{"prompt": {"select_account"}}))
	if back := b.act(to, "select", nil).location(); back.Query().Get("code") == "" {
		t.Errorf("with the account chosen: %s", back)
	}
}

// TestAuthorizeForms: the other ways to ask and to be answered.
func TestAuthorizeForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{SkipConsent: true})
	t.Run("OpenID Connect Core 3.1.2.1: by POST, from any site", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodPost, "/api/auth/oauth2/authorize", strings.NewReader(request(id, nil).Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://app.example")
		if to := w.ada().do(r).location(); to.Query().Get("code") == "" {
			t.Errorf("sent to %s", to)
		}
	})
	t.Run("a script is told where to go", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodGet, "/api/auth/oauth2/authorize?"+request(id, nil).Encode(), nil)
		r.Header.Set("Sec-Fetch-Mode", "cors")
		body := w.ada().do(r).json(200)
		if to, _ := body["url"].(string); body["redirect"] != true || !strings.HasPrefix(to, callback+"?code=") {
			t.Errorf("answered %v", body)
		}
	})
	t.Run("without state none comes back", func(t *testing.T) {
		to := w.ada().authorize(request(id, url.Values{"state": {""}}))
		if to.Query().Has("state") || to.Query().Get("code") == "" {
			t.Errorf("sent to %s", to)
		}
	})
	t.Run("RFC 6749 3.1.2: the redirect's own query stays", func(t *testing.T) {
		withQuery, _ := w.client(oidc.Client{SkipConsent: true, RedirectURIs: []string{callback + "?tenant=7"}})
		to := w.ada().authorize(request(withQuery, url.Values{"redirect_uri": {callback + "?tenant=7"}}))
		if to.Query().Get("tenant") != "7" || to.Query().Get("code") == "" {
			t.Errorf("sent to %s", to)
		}
	})
	t.Run("RFC 6749 3.3: without scope the client's own are meant", func(t *testing.T) {
		scoped, secret := w.client(oidc.Client{SkipConsent: true, Scopes: []string{"openid", "email"}})
		to := w.ada().authorize(request(scoped, url.Values{"scope": {""}}))
		if got := w.redeem(scoped+":"+secret, to.Query().Get("code"), nil).json(200)["scope"]; got != "openid email" {
			t.Errorf("scope %v", got)
		}
	})
	t.Run("a client that may do without PKCE does", func(t *testing.T) {
		loose, secret := w.client(oidc.Client{SkipConsent: true, PKCEOptional: true})
		to := w.ada().authorize(request(loose, url.Values{"code_challenge": {""}, "code_challenge_method": {""}}))
		w.redeem(loose+":"+secret, to.Query().Get("code"), url.Values{"code_verifier": {""}}).json(200)
	})
}
