package oidc_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/oidc"
)

// own makes a client of the caller's own.
func (b *browser) own(metadata map[string]any) map[string]any {
	b.w.t.Helper()
	return b.post("create-client", metadata).json(201)
}

func metadata(change map[string]any) map[string]any {
	m := map[string]any{"redirect_uris": []string{callback}, "client_name": "First"}
	for k, v := range change {
		m[k] = v
	}
	return m
}

// TestOwnClients: made, shown, changed, given a new secret and deleted by the
// person they belong to, and they do what clients do.
func TestOwnClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	bob := w.bob()
	if got := bob.get("/api/auth/oauth2/get-clients").Body.String(); got != "[]" {
		t.Errorf("before any: %s", got)
	}
	a := bob.post("create-client", metadata(map[string]any{"scope": "openid email"}))
	if a.Header().Get("Cache-Control") != "no-store" {
		t.Error("an answer with a secret may be stored")
	}
	made := a.json(201)
	id, secret := made["client_id"].(string), made["client_secret"].(string)
	if len(secret) < 43 || made["client_secret_expires_at"] != 0.0 || made["user_id"] == nil || made["scope"] != "openid email" || made["disabled"] != false {
		t.Errorf("made %v", made)
	}
	shown := bob.get("/api/auth/oauth2/get-client?client_id=" + id).json(200)
	if shown["client_secret"] != nil || shown["client_name"] != "First" || shown["client_id_issued_at"] != made["client_id_issued_at"] {
		t.Errorf("shown as %v", shown)
	}
	tokens := w.redeem(id+":"+secret, w.code(id, url.Values{"scope": {"openid email"}}), nil).json(200)
	changed := bob.post("update-client", map[string]any{"client_id": id, "update": map[string]any{"client_name": "Second"}}).json(200)
	if changed["client_name"] != "Second" || changed["scope"] != "openid email" || changed["client_secret"] != nil {
		t.Errorf("changed to %v", changed)
	}
	rotated := bob.post("client/rotate-secret", map[string]any{"client_id": id}).json(200)
	next, _ := rotated["client_secret"].(string)
	if len(next) < 43 || next == secret || rotated["client_name"] != "Second" {
		t.Errorf("rotated: %v", rotated)
	}
	code := w.code(id, url.Values{"scope": {"openid email"}})
	w.redeem(id+":"+secret, code, nil).refused(401, "invalid_client")
	w.redeem(id+":"+next, code, nil).json(200)
	if face := w.ada().get("/api/auth/oauth2/public-client?client_id=" + id).Body.String(); face != `{"client_id":"`+id+`","client_name":"Second","redirect_uris":[]}` {
		t.Errorf("Ada sees %s", face)
	}
	if a := bob.post("delete-client", map[string]any{"client_id": id}); a.Code != 200 || a.Body.Len() != 0 {
		t.Fatalf("answered %d %s", a.Code, a.Body)
	}
	w.userinfo(tokens["access_token"].(string)).refused(401, "invalid_token")
	bob.get("/api/auth/oauth2/get-client?client_id="+id).refused(404, "not_found")
	if strings.Contains(w.log.String(), secret) || strings.Contains(w.log.String(), next) || strings.Contains(w.dump(), next) {
		t.Error("a secret was written down")
	}
}

// TestClientsOfOthers are neither told nor touched; those of the server neither.
func TestClientsOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ada, bob := w.ada(), w.bob()
	hers := ada.own(metadata(nil))["client_id"].(string)
	servers, _ := w.client(oidc.Client{})
	before := w.text(`SELECT group_concat(client_id || client_secret || name || updated_at) FROM oauth_client WHERE client_secret IS NOT NULL`)
	for _, id := range []string{hers, servers, oidc.CLIClientID} {
		body := map[string]any{"client_id": id, "update": map[string]any{"client_name": "Mine"}}
		for name, a := range map[string]*answer{
			"get":    bob.get("/api/auth/oauth2/get-client?client_id=" + id),
			"update": bob.post("update-client", body),
			"rotate": bob.post("client/rotate-secret", body),
			"delete": bob.post("delete-client", body),
		} {
			if got := a.json(401); got["code"] != "UNAUTHORIZED" {
				t.Errorf("%s %s: %v", name, id, got)
			}
		}
	}
	for _, path := range []string{"update-client", "client/rotate-secret", "delete-client"} {
		bob.post(path, map[string]any{"client_id": "nobody", "update": map[string]any{}}).refused(404, "not_found")
		if got := w.anonymous().post(path, map[string]any{"client_id": hers, "update": map[string]any{}}).json(401); got["code"] != "UNAUTHORIZED" {
			t.Errorf("%s without a session: %v", path, got)
		}
	}
	if after := w.text(`SELECT group_concat(client_id || client_secret || name || updated_at) FROM oauth_client WHERE client_secret IS NOT NULL`); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
	if list := bob.get("/api/auth/oauth2/get-clients").Body.String(); list != "[]" {
		t.Errorf("Bob sees %s", list)
	}
}

// TestOwnClientsHaveNoPowers: a person's own client cannot have what the operator gives.
func TestOwnClientsHaveNoPowers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	bob := w.bob()
	powers := map[string]any{
		"skip_consent": true, "require_pkce": false, "client_credentials_scopes": []string{"openid"}, "metadata": map[string]any{"a": 1},
		"profile": "fapi2", "token_exchange": []string{"*"}, "access_token_expires_in": 99999, "disabled": true, "claims": map[string]any{"role": "admin"},
		"user_id": "somebody", "client_id": "chosen",
	}
	id := bob.own(metadata(powers))["client_id"].(string)
	bob.post("update-client", map[string]any{"client_id": id, "update": powers}).json(200)
	c, err := w.srv.OIDC.Client(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if c.SkipConsent || c.PKCEOptional || len(c.ClientCredentialsScopes) > 0 || c.Metadata != nil || c.Settings.Profile != "" || c.Disabled ||
		len(c.Settings.TokenExchange) > 0 || len(c.Settings.Claims) > 0 || c.AccessTokenExpiresIn != 0 || !c.Unverified || c.Registration != "person" {
		t.Errorf("made %+v", c)
	}
	if to := w.ada().authorize(request(id, nil)); to.Path != "/consent" {
		t.Errorf("Ada was not asked: %s", to)
	}
	for _, grant := range []string{"client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange", "password"} {
		bob.post("create-client", metadata(map[string]any{"grant_types": []string{grant}})).refused(400, "invalid_client_metadata")
		bob.post("update-client", map[string]any{"client_id": id, "update": map[string]any{"grant_types": []string{grant}}}).refused(400, "invalid_client_metadata")
	}
	for want, change := range map[string]map[string]any{
		"invalid_redirect_uri":    {"redirect_uris": []string{"javascript:x"}},
		"invalid_scope":           {"scope": "openid bogus"},
		"invalid_client_metadata": {"jwks_uri": "http://10.0.0.1/jwks"}, // only the operator's may be on a network of their own
	} {
		bob.post("create-client", metadata(change)).refused(400, want)
		bob.post("update-client", map[string]any{"client_id": id, "update": change}).refused(400, want)
	}
}

// TestClientsOfAPersonAreFew: a bound that two requests at once cannot pass, and an end to it.
func TestClientsOfAPersonAreFew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__MAX_CLIENTS_PER_PERSON": "2"})
	bob := w.bob()
	first := bob.own(metadata(nil))["client_id"]
	bob.own(metadata(nil))
	bob.post("create-client", metadata(nil)).refused(403, "access_denied")
	w.ada().own(metadata(nil))
	if a := bob.post("delete-client", map[string]any{"client_id": first}); a.Code != 200 {
		t.Fatal(a.Body)
	}
	bob.own(metadata(nil))
}

// TestSecretFollowsTheMethod: a client that becomes public loses its secret, and gets one when it needs it.
func TestSecretFollowsTheMethod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	bob := w.bob()
	id := bob.own(metadata(nil))["client_id"].(string)
	method := func(name string) map[string]any {
		return bob.post("update-client", map[string]any{"client_id": id, "update": map[string]any{"token_endpoint_auth_method": name}}).json(200)
	}
	if got := method("none"); got["client_secret"] != nil || got["client_secret_expires_at"] != nil {
		t.Errorf("public: %v", got)
	}
	bob.post("client/rotate-secret", map[string]any{"client_id": id}).refused(400, "invalid_client")
	w.redeem("", w.code(id, nil), url.Values{"client_id": {id}}).json(200)
	secret, _ := method("client_secret_basic")["client_secret"].(string)
	w.redeem(id+":"+secret, w.code(id, nil), nil).json(200)
	w.redeem("", w.code(id, nil), url.Values{"client_id": {id}}).refused(401, "invalid_client")
}

// TestFaceBeforeLogin needs the key and a signed query of that very client.
func TestFaceBeforeLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"toml": "[oauth_provider]\nlogin_page = \"http://localhost:8080/own\"\nallow_public_client_prelogin = true\n"})
	id, _ := w.client(oidc.Client{Name: "Shop"})
	other, _ := w.client(oidc.Client{Name: "Other"})
	query := w.anonymous().authorize(request(id, nil)).RawQuery
	face := w.anonymous().post("public-client-prelogin", map[string]any{"client_id": id, "oauth_query": query}).json(200)
	if len(face) != 3 || face["client_name"] != "Shop" {
		t.Errorf("%v", face)
	}
	refused := func(status int, body map[string]any) {
		t.Helper()
		w.anonymous().post("public-client-prelogin", body).refused(status, "invalid_signature")
	}
	refused(401, map[string]any{"client_id": other, "oauth_query": query})
	refused(401, map[string]any{"client_id": id})
	// A query that does not hold is refused wherever it is sent (NOTES §13).
	refused(400, map[string]any{"client_id": id, "oauth_query": query + "&x=1"})
	refused(400, map[string]any{"client_id": id, "oauth_query": "client_id=" + id})
	w.pass(11 * time.Minute)
	refused(400, map[string]any{"client_id": id, "oauth_query": query})
	w.restart("")
	if a := w.anonymous().post("public-client-prelogin", map[string]any{"client_id": id}); a.Code != 400 || a.Body.Len() != 0 {
		t.Errorf("without the key: %d %s", a.Code, a.Body)
	}
	disabled := w.disabledClient()
	w.ada().get("/api/auth/oauth2/public-client?client_id="+disabled).refused(404, "not_found")
	w.ada().get("/api/auth/oauth2/public-client?client_id=nobody").refused(404, "not_found")
}

// TestOperatorsClients: every field, null to take one away, an overlap for secrets, an end for a while.
func TestOperatorsClients(t *testing.T) {
	t.Parallel()
	const token = "an operator token of more than 32 characters"
	w := newWorld(t, map[string]string{"AUTHD_OPERATOR_TOKEN": token})
	op := func(name string, body any) *answer {
		r := jsonRequest("POST", "/api/operator/"+name, body)
		r.Header.Set("Authorization", "Bearer "+token)
		return w.do(r)
	}
	made := op("adminCreateOAuthClient", metadata(map[string]any{
		"skip_consent": true, "scope": "openid", "tos_uri": "https://app.example/tos", "client_credentials_scopes": []string{"openid"},
		"grant_types": []string{"authorization_code", "client_credentials"},
	})).json(201)
	id, secret := made["client_id"].(string), made["client_secret"].(string)
	changed := op("adminUpdateOAuthClient", map[string]any{"client_id": id, "update": map[string]any{"client_name": "Second", "tos_uri": nil, "access_token_expires_in": 60}}).json(200)
	if changed["client_name"] != "Second" || changed["tos_uri"] != nil || changed["skip_consent"] != true || changed["access_token_expires_in"] != 60.0 || changed["client_secret"] != nil {
		t.Errorf("changed to %v", changed)
	}
	next := op("rotateClientSecret", map[string]any{"client_id": id, "overlap": 60}).json(200)["client_secret"].(string)
	for _, good := range []string{secret, next} {
		w.redeem(id+":"+good, w.code(id, url.Values{"scope": {"openid"}}), nil).json(200)
	}
	w.pass(time.Minute)
	w.redeem(id+":"+secret, w.code(id, url.Values{"scope": {"openid"}}), nil).refused(401, "invalid_client")
	op("rotateClientSecret", map[string]any{"client_id": id, "overlap": -1}).refused(400, "invalid_request")
	if got := op("updateOAuthClient", map[string]any{"client_id": id, "update": map[string]any{"disabled": true}}).json(200); got["disabled"] != true {
		t.Errorf("disabled: %v", got)
	}
	if to := w.ada().authorize(request(id, nil)); to.Query().Get("error") != "invalid_client" {
		t.Errorf("a disabled client was served: %s", to)
	}
	var list []map[string]any
	if err := json.Unmarshal(op("getOAuthClients", map[string]any{}).Body.Bytes(), &list); err != nil || len(list) != 2 || list[1]["client_id"] != id {
		t.Errorf("listed %v (%v)", list, err)
	}
	if got := op("getOAuthClient", map[string]any{"client_id": id}).json(200); got["client_name"] != "Second" || got["client_secret"] != nil {
		t.Errorf("shown as %v", got)
	}
	op("updateOAuthClient", map[string]any{"client_id": id, "update": map[string]any{"redirect_uris": []string{"data:x"}}}).refused(400, "invalid_redirect_uri")
	if a := op("deleteOAuthClient", map[string]any{"client_id": id}); a.Code != 200 {
		t.Error(a.Body)
	}
	for _, name := range []string{"getOAuthClient", "deleteOAuthClient", "rotateClientSecret", "updateOAuthClient"} {
		op(name, map[string]any{"client_id": id, "update": map[string]any{}}).refused(404, "not_found")
	}
}
