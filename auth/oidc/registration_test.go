package oidc_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/oidc"
)

const register = "/api/auth/oauth2/register"

// openWorld lets everybody register.
func openWorld(t *testing.T, more map[string]string) *world {
	t.Helper()
	env := map[string]string{
		"AUTHD_OAUTH_PROVIDER__ALLOW_DYNAMIC_CLIENT_REGISTRATION":         "true",
		"AUTHD_OAUTH_PROVIDER__ALLOW_UNAUTHENTICATED_CLIENT_REGISTRATION": "true",
	}
	maps.Copy(env, more)
	return newWorld(t, env)
}

// with sends JSON with a bearer token.
func (w *world) with(token, method, path string, body any) *answer {
	r := jsonRequest(method, path, body)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return w.do(r)
}

// TestRegistration: RFC 7591 §3.2.1, with the contract's fields, and a client that works.
func TestRegistration(t *testing.T) {
	t.Parallel()
	w := openWorld(t, nil)
	a := w.with("", "POST", register, map[string]any{
		"redirect_uris": []string{callback}, "client_name": "RP", "software_statement": "eyJhbGciOiJub25lIn0.e30.", "unknown": map[string]any{"x": 1},
		"require_pkce": false, "token_exchange": []string{"*"}, "metadata": map[string]any{"admin": true}, "registration_access_token": "mine",
	})
	made := a.json(201)
	if a.Header().Get("Cache-Control") != "no-store" || a.Header().Get("Pragma") != "no-cache" {
		t.Errorf("cached: %v", a.Header())
	}
	id, secret, token := made["client_id"].(string), made["client_secret"].(string), made["registration_access_token"].(string)
	want := map[string]any{
		"client_id": id, "client_secret": secret, "client_secret_expires_at": 0.0, "client_id_issued_at": float64(start.Add(time.Minute).Unix()),
		"scope": "openid profile email offline_access", "client_name": "RP", "redirect_uris": []any{callback},
		"token_endpoint_auth_method": "client_secret_basic", "grant_types": []any{"authorization_code"}, "response_types": []any{"code"},
		"application_type": "web", "id_token_signed_response_alg": "RS256", "disabled": false, "dpop_bound_access_tokens": false,
		"registration_access_token": token, "registration_client_uri": issuer + register + "/" + id,
	}
	if fmt.Sprint(made) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", made, want)
	}
	c, err := w.srv.OIDC.Client(t.Context(), id)
	if err != nil || !c.Unverified || c.Registration != "dynamic" || c.PKCEOptional || len(c.Settings.TokenExchange) > 0 || c.Metadata != nil || c.LastUsedAt != nil {
		t.Errorf("kept as %+v (%v)", c, err)
	}
	for _, value := range []string{secret, token} {
		if strings.Contains(w.dump()+w.log.String(), value) || strings.Contains(w.text("SELECT registration_token FROM oauth_client WHERE client_id = '"+id+"'"), value) {
			t.Error("a secret is kept in clear")
		}
	}
	tokens := w.tokens(id, secret)
	if c, err = w.srv.OIDC.Client(t.Context(), id); err != nil || c.LastUsedAt == nil || !c.LastUsedAt.Equal(w.clock(t.Context())) {
		t.Errorf("last used %v (%v)", c.LastUsedAt, err)
	}
	first := *c.LastUsedAt
	w.pass(time.Hour) // a second use on the same day writes nothing
	w.refresh(id+":"+secret, tokens["refresh_token"].(string), nil).json(200)
	if c, err = w.srv.OIDC.Client(t.Context(), id); err != nil || !c.LastUsedAt.Equal(first) {
		t.Errorf("last used %v (%v)", c.LastUsedAt, err)
	}
}

// TestRegistrationIsBounded: what a stranger must not register, and in which
// words (RFC 7591 §3.2.2).
func TestRegistrationIsBounded(t *testing.T) {
	t.Parallel()
	w := openWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__CLIENT_REGISTRATION_ALLOWED_SCOPES": "openid,profile"})
	w.outside.put("https://app.example/sector", site{body: `["https://app.example/other"]`})
	w.outside.put("https://app.example/no-list", site{body: `{}`})
	w.outside.put("https://app.example/large", site{body: `["` + strings.Repeat("a", 70_000) + `"]`})
	w.outside.put("https://app.example/moved", site{status: 302, body: `["` + callback + `"]`})
	before := w.count("oauth_client")
	for _, c := range []struct {
		rule   string
		change map[string]any
		want   string
	}{
		{"no redirect URI", map[string]any{"redirect_uris": nil}, "invalid_redirect_uri"},
		{"javascript:", map[string]any{"redirect_uris": []string{"javascript:alert(1)"}}, "invalid_redirect_uri"},
		{"data:", map[string]any{"redirect_uris": []string{"data:text/html,x"}}, "invalid_redirect_uri"},
		{"a scheme in capitals", map[string]any{"redirect_uris": []string{"JavaScript:alert(1)"}, "token_endpoint_auth_method": "none"}, "invalid_redirect_uri"},
		{"RFC 6749 §3.1.2: a fragment", map[string]any{"redirect_uris": []string{callback + "#x"}}, "invalid_redirect_uri"},
		{"a host that is not ASCII", map[string]any{"redirect_uris": []string{"https://аpp.example/cb"}}, "invalid_redirect_uri"},
		{"a user name that looks like a host", map[string]any{"redirect_uris": []string{"https://bank.example@evil.example/"}}, "invalid_redirect_uri"},
		{"a redirect that is no list", map[string]any{"redirect_uris": callback}, "invalid_client_metadata"},
		{"more than there may be", map[string]any{"redirect_uris": strings.Split(strings.Repeat(callback+" ", 101), " ")}, "invalid_client_metadata"},
		{"more than is kept of a stranger's", map[string]any{"x": strings.Repeat("a", 64<<10)}, "invalid_client_metadata"},
		{"a scope that is not for strangers", map[string]any{"scope": "openid email"}, "invalid_scope"},
		{"the implicit flow", map[string]any{"response_types": []string{"token"}}, "invalid_client_metadata"},
		{"RFC 7591 §2.1: types that do not fit", map[string]any{"grant_types": []string{"refresh_token"}, "response_types": []string{"code"}}, "invalid_client_metadata"},
		{"client_credentials", map[string]any{"grant_types": []string{"client_credentials"}}, "invalid_client_metadata"},
		{"token exchange", map[string]any{"grant_types": []string{"urn:ietf:params:oauth:grant-type:token-exchange"}}, "invalid_client_metadata"},
		{"skipping consent", map[string]any{"skip_consent": true}, "invalid_client_metadata"},
		{"a shared secret as signature", map[string]any{"id_token_signed_response_alg": "HS256"}, "invalid_client_metadata"},
		{"no signature", map[string]any{"id_token_signed_response_alg": "none"}, "invalid_client_metadata"},
		{"client_secret_jwt", map[string]any{"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata"},
		{"private_key_jwt without keys", map[string]any{"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"},
		{"RFC 7591 §2: jwks and jwks_uri", map[string]any{"jwks": map[string]any{"keys": []any{}}, "jwks_uri": "https://app.example/jwks"}, "invalid_client_metadata"},
		{"a private key", map[string]any{"jwks": map[string]any{"keys": []any{map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}}}}, "invalid_client_metadata"},
		{"a jwks_uri without TLS", map[string]any{"jwks_uri": "http://app.example/jwks"}, "invalid_client_metadata"},
		{"a logo that is a script", map[string]any{"logo_uri": "javascript:x"}, "invalid_client_metadata"},
		{"a name that turns what follows it round", map[string]any{"client_name": "Bank\u202e"}, "invalid_client_metadata"},
		{"a name of nothing", map[string]any{"client_name": "\u3164"}, "invalid_client_metadata"},
		{"a name of spaces", map[string]any{"client_name": "  "}, "invalid_client_metadata"},
		{"a logout address without TLS", map[string]any{"backchannel_logout_uri": "http://169.254.169.254/x"}, "invalid_client_metadata"},
		{"a sector nobody serves", map[string]any{"sector_identifier_uri": "https://nobody.example/s"}, "invalid_client_metadata"},
		{"Registration §5: not in the sector's list", map[string]any{"sector_identifier_uri": "https://app.example/sector"}, "invalid_client_metadata"},
		{"Registration §5: no list", map[string]any{"sector_identifier_uri": "https://app.example/no-list"}, "invalid_client_metadata"},
		{"an endless sector", map[string]any{"sector_identifier_uri": "https://app.example/large"}, "invalid_client_metadata"},
		{"a sector that leads elsewhere", map[string]any{"sector_identifier_uri": "https://app.example/moved"}, "invalid_client_metadata"},
		{"a private sector", map[string]any{"sector_identifier_uri": "https://10.0.0.1/s"}, "invalid_client_metadata"},
		{"the sector of this machine", map[string]any{"sector_identifier_uri": "https://[::1]/s"}, "invalid_client_metadata"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			body := map[string]any{"redirect_uris": []string{callback}}
			maps.Copy(body, c.change)
			a := w.with("", "POST", register, body)
			a.t = t
			a.refused(400, c.want)
			if strings.Contains(a.Body.String(), "10.0.0.1") || strings.Contains(a.Body.String(), "<") {
				t.Errorf("answered %s", a.Body)
			}
		})
	}
	if n := w.count("oauth_client"); n != before {
		t.Errorf("%d clients were made", n-before)
	}
	made := w.with("", "POST", register, map[string]any{"redirect_uris": []string{callback}}).json(201)
	if made["scope"] != "openid profile" {
		t.Errorf("default scope %v", made["scope"])
	}
}

// TestRegistrationKeepsEverything: OpenID Connect Registration §3.2: what was
// registered is in the answer.
func TestRegistrationKeepsEverything(t *testing.T) {
	t.Parallel()
	w := openWorld(t, nil)
	w.outside.put("https://app.example/sector", site{body: `["` + callback + `"]`})
	said := map[string]any{
		"redirect_uris": []any{callback}, "subject_type": "pairwise", "sector_identifier_uri": "https://app.example/sector",
		"logo_uri": "https://app.example/l.png", "policy_uri": "https://app.example/p", "tos_uri": "https://app.example/t", "client_uri": "https://app.example",
		"contacts": []any{"a@app.example"}, "request_uris": []any{"https://app.example/r#abc"}, "jwks_uri": "https://app.example/jwks",
		"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256", "id_token_signed_response_alg": "ES256",
		"userinfo_signed_response_alg": "RS256", "default_max_age": 60.0, "require_auth_time": true, "grant_types": []any{"authorization_code", "refresh_token"},
		"initiate_login_uri": "https://app.example/login", "post_logout_redirect_uris": []any{"https://app.example/out"},
		"backchannel_logout_uri": "https://app.example/b", "backchannel_logout_session_required": true, "frontchannel_logout_uri": "https://app.example/f",
	}
	made := w.with("", "POST", register, said).json(201)
	for name, want := range said {
		if fmt.Sprint(made[name]) != fmt.Sprint(want) {
			t.Errorf("%s = %v, want %v", name, made[name], want)
		}
	}
	if _, there := made["client_secret"]; there {
		t.Error("a client with keys got a secret")
	}
	if got := fmt.Sprint(w.outside.asked); got != "[https://app.example/sector]" {
		t.Errorf("asked %s", got)
	}
	if c, err := w.srv.OIDC.Client(t.Context(), made["client_id"].(string)); err != nil || !c.EnableEndSession {
		t.Errorf("kept as %+v (%v)", c, err)
	}
}

// TestRegistrationPolicies: who may register, and what that makes of the client.
func TestRegistrationPolicies(t *testing.T) {
	t.Parallel()
	body := map[string]any{"redirect_uris": []string{callback}}
	t.Run("off is the default, and says so", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		w.with("", "POST", register, body).refused(403, "access_denied")
		if got := w.anonymous().get("/.well-known/openid-configuration").json(200)["registration_endpoint"]; got != nil {
			t.Errorf("told of %v", got)
		}
	})
	t.Run("for people and tokens", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__ALLOW_DYNAMIC_CLIENT_REGISTRATION": "true"})
		if got := w.anonymous().get("/.well-known/openid-configuration").json(200)["registration_endpoint"]; got != issuer+register {
			t.Errorf("told of %v", got)
		}
		a := w.with("", "POST", register, body)
		if a.refused(401, "invalid_token"); !strings.HasPrefix(a.Header().Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("RFC 6750 §3: challenged with %q", a.Header().Get("WWW-Authenticate"))
		}
		made := w.ada().post("register", body).json(201)
		if c, err := w.srv.OIDC.Client(t.Context(), made["client_id"].(string)); err != nil || !c.Unverified || c.UserID == "" || made["user_id"] != c.UserID {
			t.Errorf("Ada's is %+v (%v)", c, err)
		}
		twice, value, err := w.srv.OIDC.CreateRegistrationToken(t.Context(), "CI", 2, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		w.with(value+"x", "POST", register, body).refused(401, "invalid_token")
		w.with(value, "POST", register, map[string]any{}).refused(400, "invalid_redirect_uri") // a mistake uses nothing up
		for range 2 {
			made := w.with(value, "POST", register, body).json(201)
			if c, err := w.srv.OIDC.Client(t.Context(), made["client_id"].(string)); err != nil || c.Unverified || c.UserID != "" {
				t.Errorf("with a token: %+v (%v)", c, err)
			}
		}
		w.with(value, "POST", register, body).refused(401, "invalid_token")
		list, err := w.srv.OIDC.RegistrationTokens(t.Context())
		if err != nil || len(list) != 1 || list[0].ID != twice.ID || *list[0].UsesLeft != 0 {
			t.Errorf("listed %+v (%v)", list, err)
		}
		_, short, err := w.srv.OIDC.CreateRegistrationToken(t.Context(), "short", 0, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		w.with(short, "POST", register, body).json(201)
		w.pass(time.Hour)
		w.with(short, "POST", register, body).refused(401, "invalid_token")
		if err := w.srv.OIDC.Sweep(t.Context()); err != nil || w.count("oauth_registration_token") != 0 {
			t.Errorf("%d tokens are left (%v)", w.count("oauth_registration_token"), err)
		}
		forever, value, err := w.srv.OIDC.CreateRegistrationToken(t.Context(), "forever", 0, 0)
		if err != nil || strings.Contains(w.text("SELECT token FROM oauth_registration_token"), value) {
			t.Fatal("kept in clear", err)
		}
		w.with(value, "POST", register, body).json(201)
		if err := w.srv.OIDC.RevokeRegistrationToken(t.Context(), forever.ID); err != nil {
			t.Fatal(err)
		}
		w.with(value, "POST", register, body).refused(401, "invalid_token")
	})
	t.Run("PKCE may be left to the client", func(t *testing.T) {
		t.Parallel()
		w := openWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__CLIENT_REGISTRATION_REQUIRE_PKCE": "false"})
		for method, optional := range map[string]bool{"client_secret_post": true, "none": false} {
			made := w.with("", "POST", register, map[string]any{"redirect_uris": []string{callback}, "token_endpoint_auth_method": method}).json(201)
			if c, err := w.srv.OIDC.Client(t.Context(), made["client_id"].(string)); err != nil || c.PKCEOptional != optional {
				t.Errorf("%s: %v (%v)", method, c.PKCEOptional, err)
			}
		}
	})
	t.Run("a foreign site cannot use somebody's session", func(t *testing.T) {
		t.Parallel()
		w := openWorld(t, nil)
		r := jsonRequest("POST", register, body)
		r.Header.Set("Origin", "https://evil.example")
		if a := w.ada().do(r); a.Code != 403 || w.count("oauth_client") != 1 {
			t.Errorf("answered %d %s", a.Code, a.Body)
		}
	})
}

// TestRegistrationsAreFew: unverified clients are bounded in number, make room for
// each other while nobody used them, and go when nobody does.
func TestRegistrationsAreFew(t *testing.T) {
	t.Parallel()
	w := openWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__CLIENT_REGISTRATION_MAX_UNVERIFIED": "3"})
	body := map[string]any{"redirect_uris": []string{callback}}
	own := w.count("oauth_client")
	used := w.with("", "POST", register, body).json(201)
	w.tokens(used["client_id"].(string), used["client_secret"].(string))
	for range 2 {
		w.with("", "POST", register, body).json(201)
	}
	for range 100 {
		w.with("", "POST", register, body).refused(503, "temporarily_unavailable")
	}
	_, value, err := w.srv.OIDC.CreateRegistrationToken(t.Context(), "CI", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.with(value, "POST", register, body).json(201) // what is looked at is not counted
	w.pass(time.Hour + time.Second)
	for range 2 { // each takes the place of one that was never used
		w.with("", "POST", register, body).json(201)
	}
	w.with("", "POST", register, body).refused(503, "temporarily_unavailable")
	counts := func(want int64) {
		t.Helper()
		if err := w.srv.OIDC.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.count("oauth_client"); n != want {
			t.Errorf("%d clients, want %d", n, want)
		}
	}
	counts(own + 4)
	w.pass(24*time.Hour + time.Second)
	counts(own + 2) // the used one and the one of the token
	w.pass(90 * 24 * time.Hour)
	counts(own + 1)
}

// TestUnverifiedClientsAreTold: the consent page says that nobody has looked.
func TestUnverifiedClientsAreTold(t *testing.T) {
	t.Parallel()
	w := openWorld(t, nil)
	made := w.with("", "POST", register, map[string]any{
		"redirect_uris": []string{"https://xn--pple-43d.example/cb"}, "client_name": "Your <b>bank</b>", "client_uri": "https://bank.example",
		"token_endpoint_auth_method": "none",
	}).json(201)
	b := w.ada()
	to := b.authorize(request(made["client_id"].(string), url.Values{"redirect_uri": {"https://xn--pple-43d.example/cb"}}))
	page := b.do(httptest.NewRequest("GET", to.String(), nil)).Body.String()
	for _, want := range []string{"Nobody has checked it", "xn--pple-43d.example", "Your &lt;b&gt;bank"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "bank.example") {
		t.Error("a home page that nobody has checked is shown")
	}
	id, _ := w.client(oidc.Client{Name: "Shop"})
	to = b.authorize(request(id, nil))
	if page := b.do(httptest.NewRequest("GET", to.String(), nil)).Body.String(); strings.Contains(page, "Nobody has checked it") {
		t.Error("the operator's own client is said to be unverified")
	}
}
