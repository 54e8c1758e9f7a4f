package oidc_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/store"
	"authd/auth/oidc"
)

// everything is what a client and a person can hold of each other at once.
type everything struct {
	*world
	id, basic    string
	server       string // a resource server that may ask about tokens
	tokens, jwt  map[string]any
	code, device string
	own          string
}

func newEverything(t *testing.T) *everything {
	const grantDevice = "urn:ietf:params:oauth:grant-type:device_code"
	w := withThings(t)
	e := &everything{world: w}
	var secret string
	e.id, secret = w.client(oidc.Client{
		GrantTypes:              []string{"authorization_code", "refresh_token", grantOwn, grantDevice},
		ClientCredentialsScopes: []string{"read:things"},
	})
	e.basic = e.id + ":" + secret
	server, serverSecret := w.client(oidc.Client{GrantTypes: []string{grantOwn, grantExchange}, ClientCredentialsScopes: []string{"read:things"}, RedirectURIs: []string{}, Settings: oidc.Settings{TokenExchange: []string{"*"}}})
	e.server = server + ":" + serverSecret
	w.resource(oidc.Resource{Identifier: api1}, e.id, server)
	e.tokens = w.tokens(e.id, secret)
	e.jwt = w.redeem(e.basic, w.code(e.id, url.Values{"resource": {api1}}), nil).json(200)
	e.own = w.own(e.basic, url.Values{"resource": {api1}}).json(200)["access_token"].(string)
	e.code, e.device = w.code(e.id, nil), w.letIn(e.id, secret)
	return e
}

func (e *everything) deviceForm() url.Values {
	return url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {e.device}}
}

// inactive: the resource server is told nothing of a token.
func (e *everything) inactive(t *testing.T, what string, token any) {
	t.Helper()
	if seen := e.form("introspect", e.server, url.Values{"token": {token.(string)}}).json(200); seen["active"] != false || len(seen) != 1 {
		t.Errorf("%s is told as %v", what, seen)
	}
}

// TestDisabledEverywhere: a client that was disabled gets nothing, and nothing
// that it holds counts, wherever it is shown.
func TestDisabledEverywhere(t *testing.T) {
	t.Parallel()
	e := newEverything(t)
	exchange := func() *answer { return e.exchange(e.server, e.tokens["access_token"].(string), nil) }
	exchange().json(200)
	if seen := e.form("introspect", e.server, url.Values{"token": {e.jwt["access_token"].(string)}}).json(200); seen["active"] != true {
		t.Fatalf("before: %v", seen)
	}
	b := e.ada()
	waiting := b.authorize(request(e.id, url.Values{"prompt": {"consent"}}))
	if _, err := e.srv.OIDC.SetClientDisabled(t.Context(), e.id, true); err != nil {
		t.Fatal(err)
	}
	grants, tokens := e.count("oauth_grant"), e.count("oauth_access_token")
	for name, a := range map[string]*answer{
		"its code":           e.redeem(e.basic, e.code, nil),
		"its refresh token":  e.refresh(e.basic, e.tokens["refresh_token"].(string), nil),
		"a token of its own": e.world.own(e.basic, nil),
		"its device":         e.form("token", e.basic, e.deviceForm()),
		"a push":             e.form("par", e.basic, request(e.id, nil)),
		"introspection":      e.form("introspect", e.basic, url.Values{"token": {e.own}}),
		"revocation":         e.form("revoke", e.basic, url.Values{"token": {e.own}}),
		"end-session":        e.anonymous().get("/api/auth/oauth2/end-session?client_id=" + e.id),
		"its access token":   e.userinfo(e.tokens["access_token"].(string)),
		"its JWT":            e.userinfo(e.jwt["access_token"].(string)),
		"device/code":        e.deviceCode(),
	} {
		if a.Code != 401 {
			t.Errorf("%s: answered %d %s", name, a.Code, a.Body)
		}
	}
	exchange().refused(400, "invalid_request")
	e.inactive(t, "its JWT", e.jwt["access_token"])
	e.inactive(t, "its own token", e.own)
	if to := b.authorize(request(e.id, nil)); to.Path != "/error" {
		t.Errorf("authorize: sent to %s", to)
	}
	if a := b.act(waiting, "allow", nil); a.Code != 410 {
		t.Errorf("the consent page: answered %d", a.Code)
	}
	if e.count("oauth_grant") != grants || e.count("oauth_access_token") != tokens {
		t.Error("something was given")
	}
}

func (e *everything) deviceCode() *answer {
	r := httptest.NewRequest("POST", "/api/auth/device/code", strings.NewReader("scope=openid"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	id, secret, _ := strings.Cut(e.basic, ":")
	r.SetBasicAuth(id, secret)
	return e.do(r)
}

// TestBannedEverywhere: nobody speaks for a person who is banned.
func TestBannedEverywhere(t *testing.T) {
	t.Parallel()
	e := newEverything(t)
	write(t, e.world, func(tx *store.Tx) error { // as if the ban had come between two steps: nothing else is ended
		_, err := tx.Exec(t.Context(), `UPDATE "user" SET banned = TRUE`)
		return err
	})
	grants, tokens := e.count("oauth_grant"), e.count("oauth_access_token")
	e.redeem(e.basic, e.code, nil).refused(400, "invalid_grant")
	e.refresh(e.basic, e.tokens["refresh_token"].(string), nil).refused(400, "invalid_grant")
	e.form("token", e.basic, e.deviceForm()).refused(400, "access_denied")
	e.userinfo(e.tokens["access_token"].(string)).refused(401, "invalid_token")
	e.userinfo(e.jwt["access_token"].(string)).refused(401, "invalid_token")
	e.exchange(e.server, e.tokens["access_token"].(string), nil).refused(400, "invalid_request")
	e.inactive(t, "the person's JWT", e.jwt["access_token"])
	for _, name := range []string{"access_token", "refresh_token"} {
		if seen := e.form("introspect", e.basic, url.Values{"token": {e.tokens[name].(string)}}).json(200); seen["active"] != false {
			t.Errorf("the %s is told as %v", name, seen)
		}
	}
	if e.count("oauth_grant") != grants || e.count("oauth_access_token") != tokens {
		t.Error("something was given")
	}
	e.pass(time.Second)
	if seen := e.form("introspect", e.server, url.Values{"token": {e.own}}).json(200); seen["active"] != true {
		t.Errorf("the client's own token: %v", seen)
	}
}

// TestNothingSecretIsLogged: neither what is given nor what is refused leaves in
// the log what somebody could use.
func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	e := newEverything(t)
	_, secret, _ := strings.Cut(e.basic, ":")
	e.redeem(e.basic, e.code, url.Values{"code_verifier": {strings.Repeat("w", 43)}}).refused(400, "invalid_grant")
	e.redeem(e.basic, e.code, nil).json(200)
	e.redeem(e.basic, e.code, nil).refused(400, "invalid_grant") // a replay
	e.refresh(e.basic, e.tokens["refresh_token"].(string), nil).json(200)
	e.refresh(e.basic, e.tokens["refresh_token"].(string), nil).refused(400, "invalid_grant")
	e.form("token", e.basic+"x", e.deviceForm()).refused(401, "invalid_client")
	e.form("token", e.basic, e.deviceForm()).json(200)
	e.show("DPoP", e.own).refused(401, "invalid_token")
	log := e.log.String()
	if !strings.Contains(log, "oauth-replay") || !strings.Contains(log, "client-secret-wrong") {
		t.Fatalf("logged %s", log)
	}
	for name, value := range map[string]any{
		"the secret": secret, "the code": e.code, "the device code": e.device, "a token": e.tokens["access_token"], "a refresh token": e.tokens["refresh_token"],
		"an ID token": e.tokens["id_token"], "a JWT": e.jwt["access_token"], "the client's own": e.own, "the verifier": verifier,
	} {
		if strings.Contains(log, value.(string)) {
			t.Errorf("%s is logged", name)
		}
	}
}
