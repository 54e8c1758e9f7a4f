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

const goodbye = "https://app.example/goodbye"

// rp is a client in a browser of its own, in which Ada has signed in to it.
type rp struct {
	*browser
	id, secret string
	tokens     map[string]any
}

// signedIn signs Ada in to a client. Its browser's session is its own.
func (w *world) signedIn(c oidc.Client, scope string) *rp {
	w.t.Helper()
	id, secret := w.client(c)
	b := w.anonymous()
	if a := b.signIn(nil); a.Code != http.StatusOK {
		w.t.Fatal(a.Body)
	}
	return b.enter(id, secret, scope)
}

// enter takes the browser's person to tokens of a client.
func (b *browser) enter(id, secret, scope string) *rp {
	b.w.t.Helper()
	to := b.authorize(request(id, url.Values{"scope": {scope}}))
	if to.Path == "/consent" {
		to = b.allow(to)
	}
	tokens := b.w.redeem(id+":"+secret, to.Query().Get("code"), nil).json(http.StatusOK)
	return &rp{browser: b, id: id, secret: secret, tokens: tokens}
}

// leave asks to end the session, as a browser that goes there.
func (b *browser) leave(params url.Values) *answer {
	r := httptest.NewRequest(http.MethodGet, "/api/auth/oauth2/end-session?"+params.Encode(), nil)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Accept", "text/html")
	return b.do(r)
}

func (b *browser) confirm() *answer {
	r := httptest.NewRequest(http.MethodPost, "/api/auth/oauth2/end-session/confirm", strings.NewReader("action=confirm"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", issuer)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	return b.do(r)
}

func (b *browser) hasSession() bool {
	return strings.TrimSpace(b.get("/api/auth/get-session").Body.String()) != "null"
}

func (a *answer) says(status int, text string) {
	a.t.Helper()
	if a.Code != status || !strings.Contains(a.Body.String(), text) {
		a.t.Fatalf("answered %d %s, want %d with %q", a.Code, a.Body, status, text)
	}
}

// TestLogoutRequests: each row is a request to end a session, and what becomes of it.
func TestLogoutRequests(t *testing.T) {
	t.Parallel()
	const (
		done    = "done"    // signed out, and sent to goodbye with the state
		stays   = "stays"   // signed out, and told so here
		asks    = "asks"    // the person is asked first
		refused = "refused" // nothing is done
	)
	w := newWorld(t, nil)
	leaver := oidc.Client{Name: "Leaver", PostLogoutRedirectURIs: []string{goodbye}}
	other := w.signedIn(leaver, "openid")
	disabled := w.disabledClient()
	back := url.Values{"post_logout_redirect_uri": {goodbye}, "state": {"a b&c"}}
	for _, c := range []struct {
		name   string
		change func(v url.Values, me *rp)
		pass   time.Duration
		want   string
	}{
		{"RP-Initiated 2: hint, redirect and state", nil, 0, done},
		{"RP-Initiated 2: client_id that the hint was issued to", func(v url.Values, me *rp) { v.Set("client_id", me.id) }, 0, done},
		{"RP-Initiated 2: an expired hint", nil, 12 * time.Hour, done},
		{"RP-Initiated 2: no redirect", func(v url.Values, _ *rp) { v.Del("post_logout_redirect_uri") }, 0, stays},
		{"RP-Initiated 2: no redirect and no state", func(v url.Values, _ *rp) { v.Del("post_logout_redirect_uri"); v.Del("state") }, 0, stays},
		{"RP-Initiated 2: no hint", func(v url.Values, me *rp) { v.Del("id_token_hint"); v.Set("client_id", me.id) }, 0, asks},
		{"RP-Initiated 2: no parameter at all", func(v url.Values, _ *rp) { clear(v) }, 0, asks},
		{"RP-Initiated 2: only a state", func(v url.Values, _ *rp) { clear(v); v.Set("state", "x") }, 0, asks},
		{"RP-Initiated 4: the hint of another session", func(v url.Values, _ *rp) { v["id_token_hint"] = []string{other.tokens["id_token"].(string)} }, 0, asks},
		{"RP-Initiated 2: client_id of another client", func(v url.Values, _ *rp) { v.Set("client_id", other.id) }, 0, refused},
		{"RP-Initiated 3: a redirect that is not registered", func(v url.Values, _ *rp) { v.Set("post_logout_redirect_uri", goodbye+"/other") }, 0, refused},
		{"RP-Initiated 3: a redirect with a query that is not registered", func(v url.Values, _ *rp) { v.Set("post_logout_redirect_uri", goodbye+"?x=1") }, 0, refused},
		{"RP-Initiated 3: a redirect URI for codes", func(v url.Values, _ *rp) { v.Set("post_logout_redirect_uri", callback) }, 0, refused},
		{"RP-Initiated 3: a redirect when nobody says who asks", func(v url.Values, _ *rp) { v.Del("id_token_hint") }, 0, refused},
		{"RP-Initiated 4: a hint that is none", func(v url.Values, _ *rp) { v.Set("id_token_hint", "bogus") }, 0, refused},
		{"RP-Initiated 4: a hint with one character changed", func(v url.Values, _ *rp) { v.Set("id_token_hint", flip(v.Get("id_token_hint"))) }, 0, refused},
		{"RFC 8725 3.2: an unsigned hint", func(v url.Values, _ *rp) {
			parts := strings.Split(v.Get("id_token_hint"), ".")
			v.Set("id_token_hint", "eyJhbGciOiJub25lIn0."+parts[1]+".")
		}, 0, refused},
		{"RFC 8725 3.11: an access token for a hint", func(v url.Values, me *rp) { v.Set("id_token_hint", me.tokens["access_token"].(string)) }, 0, refused},
		{"an unknown client", func(v url.Values, _ *rp) { v.Del("id_token_hint"); v.Set("client_id", "nobody") }, 0, refused},
		{"a disabled client", func(v url.Values, _ *rp) { v.Del("id_token_hint"); v.Set("client_id", disabled) }, 0, refused},
		{"RFC 6749 3.1: a parameter twice", func(v url.Values, _ *rp) { v.Add("state", "again") }, 0, refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			me := w.signedIn(leaver, "openid")
			v := url.Values{"id_token_hint": {me.tokens["id_token"].(string)}}
			for name, values := range back {
				v[name] = values
			}
			if c.change != nil {
				c.change(v, me)
			}
			w.pass(c.pass)
			a := me.leave(v)
			switch c.want {
			case done:
				if to := a.location(); to.String() != goodbye+"?state=a+b%26c" {
					t.Errorf("it leads to %s", to)
				}
			case stays:
				a.says(http.StatusOK, "You are signed out")
			case asks:
				a.says(http.StatusOK, "Sign out?")
			case refused:
				a.says(http.StatusBadRequest, "Not signed out")
				if a.Header().Get("Location") != "" {
					t.Error("it leads somewhere")
				}
			}
			if a.Header().Get("Cache-Control") != "no-store" {
				t.Error("the answer may be cached")
			}
			if signedOut := c.want == done || c.want == stays; me.hasSession() == signedOut {
				t.Errorf("signed out: %v", !signedOut)
			}
		})
	}
	if !other.hasSession() {
		t.Error("another browser was signed out")
	}
}

func TestLogoutIsConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	me := w.signedIn(oidc.Client{Name: "Leaver", PostLogoutRedirectURIs: []string{goodbye}}, "openid")
	ask := url.Values{"client_id": {me.id}, "post_logout_redirect_uri": {goodbye}, "state": {"st4te"}}
	me.confirm().says(http.StatusBadRequest, "Not signed out")
	page := me.leave(ask)
	page.says(http.StatusOK, "ada@example.com")
	page.says(http.StatusOK, "Leaver")

	thief := w.anonymous()
	thief.signIn(nil)
	for name, value := range me.cookies {
		if strings.HasSuffix(name, "oauth_logout_confirmation") {
			thief.cookies[name] = value
		}
	}
	thief.confirm().says(http.StatusBadRequest, "Not signed out")

	w.pass(6 * time.Minute)
	me.confirm().says(http.StatusBadRequest, "Not signed out")
	if !me.hasSession() || !thief.hasSession() {
		t.Fatal("signed out without a yes")
	}
	me.leave(ask)
	foreign := httptest.NewRequest(http.MethodPost, "/api/auth/oauth2/end-session/confirm", strings.NewReader("action=confirm"))
	foreign.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	foreign.Header.Set("Origin", "https://evil.example")
	if a := me.do(foreign); a.Code != http.StatusForbidden || !me.hasSession() {
		t.Fatal("another site said yes")
	}
	// The page moves on by itself: form-action would hold a redirect back.
	me.confirm().says(http.StatusOK, `content="0;url=`+goodbye+`?state=st4te"`)
	if me.hasSession() {
		t.Fatal("still signed in")
	}
	me.confirm().says(http.StatusBadRequest, "Not signed out")
}

// TestLogoutOfPrograms is the contract's side: who calls the endpoint instead of going there.
func TestLogoutOfPrograms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	me := w.signedIn(oidc.Client{PostLogoutRedirectURIs: []string{goodbye}}, "openid")
	plain := me.browser.enter2(w, oidc.Client{}, "openid")
	end := func(b *browser, v url.Values) *answer { return b.get("/api/auth/oauth2/end-session?" + v.Encode()) }
	end(me.browser, nil).refused(http.StatusBadRequest, "invalid_request")
	end(me.browser, url.Values{"id_token_hint": {plain.tokens["id_token"].(string)}}).refused(http.StatusUnauthorized, "invalid_client")
	if w.claims(plain.tokens["id_token"])["sid"] != nil {
		t.Error("a client that has no use for sid has one")
	}
	if !me.hasSession() {
		t.Fatal("signed out")
	}
	a := end(me.browser, url.Values{"id_token_hint": {me.tokens["id_token"].(string)}})
	if a.Code != http.StatusOK || a.Body.String() != "null" || me.hasSession() {
		t.Errorf("answered %d %s", a.Code, a.Body)
	}
	// Whoever is signed out already goes where the client sends them.
	if to := end(w.anonymous(), url.Values{"client_id": {me.id}, "post_logout_redirect_uri": {goodbye}}).location(); to.String() != goodbye {
		t.Errorf("it leads to %s", to)
	}
}

// enter2 makes a client and takes the browser's person to its tokens.
func (b *browser) enter2(w *world, c oidc.Client, scope string) *rp {
	w.t.Helper()
	id, secret := w.client(c)
	return b.enter(id, secret, scope)
}

func TestLogoutByForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	me := w.signedIn(oidc.Client{PostLogoutRedirectURIs: []string{goodbye}}, "openid")
	v := url.Values{"id_token_hint": {me.tokens["id_token"].(string)}, "post_logout_redirect_uri": {goodbye}, "state": {"s"}}
	post := func(b *browser, site string) *answer {
		r := httptest.NewRequest(http.MethodPost, "/api/auth/oauth2/end-session", strings.NewReader(v.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://app.example")
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Site", site)
		return b.do(r)
	}
	// The browser keeps its cookies back from a form of another site: it is asked again by a link.
	a := post(w.anonymous(), "cross-site")
	again, err := url.Parse(a.Header().Get("Location"))
	if err != nil || a.Code != http.StatusSeeOther || again.Query().Encode() != v.Encode() || !me.hasSession() {
		t.Fatalf("answered %d, %s", a.Code, again)
	}
	if to := post(me.browser, "same-site").location(); to.String() != goodbye+"?state=s" || me.hasSession() {
		t.Errorf("it leads to %s", to)
	}
}
