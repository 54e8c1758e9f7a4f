package oidc_test

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/oidc"
)

// session is the browser's session as a request that is on its way has read it.
func (b *browser) session() *core.Auth {
	b.w.t.Helper()
	sessions, err := b.w.srv.Core.Sessions(b.w.t.Context(), b.w.srv.Core.DB, b.w.text(`SELECT id FROM "user" WHERE email = 'ada@example.com'`))
	if err != nil || len(sessions) != 1 {
		b.w.t.Fatalf("%d sessions, %v", len(sessions), err)
	}
	u, err := b.w.srv.Core.User(b.w.t.Context(), b.w.srv.Core.DB, sessions[0].UserID)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return &core.Auth{User: u, Session: sessions[0]}
}

// TestAccessEndsUnderWay: a request that had read the session before it ended
// gets no code after: it would outlive what was to end everything.
func TestAccessEndsUnderWay(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, a *core.Auth, tx *store.Tx) error{
		"signed out": func(w *world, a *core.Auth, tx *store.Tx) error {
			_, err := w.srv.Core.EndSession(w.t.Context(), tx, a.User.ID, a.Session.ID)
			return err
		},
		"everywhere": func(w *world, a *core.Auth, tx *store.Tx) error {
			return errors.Join(w.srv.Core.EndSessions(w.t.Context(), tx, a.User.ID, ""),
				w.srv.Core.AccessEnded.Emit(w.t.Context(), tx, core.AccessEnded{UserID: a.User.ID}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			id, _ := w.client(oidc.Client{SkipConsent: true})
			a := w.ada().session()
			before, err := w.srv.OIDC.Authorize(t.Context(), request(id, nil), a, "")
			if err != nil || !strings.Contains(before.URL, "code=") {
				t.Fatalf("sent to %s, %v", before.URL, err)
			}
			write(t, w, func(tx *store.Tx) error { return end(w, a, tx) })
			after, err := w.srv.OIDC.Authorize(t.Context(), request(id, nil), a, "")
			if err != nil || !strings.HasPrefix(after.URL, issuer+"/login?flow=") {
				t.Errorf("sent to %s, %v", after.URL, err)
			}
			if n := w.count("oauth_grant WHERE revoked IS NULL"); n != 0 {
				t.Errorf("%d grants are left", n)
			}
		})
	}
}

// TestRefreshKeepsToTheResource: what a resource says of refresh tokens holds also
// for a refresh that does not name it.
func TestRefreshKeepsToTheResource(t *testing.T) {
	t.Parallel()
	const thing = "https://thing.example"
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	w.resource(oidc.Resource{Identifier: thing, RefreshTokenExpiresIn: time.Hour}, id)
	basic := id + ":" + secret
	token := w.redeem(basic, w.code(id, url.Values{"resource": {thing}}), nil).json(200)["refresh_token"].(string)
	for range 3 {
		w.pass(50 * time.Minute)
		token = w.refresh(basic, token, nil).json(200)["refresh_token"].(string)
	}
	w.pass(61 * time.Minute)
	w.refresh(basic, token, nil).refused(400, "invalid_grant")
}

// TestScopeTakenFromClient: what a client may no longer ask for, its refresh
// tokens give no more.
func TestScopeTakenFromClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	token := w.tokens(id, secret)["refresh_token"].(string)
	if _, _, err := w.srv.OIDC.ChangeClient(t.Context(), id, []byte(`{"scope":"openid offline_access"}`)); err != nil {
		t.Fatal(err)
	}
	next := w.refresh(basic, token, nil).json(200)
	if next["scope"] != "openid offline_access" {
		t.Errorf("scope %v", next["scope"])
	}
	if info := w.userinfo(next["access_token"].(string)).json(200); info["email"] != nil || info["name"] != nil {
		t.Errorf("userinfo %v", info)
	}
	w.refresh(basic, next["refresh_token"].(string), url.Values{"scope": {"openid email"}}).refused(400, "invalid_scope")
}

// TestNamesThatMislead: what people are shown as an app's name cannot turn the
// text around it.
func TestNamesThatMislead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, good := range map[string]bool{
		"Ada's \u202egnp.elppa":      false, // right-to-left override
		"\u2066Bank\u2069":           false, // isolates
		"Bank\u200f":                 false,
		"Ba\u200bnk":                 false, // zero width space
		"\ufeffBank":                 false,
		"Bank\u2028authd":            false,
		"Bank\u0085authd":            false,
		"Bank\xff":                   false,
		"\u0645\u06cc\u200c\u062e":   true, // Persian needs the zero width non-joiner
		"\U0001f468\u200d\U0001f469": true, // and emoji the joiner
		"Bücher & Käse":              true,
	} {
		_, _, err := w.srv.OIDC.CreateClient(t.Context(), oidc.Client{Name: name, RedirectURIs: []string{callback}}, "")
		if (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestSecretsSentToAuthorize: what a client sends to the wrong place by mistake is
// not kept, and not written into addresses.
func TestSecretsSentToAuthorize(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	lost := url.Values{"client_secret": {secret}, "code_verifier": {verifier}, "client_assertion": {"asserted"}, "password": {"hunter22"}}
	w.anonymous().authorize(request(id, lost))
	w.push(id+":"+secret, request("", url.Values{"code_verifier": {verifier}, "password": {"hunter22"}}))
	kept := w.dump() + w.text("SELECT request FROM oauth_par")
	for name, values := range lost {
		if strings.Contains(kept, values[0]) || strings.Contains(kept, url.QueryEscape(values[0])) {
			t.Errorf("%s is stored", name)
		}
	}
	if !strings.Contains(kept, "code_challenge=") {
		t.Error("no request is stored")
	}
	out := external(t)
	id, _ = out.client(oidc.Client{})
	if to := out.anonymous().authorize(request(id, lost)); strings.Contains(to.String(), verifier) || strings.Contains(to.String(), "hunter22") {
		t.Errorf("sent to %s", to)
	}
}

// TestLookedAtNoMore: an app that counted as looked at because an administrator
// made it does not once its owner, who is none any more, has changed it.
func TestLookedAtNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.ada()
	role := func(role string) {
		write(t, w, func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE "user" SET role = $1`, role)
			return err
		})
	}
	role("admin")
	id := b.own(metadata(nil))["client_id"].(string)
	unverified := func() any {
		return b.page(b.authorize(request(id, url.Values{"redirect_uri": {"https://app.example/callback"}}))).json(200)["Unverified"]
	}
	change := func() {
		b.do(jsonRequest("POST", "/api/auth/oauth2/update-client", map[string]any{"client_id": id, "update": map[string]any{"client_name": "Bank"}})).json(200)
	}
	change()
	if unverified() != false {
		t.Error("an administrator's own is not looked at")
	}
	role("user")
	if unverified() != false {
		t.Error("it changed by itself")
	}
	change()
	if unverified() != true {
		t.Error("it still counts as looked at")
	}
}

// TestFlood: whoever fills the table with clients that register themselves takes
// nobody's own away, and one person cannot do it alone.
func TestFlood(t *testing.T) {
	t.Parallel()
	w := openWorld(t, map[string]string{
		"AUTHD_OAUTH_PROVIDER__CLIENT_REGISTRATION_MAX_UNVERIFIED": "3", "AUTHD_OAUTH_PROVIDER__MAX_CLIENTS_PER_PERSON": "2",
	})
	eve := w.eve()
	own := eve.own(metadata(nil))["client_id"].(string)
	eve.post("register", metadata(nil)).json(201)
	eve.post("register", metadata(nil)).refused(403, "access_denied")
	w.pass(2 * time.Hour)
	for range 8 {
		w.with("", "POST", "/api/auth/oauth2/register", metadata(nil)).json(201)
		w.pass(2 * time.Hour)
	}
	if n := w.count("oauth_client WHERE registration = 'dynamic'"); n != 3 {
		t.Errorf("%d clients have made themselves", n)
	}
	w.pass(60 * 24 * time.Hour)
	if err := w.srv.OIDC.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.count("oauth_client WHERE registration = 'dynamic'") != 0 {
		t.Error("what nobody used is left")
	}
	if _, err := w.srv.OIDC.Client(t.Context(), own); err != nil {
		t.Errorf("a person's own client: %v", err)
	}
}

// TestDisabledWhileAsked: who was asked about signing out for an app that was
// disabled since is signed out, and sent nowhere.
func TestDisabledWhileAsked(t *testing.T) {
	t.Parallel()
	const goodbye = "https://app.example/goodbye"
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{PostLogoutRedirectURIs: []string{goodbye}})
	me := w.ada()
	me.leave(url.Values{"client_id": {id}, "post_logout_redirect_uri": {goodbye}}).says(200, "<form")
	if _, err := w.srv.OIDC.SetClientDisabled(t.Context(), id, true); err != nil {
		t.Fatal(err)
	}
	if a := me.confirm(); a.Code != 200 || strings.Contains(a.Body.String(), goodbye) || me.hasSession() {
		t.Errorf("answered %d %s", a.Code, a.Body)
	}
}

// TestEndlessRequest: what is kept of a request is bounded as a whole.
func TestEndlessRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	many := url.Values{}
	for i := range 200 {
		many.Set("x"+strings.Repeat("y", i), strings.Repeat("z", 4000))
	}
	r := httptest.NewRequest("POST", "/api/auth/oauth2/authorize", strings.NewReader(request(id, many).Encode()))
	r.Header.Set("Content-Type", api.MediaForm)
	if to := w.do(r).location(); to.Query().Get("error") != "invalid_request" {
		t.Errorf("sent to %s", to)
	}
	if n := w.count("oauth_flow"); n != 0 {
		t.Errorf("%d flows are kept", n)
	}
}
