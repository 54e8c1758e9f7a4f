package upstream_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/testkit"
	"authd/auth/internal/upstream"
)

// TestWhatStopsTheStart, with one line that names the key.
func TestWhatStopsTheStart(t *testing.T) {
	const app, generic = "client_id = 'client'\nclient_secret = 'secret'\n", "[[generic_oauth.config]]\nprovider_id = 'acme'\nclient_id = 'client'\n"
	const found = "discovery_url = 'https://idp.example/.well-known/openid-configuration'\n"
	for _, c := range []struct{ rule, toml, want string }{
		{"an unknown provider", "[social_providers.myspace]\n" + app, "social_providers.myspace (FILE) is not a key; allowed in [social_providers]: apple, atlassian, cloudflare, cognito, discord, dropbox, facebook, figma, github, gitlab, google, huggingface, kakao, kick, line, linear, linkedin, microsoft, naver, notion, paybin, paypal, polar, railway, reddit, roblox, salesforce, slack, spotify, tiktok, twitch, twitter, vercel, vk, wechat, zoom"},
		{"an unknown key", "[social_providers.github]\n" + app + "scopes = ['x']\n", "social_providers.github.scopes (FILE) is not a key; allowed in [social_providers.github]: enabled, "},
		{"a key of another provider", "[social_providers.github]\n" + app + "tenant_id = 'x'\n", "social_providers.github.tenant_id (FILE) is set, and this provider has no use for it; allowed: enabled, client_id, "},
		{"no id", "[social_providers.github]\nclient_secret = 'secret'\n", "social_providers.github.client_id (default) is not set; allowed: the id of your app there"},
		{"no secret", "[social_providers.github]\nclient_id = 'client'\n", "social_providers.github.client_secret (default) is not set; allowed: the secret of your app there"},
		{"switched on without anything", "[social_providers.github]\nenabled = true\n", "social_providers.github.client_id (default) is not set"},
		{"TikTok by client_id", "[social_providers.tiktok]\n" + app, "social_providers.tiktok.client_id (FILE) is set, and this provider has no use for it"},
		{"no domain of Cognito", "[social_providers.cognito]\nclient_id = 'client'\nregion = 'x'\nuser_pool_id = 'y'\n", "social_providers.cognito.domain (default) is not set; allowed: a value, for this provider"},
		{"PayPal in a world that is none", "[social_providers.paypal]\n" + app + "environment = 'live'\n", `social_providers.paypal.environment (FILE) is "live"; allowed: sandbox, production`},
		{"a directory by its domain", "[social_providers.microsoft]\nclient_id = 'client'\ntenant_id = 'acme.onmicrosoft.com'\n", "social_providers.microsoft.tenant_id is not one; allowed: the id of a directory (a UUID), common, organizations, consumers"},
		{"half of Apple's key", "[social_providers.apple]\nclient_id = 'client'\nteam_id = 'TEAM'\n", "social_providers.apple.private_key is not complete; allowed: team_id, key_id and private_key together"},
		{"Apple's key beside a secret", "[social_providers.apple]\n" + app + "team_id = 'TEAM'\n", "social_providers.apple.client_secret is set beside team_id, key_id and private_key; allowed: one of the two"},
		{"a key of Apple's that is none", "[social_providers.apple]\nclient_id = 'client'\nteam_id = 'T'\nkey_id = 'K'\nprivate_key = 'hunter2'\n", "social_providers.apple.private_key is not usable (a secret, not shown); allowed: the text of the .p8 file"},
		{"no name", "[[generic_oauth.config]]\nclient_id = 'client'\n" + found, `generic_oauth.config[0].provider_id (FILE) is ""; allowed: 1 to 128 letters, digits, and -._~`},
		{"a name that is a path", "[[generic_oauth.config]]\nprovider_id = 'a/b'\nclient_id = 'client'\n" + found, `generic_oauth.config[0].provider_id (FILE) is "a/b"; allowed`},
		{"a name twice", generic + found + generic + found, `generic_oauth.config[1].provider_id (FILE) is "acme" twice`},
		{"a name that authd knows", "[social_providers.github]\n" + app + "[[generic_oauth.config]]\nprovider_id = 'github'\nclient_id = 'client'\n" + found, `generic_oauth.config[0].provider_id (FILE) is "github", which [social_providers.github] has; allowed: a name of its own`},
		{"no client", "[[generic_oauth.config]]\nprovider_id = 'acme'\n" + found, "generic_oauth.config[0].client_id (FILE) is not set"},
		{"nowhere to go", generic, "generic_oauth.config[0].discovery_url (FILE) is not set; allowed: it, or authorization_url and token_url"},
		{"no profile", generic + "authorization_url = 'https://a.example/'\ntoken_url = 'https://a.example/'\n", "generic_oauth.config[0].user_info_url (FILE) is not set; allowed: it, or discovery_url, or issuer and jwks_uri"},
		{"an address that is none", generic + "discovery_url = 'idp.example'\n", `generic_oauth.config[0].discovery_url (FILE) is "idp.example"; allowed: an http or https URL`},
		{"basic without a secret", generic + found + "authentication = 'basic'\n", `generic_oauth.config[0].client_secret (FILE) is not set; allowed: a secret, for authentication = "basic"`},
		{"a secret that is not used", generic + found + "client_secret = 'hunter2'\nauthentication = 'none'\n", `generic_oauth.config[0].authentication (FILE) is "none" beside a client_secret; allowed: basic or post, or no client_secret`},
		{"a key that is none", generic + found + "private_key = 'hunter2'\n", "generic_oauth.config[0].private_key (FILE) is not usable (a secret, not shown); allowed: a key in PEM"},
		{"neither secret nor PKCE", generic + found + "pkce = false\n", "generic_oauth.config[0].pkce (FILE) is false; allowed: true, for a client without a secret (RFC 9700 section 2.1.1)"},
		{"ID tokens that cannot be verified", generic + "authorization_url = 'https://a.example/'\ntoken_url = 'https://a.example/'\nuser_info_url = 'https://a.example/'\nrequire_id_token_verification = true\n", "generic_oauth.config[0].require_id_token_verification (FILE) is true; allowed: it with discovery_url, or with issuer and jwks_uri"},
		{"an issuer that is not known", generic + "authorization_url = 'https://a.example/'\ntoken_url = 'https://a.example/'\nuser_info_url = 'https://a.example/'\nrequire_issuer_validation = true\n", "generic_oauth.config[0].issuer (FILE) is not set; allowed: it, with require_issuer_validation"},
		{"a parameter that is no text", generic + found + "authorization_url_params = { a = 1 }\n", "generic_oauth.config[0].authorization_url_params.a (FILE) is 1; allowed: a string"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			cfg, err := load(t, c.toml)
			if err == nil {
				_, err = upstream.New(cfg, nil, nil)
			}
			if err == nil {
				t.Fatal("it starts")
			}
			got := err.Error()
			if at := strings.Index(got, "(/"); at >= 0 {
				file, _, _ := strings.Cut(got[at+1:], ")")
				got = strings.ReplaceAll(got, file, "FILE")
			}
			if !strings.HasPrefix(got, c.want) || strings.Contains(got, "\n") || strings.Contains(got, "hunter2") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestProvidersFromTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	secret, key := filepath.Join(dir, "github"), filepath.Join(dir, "key.p8")
	for name, text := range map[string]string{secret: "secret\n", key: testkit.AppleKey} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(config.Options{Environ: []string{
		"AUTHD_DATA=" + dir, "AUTHD_URL=https://auth.example",
		"AUTHD_SOCIAL_PROVIDERS__GITHUB__CLIENT_ID=client", "AUTHD_SOCIAL_PROVIDERS__GITHUB__CLIENT_SECRET_FILE=" + secret, "AUTHD_SOCIAL_PROVIDERS__GITHUB__DISABLE_SIGN_UP=true",
		"AUTHD_SOCIAL_PROVIDERS__APPLE__CLIENT_ID=client", "AUTHD_SOCIAL_PROVIDERS__APPLE__TEAM_ID=TEAMID1234", "AUTHD_SOCIAL_PROVIDERS__APPLE__KEY_ID=KEYID12345", "AUTHD_SOCIAL_PROVIDERS__APPLE__PRIVATE_KEY_FILE=" + key,
		"AUTHD_SOCIAL_PROVIDERS__GOOGLE__CLIENT_ID=client", "AUTHD_SOCIAL_PROVIDERS__GOOGLE__ENABLED=false",
		`AUTHD_GENERIC_OAUTH__CONFIG=[{"provider_id":"example","client_id":"client","client_secret":"secret","scopes":["email"],"discovery_url":"https://idp.example/.well-known/openid-configuration"}]`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	clock := testkit.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	w := &world{IDP: testkit.NewIDP(t, clock), clock: clock, t: t}
	if w.set, err = upstream.New(cfg, w.Egress(), clock.Now); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range w.set.All() {
		ids = append(ids, p.ID)
		if _, err := p.Exchange(t.Context(), code(w.Authorize(w.begin(p)))); err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
	}
	if got := strings.Join(ids, " "); got != "apple github example" {
		t.Errorf("got %s", got)
	}
	if p := w.provider("github"); !p.DisableSignUp || p.DisableImplicitSignUp || p.Name != "GitHub" || p.Icon != "github" {
		t.Errorf("%+v", p)
	}
	if _, there := w.set.Get("google"); there {
		t.Error("google is switched off, and there")
	}
}

// TestTheStartCallsNobody: a provider that is down must not keep authd from starting.
func TestTheStartCallsNobody(t *testing.T) {
	var all strings.Builder
	for _, s := range testkit.Shapes() {
		all.WriteString(section(s))
	}
	w := open(t, all.String())
	if len(w.set.All()) != len(testkit.Shapes()) || len(w.Asked()) != 0 {
		t.Errorf("%d providers, asked %v", len(w.set.All()), w.Asked())
	}
}
