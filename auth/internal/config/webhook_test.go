package config_test

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/config"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // 24 bytes

func TestWebhooks(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "s"), hookSecret+"\nplain text of 24 letters\n")
	cfg := mustLoad(t, `
[[webhook]]
url = "http://10.0.0.1:8080/hooks?key=1"
secret_file = "`+filepath.Join(dir, "s")+`"
[[webhook]]
name = "crm"
url = "https://crm.example.com/hooks"
secret = "`+hookSecret+`"
events = ["user.*"]
headers = { Authorization = "Bearer x" }
timeout = "1s"
retry_for = "1h"
enabled = false
[policy_webhook]
url = "http://localhost:9/ask"
secret = ["`+hookSecret+`"]
`)
	a, b, p := cfg.Webhook[0], cfg.Webhook[1], cfg.PolicyWebhook
	for rule, ok := range map[string]bool{
		"the name is the host":            a.Name == "10.0.0.1" && b.Name == "crm",
		"secrets of a file":               len(a.Secret) == 2 && a.Secret[1] == "plain text of 24 letters",
		"everything is told unless asked": len(a.Events) == 1 && a.Events[0] == "*" && b.Events[0] == "user.*",
		"defaults":                        a.Timeout == 10*time.Second && a.RetryFor == 72*time.Hour && a.Enabled,
		"what is set":                     b.Timeout == time.Second && b.RetryFor == time.Hour && !b.Enabled && b.Headers["Authorization"] == "Bearer x",
		"a careful policy":                p.Fail == "closed" && p.Timeout == 2*time.Second && len(p.On) == 2,
	} {
		if !ok {
			t.Errorf("%s: %+v", rule, cfg)
		}
	}
	cfg = mustLoad(t, "", `AUTHD_WEBHOOK=[{"url":"https://a.example","secret":"`+hookSecret+`"}]`, "AUTHD_POLICY_WEBHOOK__FAIL=open")
	if len(cfg.Webhook) != 1 || cfg.Webhook[0].Name != "a.example" || cfg.PolicyWebhook.Fail != "open" {
		t.Errorf("from the environment: %+v", cfg)
	}
}

func TestBadWebhooksStopWithOneLine(t *testing.T) {
	const hook = "[[webhook]]\nurl = 'https://a.example/hunter2'\n"
	const good = hook + "secret = '" + hookSecret + "'\n"
	const ask = "[policy_webhook]\nurl = 'https://a.example'\nsecret = '" + hookSecret + "'\n"
	const lengths = "24 to 64 bytes each, such as whsec_ and what openssl rand -base64 32 makes"
	const names = "names of headers, but not Host, Content-Type, Content-Length, Transfer-Encoding, Connection and webhook-…"
	for _, c := range []struct{ rule, text, want string }{
		{"no secret", hook, "webhook[0].secret (FILE) is not set; allowed: " + lengths},
		{"a short secret, not shown", hook + "secret = 'hunter2'", "webhook[0].secret (FILE) is 7 bytes long (number 1); allowed: " + lengths},
		{"a long secret", hook + "secret = '" + strings.Repeat("a", 65) + "'", "webhook[0].secret (FILE) is 65 bytes long (number 1); allowed: " + lengths},
		{"a short one in base64", hook + "secret = ['" + hookSecret + "', 'whsec_" + base64.StdEncoding.EncodeToString([]byte("hunter2")) + "']", "webhook[0].secret (FILE) is 7 bytes long (number 2); allowed: " + lengths},
		{"no base64", hook + "secret = 'whsec_hunter2!'", "webhook[0].secret (FILE) is whsec_ and something that is not base64 (number 1); allowed: " + lengths},
		{"no address", "[[webhook]]\nsecret = '" + hookSecret + "'", "webhook[0].url (FILE) is not set; allowed: an http or https URL, without user and password"},
		{"a password in the address", "[[webhook]]\nurl = 'https://me:hunter2@a.example'\n", "webhook[0].url (FILE) is not usable (not shown, it may hold a secret); allowed: an http or https URL, without user and password"},
		{"two of one name", good + good, `webhook[1].name (FILE) is "a.example" twice; allowed: a name of its own for each webhook`},
		{"no events", good + "events = []", "webhook[0].events (FILE) is empty; allowed: events such as user.created, or *"},
		{"a header of the signature", good + "headers = { Webhook-Signature = 'x' }", `webhook[0].headers (FILE) is "Webhook-Signature"; allowed: ` + names},
		{"another host", good + "headers = { host = 'x' }", `webhook[0].headers (FILE) is "host"; allowed: ` + names},
		{"a header that breaks the line", good + `headers = { "X-Y" = "hunter2\r\nZ: 1" }`, "webhook[0].headers.X-Y (FILE) is not usable (a secret, not shown); allowed: a string"},
		{"an unknown key", good + "event = 'x'", "event (FILE webhook[0]) is not a key; allowed here: name, url, secret, events, headers, timeout, retry_for, enabled"},
		{"too long a wait", good + "timeout = '1m'", `webhook[0].timeout (FILE) is "1m"; allowed: a duration such as 7d, 24h or 5m, from 100ms to 10s`},
		{"a policy without a secret", "[policy_webhook]\nurl = 'https://a.example'", "policy_webhook.secret (default) is not set; allowed: " + lengths},
		{"a policy about something else", ask + "on = ['sign-out']", `policy_webhook.on (FILE) is "sign-out"; allowed: sign-up, sign-in`},
		{"a policy about nothing", ask + "on = []", "policy_webhook.on (FILE) is empty; allowed: sign-up, sign-in, or both"},
		{"a policy that fails in another way", ask + "fail = 'half'", `policy_webhook.fail (FILE) is "half"; allowed: open, closed`},
		{"a policy's address", "[policy_webhook]\nurl = 'ftp://hunter2'", "policy_webhook.url (FILE) is not usable (not shown, it may hold a secret); allowed: an http or https URL, without user and password"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			_, dir, err := load(t, c.text)
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(err.Error(), filepath.Join(dir, "authd.toml"), "FILE")
			if got != c.want {
				t.Errorf("got:  %s\nwant: %s", got, c.want)
			}
			if strings.Contains(got, "\n") || strings.Contains(got, "hunter2") {
				t.Errorf("more than one line, or a secret: %q", got)
			}
		})
	}
}

func FuzzSigningSecrets(f *testing.F) {
	f.Add(hookSecret)
	f.Add("whsec_")
	f.Fuzz(func(t *testing.T, text string) {
		secrets, err := config.SigningSecrets([]string{text})
		if err == nil && (len(secrets) != 1 || len(secrets[0]) < 24 || len(secrets[0]) > 64) {
			t.Errorf("%q is %d bytes", text, len(secrets[0]))
		}
	})
}
