package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authd/auth/internal/config"
)

func TestEveryKeyHasItsRowAndTheRestStays(t *testing.T) {
	name := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(name, []byte("# Before\n"+begin+"\nstale row\n"+end+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second run finds its own work
		if err := rewrite(name); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	if !strings.HasPrefix(got, "# Before\n"+begin+"\n|") || !strings.HasSuffix(got, end+"\nafter\n") || strings.Contains(got, "stale row") {
		t.Errorf("%s", got)
	}
	for _, key := range config.Keys() {
		if strings.HasPrefix(key.Path, "social_providers.") {
			continue // the same keys for each provider, shown once
		}
		if strings.Count(got, "\n| `"+key.Path+"` | `"+key.Env[0]+"` |") != 1 || key.Doc == "" {
			t.Errorf("%s has no row or no sentence", key.Path)
		}
	}
}

func TestAFileWithoutMarksIsLeftAlone(t *testing.T) {
	if _, err := replace([]byte("# no marks")); err == nil {
		t.Error("no error")
	}
}
