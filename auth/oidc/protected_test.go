package oidc_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"authd/auth/oidc"
)

// TestProtectedResourceMetadata: RFC 9728 §2, §3.
func TestProtectedResourceMetadata(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	const place = "/.well-known/oauth-protected-resource"
	status := func(path string) int { return w.anonymous().get(path).Code }
	w.resource(oidc.Resource{Identifier: api1})
	if got := status(place); got != 404 {
		t.Errorf("without a resource here: %d", got)
	}
	w.resource(oidc.Resource{Identifier: issuer + "/mcp", Name: "Things"})
	for _, path := range []string{place + "/mcp", place} {
		a := w.anonymous().get(path)
		doc := a.json(200)
		if doc["resource"] != issuer+"/mcp" || doc["authorization_servers"].([]any)[0] != issuer || doc["resource_name"] != "Things" {
			t.Errorf("%s: %v", path, doc)
		}
		if scopes := doc["scopes_supported"].([]any); len(scopes) != 2 || scopes[0] != "read:things" {
			t.Errorf("%s: scopes %v", path, scopes)
		}
		if algs := doc["dpop_signing_alg_values_supported"].([]any); len(algs) == 0 || algs[0] != "ES256" || doc["bearer_methods_supported"].([]any)[0] != "header" {
			t.Errorf("%s: %v", path, doc)
		}
		if a.Header().Get("Cache-Control") == "" || a.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v", path, a.Header())
		}
	}
	w.resource(oidc.Resource{Identifier: issuer + "/other/v1", Disabled: true})
	w.resource(oidc.Resource{Identifier: issuer + "/other/v2"})
	for path, want := range map[string]int{
		place: 404, place + "/mcp": 200, place + "/mcp/": 404, place + "/mcp/x": 404, place + "/other/v1": 404, place + "/other/v2": 200,
		place + "/%6dcp": 404, place + "/mcp?x=1": 404, place + "/" + api1: 404,
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if got := w.do(r).Code; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	r := httptest.NewRequest(http.MethodPost, place+"/mcp", nil)
	if a := w.do(r); a.Code != 405 || a.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", a.Code, a.Header())
	}
}

// TestResourceChallenge: RFC 9728 §5.1, §3.1.
func TestResourceChallenge(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{
		{"https://api.example.com", "", "", `Bearer resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"`},
		{"https://api.example.com/", "", "", `Bearer resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"`},
		{"https://api.example.com/mcp?x=1", "invalid_token", "", `Bearer resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp?x=1", error="invalid_token"`},
		{"urn:things", "insufficient_scope", "read", `Bearer error="insufficient_scope", scope="read"`},
		{"urn:things", "", "", "Bearer"},
		{`https://a.example/"x`, "", `a"b`, `Bearer scope="a?b"`},
	} {
		if got := oidc.ResourceChallenge(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("%s: %s\nwant %s", c[0], got, c[3])
		}
	}
}

const operatorToken = "operator-token-of-more-than-thirty-two-characters"

func (w *world) operator(operation string, body any) *answer {
	raw, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/api/operator/"+operation, bytes.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+operatorToken)
	return w.do(r)
}

// TestResourceOperations: the contract's server-only operations.
func TestResourceOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OPERATOR_TOKEN": operatorToken})
	id, secret := w.client(oidc.Client{})
	one := map[string]any{
		"identifier": api1, "name": "Things", "accessTokenTtl": 300, "refreshTokenTtl": nil, "signingAlgorithm": "ES256",
		"allowedScopes": []string{"email"}, "customClaims": map[string]any{"tenant": "t1"}, "metadata": map[string]any{"team": "a"},
	}
	made := w.operator("adminCreateOAuthResource", one).json(201)
	for name, want := range map[string]any{
		"identifier": api1, "name": "Things", "accessTokenTtl": 300.0, "refreshTokenTtl": nil, "signingAlgorithm": "ES256", "signingKeyId": nil,
		"dpopBoundAccessTokensRequired": false, "disabled": false, "policyVersion": 1.0,
	} {
		if made[name] != want {
			t.Errorf("%s = %v, want %v", name, made[name], want)
		}
	}
	if id, _ := made["id"].(string); len(id) != 36 || w.operator("adminGetOAuthResource", map[string]any{"identifier": api1}).json(200)["id"] != id {
		t.Errorf("its id is %v", made["id"])
	}
	w.operator("adminCreateOAuthResource", one).refused(400, "invalid_request")
	for name, body := range map[string]map[string]any{
		"RFC 8707 2: a fragment": {"identifier": api1 + "#x"}, "RFC 8707 2: not absolute": {"identifier": "/things"}, "our own": {"identifier": issuer},
	} {
		t.Run(name, func(*testing.T) { w.operator("adminCreateOAuthResource", body).refused(400, "invalid_target") })
	}
	for name, body := range map[string]map[string]any{
		"a fraction": {"accessTokenTtl": 1.5}, "a text": {"accessTokenTtl": "5m"}, "an unknown algorithm": {"signingAlgorithm": "HS256"},
		"a key": {"signingKeyId": "k"}, "a claim of ours": {"customClaims": map[string]any{"sub": "x"}}, "scopes in one": {"allowedScopes": "email"},
		"endless claims": {"customClaims": map[string]any{"pad": strings.Repeat("x", 17<<10)}}, "too many scopes": {"allowedScopes": make([]string, 101)},
	} {
		t.Run(name, func(*testing.T) {
			body["identifier"] = "urn:bad"
			w.operator("adminCreateOAuthResource", body).refused(400, "invalid_request")
		})
	}
	asks := func() string {
		return w.ada().authorize(request(id, url.Values{"resource": {api1}})).Query().Get("error")
	}
	if asks() != "invalid_target" {
		t.Error("a client that is not linked may ask")
	}
	w.operator("adminLinkClientResource", map[string]any{"identifier": api1, "client_id": "nobody"}).refused(404, "not_found")
	w.operator("adminLinkClientResource", map[string]any{"identifier": "urn:none", "client_id": id}).refused(404, "not_found")
	w.operator("adminLinkClientResource", map[string]any{"identifier": api1, "client_id": id}).json(200)
	w.operator("adminLinkClientResource", map[string]any{"identifier": api1, "client_id": id}).json(200)
	if got := w.redeem(id+":"+secret, w.code(id, url.Values{"resource": {api1}}), nil).json(200); got["scope"] != "email" || got["expires_in"] != 300.0 {
		t.Errorf("tokens: %v", got)
	}
	changed := w.operator("adminUpdateOAuthResource", map[string]any{"identifier": api1, "allowedScopes": nil, "disabled": true}).json(200)
	if changed["allowedScopes"] != nil || changed["disabled"] != true || changed["policyVersion"] != 2.0 || changed["accessTokenTtl"] != 300.0 {
		t.Errorf("changed: %v", changed)
	}
	if asks() != "invalid_target" {
		t.Error("a disabled resource may be asked for")
	}
	if got := w.operator("adminUnlinkClientResource", map[string]any{"identifier": api1, "client_id": id}).json(200); got["unlinked"] != true {
		t.Errorf("unlinked: %v", got)
	}
	if got := w.operator("adminUnlinkClientResource", map[string]any{"identifier": api1, "client_id": id}).json(200); got["unlinked"] != true {
		t.Errorf("unlinked again: %v", got)
	}
	if got, want := w.operator("adminGetOAuthResource", map[string]any{"identifier": api1}).json(200)["challenge"], `Bearer resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"`; got != want {
		t.Errorf("the challenge is %v, want %s", got, want)
	}
	if got := w.operator("adminDeleteOAuthResource", map[string]any{"identifier": api1}).json(200); got["deleted"] != true {
		t.Errorf("deleted: %v", got)
	}
	for _, operation := range []string{"adminGetOAuthResource", "adminUpdateOAuthResource", "adminDeleteOAuthResource"} {
		w.operator(operation, map[string]any{"identifier": api1}).refused(404, "not_found")
	}
	if w.count("oauth_resource") != 0 || w.count("oauth_client_resource") != 0 {
		t.Error("something is left")
	}
}
