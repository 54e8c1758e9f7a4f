package oidc_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"authd/auth/oidc"
)

// TestRegistrationManagement: RFC 7592 §2.
func TestRegistrationManagement(t *testing.T) {
	t.Parallel()
	w := openWorld(t, nil)
	made := w.with("", "POST", register, map[string]any{"redirect_uris": []string{callback}, "client_name": "Old", "logo_uri": "https://app.example/l.png"}).json(201)
	other := w.with("", "POST", register, map[string]any{"redirect_uris": []string{callback}}).json(201)
	id, secret, token := made["client_id"].(string), made["client_secret"].(string), made["registration_access_token"].(string)
	at := strings.TrimPrefix(made["registration_client_uri"].(string), issuer)
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		for _, wrong := range []string{"", "x", other["registration_access_token"].(string), secret} {
			if a := w.with(wrong, method, at, map[string]any{"client_id": id}); a.Code != 401 || !strings.HasPrefix(a.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("§2.1: %s with %q: %d %s", method, wrong, a.Code, a.Body)
			}
			w.with(wrong, method, register+"/"+oidc.CLIClientID, map[string]any{"client_id": oidc.CLIClientID}).json(401)
		}
		w.with(token, method, register+"/nobody", map[string]any{"client_id": "nobody"}).refused(401, "invalid_token")
	}
	got := w.with(token, "GET", at, nil).json(200)
	delete(made, "client_secret") // only its hash is kept
	if fmt.Sprint(got) != fmt.Sprint(made) {
		t.Errorf("§2.1: got %v\nwant %v", got, made)
	}
	for rule, change := range map[string]map[string]any{
		"§2.2: client_id is required":                       {"client_id": nil},
		"§2.2: client_id of another":                        {"client_id": other["client_id"]},
		"§2.2: another client_secret":                       {"client_secret": "other"},
		"§2.2: registration_access_token must not be there": {"registration_access_token": token},
		"§2.2: registration_client_uri must not be there":   {"registration_client_uri": at},
		"§2.2: client_id_issued_at must not be there":       {"client_id_issued_at": 1},
		"§2.2: the checks of registering":                   {"logo_uri": "javascript:x"},
		"skip_consent is the operator's":                    {"skip_consent": true},
	} {
		body := map[string]any{"client_id": id, "redirect_uris": []string{callback}, "client_name": "New"}
		maps.Copy(body, change)
		if a := w.with(token, "PUT", at, body); a.Code != 400 || a.json(400)["error"] != "invalid_client_metadata" {
			t.Errorf("%s: %d %s", rule, a.Code, a.Body)
		}
	}
	next := w.with(token, "PUT", at, map[string]any{
		"client_id": id, "client_secret": secret, "redirect_uris": []string{callback, callback + "2"}, "client_name": "New", "scope": "openid",
	}).json(200)
	if next["client_name"] != "New" || next["logo_uri"] != nil || next["scope"] != "openid" || next["client_secret"] != nil || next["registration_access_token"] != token {
		t.Errorf("§2.2: what is not named goes: %v", next)
	}
	w.redeem(id+":"+secret, w.code(id, url.Values{"scope": {"openid"}}), nil).json(200) // the secret is the same
	c, err := w.srv.OIDC.Client(t.Context(), id)
	if err != nil || !c.Unverified || c.Registration != "dynamic" || c.LastUsedAt == nil {
		t.Errorf("kept as %+v (%v)", c, err)
	}
	public := w.with(token, "PUT", at, map[string]any{"client_id": id, "redirect_uris": []string{callback}, "token_endpoint_auth_method": "none"}).json(200)
	if _, there := public["client_secret_expires_at"]; there {
		t.Errorf("a public client with a secret: %v", public)
	}
	again := w.with(token, "PUT", at, map[string]any{"client_id": id, "redirect_uris": []string{callback}}).json(200)
	fresh, _ := again["client_secret"].(string)
	if fresh == "" || fresh == secret {
		t.Fatalf("with a secret again: %v", again)
	}
	tokens := w.tokens(id, fresh)
	a := w.with(token, "DELETE", at, nil)
	if a.Code != 204 || a.Body.Len() > 0 {
		t.Errorf("§2.3: %d %s", a.Code, a.Body)
	}
	w.userinfo(tokens["access_token"].(string)).refused(401, "invalid_token")
	w.with(token, "GET", at, nil).refused(401, "invalid_token")
}

// TestRegistrationAcrossOrigins: browser apps on other origins register without credentials.
// TestACheckByHandIsOfWhatWasSeen: an administrator's check ends with what they looked at.
func TestACheckByHandIsOfWhatWasSeen(t *testing.T) {
	t.Parallel()
	w := openWorld(t, nil)
	about := map[string]any{"redirect_uris": []string{callback}, "client_name": "Fine"}
	made := w.with("", "POST", register, about).json(201)
	id, token := made["client_id"].(string), made["registration_access_token"].(string)
	at := strings.TrimPrefix(made["registration_client_uri"].(string), issuer)
	say := func(change map[string]any) {
		body := map[string]any{"client_id": id}
		maps.Copy(body, about)
		maps.Copy(body, change)
		w.with(token, "PUT", at, body).json(200)
	}
	warned := func() bool {
		c, err := w.srv.OIDC.Client(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return c.Unverified
	}
	check := func(checked bool) {
		if _, err := w.srv.OIDC.SetClientChecked(t.Context(), id, checked); err != nil {
			t.Fatal(err)
		}
	}
	if check(true); warned() {
		t.Error("it was checked")
	}
	if say(map[string]any{"scope": "openid"}); warned() {
		t.Error("nothing that people see has changed")
	}
	for name, change := range map[string]map[string]any{
		"the name":    {"client_name": "Your bank"},
		"the page":    {"client_uri": "https://app.example"},
		"the address": {"redirect_uris": []string{callback + "2"}},
	} {
		say(nil)
		check(true)
		if say(change); !warned() {
			t.Errorf("%s changed and it still counts as checked", name)
		}
		if say(nil); !warned() {
			t.Errorf("%s changed back and nobody has looked", name)
		}
	}
	check(true)
	if check(false); !warned() {
		t.Error("the check was taken back")
	}
	if _, err := w.srv.OIDC.SetClientChecked(t.Context(), "nobody", true); !errors.Is(err, oidc.ErrClientNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestRegistrationAcrossOrigins(t *testing.T) {
	t.Parallel()
	w := openWorld(t, nil)
	for path, method := range map[string]string{
		"/.well-known/openid-configuration": "GET", "/.well-known/oauth-authorization-server": "GET", "/.well-known/jwks.json": "GET",
		"/api/auth/oauth2/token": "POST", "/api/auth/oauth2/revoke": "POST", "/api/auth/oauth2/userinfo": "GET", register: "POST", register + "/x": "PUT",
	} {
		r := httptest.NewRequest("OPTIONS", path, nil)
		r.Header.Set("Origin", "https://inspector.example")
		r.Header.Set("Access-Control-Request-Method", method)
		r.Header.Set("Access-Control-Request-Headers", "authorization, content-type, mcp-protocol-version")
		a := w.do(r)
		if h := a.Header(); a.Code != 204 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" ||
			h.Get("Access-Control-Allow-Methods") != method || h.Get("Access-Control-Allow-Headers") == "" {
			t.Errorf("%s: %d %v", path, a.Code, h)
		}
	}
	r := jsonRequest("POST", register, map[string]any{"redirect_uris": []string{"http://localhost/cb"}, "token_endpoint_auth_method": "none"})
	r.Header.Set("Origin", "https://inspector.example")
	a := w.do(r)
	made := a.json(201)
	if h := a.Header(); h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("answered with %v", h)
	}
	// RFC 8252 §7.3: the port is free, for localhost too.
	to := w.ada().authorize(request(made["client_id"].(string), url.Values{"redirect_uri": {"http://localhost:53127/cb"}}))
	if to.Path != "/consent" {
		t.Errorf("leads to %s", to)
	}
}
