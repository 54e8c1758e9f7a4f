package oidc_test

import (
	"net/url"
	"strings"
	"testing"
)

// TestThirdPartyInitiatedLogin: OpenID Connect Core §4: a person goes from here to
// the app's initiate_login_uri, and the sign-in that the app begins with the iss
// that it was told ends there.
func TestThirdPartyInitiatedLogin(t *testing.T) {
	t.Parallel()
	w := openWorld(t, nil)
	made := w.with("", "POST", register, map[string]any{
		"client_name": "Notes", "redirect_uris": []any{callback}, "initiate_login_uri": "https://app.example/start?tenant=1",
	}).json(201)
	if made["initiate_login_uri"] != "https://app.example/start?tenant=1" {
		t.Fatalf("registered %v", made)
	}
	id := made["client_id"].(string)
	link := "https://app.example/start?tenant=1&amp;iss=" + url.QueryEscape(issuer)

	b := w.ada()
	page := b.get("/account/apps/open?client_id=" + id)
	body := page.Body.String()
	for _, text := range []string{`href="` + link + `"`, "Notes", "app.example", "has checked this app"} {
		if page.Code != 200 || !strings.Contains(body, text) {
			t.Errorf("the page lacks %s: %d", text, page.Code)
		}
	}
	if page.Header().Get("Location") != "" {
		t.Error("a link to here leads elsewhere without asking")
	}
	to := b.authorize(request(id, url.Values{"scope": {"openid"}}))
	if to.Path == "/consent" {
		to = b.allow(to)
	}
	if !strings.HasPrefix(to.String(), callback+"?code=") || to.Query().Get("iss") != issuer {
		t.Fatalf("the sign-in ends at %s", to)
	}
	if page = b.get("/account/apps"); !strings.Contains(page.Body.String(), `href="`+link+`"`) {
		t.Error("the list of apps does not open it")
	}
}
