package e2e

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"authd/tests/authdtest"
)

// TestGoReceiver runs the receiver of docs/webhooks.md as it is written.
func TestGoReceiver(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	heard := startReceiver(t, "PORT="+port, "WEBHOOK_SECRET="+secret)
	server := authdtest.Start(t, authdtest.Options{
		TOML: "[[webhook]]\nurl = \"http://" + address + "/\"\nsecret = \"" + secret + "\"\nevents = [\"user.created\"]\n",
		Env:  map[string]string{"AUTHD_RATE_LIMIT__ENABLED": "false"},
	})
	server.Client().Post(t, "/sign-up/email", map[string]string{"email": email, "password": password, "name": "Ada Lovelace"}).Want(t, http.StatusOK)
	if !heard.Scan() || !regexp.MustCompile(`^user\.created msg_\S+ `+regexp.QuoteMeta(email)+`$`).MatchString(heard.Text()) {
		t.Errorf("the receiver says %q, %v", heard.Text(), heard.Err())
	}
	for rule, header := range map[string]string{"a signature of nobody's": "v1,AAAA", "no signature": "", "no base64": "v1,!"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Webhook-Signature", header)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: it answers %d", rule, res.StatusCode)
		}
	}
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startReceiver builds and runs the page's program and gives what it prints. A message that
// comes before it listens is sent again.
func startReceiver(t *testing.T, environ ...string) *bufio.Scanner {
	t.Helper()
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "receiver")
	if err := os.WriteFile(source, []byte(example(t, filepath.Join("..", "webhooks.md"), "receiver.go")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("build the example: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = append(os.Environ(), environ...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it serves until it is ended
	})
	return bufio.NewScanner(out)
}
