package oidc_test

import (
	"net/url"
	"testing"
	"time"

	"authd/auth/oidc"
)

// TestRefresh: rotation, narrowing, reuse.
func TestRefresh(t *testing.T) {
	t.Parallel()
	t.Run("OAuth 2.1 4.3.1: a used refresh token ends the family", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, secret := w.client(oidc.Client{})
		basic := id + ":" + secret
		first := w.tokens(id, secret)["refresh_token"].(string)
		second := w.refresh(basic, first, nil).json(200)
		third := w.refresh(basic, second["refresh_token"].(string), nil).json(200)
		w.userinfo(third["access_token"].(string)).json(200)
		w.refresh(basic, first, nil).refused(400, "invalid_grant")
		w.refresh(basic, third["refresh_token"].(string), nil).refused(400, "invalid_grant")
		w.userinfo(third["access_token"].(string)).refused(401, "invalid_token")
	})
	t.Run("one family's end is not another's", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, secret := w.client(oidc.Client{})
		basic := id + ":" + secret
		one, other := w.tokens(id, secret), w.tokens(id, secret)
		w.refresh(basic, one["refresh_token"].(string), nil).json(200)
		w.refresh(basic, one["refresh_token"].(string), nil).refused(400, "invalid_grant")
		w.refresh(basic, other["refresh_token"].(string), nil).json(200)
	})
	t.Run("RFC 6749 6: a refused refresh uses nothing up", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, secret := w.client(oidc.Client{Scopes: []string{"openid", "email", "offline_access"}})
		otherID, otherSecret := w.client(oidc.Client{})
		basic := id + ":" + secret
		token := w.redeem(basic, w.code(id, url.Values{"scope": {"openid offline_access"}}), nil).json(200)["refresh_token"].(string)
		before := w.count("oauth_access_token")
		w.refresh(basic, token, url.Values{"scope": {"openid email"}}).refused(400, "invalid_scope")
		w.refresh(otherID+":"+otherSecret, token, nil).refused(400, "invalid_grant")
		w.refresh(id+":wrong", token, nil).refused(401, "invalid_client")
		w.refresh(basic, "bogus", nil).refused(400, "invalid_grant")
		w.refresh(basic, "", nil).refused(400, "invalid_request")
		w.refresh(basic, token, url.Values{"refresh_token": {token, token}}).refused(400, "invalid_request")
		if n := w.count("oauth_access_token"); n != before {
			t.Errorf("%d tokens were made", n-before)
		}
		w.refresh(basic, token, nil).json(200)
	})
	t.Run("RFC 6749 6: narrower for one access token, whole for the next", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, secret := w.client(oidc.Client{})
		basic := id + ":" + secret
		narrow := w.refresh(basic, w.tokens(id, secret)["refresh_token"].(string), url.Values{"scope": {"openid"}}).json(200)
		if info := w.userinfo(narrow["access_token"].(string)).json(200); narrow["scope"] != "openid" || len(info) != 1 {
			t.Errorf("scope %v, userinfo %v", narrow["scope"], info)
		}
		whole := w.refresh(basic, narrow["refresh_token"].(string), nil).json(200)
		if whole["scope"] != "openid profile email offline_access" {
			t.Errorf("scope %v", whole["scope"])
		}
		without := w.refresh(basic, whole["refresh_token"].(string), url.Values{"scope": {"email"}}).json(200)
		if without["id_token"] != nil {
			t.Error("an ID token without openid")
		}
	})
	t.Run("it ends when it is not used for long enough", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, secret := w.client(oidc.Client{})
		basic := id + ":" + secret
		token := w.tokens(id, secret)["refresh_token"].(string)
		w.pass(29 * 24 * time.Hour)
		token = w.refresh(basic, token, nil).json(200)["refresh_token"].(string)
		w.pass(29 * 24 * time.Hour)
		token = w.refresh(basic, token, nil).json(200)["refresh_token"].(string)
		w.pass(30 * 24 * time.Hour)
		w.refresh(basic, token, nil).refused(400, "invalid_grant")
	})
	t.Run("a client's own lifetimes", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, secret := w.client(oidc.Client{AccessTokenExpiresIn: time.Minute, RefreshTokenExpiresIn: time.Hour, Settings: oidc.Settings{IDTokenExpiresIn: 90}})
		tokens := w.tokens(id, secret)
		if claims := w.claims(tokens["id_token"]); claims["exp"].(float64)-claims["iat"].(float64) != 90 {
			t.Errorf("ID token %v", claims)
		}
		if tokens["expires_in"] != 60.0 {
			t.Errorf("expires_in %v", tokens["expires_in"])
		}
		w.pass(time.Minute)
		w.userinfo(tokens["access_token"].(string)).refused(401, "invalid_token")
		w.pass(time.Hour)
		w.refresh(id+":"+secret, tokens["refresh_token"].(string), nil).refused(400, "invalid_grant")
	})
	t.Run("no ID token counts for longer than the server's do", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__ID_TOKEN_EXPIRES_IN": "5m"})
		id, secret := w.client(oidc.Client{Settings: oidc.Settings{IDTokenExpiresIn: 600}})
		if claims := w.claims(w.tokens(id, secret)["id_token"]); claims["exp"].(float64)-claims["iat"].(float64) != 300 {
			t.Errorf("ID token %v", claims)
		}
	})
	t.Run("without offline_access there is none", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id, secret := w.client(oidc.Client{})
		tokens := w.redeem(id+":"+secret, w.code(id, url.Values{"scope": {"openid"}}), nil).json(200)
		if tokens["refresh_token"] != nil {
			t.Errorf("tokens: %v", tokens)
		}
	})
}

// TestReuseInterval: a client that lost the answer gets it again, for a while.
func TestReuseInterval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__REFRESH_TOKEN_REUSE_INTERVAL": "10s"})
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	first := w.tokens(id, secret)["refresh_token"].(string)
	second := w.refresh(basic, first, nil).json(200)
	w.pass(10 * time.Second)
	again := w.refresh(basic, first, nil).json(200)
	if again["refresh_token"] != second["refresh_token"] || again["access_token"] == second["access_token"] {
		t.Errorf("the second answer %v does not repeat the first %v", again, second)
	}
	w.pass(time.Millisecond)
	w.refresh(basic, first, nil).refused(400, "invalid_grant")
	w.refresh(basic, second["refresh_token"].(string), nil).refused(400, "invalid_grant")

	old := w.tokens(id, secret)["refresh_token"].(string)
	mid := w.refresh(basic, old, nil).json(200)["refresh_token"].(string)
	last := w.refresh(basic, mid, nil).json(200)["refresh_token"].(string)
	w.refresh(basic, old, nil).refused(400, "invalid_grant") // not the last one: a replay at any time
	w.refresh(basic, last, nil).refused(400, "invalid_grant")
}
