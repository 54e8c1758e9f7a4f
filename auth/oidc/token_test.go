package oidc_test

import (
	"net/url"
	"strings"
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
		{"RFC 7636 4.5: no verifier", basic, url.Values{"code_verifier": {""}}, 400, "invalid_request"},
		{"RFC 7636 4.1: a verifier that is too short", basic, url.Values{"code_verifier": {"short"}}, 400, "invalid_grant"},
		{"RFC 7636 4.1: the challenge as verifier", basic, url.Values{"code_verifier": {challenge}}, 400, "invalid_grant"},
		{"RFC 6749 4.1.3: another redirect_uri", basic, url.Values{"redirect_uri": {"https://app.example/other"}}, 400, "invalid_grant"},
		{"RFC 6749 4.1.3: no redirect_uri", basic, url.Values{"redirect_uri": {""}}, 400, "invalid_request"},
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
		{"RFC 6749 5.2: Basic of a client registered for the body", post + ":" + postSecret, nil, 401, "invalid_client"},
		{"RFC 7591 2: a secret from a public client", "", url.Values{"client_id": {public}, "client_secret": {"x"}}, 400, "invalid_client"},
		{"RFC 7523 2.2: an assertion of no known kind", "", url.Values{"client_id": {id}, "client_assertion": {"x"}}, 400, "invalid_client"},
		{"RFC 7521 4.2: an assertion beside a secret", basic, url.Values{"client_assertion": {"x"}}, 400, "invalid_request"},
		{"RFC 8707 2: a resource that is not known", basic, url.Values{"resource": {"https://api.example"}}, 400, "invalid_target"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := w.redeem(c.basic, code, c.change)
			a.refused(c.status, c.want)
			if a.Header().Get("Cache-Control") != "no-store" {
				t.Error("the answer may be cached")
			}
			if challenged := a.Header().Get("WWW-Authenticate"); (challenged != "") != (c.status == 401) {
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

// TestClientAuthentication: each method works.
func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, method := range []string{"client_secret_basic", "client_secret_post", "none"} {
		id, secret := w.client(oidc.Client{TokenEndpointAuthMethod: method})
		change := url.Values{}
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
