package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"authd/auth/internal/config"
)

// TestOptionsPageNamesKeys: every key of docs/better-auth-options.md is one.
func TestOptionsPageNamesKeys(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "better-auth-options.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"social_providers": true}
	for _, key := range config.Keys() {
		known[key.Path] = true
	}
	named := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 { // three columns
			continue
		}
		for _, key := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1) {
			named++
			if !known[key[1]] {
				t.Errorf("%s is no key of authd.toml", key[1])
			}
		}
	}
	if named < 50 {
		t.Errorf("the page names %d keys: this test looks at the wrong place", named)
	}
}
