package config_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/config"
)

const goodSecret = "0123456789abcdef0123456789abcdef"

// load reads a configuration from an authd.toml with text, variables and flags, in an empty directory.
func load(t *testing.T, text string, environ ...string) (*config.Config, string, error) {
	t.Helper()
	dir := t.TempDir()
	if text != "" {
		write(t, filepath.Join(dir, "authd.toml"), text)
	}
	cfg, err := config.Load(config.Options{Environ: append(environ, "AUTHD_DATA="+dir)})
	return cfg, dir, err
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustLoad(t *testing.T, text string, environ ...string) *config.Config {
	t.Helper()
	cfg, _, err := load(t, text, environ...)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// topLevel names what may stand at the top of authd.toml.
func topLevel() string {
	var names []string
	for _, key := range config.Keys() {
		if name, _, _ := strings.Cut(key.Path, "."); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func TestDefaults(t *testing.T) {
	cfg := mustLoad(t, "")
	for name, ok := range map[string]bool{
		"addr":                       cfg.Addr == ":8080",
		"url has the port of addr":   cfg.URL == "http://localhost:8080",
		"password sign-in is on":     cfg.EmailAndPassword.Enabled && cfg.EmailAndPassword.AutoSignIn,
		"lengths":                    cfg.EmailAndPassword.MinPasswordLength == 8 && cfg.EmailAndPassword.MaxPasswordLength == 128,
		"no sender, no verification": !cfg.EmailAndPassword.RequireEmailVerification && !cfg.EmailVerification.SendOnSignUp,
		"session":                    cfg.Session.ExpiresIn == 168*time.Hour && cfg.Session.UpdateAge == 24*time.Hour && cfg.Session.FreshAge == 24*time.Hour,
		"cookie cache":               !cfg.Session.CookieCache.Enabled && cfg.Session.CookieCache.MaxAge == 5*time.Minute && cfg.Session.CookieCache.Strategy == "compact",
		"rate limit":                 cfg.RateLimit.Enabled && cfg.RateLimit.Window == 10*time.Second && cfg.RateLimit.Max == 100,
		"cookies":                    cfg.Advanced.CookiePrefix == "better-auth" && !cfg.Advanced.UseSecureCookies && cfg.Advanced.DefaultCookieAttributes.SameSite == "lax",
		"log":                        cfg.Log.Level == "info" && cfg.Log.Format == "",
		"metrics off":                !cfg.Metrics.Enabled,
		"scopes":                     len(cfg.OauthProvider.Scopes) == 4,
		"nothing is set but data":    cfg.IsSet("data") && !cfg.IsSet("url") && !cfg.IsSet("email_and_password.disable_sign_up"),
		"proxies":                    cfg.Proxies().Trusts(netip.MustParseAddr("::ffff:127.0.0.1")) && !cfg.Proxies().Trusts(netip.MustParseAddr("10.0.0.1")),
	} {
		if !ok {
			t.Errorf("%s: %+v", name, cfg)
		}
	}
}

func TestDefaultsThatFollowOtherKeys(t *testing.T) {
	cfg := mustLoad(t, "", "AUTHD_URL=https://auth.example.com", "AUTHD_SMTP_URL=smtp://mail.example.com:587", "AUTHD_SECRET="+goodSecret)
	for name, ok := range map[string]bool{
		"a sender requires verification":    cfg.EmailAndPassword.RequireEmailVerification && cfg.EmailVerification.SendOnSignUp,
		"https makes secure cookies":        cfg.Advanced.UseSecureCookies && cfg.Advanced.DefaultCookieAttributes.Secure,
		"the sender is at the host":         cfg.Mail.From == "no-reply@auth.example.com",
		"the cache is signed by the secret": cfg.Session.CookieCache.Secret == goodSecret,
	} {
		if !ok {
			t.Errorf("%s: %+v", name, cfg)
		}
	}
	if got := mustLoad(t, "", "AUTHD_ADDR=127.0.0.1:9999").URL; got != "http://localhost:9999" {
		t.Errorf("url follows addr: %s", got)
	}
}

func TestLaterSourcesWin(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "authd.toml"), "addr = ':1'\nurl = 'http://file.example'\n[session]\nexpires_in = '3d'\n")
	cfg, err := config.Load(config.Options{
		Environ: []string{"AUTHD_DATA=" + dir, "AUTHD_ADDR=:2", "AUTHD_SESSION__UPDATE_AGE=2h", "AUTHD_LOG_LEVEL=", "PATH=/bin"},
		Flags:   map[string]string{"addr": ":3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Addr != ":3" || cfg.URL != "http://file.example" || cfg.Session.ExpiresIn != 72*time.Hour || cfg.Session.UpdateAge != 2*time.Hour || cfg.Log.Level != "info" {
		t.Errorf("%+v", cfg)
	}
	for key, source := range map[string]string{
		"addr": "--addr", "session.update_age": "AUTHD_SESSION__UPDATE_AGE", "session.expires_in": filepath.Join(dir, "authd.toml"), "log.level": "default",
	} {
		if got := cfg.Source(key); got != source {
			t.Errorf("source of %s: %s, want %s", key, got, source)
		}
	}
}

func TestGoodValues(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		environ []string
		ok      func(*config.Config) bool
	}{
		"days and hours add up": {text: "[session]\nexpires_in = '1d12h'", ok: func(c *config.Config) bool { return c.Session.ExpiresIn == 36*time.Hour }},
		"an explicit false is set": {text: "[email_and_password]\ndisable_sign_up = false", ok: func(c *config.Config) bool {
			return c.IsSet("email_and_password.disable_sign_up") && !c.EmailAndPassword.DisableSignUp
		}},
		"rules by path, with a dot in it": {
			text: "[rate_limit.custom_rules]\n\"/sign-in/*\" = { window = \"1m\", max = 5 }\n\"/.well-known/x\" = false",
			ok: func(c *config.Config) bool {
				return c.RateLimit.CustomRules["/sign-in/*"] == config.RateLimitRule{Window: time.Minute, Max: 5} && c.RateLimit.CustomRules["/.well-known/x"].Disabled
			},
		},
		"rules as JSON": {
			environ: []string{`AUTHD_RATE_LIMIT__CUSTOM_RULES={"/ok":{"window":"2s","max":7}}`},
			ok: func(c *config.Config) bool {
				return c.RateLimit.CustomRules["/ok"] == config.RateLimitRule{Window: 2 * time.Second, Max: 7}
			},
		},
		"lists by commas": {
			environ: []string{"AUTHD_TRUSTED_ORIGINS=https://a.example, https://*.b.example,myapp://"},
			ok: func(c *config.Config) bool {
				return len(c.TrustedOrigins) == 3 && c.TrustedOrigins[1] == "https://*.b.example"
			},
		},
		"several secrets": {
			text: "secret = ['" + goodSecret + "', 'second-" + goodSecret + "']",
			ok:   func(c *config.Config) bool { return len(c.Secrets) == 2 && c.Secrets[1] == "second-"+goodSecret },
		},
		"the long form of a variable with a short one": {environ: []string{"AUTHD_LOG__LEVEL=debug"}, ok: func(c *config.Config) bool { return c.Log.Level == "debug" }},
		"booleans in the environment":                  {environ: []string{"AUTHD_METRICS__ENABLED=1"}, ok: func(c *config.Config) bool { return c.Metrics.Enabled }},
		"what Kubernetes sets beside a service called authd": {
			environ: []string{"AUTHD_SERVICE_HOST=10.0.0.1", "AUTHD_PORT=tcp://10.0.0.1:80", "AUTHD_PORT_80_TCP_ADDR=10.0.0.1", "AUTHD_SERVICE_PORT_HTTP=80"},
			ok:      func(c *config.Config) bool { return c.Addr == ":8080" },
		},
		"proxies by preset": {environ: []string{"AUTHD_TRUSTED_PROXIES=fly"}, ok: func(c *config.Config) bool {
			return c.Proxies().Header == "Fly-Client-IP" && c.Proxies().Trusts(netip.MustParseAddr("172.16.3.4"))
		}},
		"proxies by address and network": {environ: []string{"AUTHD_TRUSTED_PROXIES=192.0.2.7,2001:db8::/32"}, ok: func(c *config.Config) bool {
			return c.Proxies().Trusts(netip.MustParseAddr("2001:db8::9")) && c.Proxies().Trusts(netip.MustParseAddr("192.0.2.7")) && !c.Proxies().Trusts(netip.MustParseAddr("127.0.0.1"))
		}},
		"no proxies": {environ: []string{"AUTHD_TRUSTED_PROXIES=none"}, ok: func(c *config.Config) bool { return !c.Proxies().Trusts(netip.MustParseAddr("127.0.0.1")) }},
		"a client": {
			text: "[[client]]\nclient_id = 'spa'\nredirect_uris = ['https://spa.example/cb']",
			ok: func(c *config.Config) bool {
				return c.Client[0].Public() && c.Client[0].Name == "spa" && c.Client[0].RequirePKCE && c.Client[0].IDTokenSignedResponseAlg == "" && len(c.Client[0].GrantTypes) == 2
			},
		},
		"a client's secret from the environment": {
			text:    "[[client]]\nclient_id = 'web'\nredirect_uris = ['https://web.example/cb']",
			environ: []string{"AUTHD_CLIENT__0__CLIENT_SECRET=" + goodSecret},
			ok: func(c *config.Config) bool {
				return c.Client[0].ClientSecret == goodSecret && c.Client[0].TokenEndpointAuthMethod == "client_secret_basic"
			},
		},
		"a provider from the environment, a key at a time": {
			environ: []string{
				"AUTHD_GENERIC_OAUTH__CONFIG__0__PROVIDER_ID=corp", "AUTHD_GENERIC_OAUTH__CONFIG__0__CLIENT_ID=authd",
				"AUTHD_GENERIC_OAUTH__CONFIG__0__CLIENT_SECRET=shh", "AUTHD_GENERIC_OAUTH__CONFIG__0__SCOPES=email,profile",
				"AUTHD_GENERIC_OAUTH__CONFIG__0__DISCOVERY_URL=https://id.example/.well-known/openid-configuration",
				`AUTHD_GENERIC_OAUTH__CONFIG__0__AUTHORIZATION_URL_PARAMS={"audience":"x"}`,
			},
			ok: func(c *config.Config) bool {
				p := c.GenericOAuth.Config[0]
				return p.ProviderID == "corp" && p.ClientSecret == "shh" && len(p.Scopes) == 2 && p.AuthorizationURLParams["audience"] == "x"
			},
		},
		"twelve receivers, in the order of their numbers": {
			environ: func() (all []string) {
				for i := range 12 {
					all = append(all, fmt.Sprintf("AUTHD_WEBHOOK__%d__URL=https://a%d.example/", i, i), fmt.Sprintf("AUTHD_WEBHOOK__%d__SECRET=a-secret-of-24-bytes-0123", i))
				}
				return all
			}(),
			ok: func(c *config.Config) bool {
				return len(c.Webhook) == 12 && c.Webhook[11].URL == "https://a11.example/"
			},
		},
		"a client from the environment alone": {
			environ: []string{`AUTHD_CLIENT=[{"client_id":"cli","type":"native","redirect_uris":["http://127.0.0.1/cb"],"access_token_expires_in":"5m"}]`},
			ok: func(c *config.Config) bool {
				return c.Client[0].Type == "native" && c.Client[0].AccessTokenExpiresIn == 5*time.Minute
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if cfg := mustLoad(t, test.text, test.environ...); !test.ok(cfg) {
				t.Errorf("%+v", cfg)
			}
		})
	}
}

func TestBadValuesStopWithOneLine(t *testing.T) {
	const client = "[[client]]\nclient_id = 'a'\nredirect_uris = ['https://a.example/cb']\n"
	for name, test := range map[string]struct {
		text, environ, want string
	}{
		"an unknown key": {
			text: "[session]\nexpire_in = '7d'",
			want: `session.expire_in (FILE) is not a key; allowed in [session]: expires_in, update_age, fresh_age, cookie_cache, better_auth_secret, additional_fields`,
		},
		"an unknown table": {
			text: "[passkeys]\nenabled = true",
			want: "passkeys (FILE) is not a key; allowed here: " + topLevel(),
		},
		"a value where a table stands":     {text: "session = 1", want: "session (FILE) is not a key; allowed here: " + topLevel()},
		"an unknown variable":              {environ: "AUTHD_SESION__EXPIRES_IN=7d", want: "AUTHD_SESION__EXPIRES_IN is not a setting; allowed: AUTHD_ and the path of a key joined by __, such as AUTHD_SESSION__EXPIRES_IN"},
		"a list with a gap":                {environ: "AUTHD_WEBHOOK__1__URL=https://a.example/", want: "AUTHD_WEBHOOK__1__URL has none before it; allowed: 0 to 0"},
		"a list without a number":          {environ: "AUTHD_WEBHOOK__URL=https://a.example/", want: "AUTHD_WEBHOOK__URL is not a setting; allowed: AUTHD_WEBHOOK__, a number from 0, and a key of it, such as AUTHD_WEBHOOK__0__NAME"},
		"what is no key of a list":         {environ: "AUTHD_CLIENT__0__COLOUR=red", want: "AUTHD_CLIENT__0__COLOUR is not a setting; allowed: AUTHD_CLIENT__, a number from 0, and a key of it, such as AUTHD_CLIENT__0__CLIENT_ID"},
		"a _FILE of what is no secret":     {environ: "AUTHD_URL_FILE=/x", want: "AUTHD_URL_FILE is not a setting; allowed: AUTHD_ and the path of a key joined by __, such as AUTHD_SESSION__EXPIRES_IN"},
		"a mode that there is not":         {text: "[sign_up]\nmode = 'friends'", want: `sign_up.mode (FILE) is "friends"; allowed: anyone, invited, approval, nobody`},
		"a domain that is an address":      {text: "[sign_up]\nallowed_domains = ['a.example', 'me@b.example']", want: `sign_up.allowed_domains (FILE) is "me@b.example"; allowed: domains such as example.com, or *.example.com for those below it`},
		"a domain without a dot":           {environ: "AUTHD_SIGN_UP__BLOCKED_DOMAINS=*.com", want: `sign_up.blocked_domains (AUTHD_SIGN_UP__BLOCKED_DOMAINS) is "*.com"; allowed: domains such as example.com, or *.example.com for those below it`},
		"guests whose domain is kept out":  {text: "[anonymous]\nenabled = true\n[sign_up]\nallowed_domains = ['example.com']", want: `anonymous.enabled (FILE) is true; allowed: false, or sign_up.allowed_domains and blocked_domains that let in anonymous.placeholder.invalid, which stands in the place of an address`},
		"numbers whose domain is kept out": {text: "[phone_number]\nenabled = true\nsign_up_on_verification = true\n[sign_up]\nallowed_domains = ['example.com']", want: `phone_number.sign_up_on_verification (FILE) is true; allowed: false, or sign_up.allowed_domains and blocked_domains that let in phone.invalid, which stands in the place of an address`},
		"a star within a domain":           {text: "[sign_up]\nallowed_domains = ['a*.example.com']", want: `sign_up.allowed_domains (FILE) is "a*.example.com"; allowed: domains such as example.com, or *.example.com for those below it`},
		"a number for a duration":          {text: "[session]\nexpires_in = 604800", want: "session.expires_in (FILE) is 604800; allowed: a duration such as 7d, 24h or 5m, from 1m to 400d"},
		"a duration without a unit":        {environ: "AUTHD_SESSION__EXPIRES_IN=30", want: `session.expires_in (AUTHD_SESSION__EXPIRES_IN) is "30"; allowed: a duration such as 7d, 24h or 5m, from 1m to 400d`},
		"a negative duration":              {environ: "AUTHD_SESSION__EXPIRES_IN=-5m", want: `session.expires_in (AUTHD_SESSION__EXPIRES_IN) is "-5m"; allowed: a duration such as 7d, 24h or 5m, from 1m to 400d`},
		"text for a number":                {text: "[rate_limit]\nmax = 'many'", want: `rate_limit.max (FILE) is "many"; allowed: a whole number, at least 1`},
		"a number out of range":            {text: "[rate_limit]\nmax = 0", want: `rate_limit.max (FILE) is 0; allowed: a whole number, at least 1`},
		"text for a boolean":               {environ: "AUTHD_METRICS__ENABLED=yes", want: `metrics.enabled (AUTHD_METRICS__ENABLED) is "yes"; allowed: true or false`},
		"a value not in the list":          {text: "[session.cookie_cache]\nstrategy = 'jws'", want: `session.cookie_cache.strategy (FILE) is "jws"; allowed: compact, jwt, jwe`},
		"a list of numbers":                {text: "trusted_origins = [1]", want: "trusted_origins (FILE) is [1]; allowed: a list of strings"},
		"a line break in a string":         {text: `url = "http://a\nb"`, want: `url (FILE) is "http://a\nb"; allowed: a string`},
		"not TOML":                         {text: "addr = ", want: "FILE line 1 column 7 is not TOML: "},
		"a url with a path":                {environ: "AUTHD_URL=https://a.example/auth", want: `url (AUTHD_URL) is "https://a.example/auth"; allowed: http:// or https:// and a host in small letters, without path or trailing slash, such as https://auth.example.com`},
		"a url with a slash":               {environ: "AUTHD_URL=https://a.example/", want: `url (AUTHD_URL) is "https://a.example/"; allowed: http:// or https:// and a host in small letters, without path or trailing slash, such as https://auth.example.com`},
		"a url with its default port":      {environ: "AUTHD_URL=https://a.example:443", want: `url (AUTHD_URL) is "https://a.example:443"; allowed: http:// or https:// and a host in small letters, without path or trailing slash, such as https://auth.example.com`},
		"an address without port":          {environ: "AUTHD_ADDR=localhost", want: `addr (AUTHD_ADDR) is "localhost"; allowed: an address to listen on, such as :8080 or 127.0.0.1:8080`},
		"a short secret, not shown":        {environ: "AUTHD_SECRET=hunter2", want: "secret (AUTHD_SECRET) is 7 characters long (number 1); allowed: at least 32 characters each, such as openssl rand -base64 32 makes"},
		"a secret that is no text":         {text: "secret = 42", want: "secret (FILE) is not usable (a secret, not shown); allowed: a list of strings"},
		"a short operator token":           {environ: "AUTHD_OPERATOR_TOKEN=hunter2", want: "operator.token (AUTHD_OPERATOR_TOKEN) is 7 characters long; allowed: at least 32 characters"},
		"a short cache secret":             {text: "[session.cookie_cache]\nsecret = 'hunter2'", want: "session.cookie_cache.secret (FILE) is 7 characters long; allowed: at least 32 characters"},
		"a secret file that is absent":     {environ: "AUTHD_SECRET_FILE=/nowhere/secret", want: "secret (AUTHD_SECRET_FILE) cannot be read: open /nowhere/secret: no such file or directory"},
		"an unusable mail server":          {environ: "AUTHD_SMTP_URL=hunter2.example", want: "mail.smtp_url (AUTHD_SMTP_URL) is not usable (a secret, not shown); allowed: smtp://user:pass@host:587 or smtps://user:pass@host:465, with special characters of the password percent-encoded"},
		"a mail server without sender":     {environ: "AUTHD_SMTP_URL=smtp://a.example", want: `mail.from (default) is "no-reply@localhost"; allowed: an address of yours, set with AUTHD_MAIL_FROM, when mail.smtp_url is set`},
		"a sender that is no address":      {environ: "AUTHD_MAIL_FROM=me", want: `mail.from (AUTHD_MAIL_FROM) is "me"; allowed: an address such as login@example.com, or Name <login@example.com>`},
		"a proxy that is none":             {environ: "AUTHD_TRUSTED_PROXIES=loopback,nginx", want: `trusted_proxies (AUTHD_TRUSTED_PROXIES) is "nginx"; allowed: addresses, networks such as 10.0.0.0/8, loopback, private, cloudflare, fly, or none`},
		"an origin with a path":            {environ: "AUTHD_TRUSTED_ORIGINS=https://a.example/x", want: `trusted_origins (AUTHD_TRUSTED_ORIGINS) is "https://a.example/x"; allowed: origins such as https://app.example.com, with * for a part of the host (https://*.example.com), or a scheme of your own (myapp://)`},
		"every origin":                     {environ: "AUTHD_TRUSTED_ORIGINS=https://*", want: `trusted_origins (AUTHD_TRUSTED_ORIGINS) is "https://*"; allowed: origins such as https://app.example.com, with * for a part of the host (https://*.example.com), or a scheme of your own (myapp://)`},
		"SameSite=None over http":          {text: "[advanced.default_cookie_attributes]\nsame_site = 'none'", want: `advanced.default_cookie_attributes.same_site (FILE) is "none"; allowed: lax or strict, unless url is https: browsers drop SameSite=None cookies that are not Secure`},
		"a cookie domain of others":        {text: "url = 'https://a.example'\n[advanced.cross_sub_domain_cookies]\nenabled = true\ndomain = 'b.example'", want: `advanced.cross_sub_domain_cookies.domain (FILE) is "b.example"; allowed: the host of url, a.example, or a domain above it`},
		"lengths that cross":               {text: "[email_and_password]\nmin_password_length = 200", want: "email_and_password.max_password_length (default) is 128; allowed: at least email_and_password.min_password_length, 200"},
		"a rule without slash":             {text: "[rate_limit.custom_rules]\nok = false", want: `rate_limit.custom_rules."ok" (FILE) is false; allowed: false, or { window = "10s", max = 5 }, for a path that starts with /`},
		"a rule without max":               {text: "[rate_limit.custom_rules]\n'/ok' = { window = '1s' }", want: `rate_limit.custom_rules."/ok" (FILE) is {"window":"1s"}; allowed: false, or { window = "10s", max = 5 }, for a path that starts with /`},
		"a client with an unknown key":     {text: client + "redirect_uri = 'x'", want: "redirect_uri (FILE client[0]) is not a key; allowed here: client_id, client_secret, client_secrets, name, uri, icon, tos_uri, policy_uri, contacts, type, token_endpoint_auth_method, token_endpoint_auth_signing_alg, jwks, jwks_uri, redirect_uris, post_logout_redirect_uris, enable_end_session, backchannel_logout_uri, backchannel_logout_session_required, frontchannel_logout_uri, frontchannel_logout_session_required, initiate_login_uri, scopes, client_credentials_scopes, grant_types, token_exchange, token_exchange_impersonation, may_act, require_pkce, require_pushed_authorization_requests, request_object_signing_alg, require_signed_request_object, request_uris, dpop_bound_access_tokens, profile, skip_consent, default_max_age, require_auth_time, default_acr_values, subject_type, sector_identifier_uri, id_token_signed_response_alg, userinfo_signed_response_alg, introspection_signed_response_alg, access_token_format, claims, access_token_expires_in, id_token_expires_in, refresh_token_expires_in"},
		"two clients with one id":          {text: client + client, want: `client[1].client_id (FILE) is "a" twice; allowed: an id of its own for each client`},
		"a client's short secret":          {text: client + "client_secret = 'hunter2'", want: "client[0].client_secret (FILE) is 7 characters long; allowed: at least 32 characters, or token_endpoint_auth_method = \"none\""},
		"a client without redirect":        {text: "[[client]]\nclient_id = 'a'", want: "client[0].redirect_uris (FILE) is empty; allowed: at least one URI, for a client with the authorization_code grant"},
		"a redirect with a fragment":       {text: "[[client]]\nclient_id = 'a'\nredirect_uris = ['https://a.example/#x']", want: `client[0].redirect_uris (FILE) is "https://a.example/#x"; allowed: absolute URIs without fragment (RFC 6749 section 3.1.2)`},
		"a public client without PKCE":     {text: client + "require_pkce = false", want: "client[0].require_pkce (FILE) is false; allowed: true, for a client without a secret (RFC 9700 section 2.1.1)"},
		"a scope that is not offered":      {text: client + "scopes = ['write']", want: `client[0].scopes (FILE) is "write"; allowed: openid, profile, email, offline_access`},
		"a grant that is not known":        {text: client + "grant_types = ['implicit']", want: `client[0].grant_types (FILE) is "implicit"; allowed: authorization_code, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code, urn:ietf:params:oauth:grant-type:token-exchange`},
		"clients that are no tables":       {text: "client = 'a'", want: "client (FILE) is a string; allowed: [[client]] tables"},
	} {
		t.Run(name, func(t *testing.T) {
			var environ []string
			if test.environ != "" {
				environ = []string{test.environ}
			}
			_, dir, err := load(t, test.text, environ...)
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(err.Error(), filepath.Join(dir, "authd.toml"), "FILE")
			if got != test.want && (name != "not TOML" || !strings.HasPrefix(got, test.want)) {
				t.Errorf("got:  %s\nwant: %s", got, test.want)
			}
			if strings.Contains(got, "\n") || strings.Contains(got, "hunter2") {
				t.Errorf("more than one line, or a secret: %q", got)
			}
		})
	}
}

func TestOneThingSetTwiceIsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "s"), goodSecret)
	_, _, err := load(t, "", "AUTHD_SECRET="+goodSecret, "AUTHD_SECRET_FILE="+filepath.Join(dir, "s"))
	if err == nil || err.Error() != "AUTHD_SECRET and AUTHD_SECRET_FILE both set secret; allowed: one of them" {
		t.Error(err)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "s")
	write(t, file, goodSecret+"\n")
	for name, test := range map[string]struct {
		text, environ string
		got           func(*config.Config) string
	}{
		"secret by variable":         {environ: "AUTHD_SECRET_FILE=" + file, got: func(c *config.Config) string { return c.Secrets[0] }},
		"secret by key":              {text: "secret_file = '" + file + "'", got: func(c *config.Config) string { return c.Secrets[0] }},
		"operator token by variable": {environ: "AUTHD_OPERATOR_TOKEN_FILE=" + file, got: func(c *config.Config) string { return c.Operator.Token }},
		"cache secret by key":        {text: "[session.cookie_cache]\nsecret_file = '" + file + "'", got: func(c *config.Config) string { return c.Session.CookieCache.Secret }},
		"client secret by key":       {text: "[[client]]\nclient_id = 'a'\nredirect_uris = ['https://a.example/cb']\nclient_secret_file = '" + file + "'", got: func(c *config.Config) string { return c.Client[0].ClientSecret }},
	} {
		t.Run(name, func(t *testing.T) {
			environ := []string{"X=y"}
			if test.environ != "" {
				environ = []string{test.environ}
			}
			if got := test.got(mustLoad(t, test.text, environ...)); got != goodSecret {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestTheNamedFileMustExist(t *testing.T) {
	_, _, err := load(t, "", "AUTHD_CONFIG=/nowhere/authd.toml")
	if err == nil || !strings.Contains(err.Error(), "/nowhere/authd.toml") {
		t.Error(err)
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"7d", "24h", "5m", "1d12h", "d", "-1d", "99999d", "1.5h", "0s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if duration, err := config.ParseDuration(text); err == nil && duration < 0 {
			t.Errorf("%q is %s", text, duration)
		}
	})
}
