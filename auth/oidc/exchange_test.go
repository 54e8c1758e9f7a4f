package oidc_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/oidc"
)

const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccess    = "urn:ietf:params:oauth:token-type:access_token"
)

// exchanger makes a client that may exchange tokens of others.
func (w *world) exchanger(impersonate bool, of ...string) (id, basic string) {
	w.t.Helper()
	id, secret := w.client(oidc.Client{
		GrantTypes: []string{grantExchange, grantOwn}, ClientCredentialsScopes: []string{"read:things"}, RedirectURIs: []string{},
		Settings: oidc.Settings{TokenExchange: of, Impersonate: impersonate},
	})
	return id, id + ":" + secret
}

func (w *world) exchange(basic, subject string, extra url.Values) *answer {
	form := url.Values{"grant_type": {grantExchange}, "subject_token": {subject}, "subject_token_type": {typeAccess}}
	for name, values := range extra {
		form[name] = values
	}
	return w.form("token", basic, form)
}

// TestTokenExchange: RFC 8693 §2, §4.1.
func TestTokenExchange(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, appSecret := w.client(oidc.Client{})
	first, firstBasic := w.exchanger(false, app)
	second, secondBasic := w.exchanger(false, first)
	_, silent := w.exchanger(true, "*")
	w.resource(oidc.Resource{Identifier: api1}, first)
	tokens := w.tokens(app, appSecret)
	subject := tokens["access_token"].(string)
	ada := w.userinfo(subject).json(200)["sub"]

	w.pass(30 * time.Minute)
	answered := w.exchange(firstBasic, subject, url.Values{"scope": {"email openid"}, "resource": {api1}}).json(200)
	if answered["issued_token_type"] != typeAccess || answered["token_type"] != "Bearer" || answered["refresh_token"] != nil || answered["id_token"] != nil {
		t.Errorf("2.2.1: %v", answered)
	}
	if answered["expires_in"] != 1800.0 {
		t.Errorf("it lasts longer than the old one: %v", answered["expires_in"])
	}
	claims := w.jwt(answered["access_token"].(string), "at+jwt", jose.EdDSA)
	if act := claims["act"].(map[string]any); act["sub"] != first || claims["sub"] != ada || claims["client_id"] != first || claims["scope"] != "email openid" {
		t.Errorf("4.1: %v", claims)
	}

	again := w.exchange(secondBasic, answered["access_token"].(string), nil).json(200)["access_token"].(string)
	seen := w.form("introspect", secondBasic, url.Values{"token": {again}}).json(200)
	act := seen["act"].(map[string]any)
	if act["sub"] != second || act["act"].(map[string]any)["sub"] != first || seen["sub"] != ada || seen["client_id"] != second {
		t.Errorf("4.1: a chain: %v", seen)
	}
	if info := w.userinfo(again).json(200); info["sub"] != ada || info["email"] == nil || info["name"] != nil {
		t.Errorf("userinfo: %v", info)
	}

	quiet := w.exchange(silent, subject, nil).json(200)["access_token"].(string)
	if seen := w.form("introspect", silent, url.Values{"token": {quiet}}).json(200); seen["act"] != nil || seen["sub"] != ada || seen["scope"] != "openid profile email" || seen["sid"] != nil {
		t.Errorf("1.1: impersonation: %v", seen)
	}

	// All of them end with what the person allowed.
	w.form("revoke", app+":"+appSecret, url.Values{"token": {tokens["refresh_token"].(string)}})
	for _, token := range []string{again, quiet, answered["access_token"].(string)} {
		w.userinfo(token).refused(401, "invalid_token")
	}
}

func TestTokenExchangeRefused(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, appSecret := w.client(oidc.Client{})
	_, other := w.exchanger(false, "somebody-else")
	_, basic := w.exchanger(false, app)
	_, own := w.machine("read:things")
	tokens := w.redeem(app+":"+appSecret, w.code(app, url.Values{"scope": {"openid email"}}), nil).json(200)
	subject := tokens["access_token"].(string)
	machines := w.own(own, nil).json(200)["access_token"].(string)
	for _, c := range []struct {
		name, basic, subject string
		extra                url.Values
		status               int
		want                 string
	}{
		{"2.1: no subject token", basic, "", nil, 400, "invalid_request"},
		{"2.2.2: a token that is not good", basic, flip(subject), nil, 400, "invalid_request"},
		{"2.2.2: an ID token for an access token", basic, tokens["id_token"].(string), nil, 400, "invalid_request"},
		{"3: another type of token", basic, subject, url.Values{"subject_token_type": {"urn:ietf:params:oauth:token-type:saml2"}}, 400, "invalid_request"},
		{"3: another type is asked for", basic, subject, url.Values{"requested_token_type": {"urn:ietf:params:oauth:token-type:refresh_token"}}, 400, "invalid_request"},
		{"2.1: an actor token without its type", basic, subject, url.Values{"actor_token": {machines}}, 400, "invalid_request"},
		{"2.1: somebody else's token for an actor", basic, subject, url.Values{"actor_token": {machines}, "actor_token_type": {typeAccess}}, 400, "invalid_request"},
		{"nobody stands behind the token", basic, machines, nil, 400, "invalid_request"},
		{"2.2.2: more scope", basic, subject, url.Values{"scope": {"openid profile"}}, 400, "invalid_scope"},
		{"2.2.2: an unknown target", basic, subject, url.Values{"resource": {"https://unknown.example"}}, 400, "invalid_target"},
		{"2.2.2: an unknown audience", basic, subject, url.Values{"audience": {"unknown"}}, 400, "invalid_target"},
		{"a token of a client that it may not exchange", other, subject, nil, 400, "unauthorized_client"},
		{"a client without the grant", app + ":" + appSecret, subject, nil, 400, "unauthorized_client"},
		{"without authentication", "", subject, nil, 400, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) { w.exchange(c.basic, c.subject, c.extra).refused(c.status, c.want) })
	}
	if n := w.count("oauth_access_token"); n != 2 {
		t.Errorf("%d tokens, want the two there were", n)
	}
}

// TestActorToken: RFC 8693 §2.1: who acts may be a person, by the client's own token of theirs.
func TestActorToken(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, appSecret := w.client(oidc.Client{})
	id, basic := w.exchanger(true, app)
	subject := w.tokens(app, appSecret)["access_token"].(string)
	actor := w.own(basic, nil).json(200)["access_token"].(string)
	token := w.exchange(basic, subject, url.Values{"actor_token": {actor}, "actor_token_type": {typeAccess}}).json(200)["access_token"].(string)
	if seen := w.form("introspect", basic, url.Values{"token": {token}}).json(200); seen["act"].(map[string]any)["sub"] != id {
		t.Errorf("introspection: %v", seen)
	}
}
