//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// TestSuites runs the suites that need Node and Chromium; README.md says how to install them.
func TestSuites(t *testing.T) {
	if _, err := os.Stat("node_modules"); err != nil {
		install := exec.CommandContext(t.Context(), "npm", "ci")
		install.Stdout, install.Stderr = os.Stdout, os.Stderr
		if err := install.Run(); err != nil {
			t.Fatalf("npm ci: %v", err)
		}
	}
	suites := exec.CommandContext(t.Context(), "npm", "test")
	suites.Stdout, suites.Stderr = os.Stdout, os.Stderr
	if err := suites.Run(); err != nil {
		t.Fatalf("npm test: %v", err)
	}
}
