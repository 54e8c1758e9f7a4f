package e2e

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"authd/tests/authdtest"
)

// example is the block of a page in docs/apps that is named on its fence.
func example(t *testing.T, page, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "apps", page))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^```\\w+ "+regexp.QuoteMeta(name)+"\n(.*?)^```$").FindAllSubmatch(text, -1)
	if len(found) != 1 {
		t.Fatalf("%s has %d examples named %s", page, len(found), name)
	}
	return string(found[0][1])
}

// commandLine is the program of docs/apps/go-cli.md, running.
type commandLine struct {
	t     *testing.T
	lines *bufio.Scanner
	exit  func() error
}

func buildCommandLine(t *testing.T) (binary string) {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte(example(t, "go-cli.md", "main.go")), 0o600); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(dir, "notes")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("build the example: %v\n%s", err, out)
	}
	return binary
}

func runCommandLine(t *testing.T, binary, issuer string, args ...string) *commandLine {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), "ISSUER="+issuer)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &commandLine{t: t, lines: bufio.NewScanner(stdout), exit: cmd.Wait}
}

// says gives the next line, which must be of a form, and what stands in its groups.
func (c *commandLine) says(form string) []string {
	c.t.Helper()
	if !c.lines.Scan() {
		c.t.Fatalf("the program ended: %v; want %s", c.exit(), form)
	}
	found := regexp.MustCompile("^" + form + "$").FindStringSubmatch(c.lines.Text())
	if found == nil {
		c.t.Fatalf("the program says %q, want %s", c.lines.Text(), form)
	}
	return found[1:]
}

func (c *commandLine) done() {
	c.t.Helper()
	c.says(`Hello ` + regexp.QuoteMeta(email) + `, you are \S+`)
	if err := c.exit(); err != nil {
		c.t.Error(err)
	}
}

// TestGoCommandLine runs docs/apps/go-cli.md as it is written, both ways.
func TestGoCommandLine(t *testing.T) {
	t.Parallel()
	server := authdtest.Start(t, authdtest.Options{
		TOML: "[device_authorization]\ninterval = \"1s\"\n" + example(t, "go-cli.md", "clients.toml"),
		Env:  map[string]string{"AUTHD_RATE_LIMIT__ENABLED": "false"},
	})
	server.Client().Post(t, "/sign-up/email", map[string]string{"email": email, "password": password, "name": "Ada Lovelace"}).Want(t, http.StatusOK)
	binary := buildCommandLine(t)

	t.Run("browser", func(t *testing.T) {
		t.Parallel()
		program := runCommandLine(t, binary, server.URL)
		back := newPerson(t, server).authorize(program.says(`Open (http\S+)`)[0])
		forged := *back
		query := forged.Query()
		query.Set("state", "guessed")
		forged.RawQuery = query.Encode()
		for _, answer := range []struct {
			address string
			status  int
		}{{forged.String(), http.StatusBadRequest}, {back.String(), http.StatusOK}} {
			if status := get(t, answer.address); status != answer.status {
				t.Errorf("GET %s: %d, want %d", answer.address, status, answer.status)
			}
		}
		program.done()
	})

	t.Run("device", func(t *testing.T) {
		t.Parallel()
		program := runCommandLine(t, binary, server.URL, "-device")
		shown := program.says(`Open (http\S+) and enter ([A-Z0-9]{4}-[A-Z0-9]{4})`)
		newPerson(t, server).answerDevice(shown[0], shown[1], "Notes CLI", "allow")
		program.done()
	})
}

func get(t *testing.T, address string) (status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
