package oidc_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/store"
	"authd/auth/oidc"
)

// TestErrorPageTells: what cannot be told to the client is told to the person:
// what came and what was expected (RFC 6749 §4.1.2.1), as text and never as a link.
func TestErrorPageTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{Name: "<i>App</i>", RedirectURIs: []string{callback, "https://app.example/other?x=1"}})
	disabled := w.disabledClient()
	for name, c := range map[string]struct {
		client string
		change url.Values
		shows  []string
	}{
		"an unknown client":         {"<b>nobody</b>", nil, []string{"&lt;b&gt;nobody&lt;/b&gt;", "the id of an app that is registered here"}},
		"no client":                 {id, url.Values{"client_id": {""}}, []string{"nothing", "the id of an app"}},
		"a disabled client":         {disabled, nil, []string{disabled, "an app that is switched on"}},
		"no redirect URI":           {id, url.Values{"redirect_uri": {""}}, []string{"&lt;i&gt;App&lt;/i&gt;", "nothing", "(2)"}},
		"a slash at the end":        {id, url.Values{"redirect_uri": {callback + "/"}}, []string{callback + "/", "a slash at the end", "authd client doctor " + id}},
		"another scheme":            {id, url.Values{"redirect_uri": {"http://app.example/callback"}}, []string{"http in place of https"}},
		"another host":              {id, url.Values{"redirect_uri": {"https://evil.example/callback"}}, []string{"but for the host"}},
		"another port":              {id, url.Values{"redirect_uri": {"https://app.example:8443/callback"}}, []string{"but for the port"}},
		"other letters":             {id, url.Values{"redirect_uri": {"https://app.example/CALLBACK"}}, []string{"capital letters"}},
		"another path":              {id, url.Values{"redirect_uri": {"https://app.example/cb"}}, []string{"but for the path"}},
		"another query":             {id, url.Values{"redirect_uri": {"https://app.example/other?x=2"}}, []string{"the question mark"}},
		"a scope besides":           {id, url.Values{"redirect_uri": {callback + "/x"}, "scope": {"openid <u>bogus</u>"}}, []string{"<code>&lt;u&gt;bogus&lt;/u&gt;</code>", "<code>offline_access</code>"}},
		"no PKCE besides":           {id, url.Values{"redirect_uri": {callback + "/x"}, "code_challenge": {""}, "code_challenge_method": {""}}, []string{"code_challenge", "nothing", "(PKCE)"}},
		"plain PKCE besides":        {id, url.Values{"redirect_uri": {callback + "/x"}, "code_challenge_method": {"plain"}}, []string{"code_challenge_method", "<code>plain</code>", "<code>S256</code>"}},
		"a verifier as challenge":   {id, url.Values{"redirect_uri": {callback + "/x"}, "code_challenge": {"s3cret-verifier"}}, []string{"code_challenge must be the base64url of a SHA-256"}},
		"a response type besides":   {id, url.Values{"redirect_uri": {callback + "/x"}, "response_type": {"token"}}, []string{"<code>token</code>", "<code>code</code>"}},
		"a redirect URI twice":      {id, url.Values{"redirect_uri": {callback, callback}}, []string{"redirect_uri is given more than once"}},
		"a pushed request":          {id, url.Values{"request_uri": {"urn:ietf:params:oauth:request_uri:s3cret"}}, []string{"the request_uri has expired, was used", "&lt;i&gt;App&lt;/i&gt;"}},
		"a request object":          {id, url.Values{"redirect_uri": {callback + "/x"}, "request": {"x.y.z"}}, []string{"the request object is not a JWT"}},
		"a fragment":                {id, url.Values{"redirect_uri": {callback + "#x"}}, []string{"the number sign"}},
		"a script":                  {id, url.Values{"redirect_uri": {"javascript:alert(1)"}}, []string{"<code>javascript:alert(1)</code>"}},
		"what would end the markup": {id, url.Values{"redirect_uri": {`https://x/"><script>`}}, []string{"&lt;script&gt;"}},
	} {
		b := w.anonymous()
		to := b.authorize(request(c.client, c.change))
		if to.Path != "/error" || !strings.HasPrefix(to.String(), issuer) {
			t.Errorf("%s: sent to %s", name, to)
			continue
		}
		page := b.get(to.RequestURI()).Body.String()
		for _, text := range c.shows {
			if !strings.Contains(page, text) {
				t.Errorf("%s: the page lacks %q", name, text)
			}
		}
		for _, link := range []string{`href="https://evil`, `href="javascript`, `href="http://app`, "<script>", "<b>", "<i>", "<u>", "s3cret"} {
			if strings.Contains(page, link) {
				t.Errorf("%s: the page has %s", name, link)
			}
		}
	}
}

// TestErrorPageBelievesNobody: only what this server sealed is shown, and for a while.
func TestErrorPageBelievesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.anonymous()
	to := b.authorize(request("stranger", nil))
	for name, detail := range map[string]string{
		"plain":   `{"received":"stranger","until":"2099-01-01T00:00:00Z"}`,
		"changed": strings.Replace(to.Query().Get("detail"), "s1.", "s1.A", 1),
		"nothing": "",
	} {
		page := b.get("/error?" + url.Values{"error": {"invalid_client"}, "detail": {detail}}.Encode()).Body.String()
		if strings.Contains(page, "<code>stranger</code>") {
			t.Errorf("%s: was believed", name)
		}
	}
	if page := b.get(to.RequestURI()).Body.String(); !strings.Contains(page, "<code>stranger</code>") {
		t.Error("the page does not tell what came")
	}
	w.pass(time.Hour)
	if page := b.get(to.RequestURI()).Body.String(); strings.Contains(page, "<code>stranger</code>") {
		t.Error("the page tells it for ever")
	}
}

// doctor is what is noticed about a client, as text.
func (w *world) doctor(id string) (findings, failures []string) {
	w.t.Helper()
	found, err := w.srv.OIDC.Doctor(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range found.Findings {
		findings = append(findings, f.Level+" "+f.Text)
	}
	for _, f := range found.Failures {
		failures = append(failures, f.Where+" "+f.Code+" "+f.Description)
	}
	return findings, failures
}

// TestFailuresAreKept: what went wrong where, nothing secret, and nothing for
// what is no mistake.
func TestFailuresAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	w.ada().authorize(request(id, url.Values{"redirect_uri": {"https://hunter2@app.example/callback/?token=hunter2#hunter2"}}))
	w.ada().authorize(request(id, url.Values{"scope": {"bogus"}}))
	w.redeem(id+":wr0ng-secret", "c0de", nil).refused(401, "invalid_client")
	w.redeem(basic, w.code(id, nil), url.Values{"code_verifier": {strings.Repeat("v", 43)}}).refused(400, "invalid_grant")
	w.form("par", basic, request(id, url.Values{"response_type": {"bogus"}}))
	w.anonymous().authorize(request(id, url.Values{"prompt": {"none"}})) // login_required: no mistake
	w.redeem("nobody:x", "c0de", nil).refused(401, "invalid_client")     // nobody's
	_, got := w.doctor(id)
	want := []string{
		"par unsupported_response_type", "token invalid_grant code verification failed", "token invalid_client", "authorize invalid_scope",
		"authorize invalid_redirect invalid redirect uri: https://?@app.example/callback/",
	}
	if len(got) != len(want) {
		t.Fatalf("kept %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("kept %q, want %q", got[i], want[i])
		}
	}
	all := strings.Join(got, "\n")
	for _, hidden := range []string{"hunter2", "wr0ng-secret", "c0de", secret, verifier} {
		if strings.Contains(all, hidden) {
			t.Errorf("%s is kept", hidden)
		}
	}
}

// TestFailuresAreBounded: the newest of a client, few in a minute, gone after a month.
func TestFailuresAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	fail := func(n int, what string) {
		for i := range n {
			w.ada().authorize(request(id, url.Values{"scope": {fmt.Sprintf("%s%02d", what, i)}}))
		}
	}
	fail(25, "first")
	if n := w.count("oauth_failure"); n != 20 {
		t.Fatalf("%d are kept in one minute", n)
	}
	w.pass(time.Minute)
	fail(3, "later")
	_, got := w.doctor(id)
	if len(got) != 20 || !strings.Contains(got[0], "later02") || !strings.Contains(got[19], "first03") {
		t.Errorf("%d are kept: %q", len(got), got)
	}
	w.pass(30 * 24 * time.Hour)
	if err := w.srv.OIDC.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.count("oauth_failure"); n != 0 {
		t.Errorf("%d are left after a month", n)
	}
}

// TestDoctor: each row is a mistake in a configuration and what is said of it.
func TestDoctor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if _, err := w.srv.OIDC.Doctor(t.Context(), "nobody"); err == nil {
		t.Error("there is no such client")
	}
	for name, c := range map[string]struct {
		client oidc.Client
		want   string // "" for nothing
	}{
		"as it should be":       {oidc.Client{}, ""},
		"disabled":              {oidc.Client{Disabled: true}, "problem it is disabled"},
		"without PKCE":          {oidc.Client{PKCEOptional: true}, "warning it may go without PKCE"},
		"unverified":            {oidc.Client{Unverified: true}, "warning it registered itself"},
		"a web app on a laptop": {oidc.Client{RedirectURIs: []string{"http://localhost:3000/cb"}}, "warning redirect URI http://localhost:3000/cb leads to the person's own computer"},
		"not encrypted":         {oidc.Client{RedirectURIs: []string{"http://nas.local/cb"}}, "warning redirect URI http://nas.local/cb is not encrypted"},
		"localhost of an app":   {oidc.Client{TokenEndpointAuthMethod: "none", ApplicationType: "native", RedirectURIs: []string{"http://localhost/cb"}}, "note redirect URI http://localhost/cb: 127.0.0.1 is better"},
		"no openid":             {oidc.Client{Scopes: []string{"email"}}, "note it may not ask for openid"},
	} {
		id, _ := w.client(c.client)
		findings, _ := w.doctor(id)
		switch {
		case c.want == "" && len(findings) > 0:
			t.Errorf("%s: %q", name, findings)
		case c.want != "" && (len(findings) != 1 || !strings.HasPrefix(findings[0], c.want)):
			t.Errorf("%s: %q, want %q", name, findings, c.want)
		}
	}
	id, _ := w.client(oidc.Client{})
	write(t, w, func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE oauth_client SET client_secret = NULL, redirect_uris = '[]', scopes = '["openid","gone"]' WHERE client_id = $1`, id)
		return err
	})
	findings, _ := w.doctor(id)
	for i, want := range []string{"problem it must prove itself", "problem it may ask for gone", "problem it has no redirect URI"} {
		if i >= len(findings) || !strings.HasPrefix(findings[i], want) {
			t.Errorf("%q, want %q", findings, want)
		}
	}
}
