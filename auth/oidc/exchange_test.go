package oidc_test

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/internal/store"
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
	w.resource(oidc.Resource{Identifier: api1})
	tokens := w.redeem(app+":"+appSecret, w.code(app, url.Values{"scope": {"openid email offline_access"}}), nil).json(200)
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
		{"2.2.2: a refresh token for an access token", basic, tokens["refresh_token"].(string), nil, 400, "invalid_request"},
		{"2.1: a subject token without its type", basic, subject, url.Values{"subject_token_type": {""}}, 400, "invalid_request"},
		{"2.1: the type of an actor token without one", basic, subject, url.Values{"actor_token_type": {typeAccess}}, 400, "invalid_request"},
		{"3: another type of actor token", basic, subject, url.Values{"actor_token": {machines}, "actor_token_type": {"urn:ietf:params:oauth:token-type:jwt"}}, 400, "invalid_request"},
		{"2.2.2: an actor token that is not good", basic, subject, url.Values{"actor_token": {flip(machines)}, "actor_token_type": {typeAccess}}, 400, "invalid_request"},
		{"2.1: a resource that is no absolute URI", basic, subject, url.Values{"resource": {"/things"}}, 400, "invalid_target"},
		{"2.1: a resource with a fragment", basic, subject, url.Values{"resource": {api1 + "#x"}}, 400, "invalid_target"},
		{"2.2.2: a resource that the client is not linked to", basic, subject, url.Values{"resource": {api1}}, 400, "invalid_target"},
		{"2.2.2: one of two audiences unknown", basic, subject, url.Values{"audience": {userinfoURL, "unknown"}}, 400, "invalid_target"},
		{"2.1, RFC 6749 3.2: subject_token twice", basic, subject, url.Values{"subject_token": {subject, subject}}, 400, "invalid_request"},
		{"2.1, RFC 6749 3.2: scope twice", basic, subject, url.Values{"scope": {"openid", "email"}}, 400, "invalid_request"},
		{"5: offline_access: a refresh token is not passed on", basic, subject, url.Values{"scope": {"offline_access"}}, 400, "invalid_scope"},
		{"3: another type of token", basic, subject, url.Values{"subject_token_type": {"urn:ietf:params:oauth:token-type:saml2"}}, 400, "invalid_request"},
		{"3: another type is asked for", basic, subject, url.Values{"requested_token_type": {"urn:ietf:params:oauth:token-type:refresh_token"}}, 400, "invalid_request"},
		{"2.1: an actor token without its type", basic, subject, url.Values{"actor_token": {machines}}, 400, "invalid_request"},
		{"2.1: somebody else's token for an actor", basic, subject, url.Values{"actor_token": {machines}, "actor_token_type": {typeAccess}}, 400, "invalid_request"},
		{"nobody stands behind the token", basic, machines, nil, 400, "invalid_request"},
		{"2.2.2: more scope", basic, subject, url.Values{"scope": {"openid profile"}}, 400, "invalid_scope"},
		{"2.2.2: an unknown target", basic, subject, url.Values{"resource": {"https://unknown.example"}}, 400, "invalid_target"},
		{"2.2.2: an unknown audience", basic, subject, url.Values{"audience": {"unknown"}}, 400, "invalid_target"},
		{"2.2.2: a token of a client that it may not exchange", other, subject, nil, 400, "invalid_request"},
		{"a client without the grant", app + ":" + appSecret, subject, nil, 400, "unauthorized_client"},
		{"2.1: without authentication", "", subject, nil, 400, "invalid_request"},
		{"2.1: with a wrong secret", strings.SplitN(basic, ":", 2)[0] + ":wrong", subject, nil, 401, "invalid_client"},
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

// TestSubjectTokenEnds: RFC 8693 §2.2.2: each way in which a subject token, or the
// person behind it, has ended.
func TestSubjectTokenEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change url.Values // of the authorization request
		end    func(w *world, appBasic string, tokens map[string]any)
	}{
		"expired":      {nil, func(w *world, _ string, _ map[string]any) { w.pass(time.Hour) }},
		"a JWT, ended": {url.Values{"resource": {api1}}, func(w *world, _ string, _ map[string]any) { w.pass(time.Hour) }},
		"revoked": {nil, func(w *world, basic string, tokens map[string]any) {
			w.form("revoke", basic, url.Values{"token": {tokens["access_token"].(string)}})
		}},
		"a JWT, revoked": {url.Values{"resource": {api1}}, func(w *world, basic string, tokens map[string]any) {
			w.form("revoke", basic, url.Values{"token": {tokens["access_token"].(string)}})
		}},
		"its grant ended": {nil, func(w *world, basic string, tokens map[string]any) {
			w.form("revoke", basic, url.Values{"token": {tokens["refresh_token"].(string)}})
		}},
		"the person is banned": {nil, func(w *world, _ string, _ map[string]any) {
			u, err := w.srv.Core.UserByEmail(w.t.Context(), w.srv.Core.DB, "ada@example.com")
			if err != nil {
				w.t.Fatal(err)
			}
			u.Banned = true
			if err := w.srv.Core.DB.Write(w.t.Context(), func(tx *store.Tx) error { return w.srv.Core.SaveUser(w.t.Context(), tx, u) }); err != nil {
				w.t.Fatal(err)
			}
		}},
		"the client is disabled": {nil, func(w *world, basic string, _ map[string]any) {
			id, _, _ := strings.Cut(basic, ":")
			if _, err := w.srv.OIDC.SetClientDisabled(w.t.Context(), id, true); err != nil {
				w.t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := withThings(t)
			app, appSecret := w.client(oidc.Client{})
			_, basic := w.exchanger(false, app)
			w.resource(oidc.Resource{Identifier: api1}, app)
			tokens := w.redeem(app+":"+appSecret, w.code(app, c.change), nil).json(200)
			subject := tokens["access_token"].(string)
			w.exchange(basic, subject, nil).json(200)
			c.end(w, app+":"+appSecret, tokens)
			w.exchange(basic, subject, nil).refused(400, "invalid_request")
		})
	}
}

// TestExchangeNarrows: RFC 8693 §2.1, §2.2.1, §5: where the new token counts, for how
// long and for what is never more than before.
func TestExchangeNarrows(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, appSecret := w.client(oidc.Client{})
	id, basic := w.exchanger(false, app)
	w.resource(oidc.Resource{Identifier: api1, AccessTokenExpiresIn: 5 * time.Minute}, id, app)
	w.resource(oidc.Resource{Identifier: api2, AllowedScopes: []string{"email"}}, id)
	subject := w.redeem(app+":"+appSecret, w.code(app, url.Values{"resource": {api1}}), nil).json(200)["access_token"].(string)
	for _, c := range []struct {
		name  string
		extra url.Values
		aud   any // nil: an opaque token
		scope string
		life  float64
	}{
		{"2.1: to one resource", url.Values{"resource": {api1}, "scope": {"email"}}, api1, "email", 300},
		{"2.1: to an audience", url.Values{"audience": {api1}, "scope": {"email"}}, api1, "email", 300},
		{"2.1: to several audiences", url.Values{"audience": {api1, api2}, "scope": {"email"}}, []any{api1, api2}, "email", 300},
		{"2.1: to a resource and an audience", url.Values{"audience": {api1}, "resource": {api2}, "scope": {"email"}}, []any{api2, api1}, "email", 300},
		{"2.2.1: only the scope that the resource takes, and it is told", url.Values{"resource": {api2}}, api2, "email", 300},
		{"2.1: to nothing in particular", nil, nil, "openid profile email", 300},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.exchange(basic, subject, c.extra)
			got := a.json(200)
			if got["scope"] != c.scope || got["expires_in"] != c.life || got["issued_token_type"] != typeAccess || a.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("answered %v", got)
			}
			seen := w.form("introspect", basic, url.Values{"token": {got["access_token"].(string)}}).json(200)
			if !reflect.DeepEqual(seen["aud"], c.aud) || seen["client_id"] != id {
				t.Errorf("introspection: %v", seen)
			}
		})
	}
}

// TestMayAct: RFC 8693 §4.4: a token says which client alone may act with it.
func TestMayAct(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	one, basic := w.exchanger(false, "*")
	_, other := w.exchanger(false, "*")
	_, silent := w.exchanger(true, "*")
	app, appSecret := w.client(oidc.Client{Settings: oidc.Settings{MayAct: one}})
	w.resource(oidc.Resource{Identifier: api1}, app)
	want := map[string]any{"sub": one, "client_id": one, "iss": issuer}
	for name, change := range map[string]url.Values{"an opaque token": nil, "a JWT": {"resource": {api1}}} {
		subject := w.redeem(app+":"+appSecret, w.code(app, change), nil).json(200)["access_token"].(string)
		if change != nil && !reflect.DeepEqual(w.claims(subject)["may_act"], want) {
			t.Errorf("%s says %v", name, w.claims(subject)["may_act"])
		}
		if seen := w.form("introspect", app+":"+appSecret, url.Values{"token": {subject}}).json(200); !reflect.DeepEqual(seen["may_act"], want) {
			t.Errorf("%s: introspection %v", name, seen)
		}
		w.exchange(other, subject, nil).refused(400, "invalid_request")
		w.exchange(silent, subject, nil).refused(400, "invalid_request")
		got := w.exchange(basic, subject, nil).json(200)["access_token"].(string)
		if seen := w.form("introspect", basic, url.Values{"token": {got}}).json(200); seen["act"].(map[string]any)["sub"] != one || seen["may_act"] != nil {
			t.Errorf("%s: exchanged %v", name, seen)
		}
	}
}

// TestExchangeOfBoundTokens: RFC 9449 §5: a bound token is never exchanged for one
// that anybody could use.
func TestExchangeOfBoundTokens(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	holder, server := newKey(t, "ES256"), newKey(t, "EdDSA")
	app, appSecret := w.client(oidc.Client{})
	_, basic := w.exchanger(false, app)
	subject := w.proving("token", app+":"+appSecret, redeeming(w.code(app, nil), nil), w.proof(holder, "ES256", "POST", tokenURL, nil)).json(200)["access_token"].(string)
	w.exchange(basic, subject, nil).refused(400, "invalid_dpop_proof")
	form := url.Values{"grant_type": {grantExchange}, "subject_token": {subject}, "subject_token_type": {typeAccess}}
	got := w.proving("token", basic, form, w.proof(server, "EdDSA", "POST", tokenURL, nil)).json(200)
	access := got["access_token"].(string)
	if got["token_type"] != "DPoP" {
		t.Errorf("answered %v", got)
	}
	w.show("Bearer", access).refused(401, "invalid_token")
	w.show("DPoP", access, w.proof(holder, "ES256", "GET", userinfoURL, ath(access))).refused(401, "invalid_token")
	w.show("DPoP", access, w.proof(server, "EdDSA", "GET", userinfoURL, ath(access))).json(200)
}

// TestLongChains: RFC 8693 §4.1: all who acted are told, and they are not endless.
func TestLongChains(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, appSecret := w.client(oidc.Client{})
	_, basic := w.exchanger(false, "*")
	_, silent := w.exchanger(true, "*")
	token := w.tokens(app, appSecret)["access_token"].(string)
	for range 5 {
		token = w.exchange(basic, token, nil).json(200)["access_token"].(string)
	}
	w.exchange(basic, token, nil).refused(400, "invalid_request")
	quiet := w.exchange(silent, token, nil).json(200)["access_token"].(string)
	act, n := w.form("introspect", silent, url.Values{"token": {quiet}}).json(200)["act"].(map[string]any), 1
	for ; act["act"] != nil; n++ {
		act = act["act"].(map[string]any)
	}
	if n != 5 {
		t.Errorf("who impersonates took away who acted before: %d are left", n)
	}
}
