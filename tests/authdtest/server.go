package authdtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Options is what a test decides about its server.
type Options struct {
	Env  map[string]string // on top of the defaults that Start sets
	TOML string            // authd.toml in the data directory
	Data string            // an existing data directory; none makes an empty one
	Host string            // of the public URL; none is localhost
}

// Server is one running authd.
type Server struct {
	URL  string // public URL, without a slash at its end
	Addr string // where it listens
	Data string // data directory

	env    []string
	binary string
	cmd    *exec.Cmd
	exited chan error
	log    string // file that its output goes to
}

const (
	startLimit = 20 * time.Second
	stopLimit  = 30 * time.Second
)

// Start runs authd until the test ends and returns when it answers.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := Prepare(t, o)
	if err := s.Launch(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the server's last words:\n%s", s.tail(4000))
		}
	})
	return s
}

// Prepare chooses port, data directory and environment without starting anything.
func Prepare(t testing.TB, o Options) *Server {
	t.Helper()
	port := freePort(t)
	s := &Server{Addr: "127.0.0.1:" + port, Data: o.Data, binary: Binary(t), log: filepath.Join(t.TempDir(), "authd.log")}
	s.URL = "http://localhost:" + port
	if o.Host != "" {
		s.URL = "http://" + o.Host + ":" + port
	}
	if s.Data == "" {
		s.Data = filepath.Join(t.TempDir(), "data")
	}
	env := map[string]string{
		"PATH":                 os.Getenv("PATH"),
		"HOME":                 t.TempDir(),
		"AUTHD_ADDR":           s.Addr,
		"AUTHD_URL":            s.URL,
		"AUTHD_DATA":           s.Data,
		"AUTHD_LOG_FORMAT":     "text",
		"AUTHD_TEST_FAST_HASH": "1",
	}
	maps.Copy(env, o.Env)
	for name, value := range env {
		s.env = append(s.env, name+"="+value)
	}
	if o.TOML != "" {
		if err := os.MkdirAll(s.Data, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.Data, "authd.toml"), []byte(o.TOML), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Launch starts the process, again after a Stop or a Kill, and waits until it answers.
func (s *Server) Launch() error {
	out, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start authd: %w", err)
	}
	defer out.Close()
	s.cmd = exec.Command(s.binary, "serve")
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.env, out, out
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start authd: %w", err)
	}
	s.exited = make(chan error, 1)
	go func() { s.exited <- s.cmd.Wait() }()
	return s.wait()
}

func (s *Server) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	for {
		if answers(ctx, "http://"+s.Addr+"/healthz") {
			return nil
		}
		select {
		case err := <-s.exited:
			s.cmd = nil
			return fmt.Errorf("authd stopped at its start: %w\n%s", err, s.tail(4000))
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("authd does not answer after %s\n%s", startLimit, s.tail(4000)), s.Kill())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// Stop asks authd to stop, as a service manager does, and waits for it.
func (s *Server) Stop() error {
	if s.cmd == nil {
		return nil
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop authd: %w", err)
	}
	select {
	case err := <-s.exited:
		s.cmd = nil
		if err != nil {
			return fmt.Errorf("authd did not stop cleanly: %w\n%s", err, s.tail(4000))
		}
		return nil
	case <-time.After(stopLimit):
		return errors.Join(fmt.Errorf("authd still runs %s after SIGTERM", stopLimit), s.Kill())
	}
}

// Kill ends authd as a power cut would: nothing is flushed.
func (s *Server) Kill() error {
	if s.cmd == nil {
		return nil
	}
	err := s.cmd.Process.Kill()
	<-s.exited //nolint:errcheck // it was killed: how it ended is known
	s.cmd = nil
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill authd: %w", err)
	}
	return nil
}

// Run runs a command of authd beside the server, with the same environment.
func (s *Server) Run(args ...string) (stdout string, err error) {
	return s.Command(args...).Output()
}

// Command is a command of authd beside the server, not yet started.
func (s *Server) Command(args ...string) *Command {
	cmd := exec.Command(s.binary, args...)
	cmd.Env = s.env
	return &Command{Cmd: cmd}
}

// Command is one run of the program.
type Command struct{ *exec.Cmd }

// Output runs it and returns what it printed; the error carries what it complained about.
func (c *Command) Output() (string, error) {
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s: %w: %s", strings.Join(c.Args[1:], " "), err, stderr.String())
	}
	return stdout.String(), nil
}

// Log is everything authd wrote to its standard output and error.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (s *Server) tail(n int) string {
	text := s.Log()
	return text[max(0, len(text)-n):]
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
