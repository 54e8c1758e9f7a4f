package oidc_test

import (
	"crypto"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const documentID = "https://client.example/oauth/app.json"

// documentWorld takes addresses as client ids.
func documentWorld(t *testing.T, more map[string]string) *world {
	t.Helper()
	env := map[string]string{"AUTHD_OAUTH_PROVIDER__CLIENT_ID_METADATA_DOCUMENTS": "true"}
	maps.Copy(env, more)
	return newWorld(t, env)
}

// documentWith is a metadata document; nil takes a member away.
func documentWith(change map[string]any) string {
	all := map[string]any{
		"client_id": documentID, "client_name": "Notes", "redirect_uris": []string{callback}, "token_endpoint_auth_method": "none",
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
	}
	maps.Copy(all, change)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	raw, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// TestMetadataDocument: a client that nobody registered, from its address to its
// tokens (OAuth Client ID Metadata Document §3–§5, MCP).
func TestMetadataDocument(t *testing.T) {
	t.Parallel()
	w := documentWorld(t, nil)
	w.outside.put(documentID, site{body: documentWith(map[string]any{
		"client_uri": "https://bank.example", "scope": "openid offline_access unheard:of", "grant_types": []string{"authorization_code", "refresh_token", "urn:x"},
		"response_types": []string{"code", "token"}, "resources": []string{"https://nobody.example"},
	}), cache: "max-age=600"})
	if w.anonymous().get("/.well-known/oauth-authorization-server").json(200)["client_id_metadata_document_supported"] != true {
		t.Error("not in the metadata")
	}
	before := w.count("oauth_client")
	b := w.ada()
	to := b.authorize(request(documentID, url.Values{"scope": {"openid offline_access"}}))
	if to.Path != "/consent" {
		t.Fatalf("led to %s", to)
	}
	page := b.do(httptest.NewRequest("GET", to.String(), nil)).Body.String()
	for _, want := range []string{"Nobody has checked it", "client.example", "app.example"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "bank.example") {
		t.Error("a home page that nobody has checked is shown")
	}
	if w.count("oauth_client") != before {
		t.Error("kept before a person allowed anything")
	}
	code := b.allow(to).Query().Get("code")
	tokens := w.redeem("", code, url.Values{"client_id": {documentID}}).json(200)
	again := w.refresh("", tokens["refresh_token"].(string), url.Values{"client_id": {documentID}}).json(200)
	if again["access_token"] == nil || w.outside.requests() != 1 {
		t.Errorf("asked %d times", w.outside.requests())
	}
	c, err := w.srv.OIDC.Client(t.Context(), documentID)
	if err != nil || !c.Unverified || c.Registration != "metadata" || c.LastUsedAt == nil || fmt.Sprint(c.GrantTypes) != "[authorization_code refresh_token]" {
		t.Errorf("kept as %+v (%v)", c, err)
	}
}

// TestMetadataDocumentChanges: what the document says counts, and for how long.
func TestMetadataDocumentChanges(t *testing.T) {
	t.Parallel()
	w := documentWorld(t, nil)
	ask := func() *url.URL { return w.ada().authorize(request(documentID, nil)) }
	w.outside.put(documentID, site{body: documentWith(nil), cache: "max-age=3600"})
	b := w.ada()
	to := b.authorize(request(documentID, nil))
	b.allow(to)
	w.outside.put(documentID, site{body: documentWith(map[string]any{"redirect_uris": []string{"https://other.example/cb"}}), cache: "no-store"})
	w.pass(59 * time.Minute)
	if got := ask(); got.Host != "app.example" {
		t.Errorf("RFC 9111: within max-age it led to %s", got)
	}
	w.pass(2 * time.Minute)
	if got := ask(); got.Path != "/error" || got.Query().Get("error") != "invalid_redirect" {
		t.Errorf("after it, the old redirect URI still counts: %s", got)
	}
	w.outside.put(documentID, site{body: documentWith(nil), cache: "max-age=99999999"})
	if got := ask(); got.Path != "/error" {
		t.Errorf("read again within five minutes: %s", got)
	}
	w.pass(5 * time.Minute)
	if got := ask(); got.Host != "app.example" {
		t.Errorf("the new document does not count: %s", got)
	}
	w.outside.remove(documentID)
	w.pass(24*time.Hour + time.Second)
	if got := ask(); got.Host != "app.example" {
		t.Errorf("while its address fails, who was allowed something goes on: %s", got)
	}
	w.pass(24 * time.Hour)
	if got := ask(); got.Query().Get("error") != "invalid_client" {
		t.Errorf("but not for ever: %s", got)
	}
	w.outside.put(documentID, site{body: `{}`})
	w.pass(time.Second)
	before := w.outside.requests()
	if got := ask(); !strings.Contains(got.Query().Get("error_description"), "client_id in the metadata document") {
		t.Errorf("a document of something else: %s", got)
	}
	if n := w.outside.requests() - before; n != 1 {
		t.Errorf("read %d times for one request", n)
	}
}

// TestMetadataDocumentRefused: what is no client, by section of the draft.
func TestMetadataDocumentRefused(t *testing.T) {
	t.Parallel()
	w := documentWorld(t, nil)
	for _, c := range []struct {
		rule string
		id   string
		site site
		want string // in the description
	}{
		{"§3: http", "http://client.example/a", site{}, "no client"},
		{"§3: no path", "https://client.example", site{}, "must have a path"},
		{"§3: the path /", "https://client.example/", site{}, "must have a path"},
		{"§3: a fragment", "https://client.example/a#b", site{}, "fragment"},
		{"§3: a user name", "https://bank.example@client.example/a", site{}, "user name"},
		{"§3: a dot segment", "https://client.example/a/../b", site{}, "segments"},
		{"§3: an encoded dot segment", "https://client.example/%2E%2e/b", site{}, "segments"},
		{"§3: a single dot", "https://client.example/./b", site{}, "segments"},
		{"a backslash", `https://client.example\@bank.example/a`, site{}, "character"},
		{"a host that is not ASCII", "https://bаnk.example/a", site{}, "character"},
		{"no host", "https:///a", site{}, "https address"},
		{"endless", "https://client.example/" + strings.Repeat("a", 200), site{}, "too long"},
		{"of this server", "https://localhost/app.json", site{}, "of this server"},
		{"of this server, written otherwise", "https://LOCALHOST.:8443/app.json", site{}, "of this server"},
		{"loopback", "https://127.0.0.2/a", site{}, "cannot be read"},
		{"loopback in IPv6", "https://[::1]/a", site{}, "cannot be read"},
		{"private", "https://10.0.0.1/a", site{}, "cannot be read"},
		{"link-local: the cloud's metadata", "https://169.254.169.254/a", site{}, "cannot be read"},
		{"unique local", "https://[fd00::1]/a", site{}, "cannot be read"},
		{"NAT64 of loopback", "https://[64:ff9b::7f00:1]/a", site{}, "cannot be read"},
		{"nobody there", "https://nobody.example/a", site{}, "cannot be read"},
		{"§4: a redirect is not followed", documentID + "1", site{status: 302, body: documentWith(map[string]any{"client_id": documentID + "1"})}, "cannot be read"},
		{"§4: not 200", documentID + "2", site{status: 201, body: documentWith(map[string]any{"client_id": documentID + "2"})}, "cannot be read"},
		{"§4: of another type", documentID + "3", site{kind: "text/html", body: documentWith(map[string]any{"client_id": documentID + "3"})}, "application/json"},
		{"§4: not an object", documentID + "4", site{body: `[]`}, "JSON object"},
		{"§4: null", documentID + "5", site{body: `null`}, "JSON object"},
		{"§4.1: another client_id", documentID + "6", site{body: documentWith(nil)}, "is not the address"},
		{"§4.1: a secret", documentID + "7", site{body: documentWith(map[string]any{"client_id": documentID + "7", "client_secret": "x"})}, "client_secret"},
		{"§4.1: a shared secret", documentID + "8", site{body: documentWith(map[string]any{"client_id": documentID + "8", "token_endpoint_auth_method": "client_secret_post"})}, "none or private_key_jwt"},
		{"§6.6: more than 5 kB", documentID + "9", site{body: documentWith(map[string]any{"client_id": documentID + "9", "x": strings.Repeat("a", 5<<10)})}, "5 kB"},
		{"MCP: without a name", documentID + "a", site{body: documentWith(map[string]any{"client_id": documentID + "a", "client_name": nil})}, "client_name"},
		{"MCP: without redirect URIs", documentID + "b", site{body: documentWith(map[string]any{"client_id": documentID + "b", "redirect_uris": nil})}, "redirect_uris"},
		{"RFC 7591 §2: a script as redirect", documentID + "c", site{body: documentWith(map[string]any{"client_id": documentID + "c", "redirect_uris": []string{"javascript:x"}})}, "javascript"},
		{"the operator's to say", documentID + "d", site{body: documentWith(map[string]any{"client_id": documentID + "d", "skip_consent": true})}, "skip_consent"},
		{"RFC 7523 without keys", documentID + "e", site{body: documentWith(map[string]any{"client_id": documentID + "e", "token_endpoint_auth_method": "private_key_jwt"})}, "jwks"},
		{"redirect URIs of the wrong kind", documentID + "f", site{body: documentWith(map[string]any{"client_id": documentID + "f", "redirect_uris": 1})}, "redirect_uris"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if c.site.body != "" {
				w.outside.put(c.id, c.site)
			}
			w.pass(time.Minute) // what may be read in a minute is bounded
			got := w.ada().authorize(request(c.id, nil))
			if got.Path != "/error" || got.Query().Get("error") != "invalid_client" || !strings.Contains(got.Query().Get("error_description"), c.want) {
				t.Errorf("led to %s", got)
			}
			if page := w.anonymous().get(got.RequestURI()).Body.String(); strings.Contains(c.rule, "§4") && !strings.Contains(page, c.want) {
				t.Error("the error page does not say what is wrong")
			}
		})
	}
	for _, asked := range w.outside.asked {
		if u, err := url.Parse(asked); err != nil || !strings.HasSuffix(u.Host, ".example") {
			t.Errorf("asked %s", asked)
		}
	}
	if w.count("oauth_client") != 1 {
		t.Error("a client was made")
	}
	off := newWorld(t, nil)
	off.outside.put(documentID, site{body: documentWith(nil)})
	if got := off.ada().authorize(request(documentID, nil)); got.Path != "/error" || off.outside.requests() != 0 {
		t.Errorf("off is the default: led to %s, asked %d times", got, off.outside.requests())
	}
}

// TestMetadataDocumentsAreBounded: nobody can have others called without end, or fill
// the table.
func TestMetadataDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	w := documentWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__CLIENT_REGISTRATION_MAX_UNVERIFIED": "1"})
	b := w.anonymous()
	for i := range 40 {
		b.authorize(request(fmt.Sprintf("https://client.example/%d", i), nil))
	}
	if n := w.outside.requests(); n != 10 {
		t.Errorf("one host was asked %d times", n)
	}
	for i := range 100 {
		b.authorize(request(fmt.Sprintf("https://h%d.example/a", i), nil))
	}
	if n := w.outside.requests(); n != 60 {
		t.Errorf("asked %d times", n)
	}
	w.pass(time.Minute)
	for i := range 2 {
		id := fmt.Sprintf("https://client.example/app%d", i)
		w.outside.put(id, site{body: documentWith(map[string]any{"client_id": id})})
		ada := w.ada()
		to := ada.authorize(request(id, nil))
		if got := ada.allow(to); i == 0 && got.Query().Get("code") == "" || i == 1 && got.Query().Get("error") != "temporarily_unavailable" {
			t.Errorf("client %d was answered %s", i, got)
		}
	}
	if err := w.srv.OIDC.Sweep(t.Context()); err != nil || w.count("oauth_client") != 2 {
		t.Errorf("%d clients (%v)", w.count("oauth_client"), err)
	}
	w.pass(24*time.Hour + time.Second) // it never used its code
	if err := w.srv.OIDC.Sweep(t.Context()); err != nil || w.count("oauth_client") != 1 {
		t.Errorf("%d clients (%v)", w.count("oauth_client"), err)
	}
}

// TestMetadataDocumentDisabled: an operator's no stays, and is not asked for again.
func TestMetadataDocumentDisabled(t *testing.T) {
	t.Parallel()
	w := documentWorld(t, nil)
	w.outside.put(documentID, site{body: documentWith(nil)})
	b := w.ada()
	b.allow(b.authorize(request(documentID, nil)))
	if _, err := w.srv.OIDC.SetClientDisabled(t.Context(), documentID, true); err != nil {
		t.Fatal(err)
	}
	w.pass(200 * 24 * time.Hour)
	if err := w.srv.OIDC.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.ada().authorize(request(documentID, nil)); !strings.Contains(got.Query().Get("error_description"), "disabled") || w.outside.requests() != 1 {
		t.Errorf("led to %s, asked %d times", got, w.outside.requests())
	}
}

// TestStepUp: an API sends a client that registered itself back for one more of its
// scopes (MCP, Step-Up Authorization Flow; RFC 6750 §3.1), within what strangers may have.
// It stays connected by its grants, where the person lets it (OpenID Connect Core §11).
func TestStepUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"toml": `
[oauth_provider]
scopes = ["openid", "profile", "email", "offline_access", "notes:read", "notes:write", "admin"]
allow_dynamic_client_registration = true
allow_unauthenticated_client_registration = true
client_registration_allowed_scopes = ["offline_access", "notes:read", "notes:write"]
client_registration_default_resources = ["` + api1 + `"]
[[oauth_provider.resources]]
identifier = "` + api1 + `"
allowed_scopes = ["notes:read", "notes:write"]
`})
	made := w.with("", "POST", register, map[string]any{
		"redirect_uris": []string{callback}, "scope": "notes:read", "grant_types": []string{"authorization_code", "refresh_token"}, "token_endpoint_auth_method": "none",
	}).json(201)
	id := made["client_id"].(string)
	ask := func(scope string) url.Values { return url.Values{"scope": {scope}, "resource": {api1}} }
	for scope, want := range map[string]string{"notes:read": "notes:read", "notes:read notes:write": "notes:read notes:write"} {
		tokens := w.redeem("", w.code(id, ask(scope)), url.Values{"client_id": {id}, "resource": {api1}}).json(200)
		if tokens["scope"] != want || tokens["refresh_token"] == nil {
			t.Errorf("asked for %s: %v", scope, tokens)
		}
	}
	if got := w.ada().authorize(request(id, ask("notes:read admin"))); got.Query().Get("error") != "invalid_scope" {
		t.Errorf("what strangers may not have: %s", got)
	}
	if tokens := w.redeem("", w.code(id, url.Values{"scope": {"notes:read"}}), url.Values{"client_id": {id}}).json(200); tokens["refresh_token"] != nil {
		t.Error("without an API it stays connected unasked")
	}
	b := w.ada()
	to := b.authorize(request(id, url.Values{"scope": {"notes:read"}, "resource": {api1}, "prompt": {"consent"}}))
	if page := b.do(httptest.NewRequest("GET", to.String(), nil)).Body.String(); !strings.Contains(page, `value="offline_access"`) || !strings.Contains(page, "A permission at "+api1) {
		t.Error("the person is not asked whether it may stay connected, or not told at what")
	}
	other := w.with("", "POST", register, map[string]any{"redirect_uris": []string{callback}, "token_endpoint_auth_method": "none"}).json(201)["client_id"].(string)
	if tokens := w.redeem("", w.code(other, ask("notes:read")), url.Values{"client_id": {other}}).json(200); tokens["refresh_token"] != nil {
		t.Error("a client without the grant stays connected")
	}
}

// TestMetadataDocumentWithKeys: a client that nobody registered can still prove itself
// (§6.2), push its requests (RFC 9126) and change its keys.
func TestMetadataDocumentWithKeys(t *testing.T) {
	t.Parallel()
	w := documentWorld(t, nil)
	old, next := newKey(t, "ES256"), newKey(t, "ES256")
	w.outside.put(documentID, site{body: documentWith(map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://client.example/jwks"})})
	w.outside.put("https://client.example/jwks", site{body: string(keySet(t, old))})
	prove := func(key crypto.Signer, more url.Values) url.Values {
		form := asserting(signed(t, key, "ES256", nil, w.assertion(documentID, nil)))
		maps.Copy(form, more)
		return form
	}
	w.form("par", "", prove(next, request(documentID, nil))).refused(401, "invalid_client")
	w.form("par", "", request(documentID, nil)).refused(401, "invalid_client")
	if w.count("oauth_client") != 1 {
		t.Error("who proved nothing is kept")
	}
	uri, _ := w.form("par", "", prove(old, request(documentID, nil))).json(201)["request_uri"].(string)
	b := w.ada()
	code := b.allow(b.authorize(url.Values{"client_id": {documentID}, "request_uri": {uri}})).Query().Get("code")
	tokens := w.redeem("", code, prove(old, nil)).json(200)
	w.outside.put("https://client.example/jwks", site{body: string(keySet(t, next))})
	w.pass(time.Minute)
	w.refresh("", tokens["refresh_token"].(string), prove(old, nil)).json(200) // still known for a while
	w.pass(10 * time.Minute)
	w.form("introspect", "", prove(old, url.Values{"token": {"x"}})).refused(401, "invalid_client")
	w.form("introspect", "", prove(next, url.Values{"token": {"x"}})).json(200)
}
