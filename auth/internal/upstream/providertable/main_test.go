package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authd/auth/internal/upstream"
)

func TestEveryProviderHasItsRowAndTheRestStays(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.md")
	if err := os.WriteFile(name, []byte("# Before\n"+begin+"stale row\n"+end+"\nafter\n"), 0o600); err != nil {
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
	if !strings.HasPrefix(got, "# Before\n"+begin+"|") || !strings.HasSuffix(got, end+"\nafter\n") || strings.Contains(got, "stale row") {
		t.Error(got)
	}
	for _, d := range upstream.Definitions() {
		if strings.Count(got, "`"+d.ID+"`") != 1 {
			t.Errorf("%s has no row", d.ID)
		}
	}
	for id := range consoles() {
		if !strings.Contains(got, "`"+id+"`") {
			t.Errorf("%s is no provider", id)
		}
	}
	if err := os.WriteFile(name, []byte("no marks"), 0o600); err != nil {
		t.Fatal(err)
	}
	if rewrite(name) == nil {
		t.Error("a file without marks was taken")
	}
}
