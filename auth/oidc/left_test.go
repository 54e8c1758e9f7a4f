package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"authd/auth/oidc"
)

// resetPassword is what somebody does who forgot it: ask, read the mail, choose
// another.
func (w *world) resetPassword() {
	w.t.Helper()
	w.anonymous().do(jsonRequest("POST", "/api/auth/request-password-reset", map[string]any{"email": "ada@example.com"})).json(http.StatusOK)
	mails, err := filepath.Glob(filepath.Join(w.dir, "outbox", "*-reset-password.eml"))
	if err != nil || len(mails) == 0 {
		w.t.Fatalf("no mail: %v", err)
	}
	text, err := os.ReadFile(slices.Max(mails))
	if err != nil {
		w.t.Fatal(err)
	}
	plain := strings.NewReplacer("=\r\n", "", "=\n", "", "=3D", "=").Replace(string(text)) // quoted-printable
	found := regexp.MustCompile(`token=([A-Za-z0-9_-]+)`).FindStringSubmatch(plain)
	if found == nil {
		w.t.Fatalf("no token in\n%s", plain)
	}
	w.anonymous().do(jsonRequest("POST", "/api/auth/reset-password", map[string]any{"newPassword": "another horse battery", "token": found[1]})).json(http.StatusOK)
}

// lately is what the page of apps says of each app that the person was signed out of.
func (b *browser) lately(names ...string) map[string]string {
	b.w.t.Helper()
	page := b.get("/account/apps")
	_, section, _ := strings.Cut(page.Body.String(), "Signed out lately")
	says := map[string]string{}
	for _, name := range names {
		if _, after, found := strings.Cut(section, "<bdi>"+name+"</bdi>"); found {
			says[name], _, _ = strings.Cut(after, "</li>")
		}
	}
	return says
}

// TestAppsPageSaysWhatAppsKnow: told, still to be told, ended, or not to be told
// and signed in until when, however the session ended.
func TestAppsPageSaysWhatAppsKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	hears, deaf := listen(t), listen(t)
	deaf.answer(http.StatusInternalServerError)
	me := w.signedIn(oidc.Client{Name: "Ended"}, "openid")
	w.pass(11 * time.Hour)
	me.enter2(w, oidc.Client{Name: "Told", BackchannelLogoutURI: hears.URL}, "openid")
	me.enter2(w, oidc.Client{Name: "Deaf", BackchannelLogoutURI: deaf.URL}, "openid")
	me.enter2(w, oidc.Client{Name: "Untold"}, "openid")
	me.enter2(w, oidc.Client{Name: "Framed", FrontchannelLogoutURI: "https://app.example/bye"}, "openid")
	me.enter2(w, oidc.Client{Name: "Kept"}, "openid offline_access")
	names := []string{"Ended", "Told", "Deaf", "Untold", "Framed", "Kept"}
	if says := me.lately(names...); len(says) != 0 {
		t.Fatalf("before the end: %v", says)
	}
	r := httptest.NewRequest(http.MethodPost, "/sign-out", http.NoBody)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	me.do(r)
	me.signIn(nil)
	expect := func(when string, want map[string]string) {
		t.Helper()
		says := me.lately(names...)
		for _, name := range names {
			text, shown := want[name]
			if _, there := says[name]; there != shown || !strings.Contains(says[name], text) {
				t.Errorf("%s, %s: %q, want %q", when, name, says[name], text)
			}
		}
	}
	expect("at once", map[string]string{
		"Ended": "Its access has ended", "Told": "Signed out", "Deaf": "Does not answer yet", "Untold": "until 22 November 2026, 09:01 UTC",
		"Framed": "Signed out", "Kept": "Stays connected",
	})
	deaf.answer(http.StatusOK)
	w.pass(time.Minute)
	w.srv.Drain(t.Context())
	w.pass(11 * time.Hour)
	expect("when the ID tokens have ended", map[string]string{
		"Ended": "Its access has ended", "Told": "Signed out", "Deaf": "Signed out", "Untold": "Its access has ended", "Framed": "Signed out", "Kept": "Stays connected",
	})
	w.pass(24 * time.Hour)
	me.signIn(nil)
	expect("a day later", nil)
}

// TestOpenApp: OpenID Connect Core §4, an app begins to sign people in when they
// come from here; nobody is sent there by our address alone.
func TestOpenApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{Name: "<Wiki>", InitiateLoginURI: "https://app.example/login?a=1"})
	stranger, _ := w.client(oidc.Client{Name: "Stranger", InitiateLoginURI: "https://app.example/login", Registration: "dynamic", Unverified: true})
	without, _ := w.client(oidc.Client{Name: "Without"})
	open := func(b *browser, id string) *answer {
		return b.get("/account/apps/open?client_id=" + url.QueryEscape(id))
	}
	if to := open(w.anonymous(), id).Header().Get("Location"); !strings.HasPrefix(to, "/login?return_to=%2Faccount%2Fapps%2Fopen%3Fclient_id%3D") {
		t.Errorf("without a session: %s", to)
	}
	page := open(w.ada(), id)
	page.says(http.StatusOK, `href="https://app.example/login?a=1&amp;iss=`+url.QueryEscape(issuer)+`"`)
	page.says(http.StatusOK, "Open &lt;Wiki&gt;?")
	if strings.Contains(page.Body.String(), "checked this app") || page.Header().Get("Location") != "" || strings.Contains(page.Body.String(), "http-equiv") {
		t.Error("a client of the operator's is under suspicion, or the page moves on")
	}
	open(w.ada(), stranger).says(http.StatusOK, "Nobody who runs this server has checked this app")
	for _, wrong := range []string{without, w.disabledClient(), "nobody", ""} {
		if a := open(w.ada(), wrong); a.Code != http.StatusNotFound {
			t.Errorf("%q: %d", wrong, a.Code)
		}
	}
	me := w.ada().enter2(w, oidc.Client{Name: "Listed", InitiateLoginURI: "https://app.example/start"}, "openid")
	me.get("/account/apps").says(http.StatusOK, `<a href="https://app.example/start?iss=`+url.QueryEscape(issuer)+`"><bdi>Listed</bdi></a>`)
}
