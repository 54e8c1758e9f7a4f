package oidc_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/oidc"
)

// TestRevocation: RFC 7009.
func TestRevocation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	otherID, otherSecret := w.client(oidc.Client{})
	public, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none"})
	basic, other := id+":"+secret, otherID+":"+otherSecret
	tokens := w.tokens(id, secret)
	access, refresh := tokens["access_token"].(string), tokens["refresh_token"].(string)

	w.form("revoke", "", url.Values{"token": {access}}).refused(401, "invalid_client")
	w.form("revoke", id+":wrong", url.Values{"token": {access}}).refused(401, "invalid_client")
	w.form("revoke", basic, nil).refused(400, "invalid_request")
	for _, foreign := range []string{access, refresh} {
		if a := w.form("revoke", other, url.Values{"token": {foreign}}); a.Code != 200 {
			t.Errorf("another client's token: %d %s", a.Code, a.Body)
		}
	}
	for _, unknown := range []string{"bogus", flip(access), flip(refresh) + "x"} {
		if a := w.form("revoke", basic, url.Values{"token": {unknown}}); a.Code != 200 || a.Body.Len() != 0 {
			t.Errorf("2.2: an unknown token: %d %s", a.Code, a.Body)
		}
	}
	w.userinfo(access).json(200)
	if a := w.form("revoke", basic, url.Values{"token": {access}, "token_type_hint": {"refresh_token"}}); a.Code != 200 {
		t.Fatalf("2.1: a wrong hint: %d %s", a.Code, a.Body)
	}
	w.userinfo(access).refused(401, "invalid_token")
	w.refresh(basic, refresh, nil).json(200) // an access token goes alone

	theirs := w.redeem("", w.code(public, nil), url.Values{"client_id": {public}}).json(200)
	if a := w.form("revoke", "", url.Values{"client_id": {public}, "token": {theirs["refresh_token"].(string)}}); a.Code != 200 {
		t.Fatalf("a public client: %d %s", a.Code, a.Body)
	}
	w.userinfo(theirs["access_token"].(string)).refused(401, "invalid_token")
}

// TestIntrospection: RFC 7662: only to the client that a token belongs to.
func TestIntrospection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	otherID, otherSecret := w.client(oidc.Client{})
	public, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none"})
	basic, other := id+":"+secret, otherID+":"+otherSecret
	tokens := w.tokens(id, secret)
	access, refresh := tokens["access_token"].(string), tokens["refresh_token"].(string)

	w.form("introspect", "", url.Values{"token": {access}}).refused(401, "invalid_client")
	w.form("introspect", "", url.Values{"token": {access}, "client_id": {public}}).refused(401, "invalid_client")
	w.form("introspect", basic, nil).refused(400, "invalid_request")
	for name, c := range map[string][2]string{
		"another client's access token": {other, access}, "another client's refresh token": {other, refresh},
		"an unknown token": {basic, "bogus"}, "a token with a character changed": {basic, flip(access)},
		"a refresh token with a character changed": {basic, refresh[:60] + "AAAAAAAAAAAAA"},
		"a code": {basic, w.code(id, nil)},
	} {
		if seen := w.form("introspect", c[0], url.Values{"token": {c[1]}}).json(200); len(seen) != 1 || seen["active"] != false {
			t.Errorf("%s: %v", name, seen)
		}
	}
	seen := w.form("introspect", basic, url.Values{"token": {refresh}}).json(200)
	now := float64(w.clock(t.Context()).Unix())
	if seen["active"] != true || seen["exp"] != now+30*86400 || seen["iat"] != now || seen["scope"] != tokens["scope"] || seen["iss"] != issuer {
		t.Errorf("refresh token: %v", seen)
	}
}

// TestUserInfoErrors: RFC 6750 §3.
func TestUserInfoErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	tokens := w.tokens(id, secret)
	access := tokens["access_token"].(string)
	noOpenID := w.redeem(id+":"+secret, w.code(id, url.Values{"scope": {"email"}}), nil).json(200)["access_token"].(string)
	cases := []struct {
		name      string
		header    string
		form      url.Values // nil for a GET
		status    int
		want      string
		challenge string
	}{
		{"3.1: no token at all: no error in the challenge", "", nil, 401, "invalid_request", "Bearer"},
		{"another scheme", "Basic YTpi", nil, 401, "invalid_request", "Bearer"},
		{"a bad token", "Bearer bad", nil, 401, "invalid_token", `Bearer error="invalid_token", error_description="Invalid access token"`},
		{"a refresh token", "Bearer " + tokens["refresh_token"].(string), nil, 401, "invalid_token", `Bearer error="invalid_token", error_description="Invalid access token"`},
		{"an ID token", "Bearer " + tokens["id_token"].(string), nil, 401, "invalid_token", `Bearer error="invalid_token", error_description="Invalid access token"`},
		{"2: in two places", "Bearer " + access, url.Values{"access_token": {access}}, 400, "invalid_request", `Bearer error="invalid_request", error_description="the access token is given more than once"`},
		{"2.2: twice", "", url.Values{"access_token": {access, access}}, 400, "invalid_request", `Bearer error="invalid_request", error_description="the access token is given more than once"`},
		{"3.1: without openid", "Bearer " + noOpenID, nil, 403, "insufficient_scope", `Bearer error="insufficient_scope", error_description="the access token was not issued for openid", scope="openid"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/api/auth/oauth2/userinfo", nil)
			if c.form != nil {
				r = httptest.NewRequest("POST", "/api/auth/oauth2/userinfo", strings.NewReader(c.form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if c.header != "" {
				r.Header.Set("Authorization", c.header)
			}
			a := w.do(r)
			a.refused(c.status, c.want)
			if got := a.Header().Get("WWW-Authenticate"); got != c.challenge {
				t.Errorf("challenge %s\nwant      %s", got, c.challenge)
			}
		})
	}
	r := httptest.NewRequest("POST", "/api/auth/oauth2/userinfo", strings.NewReader(url.Values{"access_token": {access}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if info := w.do(r).json(200); info["email"] != "ada@example.com" {
		t.Errorf("by form: %v", info)
	}
	w.pass(time.Hour)
	w.userinfo(access).refused(401, "invalid_token")
}

// TestDisabledClient: what it was given works no longer.
func TestDisabledClient(t *testing.T) {
	t.Parallel()
	declared := "[[client]]\nclient_id = \"shop\"\nclient_secret = \"a secret that has more than 32 characters\"\nredirect_uris = [\"" + callback + "\"]\n"
	w := newWorld(t, map[string]string{"toml": declared})
	basic := "shop:a secret that has more than 32 characters"
	tokens := w.redeem(basic, w.code("shop", nil), nil).json(200)
	w.restart("")
	w.userinfo(tokens["access_token"].(string)).refused(401, "invalid_token")
	w.refresh(basic, tokens["refresh_token"].(string), nil).refused(401, "invalid_client")
}

// TestAtRest: neither codes nor tokens nor secrets are in the database.
func TestAtRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__REFRESH_TOKEN_REUSE_INTERVAL": "10s"})
	id, secret := w.client(oidc.Client{})
	code := w.code(id, nil)
	b := w.ada()
	flow := b.authorize(request(id, url.Values{"prompt": {"consent"}})).Query().Get("flow")
	tokens := w.redeem(id+":"+secret, code, nil).json(200)
	next := w.refresh(id+":"+secret, tokens["refresh_token"].(string), nil).json(200)
	dump := w.dump()
	for name, value := range map[string]string{
		"secret": secret, "code": code, "flow": flow, "access token": tokens["access_token"].(string),
		"refresh token": tokens["refresh_token"].(string), "next refresh token": next["refresh_token"].(string),
	} {
		if strings.Contains(dump, value) || strings.Contains(dump, value[len(value)-20:]) {
			t.Errorf("the %s is in the database", name)
		}
	}
}
