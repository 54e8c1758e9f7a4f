package oidc_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"authd/auth/oidc"
)

// bob is a browser in which somebody else has just signed up.
func (w *world) bob() *browser {
	w.t.Helper()
	b := w.anonymous()
	b.do(jsonRequest("POST", "/api/auth/sign-up/email", map[string]any{"name": "Bob", "email": "bob@example.com", "password": "another password"})).json(200)
	return b
}

func (b *browser) post(path string, body any) *answer {
	return b.do(jsonRequest("POST", "/api/auth/oauth2/"+path, body))
}

// consents are the caller's.
func (b *browser) consents() (list []map[string]any) {
	b.w.t.Helper()
	a := b.get("/api/auth/oauth2/get-consents")
	if a.Code != 200 {
		b.w.t.Fatalf("answered %d %s", a.Code, a.Body)
	}
	if err := json.Unmarshal(a.Body.Bytes(), &list); err != nil {
		b.w.t.Fatal(err)
	}
	return list
}

// TestConsentsAreTold: the fields of the contract, to the person alone.
func TestConsentsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	ada := w.ada()
	if got := ada.get("/api/auth/oauth2/get-consents").Body.String(); got != "[]" {
		t.Errorf("before any consent: %s", got)
	}
	w.code(id, url.Values{"scope": {"openid email"}})
	list := ada.consents()
	if len(list) != 1 {
		t.Fatalf("%v", list)
	}
	consent := list[0]
	userID := w.text(`SELECT user_id FROM oauth_consent`)
	want := `{"clientId":"` + id + `","userId":"` + userID + `","referenceId":null,"resources":null,"requestedUserInfoClaims":[],` +
		`"scopes":["openid","email"],"createdAt":"2026-11-21T12:01:00.000Z","updatedAt":"2026-11-21T12:01:00.000Z","id":"` + consent["id"].(string) + `"}`
	if got := ada.get("/api/auth/oauth2/get-consent?id=" + consent["id"].(string)).Body.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := w.anonymous().get("/api/auth/oauth2/get-consents").json(401); got["code"] != "UNAUTHORIZED" {
		t.Errorf("without a session: %v", got)
	}
}

// TestConsentsOfOthers are neither told nor touched.
func TestConsentsOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	w.code(id, nil)
	mine := w.ada().consents()[0]["id"].(string)
	bob := w.bob()
	if list := bob.consents(); len(list) != 0 {
		t.Errorf("Bob sees %v", list)
	}
	narrower := map[string]any{"scopes": []string{"openid"}}
	for name, a := range map[string]*answer{
		"get":    bob.get("/api/auth/oauth2/get-consent?id=" + mine),
		"update": bob.post("update-consent", map[string]any{"id": mine, "update": narrower}),
		"delete": bob.post("delete-consent", map[string]any{"id": mine}),
	} {
		if got := a.json(401); got["code"] != "UNAUTHORIZED" {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, unknown := range []string{"nothing", ""} {
		bob.get("/api/auth/oauth2/get-consent?id="+unknown).refused(404, "not_found")
		bob.post("update-consent", map[string]any{"id": unknown, "update": narrower}).refused(404, "not_found")
		bob.post("delete-consent", map[string]any{"id": unknown}).refused(404, "not_found")
	}
	if list := w.ada().consents(); len(list) != 1 || len(list[0]["scopes"].([]any)) != 4 {
		t.Errorf("Ada's consent is %v", list)
	}
}

// TestDeletedConsent: the person takes it back, so all that came of it ends, and
// the next request asks again. What others allowed the client stays.
func TestDeletedConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	other, otherSecret := w.client(oidc.Client{})
	tokens := w.tokens(id, secret)
	waiting := w.code(id, nil)
	elsewhere := w.tokens(other, otherSecret)
	ada := w.ada()
	var mine string
	for _, c := range ada.consents() {
		if c["clientId"] == id {
			mine = c["id"].(string)
		}
	}
	if a := ada.post("delete-consent", map[string]any{"id": mine}); a.Code != 200 || a.Body.Len() != 0 {
		t.Fatalf("answered %d %s", a.Code, a.Body)
	}
	w.userinfo(tokens["access_token"].(string)).refused(401, "invalid_token")
	w.refresh(id+":"+secret, tokens["refresh_token"].(string), nil).refused(400, "invalid_grant")
	w.redeem(id+":"+secret, waiting, nil).refused(400, "invalid_grant")
	w.userinfo(elsewhere["access_token"].(string)).json(200)
	if to := ada.authorize(request(id, nil)); to.Path != "/consent" {
		t.Errorf("the next request went to %s", to)
	}
	if list := ada.consents(); len(list) != 1 || list[0]["clientId"] != other {
		t.Errorf("left are %v", list)
	}
	ada.post("delete-consent", map[string]any{"id": mine}).refused(404, "not_found")
}

// TestAConsentNarrowedLater: what reaches further than the consent ends, the rest goes on.
func TestAConsentNarrowedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	wide := w.tokens(id, secret)
	narrow := w.redeem(id+":"+secret, w.code(id, url.Values{"scope": {"openid email"}}), nil).json(200)
	ada := w.ada()
	mine := ada.consents()[0]["id"].(string)
	w.pass(time.Second)
	got := ada.post("update-consent", map[string]any{"id": mine, "update": map[string]any{"scopes": []string{"email", "openid", "email"}}}).json(200)
	if scopes := got["scopes"].([]any); len(scopes) != 2 || scopes[0] != "email" || got["updatedAt"] != "2026-11-21T12:01:01.000Z" || got["createdAt"] != "2026-11-21T12:01:00.000Z" {
		t.Errorf("answered %v", got)
	}
	w.userinfo(wide["access_token"].(string)).refused(401, "invalid_token")
	w.refresh(id+":"+secret, wide["refresh_token"].(string), nil).refused(400, "invalid_grant")
	w.userinfo(narrow["access_token"].(string)).json(200)
	if to := ada.authorize(request(id, nil)); to.Path != "/consent" {
		t.Errorf("the scopes taken back were not asked for again: %s", to)
	}
	if to := ada.authorize(request(id, url.Values{"scope": {"openid email"}})); to.Query().Get("code") == "" {
		t.Errorf("the scopes left were asked for again: %s", to)
	}
}

// TestRefusedConsentUpdates change nothing.
func TestRefusedConsentUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{Scopes: []string{"openid", "email", "profile"}})
	tokens := w.redeem(id+":"+secret, w.code(id, url.Values{"scope": {"openid email"}}), nil).json(200)
	ada := w.ada()
	mine := ada.consents()[0]["id"].(string)
	many := make([]string, 101)
	for name, scopes := range map[string]any{
		"a scope that the client may not have": []string{"openid", "offline_access"},
		"an unknown scope":                     []string{"bogus"},
		"more, without the page that asks":     []string{"openid", "email", "profile"},
		"endless":                              many,
	} {
		if got := ada.post("update-consent", map[string]any{"id": mine, "update": map[string]any{"scopes": scopes}}).json(400); got["error"] != "invalid_request" {
			t.Errorf("%s: %v", name, got)
		}
	}
	for want, update := range map[string]any{
		"[body.update.scopes] Invalid input: expected array, received undefined": map[string]any{},
		"[body.update] Invalid input: expected object, received string":          "openid",
		"[body.update.scopes.0] Invalid input: expected string, received number": map[string]any{"scopes": []int{1}},
	} {
		if got := ada.post("update-consent", map[string]any{"id": mine, "update": update}).json(400); got["code"] != "VALIDATION_ERROR" || got["message"] != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	if scopes := ada.consents()[0]["scopes"].([]any); len(scopes) != 2 {
		t.Errorf("the consent became %v", scopes)
	}
	w.userinfo(tokens["access_token"].(string)).json(200)
}

// TestConsentWidenedByAnOwnPage: who asks for consent on a page of their own may add scopes, as the contract has it.
func TestConsentWidenedByAnOwnPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	w.code(id, url.Values{"scope": {"openid"}})
	w.restart("[oauth_provider]\nconsent_page = \"http://localhost:8080/own\"\n")
	ada := w.ada()
	mine := ada.consents()[0]["id"].(string)
	got := ada.post("update-consent", map[string]any{"id": mine, "update": map[string]any{"scopes": []string{"openid", "email"}}}).json(200)
	if scopes := got["scopes"].([]any); len(scopes) != 2 {
		t.Errorf("answered %v", got)
	}
	if to := ada.authorize(request(id, url.Values{"scope": {"openid email"}})); to.Query().Get("code") == "" {
		t.Errorf("asked again: %s", to)
	}
}
