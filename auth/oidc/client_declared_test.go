package oidc_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

const declaredEverything = `
[[client]]
client_id = "bank"
name = "Bank"
redirect_uris = ["https://app.example/callback"]
post_logout_redirect_uris = ["https://app.example/out"]
tos_uri = "https://app.example/tos"
policy_uri = "https://app.example/policy"
contacts = ["a@app.example"]
token_endpoint_auth_method = "private_key_jwt"
token_endpoint_auth_signing_alg = "ES256"
jwks = { keys = [ { kty = "EC", crv = "P-256", x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" } ] }
grant_types = ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"]
client_credentials_scopes = ["profile"]
token_exchange = ["shop"]
token_exchange_impersonation = true
may_act = "shop"
backchannel_logout_uri = "https://app.example/back"
backchannel_logout_session_required = true
frontchannel_logout_uri = "https://app.example/front"
frontchannel_logout_session_required = true
initiate_login_uri = "https://app.example/start"
require_pushed_authorization_requests = true
request_object_signing_alg = "ES256"
require_signed_request_object = true
request_uris = ["https://app.example/request"]
dpop_bound_access_tokens = true
profile = "fapi2"
default_max_age = "0s"
require_auth_time = true
default_acr_values = ["1"]
subject_type = "pairwise"
sector_identifier_uri = "https://app.example/sector"
id_token_signed_response_alg = "ES256"
userinfo_signed_response_alg = "ES256"
introspection_signed_response_alg = "EdDSA"
access_token_format = "jwt"
access_token_expires_in = "5m"
refresh_token_expires_in = "1d"
id_token_expires_in = "10m"

[client.claims]
tier = "gold"

[[client]]
client_id = "shop"
client_secrets = ["the first of two long secrets of this client", "the second of two long secrets of this client"]
redirect_uris = ["https://app.example/callback"]
`

// TestEverythingDeclared: each key of [[client]] arrives, and what has not
// changed is not written again.
func TestEverythingDeclared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"toml": declaredEverything})
	c, err := w.srv.OIDC.Client(t.Context(), "bank")
	if err != nil {
		t.Fatal(err)
	}
	info, err := json.Marshal(c.Info(""))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"redirect_uris":["https://app.example/callback"]`, `"post_logout_redirect_uris":["https://app.example/out"]`, `"tos_uri":"https://app.example/tos"`,
		`"policy_uri":"https://app.example/policy"`, `"contacts":["a@app.example"]`, `"token_endpoint_auth_method":"private_key_jwt"`,
		`"token_endpoint_auth_signing_alg":"ES256"`, `"kty":"EC"`, `token-exchange"]`, `"client_credentials_scopes":["profile"]`, `"token_exchange":["shop"]`,
		`"token_exchange_impersonation":true`, `"may_act":"shop"`, `"backchannel_logout_uri":"https://app.example/back"`, `"backchannel_logout_session_required":true`,
		`"frontchannel_logout_uri":"https://app.example/front"`, `"frontchannel_logout_session_required":true`, `"initiate_login_uri":"https://app.example/start"`,
		`"require_pushed_authorization_requests":true`, `"request_object_signing_alg":"ES256"`, `"require_signed_request_object":true`,
		`"request_uris":["https://app.example/request"]`, `"dpop_bound_access_tokens":true`, `"profile":"fapi2"`, `"default_max_age":0`, `"require_auth_time":true`,
		`"default_acr_values":["1"]`, `"subject_type":"pairwise"`, `"sector_identifier_uri":"https://app.example/sector"`,
		`"id_token_signed_response_alg":"ES256"`, `"userinfo_signed_response_alg":"ES256"`, `"introspection_signed_response_alg":"EdDSA"`,
		`"access_token_format":"jwt"`, `"access_token_expires_in":300`, `"refresh_token_expires_in":86400`, `"id_token_expires_in":600`, `"claims":{"tier":"gold"}`, `"enable_end_session":true`,
	} {
		if !strings.Contains(string(info), want) {
			t.Errorf("%s is missing in %s", want, info)
		}
	}
	w.redeem("shop:the first of two long secrets of this client", w.code("shop", nil), nil).json(200)
	w.redeem("shop:the second of two long secrets of this client", w.code("shop", url.Values{}), nil).json(200)
	w.log.Reset()
	w.restart(declaredEverything)
	if strings.Contains(w.log.String(), "declared clients") {
		t.Errorf("what was the same was written again: %s", w.log)
	}
	w.restart(strings.Replace(declaredEverything, `, "the second of two long secrets of this client"`, "", 1))
	if !strings.Contains(w.log.String(), "created=0 updated=1 disabled=0") {
		t.Errorf("a secret that is gone was not noticed: %s", w.log)
	}
	w.redeem("shop:the second of two long secrets of this client", w.code("shop", nil), nil).refused(401, "invalid_client")
}
