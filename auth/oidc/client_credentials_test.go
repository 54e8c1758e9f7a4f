package oidc_test

import (
	"net/url"
	"testing"
	"time"

	"authd/auth/oidc"
)

const grantOwn = "client_credentials"

// withThings is a world whose server knows two scopes of its own.
func withThings(t testing.TB) *world {
	t.Helper()
	return newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__SCOPES": "openid,profile,email,offline_access,read:things,write:things"})
}

// machine makes a client that acts for itself.
func (w *world) machine(scopes ...string) (id, basic string) {
	w.t.Helper()
	id, secret := w.client(oidc.Client{GrantTypes: []string{grantOwn}, ClientCredentialsScopes: scopes, RedirectURIs: []string{}})
	return id, id + ":" + secret
}

func (w *world) own(basic string, extra url.Values) *answer {
	form := url.Values{"grant_type": {grantOwn}}
	for name, values := range extra {
		form[name] = values
	}
	return w.form("token", basic, form)
}

// TestClientCredentials: RFC 6749 §4.4.
func TestClientCredentials(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	id, basic := w.machine("read:things", "write:things")
	_, other := w.machine("read:things")
	a := w.own(basic, nil)
	tokens := a.json(200)
	if tokens["scope"] != "read:things write:things" || tokens["token_type"] != "Bearer" || tokens["expires_in"] != 3600.0 {
		t.Errorf("answered %v", tokens)
	}
	if tokens["refresh_token"] != nil || tokens["id_token"] != nil {
		t.Errorf("4.4.3: a refresh token or an ID token: %v", tokens)
	}
	if a.Header().Get("Cache-Control") != "no-store" {
		t.Error("5.1: tokens may be cached")
	}
	if w.count("oauth_access_token") != 1 || w.count("oauth_grant") != 0 {
		t.Error("more was written than the token's row")
	}
	access := tokens["access_token"].(string)
	seen := w.form("introspect", basic, url.Values{"token": {access}}).json(200)
	if seen["active"] != true || seen["client_id"] != id || seen["sub"] != nil || seen["sid"] != nil || seen["aud"] != nil {
		t.Errorf("introspection: %v", seen)
	}
	if seen := w.form("introspect", other, url.Values{"token": {access}}).json(200); len(seen) != 1 {
		t.Errorf("another client is told %v", seen)
	}
	w.userinfo(access).refused(403, "insufficient_scope")
	if narrow := w.own(basic, url.Values{"scope": {"write:things write:things"}}).json(200); narrow["scope"] != "write:things" {
		t.Errorf("3.3: narrowed to %v", narrow["scope"])
	}
	if a := w.form("revoke", basic, url.Values{"token": {access}}); a.Code != 200 {
		t.Fatalf("revocation: %d %s", a.Code, a.Body)
	}
	if seen := w.form("introspect", basic, url.Values{"token": {access}}).json(200); seen["active"] != false {
		t.Errorf("revoked: %v", seen)
	}
	late := w.own(basic, nil).json(200)["access_token"].(string)
	w.pass(time.Hour)
	if seen := w.form("introspect", basic, url.Values{"token": {late}}).json(200); seen["active"] != false {
		t.Errorf("expired: %v", seen)
	}
}

func TestClientCredentialsRefused(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	_, basic := w.machine("read:things", "openid")
	_, none := w.machine()
	_, persons := w.machine("openid", "offline_access")
	code, secret := w.client(oidc.Client{})
	public, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none"})
	for _, c := range []struct {
		name   string
		basic  string
		form   url.Values
		status int
		want   string
	}{
		{"RFC 6749 3.3: a scope the client does not have", basic, url.Values{"scope": {"write:things"}}, 400, "invalid_scope"},
		{"a scope that speaks of a person", basic, url.Values{"scope": {"openid"}}, 400, "invalid_scope"},
		{"NOTES 13: no scopes of its own", none, nil, 400, "unauthorized_client"},
		{"NOTES 13: only scopes that speak of a person", persons, nil, 400, "unauthorized_client"},
		{"RFC 6749 5.2: a client without the grant", code + ":" + secret, nil, 400, "unauthorized_client"},
		{"RFC 6749 4.4: a public client", "", url.Values{"client_id": {public}}, 400, "unauthorized_client"},
		{"RFC 6749 4.4.2: without authentication", "", nil, 400, "invalid_request"},
		{"RFC 8707 2: a resource that is not known", basic, url.Values{"resource": {"https://unknown.example"}}, 400, "invalid_target"},
		{"RFC 8707 2: not an absolute URI", basic, url.Values{"resource": {"things"}}, 400, "invalid_target"},
	} {
		t.Run(c.name, func(t *testing.T) { w.own(c.basic, c.form).refused(c.status, c.want) })
	}
	if n := w.count("oauth_access_token"); n != 0 {
		t.Errorf("%d tokens were made", n)
	}
}
