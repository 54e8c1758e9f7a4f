package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/store"
	"authd/auth/oidc"
)

func TestFrontChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	me := w.signedIn(oidc.Client{
		Name: "Framed", FrontchannelLogoutURI: "https://app.example/logout?x=1", PostLogoutRedirectURIs: []string{goodbye},
	}, "openid")
	other := me.enter2(w, oidc.Client{
		Name: "Other", RedirectURIs: []string{callback, "https://other.example:8443/cb"}, FrontchannelLogoutURI: "https://other.example:8443/bye",
	}, "openid")
	sid := func(r *rp) string { return w.claims(r.tokens["id_token"])["sid"].(string) }
	if sid(me) == sid(other) {
		t.Error("two clients can compare what they call the session")
	}
	a := me.leave(url.Values{"id_token_hint": {me.tokens["id_token"].(string)}, "post_logout_redirect_uri": {goodbye}, "state": {"s"}})
	iss := url.QueryEscape(issuer)
	for _, want := range []string{
		`src="https://app.example/logout?x=1&amp;iss=` + iss + `&amp;sid=` + sid(me) + `"`, // Front-Channel 2: the query it has stays
		`src="https://other.example:8443/bye?iss=` + iss + `&amp;sid=` + sid(other) + `"`,
		`content="0;url=` + goodbye + `?state=s"`, `href="` + goodbye + `?state=s"`,
	} {
		a.says(http.StatusOK, want)
	}
	if n := strings.Count(a.Body.String(), "<iframe"); n != 2 {
		t.Errorf("%d frames", n)
	}
	policy := a.Header().Get("Content-Security-Policy")
	if !strings.HasSuffix(policy, "; frame-src https://app.example https://other.example:8443") {
		t.Errorf("the policy is %s", policy)
	}
	if policy := w.anonymous().get("/login").Header().Get("Content-Security-Policy"); policy == "" || strings.Contains(policy, "frame-src") {
		t.Errorf("the policy of another page is %s", policy)
	}
}

// TestSignedOutPage: the page says of each app what it knows.
func TestSignedOutPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	hears := listen(t)
	me := w.signedIn(oidc.Client{Name: "Told", BackchannelLogoutURI: hears.URL}, "openid")
	me.enter2(w, oidc.Client{Name: "Kept"}, "openid offline_access")
	me.enter2(w, oidc.Client{Name: "Ended"}, "openid")
	w.pass(11 * time.Hour)
	me.enter2(w, oidc.Client{Name: "Untold"}, "openid")
	r := httptest.NewRequest(http.MethodPost, "/sign-out", http.NoBody)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	page := me.do(r).Body.String()
	for name, want := range map[string]string{
		"Told": "Signed out", "Kept": "Stays connected", "Ended": "Its access has ended", "Untold": "until 22 November 2026, 09:01 UTC",
	} {
		_, after, found := strings.Cut(page, "<bdi>"+name+"</bdi>")
		says, _, _ := strings.Cut(after, "</li>")
		if !found || !strings.Contains(says, want) {
			t.Errorf("%s: %s", name, says)
		}
	}
}

func TestAppsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	hears := listen(t)
	me := w.signedIn(oidc.Client{Name: "Notes & more", URI: "https://notes.example/", BackchannelLogoutURI: hears.URL}, "openid offline_access")
	me.enter2(w, oidc.Client{Name: "Wiki"}, "openid email")
	w.pass(2 * time.Hour)
	page := me.get("/account/apps")
	for _, want := range []string{"Notes &amp; more", "notes.example", "Stay connected", "Since 2 hours ago", "Last used 2 hours ago", "Stays connected until you remove it", "Wiki", "No access at the moment"} {
		page.says(http.StatusOK, want)
	}
	me.get("/account").says(http.StatusOK, `href="/account/apps"`)
	revoke := func(b *browser) *answer {
		r := httptest.NewRequest(http.MethodPost, "/account/apps/revoke", strings.NewReader(url.Values{"client_id": {me.id}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return b.do(r)
	}
	if a := revoke(w.anonymous()); a.Header().Get("Location") != "/login?return_to=%2Faccount%2Fapps" {
		t.Errorf("without a session: %d", a.Code)
	}
	if me.get("/account/apps").says(http.StatusOK, "Notes"); len(hears.heard()) != 0 {
		t.Fatal("the client was told too early")
	}
	if a := revoke(me.browser); a.Header().Get("Location") != "/account/apps" {
		t.Fatalf("answered %d %s", a.Code, a.Body)
	}
	after := me.get("/account/apps")
	after.says(http.StatusOK, "The app has no access any more.")
	access, lately, _ := strings.Cut(after.Body.String(), "Signed out lately")
	if strings.Contains(access, "Notes") || !strings.Contains(access, "Wiki") || !strings.Contains(lately, "<bdi>Notes &amp; more</bdi>") {
		t.Error("not that app was removed")
	}
	w.srv.Drain(t.Context())
	if len(hears.heard()) != 1 {
		t.Error("the client was not told")
	}
	// A new yes begins anew: the old end is not told again, and a new one is.
	again := me.enter(me.id, me.secret, "openid")
	w.pass(time.Hour)
	w.srv.Drain(t.Context())
	again.do(jsonRequest("POST", "/api/auth/sign-out", map[string]any{}))
	w.srv.Drain(t.Context())
	if n := len(hears.heard()); n != 1 {
		t.Errorf("the client was told %d times", n)
	}
}

func TestClientSessionsAreSwept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_SESSION__EXPIRES_IN": "10d"})
	stays := w.signedIn(oidc.Client{}, "openid")
	w.signedIn(oidc.Client{}, "openid")
	ended := w.signedIn(oidc.Client{}, "openid")
	w.signedIn(oidc.Client{}, "email") // no ID token: nothing to write down
	ended.do(jsonRequest("POST", "/api/auth/sign-out", map[string]any{}))
	for _, step := range []struct {
		pass time.Duration
		want string // the third has ended, and nobody could be told
	}{
		{9 * 24 * time.Hour, "runs runs "},
		{3 * 24 * time.Hour, "runs "}, // one session was used and goes on, another has ended by its age
		{20 * 24 * time.Hour, ""},
	} {
		w.pass(step.pass)
		if step.want == "runs runs " {
			stays.get("/api/auth/get-session")
		}
		write(t, w, func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), `DELETE FROM session WHERE expires_at < $1`, w.clock(t.Context()))
			return err
		})
		if err := w.srv.OIDC.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.told(); got != step.want {
			t.Fatalf("after %s: %q, want %q", step.pass, got, step.want)
		}
	}
}
