package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

func TestTheDocumentedFileLoads(t *testing.T) {
	page, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```toml\n(.*?)```").FindSubmatch(page)
	if example == nil {
		t.Fatal("docs/configuration.md has no example")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, "smtp://somebody:a-password-that-is-long@smtp.example.com:587\n")
	text := regexp.MustCompile(`/run/secrets/\w+`).ReplaceAllString(string(example[1]), secret)
	cfg := mustLoad(t, text)
	if cfg.Client[0].ClientID != "shop" || cfg.Client[0].Public() || !cfg.IsSet("email_and_password.disable_sign_up") || !cfg.EmailAndPassword.RequireEmailVerification {
		t.Errorf("%+v", cfg)
	}
}
