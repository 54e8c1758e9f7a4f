// Package testkit starts a whole server for a test: the real router over a real
// SQLite file, with a clock that the test moves and mails that it can read.
// Only tests import it.
package testkit

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"authd/auth"
	"authd/auth/internal/config"
	"authd/auth/internal/egress"
	"authd/auth/internal/store"
	"authd/migrations"
)

// Clock is a time that only the test moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is a clock.Clock.
func (c *Clock) Now(context.Context) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the time.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Server is a running authd.
type Server struct {
	*auth.Server
	URL   string
	Clock *Clock
	Dir   string // the data directory
	cfg   *config.Config
	out   *egress.Client
	t     testing.TB
	front atomic.Pointer[http.Handler]
}

// secret is long enough, and only for tests.
const secret = "test-secret-0123456789-0123456789-0123456789"

// Start runs a server whose configuration is the defaults and toml. Limits are
// off unless toml speaks of [rate_limit].
func Start(t testing.TB, toml string) *Server {
	t.Helper()
	return start(t, toml, NewClock(time.Now().UTC().Truncate(time.Millisecond)), nil)
}

// StartWithProviders is Start with every upstream provider played by an IDP.
func StartWithProviders(t testing.TB, toml string) (*Server, *IDP) {
	t.Helper()
	clk := NewClock(time.Now().UTC().Truncate(time.Millisecond))
	idp := NewIDP(t, clk)
	return start(t, toml, clk, idp.Egress()), idp
}

func start(t testing.TB, toml string, clk *Clock, out *egress.Client) *Server {
	t.Helper()
	front := httptest.NewUnstartedServer(nil)
	url := "http://" + front.Listener.Addr().String()
	if !strings.Contains(toml, "[rate_limit]") {
		toml += "\n[rate_limit]\nenabled = false\n"
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "authd.toml")
	if err := os.WriteFile(file, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Options{File: file, Environ: []string{"AUTHD_DATA=" + dir, "AUTHD_URL=" + url, "AUTHD_SECRET=" + secret}})
	if err != nil {
		t.Fatal(err)
	}
	empty, err := emptyDatabase()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.DatabaseFile(), empty, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{URL: url, Clock: clk, Dir: dir, cfg: cfg, out: out, t: t}
	s.open()
	front.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*s.front.Load()).ServeHTTP(w, r) })
	front.Start()
	t.Cleanup(func() {
		front.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *Server) open() {
	s.t.Helper()
	server, err := auth.New(s.t.Context(), s.cfg, auth.Deps{Log: slog.New(slog.NewTextHandler(logOf(s.t), &slog.HandlerOptions{Level: level(s.cfg)})), Clock: s.Clock.Now, Egress: s.out})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Server = server
	if err := s.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	handler := s.Handler()
	s.front.Store(&handler)
}

// Restart ends the server and starts another on the same data, with other secrets.
func (s *Server) Restart(secrets ...string) {
	s.t.Helper()
	s.Reconfigure(func(cfg *config.Config) { cfg.Secrets = secrets })
}

// Reconfigure ends the server and starts another on the same data.
func (s *Server) Reconfigure(change func(*config.Config)) {
	s.t.Helper()
	if err := s.Close(); err != nil {
		s.t.Fatal(err)
	}
	cfg := *s.cfg
	change(&cfg)
	s.cfg = &cfg
	s.open()
}

// Secret is the one that the server starts with.
func (s *Server) Secret() string { return secret }

// emptyDatabase is a file as the migrations leave it. They run once a test binary: under the
// race detector they take longer than most tests.
var emptyDatabase = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "authd-test")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "authd.db")
	db, err := store.Open(context.Background(), store.Options{Path: path, Migrations: migrations.FS})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// logOf shows the server's log when the test fails.
func logOf(t testing.TB) *testLog { return &testLog{t: t} }

type testLog struct {
	t  testing.TB
	mu sync.Mutex
}

func (l *testLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// level is the configured one, so that a benchmark can be quiet.
func level(cfg *config.Config) slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(cfg.Log.Level)) // Load has checked it
	return l
}

// FileContains tells whether a text lies in the files of the database in clear.
func (s *Server) FileContains(text string) bool {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Dir, "*.db*"))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("no database in %s: %v", s.Dir, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			s.t.Fatal(err)
		}
		if strings.Contains(string(b), text) {
			return true
		}
	}
	return false
}
