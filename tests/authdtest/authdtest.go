// Package authdtest runs the authd binary for black-box tests: it builds it once
// for a test run, starts it on a free port over an empty data directory, reads
// the mails it wrote, and talks to it as an HTTP client with a cookie jar.
//
// It knows the documented interface only (environment, URLs, commands, mail
// files). It must not import any package of the server: what a test can see
// here, a person who runs authd can see too.
package authdtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaryVariable names the built program. Who sets it, CI for instance, spares the build.
const binaryVariable = "AUTHD_BIN"

// Main runs a package's tests with the binary built:
//
//	func TestMain(m *testing.M) { os.Exit(authdtest.Main(m)) }
func Main(m *testing.M) int {
	if os.Getenv(binaryVariable) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "authdtest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "authd")
	if err := Build(binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// The environment carries the path to the tests: no package keeps state for it.
	if err := os.Setenv(binaryVariable, binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Binary is the program under test, built with the hooks for black-box tests.
func Binary(t testing.TB) string {
	t.Helper()
	binary := os.Getenv(binaryVariable)
	if binary == "" {
		t.Fatal("no binary: the package's TestMain must call authdtest.Main")
	}
	return binary
}

// Build builds authd with the hooks for black-box tests.
func Build(binary string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	build := exec.Command("go", "build", "-tags", "testhooks", "-o", binary, ".")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build authd: %w\n%s", err, out)
	}
	return nil
}

// Root is the repository: the first folder with a go.mod, going up from here.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("find the repository: no go.mod above the working directory")
		}
		dir = up
	}
}
