package oidc_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/internal/store"
	"authd/auth/oidc"
)

// listener is where a client hears of logouts.
type listener struct {
	*httptest.Server
	mu     sync.Mutex
	tokens []string
	status int
}

func listen(t testing.TB) *listener {
	t.Helper()
	l := &listener{status: http.StatusOK}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		body, err := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || len(form) != 1 {
			t.Errorf("%s %s %s", r.Method, r.Header.Get("Content-Type"), body)
		}
		l.tokens = append(l.tokens, form.Get("logout_token"))
		if l.status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(l.status)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) answer(status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status = status
}

// heard is what came since it was last asked.
func (l *listener) heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	heard := l.tokens
	l.tokens = nil
	return heard
}

// told are the states of all sessions at clients, in the order of their making.
func (w *world) told() string {
	w.t.Helper()
	all, err := store.All(w.t.Context(), w.srv.Core.DB, func(r *store.Row) string { return r.Text() },
		"SELECT CASE WHEN ended_at IS NULL THEN 'runs' ELSE told END FROM oauth_session ORDER BY id")
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(all, " ")
}

func TestLogoutToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	hears := listen(t)
	me := w.signedIn(oidc.Client{BackchannelLogoutURI: hears.URL + "/logout", PostLogoutRedirectURIs: []string{goodbye}}, "openid")
	id := w.claims(me.tokens["id_token"])
	me.leave(url.Values{"id_token_hint": {me.tokens["id_token"].(string)}}).says(http.StatusOK, "Signed out")
	heard := hears.heard()
	if len(heard) != 1 || w.told() != "told" {
		t.Fatalf("heard %q, told %s", heard, w.told())
	}
	parsed, err := jwt.ParseSigned(heard[0], []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	if typ := parsed.Headers[0].ExtraHeaders["typ"]; typ != "logout+jwt" {
		t.Errorf("Back-Channel 2.4: typ is %v", typ)
	}
	got := w.claims(heard[0])
	now := float64(w.clock(t.Context()).Unix())
	for name, want := range map[string]any{"iss": issuer, "sub": id["sub"], "aud": me.id, "iat": now, "exp": now + 120, "sid": id["sid"]} {
		if got[name] != want || want == nil {
			t.Errorf("Back-Channel 2.4: %s is %v, want %v", name, got[name], want)
		}
	}
	events, _ := got["events"].(map[string]any)
	if event, ok := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any); !ok || len(event) != 0 || len(events) != 1 {
		t.Errorf("Back-Channel 2.4: events is %v", got["events"])
	}
	if jti, _ := got["jti"].(string); len(jti) < 20 {
		t.Errorf("Back-Channel 2.4: jti is %v", got["jti"])
	}
	if _, ok := got["nonce"]; ok || len(got) != 8 {
		t.Errorf("Back-Channel 2.4: the claims are %v", got)
	}
	// RFC 8725 3.11: it is no ID token.
	me.signIn(nil)
	me.leave(url.Values{"id_token_hint": {heard[0]}}).says(http.StatusBadRequest, "Not signed out")
}

// TestLogoutIsTriedAgain: Back-Channel 2.5 and 2.8.
func TestLogoutIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	hears := listen(t)
	me := w.signedIn(oidc.Client{BackchannelLogoutURI: hears.URL, PostLogoutRedirectURIs: []string{goodbye}}, "openid")
	var last string
	for _, status := range []int{http.StatusBadRequest, http.StatusFound, http.StatusInternalServerError} {
		hears.answer(status)
		if last == "" {
			me.leave(url.Values{"id_token_hint": {me.tokens["id_token"].(string)}}).says(http.StatusOK, "Does not answer yet")
		} else {
			w.srv.Drain(t.Context())
		}
		heard := hears.heard()
		if len(heard) != 1 || w.told() != "failed" || heard[0] == last {
			t.Fatalf("%d: heard %d, told %s", status, len(heard), w.told())
		}
		last = heard[0]
		w.srv.Drain(t.Context())
		if len(hears.heard()) != 0 {
			t.Fatal("tried again at once")
		}
		w.pass(time.Minute)
	}
	hears.answer(http.StatusNoContent)
	w.srv.Drain(t.Context())
	if heard := hears.heard(); len(heard) != 1 || w.told() != "told" {
		t.Fatalf("heard %d, told %s", len(heard), w.told())
	}
	w.pass(time.Hour)
	w.srv.Drain(t.Context())
	if len(hears.heard()) != 0 {
		t.Error("told twice")
	}
}

// TestStrangersAreToldInPublicOnly: a client that registered itself must not have
// authd call what stands behind the same firewall.
func TestStrangersAreToldInPublicOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	hears := listen(t)
	me := w.signedIn(oidc.Client{BackchannelLogoutURI: strings.Replace(hears.URL, "http:", "https:", 1), Registration: "dynamic", EnableEndSession: true}, "openid")
	me.leave(url.Values{"id_token_hint": {me.tokens["id_token"].(string)}}).says(http.StatusOK, "Does not answer yet")
	w.pass(time.Hour)
	w.srv.Drain(t.Context())
	if len(hears.heard()) != 0 || w.told() != "failed" || strings.Contains(w.log.String(), hears.URL) {
		t.Errorf("told %s\n%s", w.told(), w.log)
	}
}

// TestWhatEndsWhat: each row is a way to end access, and what goes on afterwards.
func TestWhatEndsWhat(t *testing.T) {
	t.Parallel()
	const id = "SELECT id FROM session ORDER BY id DESC LIMIT 1"
	for _, c := range []struct {
		name string
		end  func(w *world, me *rp)
		kept bool // the grant with offline_access goes on
	}{
		{"sign-out", func(_ *world, me *rp) { me.do(jsonRequest("POST", "/api/auth/sign-out", map[string]any{})) }, true},
		{"the page's sign-out", func(_ *world, me *rp) {
			r := httptest.NewRequest(http.MethodPost, "/sign-out", http.NoBody)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			me.do(r)
		}, true},
		{"RP-Initiated 2", func(_ *world, me *rp) { me.leave(url.Values{"id_token_hint": {me.tokens["id_token"].(string)}}) }, true},
		{"the session is ended in the list", func(w *world, _ *rp) {
			w.ada().do(jsonRequest("POST", "/api/auth/revoke-session", map[string]any{"token": "session_" + w.text(id)}))
		}, true},
		{"other sessions are ended", func(w *world, _ *rp) {
			w.ada().do(jsonRequest("POST", "/api/auth/revoke-other-sessions", map[string]any{}))
		}, true},
		{"all sessions are ended", func(w *world, _ *rp) {
			w.ada().do(jsonRequest("POST", "/api/auth/revoke-sessions", map[string]any{}))
		}, false},
		{"a ban", func(w *world, _ *rp) {
			if _, err := w.srv.Admin.Ban(w.t.Context(), "ada@example.com", "", nil); err != nil {
				w.t.Fatal(err)
			}
		}, false},
		{"a deletion", func(w *world, _ *rp) {
			if _, err := w.srv.Admin.Delete(w.t.Context(), "ada@example.com"); err != nil {
				w.t.Fatal(err)
			}
		}, false},
		{"a password reset", func(w *world, _ *rp) { w.resetPassword() }, false},
		{"an administrator signs the person out", func(w *world, _ *rp) {
			if _, err := w.srv.Admin.SignOut(w.t.Context(), "ada@example.com"); err != nil {
				w.t.Fatal(err)
			}
		}, false},
		{"the app is revoked", func(w *world, me *rp) {
			if err := w.srv.OIDC.RevokeApp(w.t.Context(), w.text(`SELECT id FROM "user"`), me.id); err != nil {
				w.t.Fatal(err)
			}
		}, false},
	} {
		t.Run("Back-Channel 2.7: "+c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			hears, elsewhere := listen(t), listen(t)
			away := w.ada().enter2(w, oidc.Client{BackchannelLogoutURI: elsewhere.URL, EnableEndSession: true}, "openid")
			w.pass(time.Second) // so that the session below is the last one made
			me := w.signedIn(oidc.Client{BackchannelLogoutURI: hears.URL, EnableEndSession: true}, "openid offline_access")
			quiet := me.enter2(w, oidc.Client{Name: "Quiet"}, "openid")
			c.end(w, me)
			w.srv.Drain(t.Context())
			if heard := hears.heard(); len(heard) != 1 || w.claims(heard[0])["sid"] != w.claims(me.tokens["id_token"])["sid"] {
				t.Errorf("the client heard %d", len(heard))
			}
			all := !c.kept && c.name != "the app is revoked"
			if heard := elsewhere.heard(); (len(heard) == 1) != all {
				t.Errorf("the client of another session heard %d", len(heard))
			}
			one := c.name == "the app is revoked"
			for name, check := range map[string]struct {
				token any
				good  bool
			}{
				"with offline_access": {me.tokens["access_token"], c.kept},
				"without":             {quiet.tokens["access_token"], one},
				"of another session":  {away.tokens["access_token"], !all},
			} {
				if a := w.userinfo(check.token.(string)); (a.Code == http.StatusOK) != check.good {
					t.Errorf("an access token %s answered %d", name, a.Code)
				}
			}
			if a := w.refresh(me.id+":"+me.secret, me.tokens["refresh_token"].(string), nil); (a.Code == http.StatusOK) != c.kept {
				t.Errorf("the refresh token answered %d", a.Code)
			}
		})
	}
}
