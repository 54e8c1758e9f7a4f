package config_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authd/auth/internal/config"
)

func TestTheFirstStartMakesTheSecretAndLaterOnesKeepIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "data")
	read := func() *config.Config {
		cfg, err := config.Load(config.Options{Environ: []string{"AUTHD_DATA=" + dir}})
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	first := read()
	if len(first.Secrets) != 0 {
		t.Fatal("loading alone makes no secret")
	}
	if err := first.EnsureSecret(); err != nil {
		t.Fatal(err)
	}
	random, err := base64.RawURLEncoding.DecodeString(first.Secrets[0])
	if err != nil || len(random) != 32 || first.Session.CookieCache.Secret != first.Secrets[0] {
		t.Errorf("%d bytes, %v", len(random), err)
	}
	info, err := os.Stat(first.SecretFile())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	second := read()
	if second.Secrets[0] != first.Secrets[0] {
		t.Error("the second start has another secret")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".secret-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTwoFirstStartsAgreeOnOneSecret(t *testing.T) {
	dir := t.TempDir()
	made := make(chan string, 8)
	for range cap(made) {
		cfg, err := config.Load(config.Options{Environ: []string{"AUTHD_DATA=" + dir}})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if err := cfg.EnsureSecret(); err != nil {
				t.Error(err)
				made <- ""
				return
			}
			made <- cfg.Secrets[0]
		}()
	}
	first := <-made
	for range cap(made) - 1 {
		if other := <-made; other != first {
			t.Errorf("%q and %q", first, other)
		}
	}
}

func TestALostSecretIsNotReplaced(t *testing.T) {
	cfg, dir, err := load(t, "")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "authd.db"), "x")
	if err := cfg.EnsureSecret(); err == nil || !strings.Contains(err.Error(), "put the file back, or set AUTHD_SECRET") {
		t.Error(err)
	}
	if _, err := os.Stat(cfg.SecretFile()); !os.IsNotExist(err) {
		t.Error("a secret was made")
	}
}

func TestRotatedSecretsStayInOrder(t *testing.T) {
	_, dir, err := load(t, "")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"new-" + goodSecret, goodSecret}
	if err := config.WriteSecrets(filepath.Join(dir, "secret"), want); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Options{Environ: []string{"AUTHD_DATA=" + dir}})
	if err != nil || strings.Join(cfg.Secrets, " ") != strings.Join(want, " ") {
		t.Errorf("%v %v", cfg, err)
	}
}

func TestAnEmptySecretFileStops(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secret"), "\n")
	_, err := config.Load(config.Options{Environ: []string{"AUTHD_DATA=" + dir}})
	if err == nil || !strings.Contains(err.Error(), "is empty; allowed: at least 32 characters") {
		t.Error(err)
	}
}
