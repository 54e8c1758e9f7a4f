package oidc_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestRegisteredKeysRotate: OpenID Connect Core §10.1.1: a client that registered its
// jwks_uri signs with a new key at once, and is known by it; the one that it took away
// is worth nothing.
func TestRegisteredKeysRotate(t *testing.T) {
	t.Parallel()
	w := openWorld(t, nil)
	old, next := newKey(t, "ES256"), newKey(t, "ES256")
	w.outside.put("https://app.example/jwks", site{body: string(keySet(t, old))})
	id := w.with("", "POST", register, map[string]any{
		"redirect_uris": []string{callback}, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/jwks",
		"grant_types": []string{"authorization_code", "refresh_token"},
	}).json(201)["client_id"].(string)
	tokens := w.redeem("", w.code(id, nil), asserting(signed(t, old, "ES256", map[string]any{"kid": "k0"}, w.assertion(id, nil)))).json(200)
	w.outside.put("https://app.example/jwks", site{body: strings.ReplaceAll(string(keySet(t, next)), `"k0"`, `"k1"`)})
	again := w.refresh("", tokens["refresh_token"].(string), asserting(signed(t, next, "ES256", map[string]any{"kid": "k1"}, w.assertion(id, nil)))).json(200)
	w.refresh("", again["refresh_token"].(string), asserting(signed(t, old, "ES256", map[string]any{"kid": "k0"}, w.assertion(id, nil)))).refused(401, "invalid_client")
	w.refresh("", again["refresh_token"].(string), asserting(signed(t, next, "ES256", nil, w.assertion(id, nil)))).json(200)
	for range 10 { // who shows nonsense has nobody called in a loop
		w.refresh("", "x", asserting(signed(t, old, "ES256", nil, w.assertion(id, nil)))).refused(401, "invalid_client")
	}
	if n := w.outside.requests(); n > 4 {
		t.Errorf("read %d times", n)
	}
}

// TestRegisteredRequestURI: OpenID Connect Core §6.2, Registration §2: request objects
// by reference, signed or not as it was registered, from the addresses of the client only.
func TestRegisteredRequestURI(t *testing.T) {
	t.Parallel()
	w := openWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__REQUEST_URI": "true"})
	unsigned := func(claims map[string]any) string {
		raw, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(raw) + "."
	}
	key := newKey(t, "ES256")
	w.outside.put("https://app.example/jwks", site{body: string(keySet(t, key))})
	for _, c := range []struct {
		rule, alg, hash string
		object          func(id string) string
		ok              bool
	}{
		{"unsigned, as registered", "none", "", func(id string) string { return unsigned(object(id, nil)) }, true},
		{"with a hash as fragment, which is not sent", "none", "#abc", func(id string) string { return unsigned(object(id, nil)) }, true},
		{"unsigned where a signature is registered", "ES256", "", func(id string) string { return unsigned(object(id, nil)) }, false},
		{"signed", "ES256", "", func(id string) string { return signed(t, key, "ES256", nil, object(id, nil)) }, true},
		{"of another client", "none", "", func(string) string { return unsigned(object("other", nil)) }, false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			at := "https://app.example/request-" + url.PathEscape(c.rule)
			id := w.with("", "POST", register, map[string]any{
				"redirect_uris": []string{callback}, "request_uris": []string{at + c.hash}, "request_object_signing_alg": c.alg, "jwks_uri": "https://app.example/jwks",
			}).json(201)["client_id"].(string)
			w.outside.put(at, site{kind: "application/oauth-authz-req+jwt", body: c.object(id)})
			ask := url.Values{"client_id": {id}, "request_uri": {at + c.hash}, "response_type": {"code"}, "scope": {"openid"}}
			to := w.ada().authorize(ask)
			if ok := to.Path == "/consent"; ok != c.ok {
				t.Errorf("sent to %s", to)
			}
			ask.Set("request_uri", at+"2")
			w.outside.put(at+"2", site{body: c.object(id)})
			before := w.outside.requests()
			if to := w.ada().authorize(ask); to.Path == "/consent" || w.outside.requests() != before {
				t.Errorf("an address that is not registered: sent to %s", to)
			}
		})
	}
}

// TestRegisteredForEverything: what the certification of dynamic providers registers in
// one go works together, not only on paper (OpenID Connect Registration §2, Core §5.3.2, §8).
func TestRegisteredForEverything(t *testing.T) {
	t.Parallel()
	w := openWorld(t, nil)
	w.outside.put("https://app.example/sector", site{body: `["` + callback + `"]`})
	made := w.with("", "POST", register, map[string]any{
		"redirect_uris": []string{callback}, "sector_identifier_uri": "https://app.example/sector", "subject_type": "pairwise",
		"userinfo_signed_response_alg": "RS256", "id_token_signed_response_alg": "RS256", "token_endpoint_auth_method": "client_secret_post",
		"grant_types": []string{"authorization_code", "refresh_token"}, "contacts": []string{"a@app.example"}, "application_type": "web",
		"response_types": []string{"code"}, "default_max_age": 86400, "require_auth_time": true, "default_acr_values": []string{"0"},
	}).json(201)
	id, secret := made["client_id"].(string), made["client_secret"].(string)
	form := url.Values{"client_id": {id}, "client_secret": {secret}}
	tokens := w.redeem("", w.code(id, nil), form).json(200)
	part := strings.Split(tokens["id_token"].(string), ".")
	raw, err := base64.RawURLEncoding.DecodeString(part[1])
	var claims struct {
		Sub      string `json:"sub"`
		AuthTime int64  `json:"auth_time"`
	}
	if err != nil || json.Unmarshal(raw, &claims) != nil || claims.AuthTime == 0 || claims.Sub == "" {
		t.Fatalf("claims %s (%v)", raw, err)
	}
	r := httptest.NewRequest("GET", "/api/auth/oauth2/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+tokens["access_token"].(string))
	a := w.do(r)
	info := strings.Split(a.Body.String(), ".")
	if a.Code != 200 || a.Header().Get("Content-Type") != "application/jwt" || len(info) != 3 {
		t.Fatalf("userinfo %d %s %s", a.Code, a.Header().Get("Content-Type"), a.Body)
	}
	if raw, err = base64.RawURLEncoding.DecodeString(info[1]); err != nil || !strings.Contains(string(raw), `"sub":"`+claims.Sub+`"`) || !strings.Contains(string(raw), `"aud":"`+id+`"`) {
		t.Errorf("userinfo %s (%v)", raw, err)
	}
	if user := w.text(`SELECT id FROM "user"`); user == claims.Sub {
		t.Error("pairwise is the person's id")
	}
	w.refresh("", tokens["refresh_token"].(string), form).json(200)
}
