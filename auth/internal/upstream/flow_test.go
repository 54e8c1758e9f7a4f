package upstream_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/internal/upstream"
)

func TestAuthorizationRequest(t *testing.T) {
	const app = "client_id = ['client', 'phone']\nclient_secret = 'secret'\n"
	for _, c := range []struct {
		rule, id, toml string
		request        upstream.Request
		want           map[string]string // "" where it must not be
	}{
		{"scopes add up, each once", "github", app + "scope = ['repo', 'read:user']\n", upstream.Request{Scopes: []string{"gist", "repo"}}, map[string]string{"scope": "read:user user:email repo gist"}},
		{"without the usual ones", "github", app + "scope = ['repo']\ndisable_default_scope = true\n", upstream.Request{}, map[string]string{"scope": "repo"}},
		{"another callback", "github", app + "redirect_uri = 'https://other.example/back'\n", upstream.Request{}, map[string]string{"redirect_uri": "https://other.example/back"}},
		{"the first id is ours", "github", app, upstream.Request{}, map[string]string{"client_id": "client"}},
		{"whom to offer", "github", app, upstream.Request{LoginHint: "ada@example.com"}, map[string]string{"login_hint": "ada@example.com"}},
		{"a configured prompt", "discord", app + "prompt = 'consent'\n", upstream.Request{}, map[string]string{"prompt": "consent"}},
		{"the app's own prompt", "discord", app + "prompt = 'consent'\n", upstream.Request{Prompt: "login"}, map[string]string{"prompt": "login"}},
		{"permissions only of a bot", "discord", app + "permissions = '8'\n", upstream.Request{}, map[string]string{"permissions": ""}},
		{"permissions of a bot", "discord", app + "permissions = '8'\nscope = ['bot']\n", upstream.Request{}, map[string]string{"permissions": "8"}},
		{"granted scopes are not kept", "google", app + "include_granted_scopes = false\naccess_type = 'offline'\n", upstream.Request{}, map[string]string{"include_granted_scopes": "", "access_type": "offline"}},
		{"what an app adds", "google", app, upstream.Request{Extra: map[string]string{"hd": "acme.example"}}, map[string]string{"hd": "acme.example"}},
		{"what an app may not set", "google", app, upstream.Request{Extra: map[string]string{
			"state": "evil", "client_id": "evil", "redirect_uri": "https://evil.example", "response_type": "token", "code_challenge": "evil", "code_challenge_method": "plain", "nonce": "evil", "scope": "evil",
		}}, map[string]string{
			"state": "state-1", "client_id": "client", "redirect_uri": callback, "response_type": "code", "code_challenge_method": "S256", "nonce": "nonce-1", "scope": "email profile openid",
		}},
		{"no nonce where no ID token is read", "github", app, upstream.Request{}, map[string]string{"nonce": ""}},
		{"another cloud", "microsoft", app + "authority = 'https://login.microsoftonline.us/'\ntenant_id = 'organizations'\n", upstream.Request{}, map[string]string{"host": "login.microsoftonline.us/organizations/oauth2/v2.0/authorize"}},
		{"PayPal's sandbox", "paypal", app, upstream.Request{}, map[string]string{"host": "www.sandbox.paypal.com/signin/authorize", "scope": ""}},
		{"Salesforce's sandbox", "salesforce", app + "environment = 'sandbox'\n", upstream.Request{}, map[string]string{"host": "test.salesforce.com/services/oauth2/authorize"}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			w := open(t, "[social_providers."+c.id+"]\n"+c.toml)
			c.request.State, c.request.Verifier, c.request.Nonce, c.request.RedirectURI = "state-1", verifier, "nonce-1", callback
			address, err := w.provider(c.id).AuthorizationURL(t.Context(), c.request)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(address)
			if err != nil || strings.Contains(address, "+") || strings.Contains(address, "secret") || strings.Contains(address, verifier) {
				t.Errorf("%s, %v", address, err)
			}
			for name, want := range c.want {
				got := u.Query().Get(name)
				if name == "host" {
					got = u.Host + u.Path
				}
				if got != want || u.Query().Has(name) && want == "" {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestGenericParameters(t *testing.T) {
	w := open(t, `[[generic_oauth.config]]
provider_id = "acme"
client_id = "client"
client_secret = "s:e/c r+t"
authentication = "basic"
authorization_url = "https://acme.example/authorize?tenant=1"
token_url = "https://acme.example/token"
user_info_url = "https://acme.example/me"
scopes = ["a", "b"]
pkce = false
response_mode = "form_post"
prompt = "login"
access_type = "offline"
access_token_expires_in = "2h"
authorization_url_params = { audience = "api" }
token_url_params = { resource = "r1" }
refresh_token_params = { resource = "r2" }
authorization_headers = { X-Acme = "1" }
id_claim = "user uid|user id"
email_claim = "mail"
email_verified_claim = "mail_ok"
name_claim = "user display"
image_claim = "user pictures 1"
override_user_info = true
`)
	p := w.provider("acme")
	w.Answers["acme.example/token"] = answer(200, `{"access_token":"a1","scope":["a"," b "]}`)
	w.Answers["acme.example/me"] = answer(200, `{"user":{"id":7,"display":"Ada","pictures":["x","y"]},"mail":"ada@example.com","mail_ok":1}`)
	u, err := url.Parse(w.begin(p))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"tenant": {"1"}, "audience": {"api"}, "prompt": {"login"}, "access_type": {"offline"}, "response_mode": {"form_post"}, "response_type": {"code"},
		"client_id": {"client"}, "redirect_uri": {callback}, "scope": {"a b"}, "state": {"state-1"},
	}
	if u.Query().Encode() != want.Encode() || !p.FormPost() || !p.OverrideUserInfo {
		t.Errorf("%s", u)
	}
	tokens, err := p.Exchange(t.Context(), upstream.Code{Code: "c1", Verifier: verifier, RedirectURI: callback})
	if err != nil || tokens.RefreshToken != "" || !tokens.AccessExpires.Equal(w.clock.Now(t.Context()).Add(2*time.Hour)) || strings.Join(tokens.Scopes, "|") != "a|b" {
		t.Fatalf("%+v, %v", tokens, err)
	}
	sent := w.Asked()[0]
	// RFC 6749 §2.3.1: id and secret are form-encoded before they are put together.
	id, secret, _ := (&http.Request{Header: sent.Header}).BasicAuth()
	if id != "client" || secret != "s%3Ae%2Fc+r%2Bt" || sent.Header.Get("X-Acme") != "1" || sent.Header.Get("Accept") != "application/json" {
		t.Errorf("%v", sent.Header)
	}
	if form := (url.Values{"grant_type": {"authorization_code"}, "code": {"c1"}, "redirect_uri": {callback}, "resource": {"r1"}}); sent.Form.Encode() != form.Encode() {
		t.Errorf("%s", sent.Form.Encode())
	}
	profile, err := p.Profile(t.Context(), tokens, nil)
	if err != nil || profile.ID != "7" || profile.Name != "Ada" || profile.Email != ada || !profile.EmailVerified || profile.Image != "y" {
		t.Errorf("%+v, %v", profile, err)
	}
	if _, err := p.Refresh(t.Context(), "r-old"); err != nil {
		t.Error(err)
	}
	sent = w.Asked()[2]
	if form := (url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"r-old"}, "resource": {"r2"}}); sent.Form.Encode() != form.Encode() {
		t.Errorf("%s", sent.Form.Encode())
	}
}

// TestPrivateKeyJWT is RFC 7523 §2.2 and §3.
func TestPrivateKeyJWT(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	w := open(t, "[[generic_oauth.config]]\nprovider_id = 'acme'\nclient_id = 'client'\nprivate_key_file = '"+file+"'\nkey_id = 'k7'\nauthorization_url = 'https://acme.example/a'\ntoken_url = 'https://acme.example/token'\nuser_info_url = 'https://acme.example/me'\n")
	w.Answers["acme.example/token"] = answer(200, `{"access_token":"a1"}`)
	p, seen := w.provider("acme"), map[string]bool{}
	for range 2 {
		if _, err := p.Exchange(t.Context(), upstream.Code{Code: "c1", Verifier: verifier, RedirectURI: callback}); err != nil {
			t.Fatal(err)
		}
		sent := w.Asked()[len(seen)]
		if sent.Form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || sent.Form.Get("client_id") != "client" || sent.Form.Has("client_secret") || sent.Header.Get("Authorization") != "" {
			t.Errorf("%v", sent.Form)
		}
		token, err := jwt.ParseSigned(sent.Form.Get("client_assertion"), []jose.SignatureAlgorithm{jose.ES384})
		if err != nil || token.Headers[0].KeyID != "k7" {
			t.Fatal(err)
		}
		var claims jwt.Claims
		now := w.clock.Now(t.Context())
		if err := token.Claims(key.Public(), &claims); err != nil || claims.Issuer != "client" || claims.Subject != "client" || !claims.Audience.Contains("https://acme.example/token") || !claims.Expiry.Time().After(now) || claims.Expiry.Time().After(now.Add(5*time.Minute)) || seen[claims.ID] {
			t.Errorf("%+v, %v", claims, err)
		}
		seen[claims.ID] = true
	}
}

// TestTokenEndpointsThatMisbehave: each is an error without the code, the secret
// or what was answered in it, and nobody else is called.
func TestTokenEndpointsThatMisbehave(t *testing.T) {
	const at = "github.com/login/oauth/access_token"
	for _, c := range []struct {
		rule   string
		answer http.HandlerFunc
		code   string // of the Refusal
		status int
	}{
		{"an error", answer(400, `{"error":"invalid_grant","error_description":"code-x secret"}`), "invalid_grant", 400},
		{"an error with status 200", answer(200, `{"error":"bad_verification_code","error_description":"code-x"}`), "bad_verification_code", 200},
		{"an error as a form", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
			_, _ = w.Write([]byte("error=incorrect_client_credentials&error_description=secret"))
		}, "incorrect_client_credentials", 200},
		{"an error that is no code", answer(400, `{"error":"code-x is \"secret\"\nand more"}`), "", 400},
		{"an error of the server", answer(500, `secret`), "", 500},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://10.0.0.1/steal", http.StatusTemporaryRedirect)
		}, "", 307},
		{"HTML", answer(200, `<html>secret</html>`), "", 0},
		{"nothing", answer(200, ``), "", 0},
		{"no access token", answer(200, `{"token_type":"bearer"}`), "", 0},
		{"a list", answer(200, `["secret"]`), "", 0},
		{"two megabytes", answer(200, `{"access_token":"`+strings.Repeat("a", 2<<20)+`"}`), "", 0},
	} {
		t.Run(c.rule, func(t *testing.T) {
			w, p := one(t, shape(t, "github"))
			w.Answers[at] = c.answer
			for name, do := range map[string]func() (*upstream.Tokens, error){
				"exchange": func() (*upstream.Tokens, error) {
					return p.Exchange(t.Context(), upstream.Code{Code: "code-x", Verifier: verifier, RedirectURI: callback})
				},
				"refresh": func() (*upstream.Tokens, error) { return p.Refresh(t.Context(), "code-x") },
			} {
				tokens, err := do()
				var refusal *upstream.Refusal
				switch {
				case tokens != nil || err == nil:
					t.Fatalf("%s: %+v", name, tokens)
				case c.status != 0 && (!errors.As(err, &refusal) || refusal.Status != c.status || refusal.Code != c.code):
					t.Errorf("%s: %v", name, err)
				case c.status == 0 && !errors.Is(err, upstream.ErrUnreachable):
					t.Errorf("%s: %v", name, err)
				case strings.Contains(err.Error(), "code-x") || strings.Contains(err.Error(), "secret"):
					t.Errorf("%s: it is told: %v", name, err)
				}
			}
			if n := len(w.Asked()); n != 2 {
				t.Errorf("%d requests: %v", n, w.Asked())
			}
		})
	}
}

// TestCodesAreBound to PKCE's verifier, the redirect URI and the client.
func TestCodesAreBound(t *testing.T) {
	for rule, change := range map[string]func(*upstream.Code){
		"another verifier":     func(c *upstream.Code) { c.Verifier = strings.Repeat("b", 43) },
		"no verifier":          func(c *upstream.Code) { c.Verifier = "" },
		"another redirect URI": func(c *upstream.Code) { c.RedirectURI += "2" },
		"another code":         func(c *upstream.Code) { c.Code = "code-99" },
	} {
		w, p := one(t, shape(t, "google"))
		c := code(w.Authorize(w.begin(p)))
		change(&c)
		var refusal *upstream.Refusal
		if _, err := p.Exchange(t.Context(), c); !errors.As(err, &refusal) || refusal.Code != "invalid_grant" {
			t.Errorf("%s: %v", rule, err)
		}
	}
	w, p := one(t, shape(t, "google"))
	if _, err := p.Refresh(t.Context(), ""); err == nil || len(w.Asked()) != 0 {
		t.Errorf("nothing to refresh: %v", err)
	}
}

func TestDiscovery(t *testing.T) {
	s := shape(t, "example")
	good := map[string]any{
		"issuer": "https://idp.example", "authorization_endpoint": "https://idp.example/authorize", "token_endpoint": "https://idp.example/token",
		"jwks_uri": "https://idp.example/jwks", "id_token_signing_alg_values_supported": []string{"ES256"},
	}
	for rule, changes := range map[string]map[string]any{
		"of another issuer":        {"issuer": "https://accounts.google.com"},
		"no authorization":         {"authorization_endpoint": nil},
		"no token endpoint":        {"token_endpoint": ""},
		"a token endpoint by http": {"token_endpoint": "http://idp.example/token"},
		"keys by http":             {"jwks_uri": "http://idp.example/jwks"},
		"a script":                 {"authorization_endpoint": "javascript:alert(1)"},
		"a path":                   {"token_endpoint": "/token"},
		"a number":                 {"token_endpoint": 7},
	} {
		t.Run(rule, func(t *testing.T) {
			w, p := one(t, s)
			document := map[string]any{}
			for name, value := range good {
				document[name] = value
			}
			for name, value := range changes {
				document[name] = value
			}
			body, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			w.Answers[s.Discovery] = answer(200, string(body))
			for range 3 { // it is not asked again at once
				if address, err := p.AuthorizationURL(t.Context(), upstream.Request{State: "s"}); !errors.Is(err, upstream.ErrUnreachable) || address != "" {
					t.Errorf("%s, %v", address, err)
				}
			}
			if n := len(w.Asked()); n != 1 {
				t.Errorf("asked %d times", n)
			}
			delete(w.Answers, s.Discovery)
			w.clock.Advance(11 * time.Second)
			w.begin(p)
		})
	}
	t.Run("it is kept, and outlives an outage", func(t *testing.T) {
		w, p := one(t, s)
		w.begin(p)
		w.begin(p)
		w.Answers[s.Discovery] = answer(503, "")
		w.clock.Advance(2 * time.Hour)
		w.begin(p)
		w.begin(p)
		if n := len(w.Asked()); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestIssuerOfAnswers(t *testing.T) {
	for _, c := range []struct {
		rule, id, config, iss string
		want                  error
	}{
		{"it says it always names itself, and does", "example", "", "https://idp.example", nil},
		{"it says so, and does not", "example", "", "", upstream.ErrIssuerMissing},
		{"another names itself", "example", "", "https://evil.example", upstream.ErrIssuerMismatch},
		{"with a slash more", "example", "", "https://idp.example/", upstream.ErrIssuerMismatch},
		{"known, and not said", "google", "", "", nil},
		{"known, and said", "google", "", "https://accounts.google.com", nil},
		{"known, and another", "google", "", "https://idp.example", upstream.ErrIssuerMismatch},
		{"nothing is known", "github", "", "https://anything.example", nil},
		{"required, and not said", "patreon", "issuer = 'https://www.patreon.com'\nrequire_issuer_validation = true\n", "", upstream.ErrIssuerMissing},
		{"required, and another", "patreon", "issuer = 'https://www.patreon.com'\nrequire_issuer_validation = true\n", "https://idp.example", upstream.ErrIssuerMismatch},
	} {
		t.Run(c.rule, func(t *testing.T) {
			s := shape(t, c.id)
			s.Config += c.config
			_, p := one(t, s)
			if err := p.CheckIssuer(t.Context(), c.iss); !errors.Is(err, c.want) {
				t.Error(err)
			}
		})
	}
}
