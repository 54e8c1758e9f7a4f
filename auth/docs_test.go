package auth_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

// TestTheSettingsOfTheDocsStart: what the pages on ways to sign in and their guards have as
// authd.toml starts a server as it stands there, once the files that it names are there.
func TestTheSettingsOfTheDocsStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("s", 32)))
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	known := strings.NewReplacer(
		"whsec_…", secret,
		"/run/secrets/twilio", file("twilio", secret), "/run/secrets/turnstile", file("turnstile", secret), "0x4AAAAAAA…", "0x4AAAAAAA",
		"/var/lib/authd/pwnedpasswords.txt", file("pwned.txt", strings.Repeat("0", 40)+":1\n"),
		"/etc/authd/disposable.txt", file("disposable.txt", "mail.invalid\n"),
	)
	block := regexp.MustCompile("(?ms)^```toml\n(.*?)^```$")
	for _, page := range []string{
		"passkeys", "two-factor", "account-security", "captcha", "guards", "phone-numbers", "sign-in-by-mail", "usernames", "anonymous", "ethereum",
	} {
		text, err := os.ReadFile(filepath.Join("..", "docs", page+".md"))
		if err != nil {
			t.Fatal(err)
		}
		blocks := block.FindAllStringSubmatch(string(text), -1)
		if len(blocks) == 0 {
			t.Errorf("%s.md has no settings", page)
		}
		for i, b := range blocks {
			t.Run(page+" "+strconv.Itoa(i+1), func(t *testing.T) {
				testkit.Start(t, known.Replace(b[1]))
			})
		}
	}
}
