package oidc_test

import (
	"crypto"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/oidc"
)

// letIn has Ada let a device in: it returns the device code.
func (w *world) letIn(clientID, secret string) string {
	w.t.Helper()
	form := url.Values{"client_id": {clientID}, "scope": {"openid offline_access"}}
	r := httptest.NewRequest("POST", "/api/auth/device/code", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if secret != "" {
		r.SetBasicAuth(clientID, secret)
	}
	asked := w.do(r).json(200)
	b := w.ada()
	b.get("/api/auth/device?user_code=" + asked["user_code"].(string)).json(200)
	b.do(jsonRequest("POST", "/api/auth/device/approve", map[string]any{"userCode": asked["user_code"]})).json(200)
	w.pass(6 * time.Second)
	return asked["device_code"].(string)
}

// TestEveryGrantIsBound: RFC 9449 §5, §6: whatever a token comes of and whatever
// form it has, it is bound to the key of the proof that it was asked for with.
func TestEveryGrantIsBound(t *testing.T) {
	t.Parallel()
	const grantDevice = "urn:ietf:params:oauth:grant-type:device_code"
	w := withThings(t)
	w.resource(oidc.Resource{Identifier: api1})
	app, appSecret := w.client(oidc.Client{})
	settings := oidc.Settings{TokenExchange: []string{app}}
	id, secret := w.client(oidc.Client{
		GrantTypes:              []string{"authorization_code", "refresh_token", grantOwn, grantDevice, grantExchange},
		ClientCredentialsScopes: []string{"read:things"}, Settings: settings,
	})
	if err := w.srv.OIDC.LinkResource(t.Context(), api1, id); err != nil {
		t.Fatal(err)
	}
	subject := w.tokens(app, appSecret)["access_token"].(string)
	long := w.tokens(id, secret)["refresh_token"].(string)
	for name, form := range map[string]func() url.Values{
		"authorization_code": func() url.Values { return redeeming(w.code(id, nil), nil) },
		"refresh_token": func() url.Values {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {long}}
			long = w.tokens(id, secret)["refresh_token"].(string)
			return form
		},
		"client_credentials": func() url.Values { return url.Values{"grant_type": {grantOwn}} },
		"device_code": func() url.Values {
			return url.Values{"grant_type": {grantDevice}, "device_code": {w.letIn(id, secret)}}
		},
		"token-exchange": func() url.Values {
			return url.Values{"grant_type": {grantExchange}, "subject_token": {subject}, "subject_token_type": {typeAccess}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			key := newKey(t, "ES256")
			tokens := w.proving("token", id+":"+secret, form(), w.proof(key, "ES256", "POST", tokenURL, nil)).json(200)
			if tokens["token_type"] != "DPoP" {
				t.Errorf("token_type %v", tokens["token_type"])
			}
			seen := w.form("introspect", id+":"+secret, url.Values{"token": {tokens["access_token"].(string)}}).json(200)
			if cnf, _ := seen["cnf"].(map[string]any); seen["token_type"] != "DPoP" || cnf["jkt"] != jktOf(t, key) {
				t.Errorf("6.2: %v", seen)
			}
		})
	}
	t.Run("6.1: a JWT says so itself, and is refused without its key", func(t *testing.T) {
		client, clientSecret := w.client(oidc.Client{Settings: oidc.Settings{AccessTokenFormat: "jwt"}})
		key := newKey(t, "EdDSA")
		token := w.proving("token", client+":"+clientSecret, redeeming(w.code(client, nil), nil), w.proof(key, "EdDSA", "POST", tokenURL, nil)).json(200)["access_token"].(string)
		if cnf, _ := w.jwt(token, "at+jwt", jose.EdDSA)["cnf"].(map[string]any); len(cnf) != 1 || cnf["jkt"] != jktOf(t, key) {
			t.Errorf("cnf %v", cnf)
		}
		w.show("DPoP", token, w.proof(key, "EdDSA", "GET", userinfoURL, ath(token))).json(200)
		w.show("Bearer", token).refused(401, "invalid_token") // §7.2
		w.show("DPoP", token).refused(401, "invalid_dpop_proof")
		r := httptest.NewRequest("POST", "/api/auth/oauth2/userinfo", strings.NewReader("access_token="+token))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header["Dpop"] = []string{w.proof(key, "EdDSA", "POST", userinfoURL, ath(token))}
		w.do(r).refused(401, "invalid_token") // §7.2: a form is the way of bearers
	})
}

// TestBoundWithoutSecret: RFC 9449 §5: what a public client gets to renew its
// tokens with is bound, also where no code was redeemed.
func TestBoundWithoutSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none", GrantTypes: []string{"urn:ietf:params:oauth:grant-type:device_code"}, RedirectURIs: []string{}})
	key, other := newKey(t, "ES256"), newKey(t, "ES256")
	proving := func(form url.Values, key crypto.Signer) *answer {
		form.Set("client_id", id)
		return w.proving("token", "", form, w.proof(key, "ES256", "POST", tokenURL, nil))
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {w.letIn(id, "")}}
	refresh := proving(form, key).json(200)["refresh_token"].(string)
	form = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {id}}
	w.form("token", "", form).refused(400, "invalid_grant")
	proving(form, other).refused(400, "invalid_grant")
	proving(form, key).json(200)
}
