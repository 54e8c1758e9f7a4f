package oidc_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/oidc"
)

// TestRefusedCodes: each row is a request for tokens that must not get any, and
// must not use the code up: afterwards it works.
func TestRefusedCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	otherID, otherSecret := w.client(oidc.Client{})
	public, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none"})
	post, postSecret := w.client(oidc.Client{TokenEndpointAuthMethod: "client_secret_post"})
	code := w.code(id, nil)
	cases := []struct {
		name   string
		basic  string
		change url.Values
		status int
		want   string
	}{
		{"RFC 7636 4.6: a wrong verifier", basic, url.Values{"code_verifier": {strings.Repeat("x", 43)}}, 400, "invalid_grant"},
		{"RFC 7636 4.6: no verifier", basic, url.Values{"code_verifier": {""}}, 400, "invalid_grant"},
		{"RFC 7636 4.1: a verifier that is too short", basic, url.Values{"code_verifier": {"short"}}, 400, "invalid_grant"},
		{"RFC 7636 4.1: the challenge as verifier", basic, url.Values{"code_verifier": {challenge}}, 400, "invalid_grant"},
		{"RFC 6749 4.1.3: another redirect_uri", basic, url.Values{"redirect_uri": {"https://app.example/other"}}, 400, "invalid_grant"},
		{"RFC 6749 4.1.3: another client's code", otherID + ":" + otherSecret, nil, 400, "invalid_grant"},
		{"RFC 6749 4.1.3: a public client with another's code", "", url.Values{"client_id": {public}}, 400, "invalid_grant"},
		{"RFC 6749 5.2: no code", basic, url.Values{"code": {""}}, 400, "invalid_request"},
		{"RFC 6749 5.2: a made-up code", basic, url.Values{"code": {"bogus"}}, 400, "invalid_grant"},
		{"a code with one character changed", basic, url.Values{"code": {flip(code)}}, 400, "invalid_grant"},
		{"a code as its hash is stored", basic, url.Values{"code": {w.text("SELECT code FROM oauth_grant")}}, 400, "invalid_grant"},
		{"RFC 6749 5.2: no grant type", basic, url.Values{"grant_type": {""}}, 400, "invalid_request"},
		{"RFC 6749 5.2: an unknown grant type", basic, url.Values{"grant_type": {"bogus"}}, 400, "unsupported_grant_type"},
		{"OAuth 2.1: no password grant", basic, url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
		{"RFC 6749 5.2: a grant type that the client does not have", basic, url.Values{"grant_type": {"client_credentials"}}, 400, "unauthorized_client"},
		{"RFC 6749 3.2: code twice", basic, url.Values{"code": {code, code}}, 400, "invalid_request"},
		{"RFC 6749 3.2: client_id twice", basic, url.Values{"client_id": {id, id}}, 400, "invalid_request"},
		{"RFC 6749 2.3.1: a wrong secret", id + ":wrong", nil, 401, "invalid_client"},
		{"RFC 6749 2.3.1: an empty secret", id + ":", nil, 401, "invalid_client"},
		{"RFC 6749 5.2: an unknown client", "nobody:" + secret, nil, 401, "invalid_client"},
		{"RFC 6749 3.2.1: no client", "", nil, 400, "invalid_request"},
		{"a confidential client without its secret", "", url.Values{"client_id": {id}}, 401, "invalid_client"},
		{"RFC 6749 2.3: two ways at once", basic, url.Values{"client_secret": {secret}}, 400, "invalid_request"},
		{"two client ids", basic, url.Values{"client_id": {otherID}}, 400, "invalid_request"},
		{"RFC 7591 2: a secret in the body of a client registered for Basic", "", url.Values{"client_id": {id}, "client_secret": {secret}}, 400, "invalid_client"},
		{"RFC 7591 2: Basic of a client registered for the body", post + ":" + postSecret, nil, 400, "invalid_client"},
		{"RFC 7591 2: a secret from a public client", "", url.Values{"client_id": {public}, "client_secret": {"x"}}, 400, "invalid_client"},
		{"RFC 7521 4.2: assertions are not offered", "", url.Values{"client_id": {id}, "client_assertion": {"x"}}, 400, "invalid_client"},
		{"RFC 8707 2: a resource that is not known", basic, url.Values{"resource": {"https://api.example"}}, 400, "invalid_target"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := w.redeem(c.basic, code, c.change)
			a.refused(c.status, c.want)
			if a.Header().Get("Cache-Control") != "no-store" {
				t.Error("the answer may be cached")
			}
			if challenged := a.Header().Get("WWW-Authenticate"); (challenged != "") != (c.status == 401 && c.basic != "") {
				t.Errorf("WWW-Authenticate: %q", challenged)
			}
		})
	}
	if n := w.count("oauth_access_token"); n != 0 {
		t.Fatalf("%d tokens were made", n)
	}
	w.redeem(basic, code, nil).json(200)
}

// flip changes one character inside a value.
func flip(s string) string {
	b := []byte(s)
	if b[40] == 'A' {
		b[40] = 'B'
	} else {
		b[40] = 'A'
	}
	return string(b)
}

func TestTokenTakesOnlyForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	a := w.do(jsonRequest("POST", "/api/auth/oauth2/token", map[string]string{"grant_type": "client_credentials"}))
	if got := a.json(415); got["code"] != "UNSUPPORTED_MEDIA_TYPE" {
		t.Errorf("answered %v", got)
	}
}

func TestCodeExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	code := w.code(id, nil)
	w.pass(time.Minute)
	w.redeem(id+":"+secret, code, nil).refused(400, "invalid_grant")
}

// TestCodeReplay: RFC 6749 §4.1.2, RFC 9700 §4.5: what a code gave ends when it comes again.
func TestCodeReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	code := w.code(id, nil)
	tokens := w.redeem(basic, code, nil).json(200)
	next := w.refresh(basic, tokens["refresh_token"].(string), nil).json(200)
	w.redeem(basic, code, nil).refused(400, "invalid_grant")
	w.userinfo(tokens["access_token"].(string)).refused(401, "invalid_token")
	w.userinfo(next["access_token"].(string)).refused(401, "invalid_token")
	w.refresh(basic, next["refresh_token"].(string), nil).refused(400, "invalid_grant")
	if !strings.Contains(w.log.String(), "event=oauth-replay") {
		t.Error("nobody is told")
	}
	if strings.Contains(w.log.String(), code) {
		t.Error("the code is in the log")
	}
}

// TestCodeRace: of many who come at once with one code, one is served, and then
// the family ends, because the others are replays.
func TestCodeRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	code := w.code(id, nil)
	var served sync.Map
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if a := w.redeem(id+":"+secret, code, nil); a.Code == 200 {
				served.Store(i, a)
			}
		})
	}
	all.Wait()
	n := 0
	served.Range(func(_, a any) bool {
		n++
		w.userinfo(a.(*answer).json(200)["access_token"].(string)).refused(401, "invalid_token")
		return true
	})
	if n != 1 {
		t.Errorf("%d were served", n)
	}
}

// TestClientAuthentication: each method works, and redirect_uri may be left out
// where PKCE binds the code (OAuth 2.1 §10.2).
func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, method := range []string{"client_secret_basic", "client_secret_post", "none"} {
		id, secret := w.client(oidc.Client{TokenEndpointAuthMethod: method})
		change := url.Values{"redirect_uri": {""}}
		basic := ""
		switch method {
		case "client_secret_basic":
			basic = id + ":" + secret
		case "client_secret_post":
			change["client_id"], change["client_secret"] = []string{id}, []string{secret}
		default:
			change["client_id"] = []string{id}
		}
		tokens := w.redeem(basic, w.code(id, nil), change).json(200)
		if tokens["refresh_token"] == nil || tokens["id_token"] == nil {
			t.Errorf("%s: %v", method, tokens)
		}
	}
}

func TestLoopbackPort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none", RedirectURIs: []string{"http://127.0.0.1/cb"}})
	uri := "http://127.0.0.1:50123/cb"
	code := w.code(id, url.Values{"redirect_uri": {uri}})
	w.redeem("", code, url.Values{"client_id": {id}, "redirect_uri": {"http://127.0.0.1:50124/cb"}}).refused(400, "invalid_grant")
	w.redeem("", code, url.Values{"client_id": {id}, "redirect_uri": {uri}}).json(200)
}

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
		id, secret := w.client(oidc.Client{AccessTokenExpiresIn: time.Minute, RefreshTokenExpiresIn: time.Hour})
		tokens := w.tokens(id, secret)
		if tokens["expires_in"] != 60.0 {
			t.Errorf("expires_in %v", tokens["expires_in"])
		}
		w.pass(time.Minute)
		w.userinfo(tokens["access_token"].(string)).refused(401, "invalid_token")
		w.pass(time.Hour)
		w.refresh(id+":"+secret, tokens["refresh_token"].(string), nil).refused(400, "invalid_grant")
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

// TestRefreshRace: of many who come at once with one refresh token, at most one is served.
func TestRefreshRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	token := w.tokens(id, secret)["refresh_token"].(string)
	var mu sync.Mutex
	served := 0
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if w.refresh(id+":"+secret, token, nil).Code == 200 {
				mu.Lock()
				served++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if served != 1 {
		t.Errorf("%d were served", served)
	}
}

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
