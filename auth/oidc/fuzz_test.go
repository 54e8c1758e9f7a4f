package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"authd/auth/oidc"
)

// leadsTo tells whether an address is a registered redirect with something behind
// it, or a page of this server. Of a loopback redirect the port is free (RFC 8252 §7.3).
func leadsTo(location string, registered []string) bool {
	if location == issuer || strings.HasPrefix(location, issuer+"/") {
		return true
	}
	to, err := url.Parse(location)
	if err != nil || strings.ContainsFunc(location, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return false
	}
	return slices.ContainsFunc(registered, func(r string) bool {
		want, err := url.Parse(r)
		if err != nil || to.Scheme != want.Scheme || to.User != nil || to.Opaque != want.Opaque || to.Path != want.Path || to.Hostname() != want.Hostname() {
			return false
		}
		return to.Host == want.Host || want.Scheme == "http" && (want.Hostname() == "127.0.0.1" || want.Hostname() == "localhost")
	})
}

// tell fails the fuzz test unless an answer is one that the server may give.
func tell(t *testing.T, a *answer, registered []string) {
	t.Helper()
	location := a.Header().Get("Location")
	switch {
	case a.Code >= 500:
		t.Fatalf("answered %d %s", a.Code, a.Body)
	case location != "" && !leadsTo(location, registered):
		t.Fatalf("leads to %q", location)
	case location == "" && a.Code >= 300 && a.Code < 400:
		t.Fatalf("answered %d and leads nowhere", a.Code)
	case a.Code >= 400 && strings.HasPrefix(a.Header().Get("Content-Type"), "application/json"):
		var e struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(a.Body.Bytes(), &e) != nil || e.Error != "" && e.Description != "" && !describes(e.Description) {
			t.Fatalf("answered %s", a.Body)
		}
	case strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") && a.Header().Get("Content-Security-Policy") == "":
		t.Fatal("a page without a policy")
	}
}

// FuzzOpenRedirect: whatever is asked for, an authorization request leads to a
// redirect URI that its client registered, or to a page of this server (RFC 9700 §4.11).
func FuzzOpenRedirect(f *testing.F) {
	w := newWorld(f, nil)
	registered := []string{callback, "https://app.example/other?x=1", "http://127.0.0.1/cb", "http://localhost/cb", "com.example.app:/cb"}
	web, _ := w.client(oidc.Client{SkipConsent: true, RedirectURIs: registered[:3]})
	native, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none", ApplicationType: "native", RedirectURIs: registered[2:]})
	for _, uri := range append(registered, "", "//evil.example", "/error", "https://app.example/callback/../x", "https://app.example@evil.example/callback",
		"https://app.example/callback?x", `https://app.example\@evil.example/callback`, "http://127.0.0.1:1@evil.example/cb", "javascript:alert(1)", issuer+"@evil.example/") {
		f.Add(uri, "", false)
		f.Add(uri, "&response_mode=form_post&prompt=none", true)
	}
	f.Add(callback, "&redirect_uri=https://evil.example/&response_type=token", false)
	f.Add(callback, "&request_uri=https://evil.example/&state=%0d%0aLocation:x", false)
	f.Add(callback, "&state=\r\n//evil.example;&scope=bogus", true)
	ada, nobody := w.ada(), w.anonymous()
	f.Fuzz(func(t *testing.T, uri, more string, isNative bool) {
		id := web
		if isNative {
			id = native
		}
		asked := request(id, url.Values{"redirect_uri": {uri}}).Encode() + more
		for _, b := range []*browser{ada, nobody} {
			r := httptest.NewRequest(http.MethodGet, "/api/auth/oauth2/authorize", nil)
			r.URL.RawQuery = asked
			a := b.do(r)
			tell(t, a, registered)
			if to := a.Header().Get("Location"); strings.HasPrefix(to, issuer+"/error?") || strings.HasPrefix(to, issuer+"/continue?") {
				tell(t, b.do(httptest.NewRequest(http.MethodGet, to, nil)), nil)
			}
		}
	})
}

// FuzzPostLogoutRedirect: signing out leads to a post_logout_redirect_uri that the
// client registered, or nowhere (RP-Initiated Logout §3).
func FuzzPostLogoutRedirect(f *testing.F) {
	w := newWorld(f, nil)
	registered := []string{"https://app.example/out", "https://app.example/bye?x=1"}
	id, _ := w.client(oidc.Client{PostLogoutRedirectURIs: registered})
	for _, uri := range append(registered, "", "//evil.example", "https://app.example/out/", "https://app.example/out?x", "https://app.example/out@evil.example", "javascript:alert(1)") {
		f.Add(uri, "st4te", "", true)
		f.Add(uri, "\r\nLocation: https://evil.example", "&client_id=x&post_logout_redirect_uri=https://evil.example", false)
	}
	nobody := w.anonymous()
	f.Fuzz(func(t *testing.T, uri, state, more string, page bool) {
		r := httptest.NewRequest(http.MethodGet, "/api/auth/oauth2/end-session", nil)
		r.URL.RawQuery = url.Values{"client_id": {id}, "post_logout_redirect_uri": {uri}, "state": {state}}.Encode() + more
		if page {
			r.Header.Set("Accept", "text/html")
		}
		a := nobody.do(r)
		tell(t, a, registered)
		location := a.Header().Get("Location")
		if location == "" {
			return
		}
		to, err := url.Parse(location)
		if err != nil || !slices.Contains(registered, uri) || !strings.HasPrefix(location, uri) || more == "" && to.Query().Get("state") != state {
			t.Fatalf("%q with the state %q leads to %q", uri, state, location)
		}
	})
}

// FuzzRequests: whatever is sent to an endpoint, it answers with something that it
// may say, and without failing.
func FuzzRequests(f *testing.F) {
	w := newWorld(f, map[string]string{
		"AUTHD_OAUTH_PROVIDER__ALLOW_DYNAMIC_CLIENT_REGISTRATION": "true", "AUTHD_OAUTH_PROVIDER__ALLOW_UNAUTHENTICATED_CLIENT_REGISTRATION": "true",
	})
	id, secret := w.client(oidc.Client{SkipConsent: true})
	paths := []string{"oauth2/authorize", "oauth2/par", "oauth2/token", "oauth2/introspect", "oauth2/revoke", "oauth2/userinfo", "oauth2/end-session", "device/code", "device/token", "oauth2/register"}
	asked := request(id, nil).Encode()
	for i := range paths {
		f.Add(byte(i), asked, "")
		f.Add(byte(i), "token=x&token_type_hint=y&access_token=z&id_token_hint=a.b.c&grant_type=refresh_token&refresh_token=authd_rt_AA", "Basic "+id+":"+secret)
		f.Add(byte(i), `{"redirect_uris":["https://app.example/cb"],"client_name":"x","jwks":{"keys":[{"kty":"OKP"}]},"grant_type":"x","device_code":1}`, "Bearer x")
		f.Add(byte(i), "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=e30.e30.e30&request=e30.e30.e30", "DPoP x.y.z")
		f.Add(byte(i), asked+`&claims={"id_token":{"acr":{"essential":true,"values":[1,null,{}]}},"userinfo":[]}&max_age=1e9&prompt=none none&resource=https://x/%23`, "Basic %")
	}
	ada := w.ada()
	f.Fuzz(func(t *testing.T, which byte, body, authorization string) {
		path := paths[int(which)%len(paths)]
		r := httptest.NewRequest(http.MethodPost, "/api/auth/"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if path == "device/token" || path == "oauth2/register" {
			r.Header.Set("Content-Type", "application/json")
		}
		if user, password, ok := strings.Cut(strings.TrimPrefix(authorization, "Basic "), ":"); ok {
			r.SetBasicAuth(user, password)
		} else {
			r.Header.Set("Authorization", authorization)
		}
		a := ada.do(r)
		tell(t, a, []string{callback})
		if a.Code == http.StatusOK && path == "oauth2/token" {
			t.Fatalf("gives tokens for %q", body)
		}
	})
}
