package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
	"authd/auth/oidc"
)

// TestRefusedClients: metadata that must not become a client (RFC 7591 §3.2.2).
func TestRefusedClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cases := []struct {
		name   string
		client oidc.Client
		want   string
	}{
		{"no redirect URI", oidc.Client{}, "invalid_redirect_uri"},
		{"a dangerous scheme", oidc.Client{RedirectURIs: []string{callback, "javascript:x"}}, "invalid_redirect_uri"},
		{"an own scheme of a client with a secret", oidc.Client{RedirectURIs: []string{"myapp:/cb"}}, "invalid_redirect_uri"},
		{"a dangerous scheme after logout", oidc.Client{RedirectURIs: []string{callback}, PostLogoutRedirectURIs: []string{"data:x"}}, "invalid_redirect_uri"},
		{"an unknown scope", oidc.Client{RedirectURIs: []string{callback}, Scopes: []string{"openid", "bogus"}}, "invalid_scope"},
		{"an unknown grant", oidc.Client{RedirectURIs: []string{callback}, GrantTypes: []string{"password"}}, "invalid_client_metadata"},
		{"client_credentials without a secret", oidc.Client{TokenEndpointAuthMethod: "none", RedirectURIs: []string{callback}, GrantTypes: []string{"client_credentials"}}, "invalid_client_metadata"},
		{"an unknown way to prove itself", oidc.Client{RedirectURIs: []string{callback}, TokenEndpointAuthMethod: "private_key_jwt"}, "invalid_client_metadata"},
		{"an unknown type", oidc.Client{RedirectURIs: []string{callback}, ApplicationType: "desktop"}, "invalid_client_metadata"},
		{"no signature", oidc.Client{RedirectURIs: []string{callback}, IDTokenSignedResponseAlg: "none"}, "invalid_client_metadata"},
		{"a public client without PKCE", oidc.Client{RedirectURIs: []string{callback}, TokenEndpointAuthMethod: "none", PKCEOptional: true}, "invalid_client_metadata"},
		{"a home page that is none", oidc.Client{RedirectURIs: []string{callback}, URI: "javascript:x"}, "invalid_client_metadata"},
		{"RFC 7591 §2.1: a response type without its grant", oidc.Client{GrantTypes: []string{"client_credentials"}, Settings: oidc.Settings{ResponseTypes: []string{"code"}}}, "invalid_client_metadata"},
		{"OAuth 2.1: the implicit response type", oidc.Client{RedirectURIs: []string{callback}, Settings: oidc.Settings{ResponseTypes: []string{"token"}}}, "invalid_client_metadata"},
		{"a public client that exchanges tokens", oidc.Client{TokenEndpointAuthMethod: "none", GrantTypes: []string{"urn:ietf:params:oauth:grant-type:token-exchange"}}, "invalid_client_metadata"},
		{"Back-Channel Logout §2.2: a fragment", oidc.Client{RedirectURIs: []string{callback}, BackchannelLogoutURI: callback + "#x"}, "invalid_client_metadata"},
		{"Back-Channel Logout §2.2: plain http of a public client", oidc.Client{TokenEndpointAuthMethod: "none", RedirectURIs: []string{callback}, BackchannelLogoutURI: "http://app.example/out"}, "invalid_client_metadata"},
		{"Front-Channel Logout §2: another host", oidc.Client{RedirectURIs: []string{callback}, FrontchannelLogoutURI: "https://evil.example/out"}, "invalid_client_metadata"},
		{"request_uris without https", oidc.Client{RedirectURIs: []string{callback}, Settings: oidc.Settings{RequestURIs: []string{"http://app.example/r"}}}, "invalid_client_metadata"},
		{"userinfo signed with a shared secret", oidc.Client{RedirectURIs: []string{callback}, Settings: oidc.Settings{UserinfoAlg: "HS256"}}, "invalid_client_metadata"},
		{"RFC 9101 §10.5: signed, with none", oidc.Client{RedirectURIs: []string{callback}, Settings: oidc.Settings{RequestObjectAlg: "none", RequireRequestObject: true}}, "invalid_client_metadata"},
		{"a claim that is the token's own", oidc.Client{RedirectURIs: []string{callback}, Settings: oidc.Settings{Claims: map[string]json.RawMessage{"sub": []byte(`"root"`)}}}, "invalid_client_metadata"},
		{"metadata that is no object", oidc.Client{RedirectURIs: []string{callback}, Metadata: []byte(`[]`)}, "invalid_client_metadata"},
		{"more redirect URIs than anybody has", oidc.Client{RedirectURIs: slices.Repeat([]string{callback}, 101)}, "invalid_client_metadata"},
		{"a scope of client_credentials that is not known", oidc.Client{RedirectURIs: []string{callback}, ClientCredentialsScopes: []string{"bogus"}}, "invalid_scope"},
		{"a name with a line break", oidc.Client{RedirectURIs: []string{callback}, Name: "a\nb"}, "invalid_client_metadata"},
	}
	before := w.count("oauth_client")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := w.srv.OIDC.CreateClient(t.Context(), c.client, "")
			var refused *api.OAuthError
			if !errors.As(err, &refused) || refused.Code != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	if n := w.count("oauth_client"); n != before {
		t.Errorf("%d clients were made", n-before)
	}
}

// TestClientCommands: what `authd client` does.
func TestClientCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx, p := t.Context(), w.srv.OIDC
	made, secret, err := p.CreateClient(ctx, oidc.Client{
		ID: "shop", Name: "Shop", RedirectURIs: []string{callback}, Scopes: []string{"openid"}, PKCEOptional: true, SkipConsent: true,
		AccessTokenExpiresIn: time.Minute, Contacts: []string{"a@b.example"}, Metadata: []byte(`{"team":7}`),
	}, "")
	if err != nil || len(secret) < 43 {
		t.Fatal(err, secret)
	}
	if _, _, err := p.CreateClient(ctx, oidc.Client{ID: "shop", RedirectURIs: []string{callback}}, ""); !errors.Is(err, oidc.ErrClientExists) {
		t.Errorf("the same id again: %v", err)
	}
	shown, err := p.Client(ctx, "shop")
	if err != nil || shown.Info("").ClientSecret != "" || shown.Name != made.Name || shown.AccessTokenExpiresIn != time.Minute || !shown.PKCEOptional ||
		string(shown.Metadata) != `{"team":7}` || len(shown.Contacts) != 1 || !shown.CreatedAt.Equal(w.clock(ctx)) {
		t.Errorf("shown as %+v (%v)", shown, err)
	}
	if list, err := p.Clients(ctx); err != nil || len(list) != 2 || list[0].ID != oidc.CLIClientID {
		t.Errorf("listed %v (%v)", list, err)
	}
	tokens := w.redeem("shop:"+secret, w.code("shop", url.Values{"scope": {"openid"}}), nil).json(200)
	rotated, err := p.RotateSecret(ctx, "shop", 0)
	if err != nil || rotated == secret {
		t.Fatal(err)
	}
	code := w.code("shop", url.Values{"scope": {"openid"}})
	w.redeem("shop:"+secret, code, nil).refused(401, "invalid_client")
	w.redeem("shop:"+rotated, code, nil).json(200)
	w.userinfo(tokens["access_token"].(string)).json(200)
	if _, err := p.RotateSecret(ctx, oidc.CLIClientID, 0); err == nil {
		t.Error("a public client got a secret")
	}
	for id, want := range map[string]error{"nobody": oidc.ErrClientNotFound, oidc.CLIClientID: nil} {
		if err := p.DeleteClient(ctx, id); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("delete %s: %v", id, err)
		}
	}
	if err := p.DeleteClient(ctx, "shop"); err != nil {
		t.Fatal(err)
	}
	w.userinfo(tokens["access_token"].(string)).refused(401, "invalid_token")
	if n := w.count("oauth_grant") + w.count("oauth_consent"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

const declaredShop = `
[[client]]
client_id = "shop"
client_secret = "a secret that has more than 32 characters"
name = "Shop"
redirect_uris = ["https://app.example/callback"]
id_token_signed_response_alg = "ES256"
`

// TestDeclaredClients: authd.toml is made true at each start, in one line of the log.
func TestDeclaredClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"toml": declaredShop})
	c, err := w.srv.OIDC.Client(t.Context(), "shop")
	if err != nil || !c.Declared || c.Name != "Shop" || c.IDTokenSignedResponseAlg != "ES256" || c.Public() {
		t.Fatalf("%+v %v", c, err)
	}
	if _, err := w.srv.OIDC.RotateSecret(t.Context(), "shop", 0); err == nil {
		t.Error("the secret of authd.toml was rotated")
	}
	if err := w.srv.OIDC.DeleteClient(t.Context(), "shop"); err == nil {
		t.Error("a declared client was deleted")
	}
	steps := []struct{ toml, log string }{
		{declaredShop, ""},
		{strings.Replace(declaredShop, `"Shop"`, `"Store"`, 1), "created=0 updated=1 disabled=0"},
		{strings.Replace(declaredShop, "shop", "other", 1), "created=1 updated=0 disabled=1"},
		{strings.Replace(declaredShop, "shop", "other", 1), ""},
		{declaredShop, "created=0 updated=1 disabled=1"},
		{"", "created=0 updated=0 disabled=1"},
	}
	for i, step := range steps {
		w.pass(time.Minute)
		w.log.Reset()
		w.restart(step.toml)
		if got := strings.Count(w.log.String(), "declared clients"); got != min(1, len(step.log)) || !strings.Contains(w.log.String(), step.log) {
			t.Errorf("step %d logged %q, want %q", i, w.log, step.log)
		}
	}
	if c, err := w.srv.OIDC.Client(t.Context(), "shop"); err != nil || !c.Disabled || !c.CreatedAt.Equal(start.Add(time.Minute)) {
		t.Errorf("what is declared no longer is %+v (%v)", c, err)
	}
}

// TestOperatorMakesClient: the operator API's createOAuthClient.
func TestOperatorMakesClient(t *testing.T) {
	t.Parallel()
	token := "an operator token of more than 32 characters"
	w := newWorld(t, map[string]string{"AUTHD_OPERATOR_TOKEN": token})
	call := func(body map[string]any, token string) *answer {
		r := jsonRequest("POST", "/api/operator/createOAuthClient", body)
		r.Header.Set("Authorization", "Bearer "+token)
		return w.do(r)
	}
	before := w.count("oauth_client")
	if a := call(map[string]any{"redirect_uris": []string{callback}}, "wrong"); a.Code != 401 {
		t.Errorf("without the token: %d", a.Code)
	}
	call(map[string]any{}, token).refused(400, "invalid_redirect_uri")
	call(map[string]any{"redirect_uris": []string{callback}, "userinfo_signed_response_alg": "HS256"}, token).refused(400, "invalid_client_metadata")
	call(map[string]any{"redirect_uris": []string{callback}, "response_types": []string{"token"}}, token).refused(400, "invalid_client_metadata")
	if n := w.count("oauth_client"); n != before {
		t.Fatalf("%d clients were made", n-before)
	}
	made := call(map[string]any{
		"redirect_uris": []string{callback}, "client_name": "First", "scope": "openid email", "id_token_signed_response_alg": "EdDSA", "require_pkce": false,
	}, token).json(201)
	for field, want := range map[string]any{
		"client_name": "First", "scope": "openid email", "client_secret_expires_at": 0.0, "token_endpoint_auth_method": "client_secret_basic",
		"application_type": "web", "disabled": false, "dpop_bound_access_tokens": false, "require_pkce": false,
	} {
		if made[field] != want {
			t.Errorf("%s = %v, want %v", field, made[field], want)
		}
	}
	id := made["client_id"].(string)
	w.redeem(id+":"+made["client_secret"].(string), w.code(id, url.Values{"scope": {"openid"}}), nil).json(200)
	if strings.Contains(w.log.String(), made["client_secret"].(string)) {
		t.Error("the secret is in the log")
	}
}

// TestKeysLast: the same keys after a restart, sealed, and under a new secret
// once they are resealed.
func TestKeysLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	before := w.anonymous().get("/api/auth/jwks").Body.String()
	old := "a secret of more than thirty-two characters"
	reopen := func(secrets string) {
		t.Helper()
		if err := w.srv.Close(); err != nil {
			t.Fatal(err)
		}
		w.start(map[string]string{"AUTHD_SECRET": secrets})
	}
	id, secret := w.client(oidc.Client{})
	next := "another secret of more than 32 characters"
	reopen(next + "," + old)
	if after := w.anonymous().get("/api/auth/jwks").Body.String(); after != before {
		t.Errorf("keys changed:\n%s\n%s", before, after)
	}
	if n, err := w.srv.OIDC.Reseal(t.Context()); n != 3 || err != nil {
		t.Errorf("resealed %d: %v", n, err)
	}
	if n, err := w.srv.OIDC.Reseal(t.Context()); n != 0 || err != nil {
		t.Errorf("resealed %d more: %v", n, err)
	}
	reopen(next)
	signInAgain := func() string { // the session cookie is signed under the old secret
		b := w.anonymous()
		to := b.authorize(request(id, url.Values{"prompt": {"consent"}}))
		b.signIn(nil).json(200)
		return b.allow(b.act(to, "resume", nil).location()).Query().Get("code")
	}
	w.redeem(id+":"+secret, signInAgain(), nil).json(200)
	reopen(old)
	if a := w.redeem(id+":"+secret, signInAgain(), nil); a.Code != 500 || strings.Contains(a.Body.String(), "access_token") {
		t.Errorf("keys sealed under another secret: %d %s", a.Code, a.Body)
	}
}

// TestSweep: what has expired goes, what could still be asked for stays.
func TestSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	basic := id + ":" + secret
	kept := w.tokens(id, secret)
	for range 3 {
		w.redeem(basic, w.code(id, url.Values{"scope": {"openid"}}), nil).json(200)
	}
	w.code(id, nil) // never redeemed
	w.ada().authorize(request(id, url.Values{"prompt": {"consent"}}))
	counts := func() [3]int64 {
		t.Helper()
		if err := w.srv.OIDC.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		return [3]int64{w.count("oauth_grant"), w.count("oauth_access_token"), w.count("oauth_flow")}
	}
	if got := counts(); got != [3]int64{5, 4, 1} {
		t.Errorf("at first %v", got)
	}
	w.pass(time.Minute)
	if got := counts(); got != [3]int64{4, 4, 1} {
		t.Errorf("after the code's life %v", got)
	}
	w.pass(time.Hour)
	if got := counts(); got != [3]int64{1, 0, 0} {
		t.Errorf("after the access token's life %v", got)
	}
	w.refresh(basic, kept["refresh_token"].(string), nil).json(200)
	w.pass(30 * 24 * time.Hour)
	if got := counts(); got != [3]int64{0, 0, 0} {
		t.Errorf("after all lives %v", got)
	}
}

// TestSweepIsInterrupted: it stops between two steps when it is told to.
func TestSweepIsInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.srv.OIDC.Sweep(ctx); err == nil || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
