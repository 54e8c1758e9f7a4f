package oidc_test

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth"
	"authd/auth/internal/config"
	"authd/auth/internal/egress"
	"authd/auth/internal/store"
	"authd/auth/oidc"
)

const (
	issuer   = "http://localhost:8080"
	callback = "https://app.example/callback"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	// challenge belongs to verifier: RFC 7636 appendix B.
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// world is a whole server on a file of its own, with a clock that stands still
// until a test moves it, and one person, Ada, who has signed up.
type world struct {
	t   testing.TB
	dir string
	srv *auth.Server
	log *strings.Builder
	// outside are the servers that this one may call.
	outside outside

	mu  sync.Mutex
	now time.Time
}

// templateDir holds a server's data after its first start: signing keys, Ada. It
// is made once, because an RSA key and a password hash take their time.
var templateDir = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "authd-oidc")
	if err != nil {
		return "", err
	}
	srv, err := open(dir, nil, func(context.Context) time.Time { return start }, nil)
	if err != nil {
		return "", err
	}
	w := httptest.NewRecorder()
	srv.Handler().ServeHTTP(w, jsonRequest("POST", "/api/auth/sign-up/email", map[string]any{
		"name": "Ada King Lovelace", "email": "ada@example.com", "password": "correct horse battery", "image": "https://app.example/ada.png",
	}))
	if w.Code != http.StatusOK {
		return "", errString("sign-up: " + w.Body.String())
	}
	cookie := strings.SplitN(w.Result().Header.Get("Set-Cookie"), ";", 2)[0]
	if err := os.WriteFile(filepath.Join(dir, "cookie"), []byte(cookie), 0o600); err != nil {
		return "", err
	}
	if err := srv.OIDC.Start(context.Background()); err != nil {
		return "", err
	}
	w = httptest.NewRecorder()
	srv.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/jwks.json", nil))
	if w.Code != http.StatusOK {
		return "", errString("keys: " + w.Body.String())
	}
	return dir, srv.Close()
})

type errString string

func (e errString) Error() string { return string(e) }

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := templateDir(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func open(dir string, env map[string]string, clock func(context.Context) time.Time, log *slog.Logger) (*auth.Server, error) {
	return openTo(&outside{}, dir, env, clock, log)
}

// openTo opens a server whose way out leads to the given world.
func openTo(out *outside, dir string, env map[string]string, clock func(context.Context) time.Time, log *slog.Logger) (*auth.Server, error) {
	all := map[string]string{"AUTHD_DATA": dir, "AUTHD_SECRET": "a secret of more than thirty-two characters", "AUTHD_RATE_LIMIT__ENABLED": "false"}
	maps.Copy(all, env)
	var environ []string
	for k, v := range all {
		environ = append(environ, k+"="+v)
	}
	cfg, err := config.Load(config.Options{Environ: environ})
	if err != nil {
		return nil, err
	}
	return auth.New(context.Background(), cfg, auth.Deps{Clock: clock, Log: log, Egress: egress.New(egress.Options{World: out})})
}

// newWorld starts a server. env are settings beyond the defaults; what is in
// authd.toml, where there is one, is under the key "toml".
func newWorld(t testing.TB, env map[string]string) *world {
	t.Helper()
	template, err := templateDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
		t.Fatal(err)
	}
	if toml := env["toml"]; toml != "" {
		if err := os.WriteFile(filepath.Join(dir, "authd.toml"), []byte(toml), 0o600); err != nil {
			t.Fatal(err)
		}
		delete(env, "toml")
	}
	w := &world{t: t, dir: dir, now: start.Add(time.Minute), log: &strings.Builder{}}
	w.start(env)
	t.Cleanup(func() {
		if err := w.srv.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) start(env map[string]string) {
	w.t.Helper()
	srv, err := openTo(&w.outside, w.dir, env, w.clock, slog.New(slog.NewTextHandler(&lockedWriter{w: w.log}, nil)))
	if err != nil {
		w.t.Fatal(err)
	}
	w.srv = srv
	if err := w.srv.OIDC.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (w *world) clock(context.Context) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// client makes a client; the zero fields get what most tests want.
func (w *world) client(c oidc.Client) (id, secret string) {
	w.t.Helper()
	if c.RedirectURIs == nil {
		c.RedirectURIs = []string{callback}
	}
	if c.IDTokenSignedResponseAlg == "" {
		c.IDTokenSignedResponseAlg = "EdDSA"
	}
	made, secret, err := w.srv.OIDC.CreateClient(w.t.Context(), c, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID, secret
}

// text reads one value.
func (w *world) text(sql string) string {
	w.t.Helper()
	v, err := store.One(w.t.Context(), w.srv.Core.DB, func(r *store.Row) string { return r.Text() }, sql)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// dump is everything in the provider's tables.
func (w *world) dump() string {
	w.t.Helper()
	var b strings.Builder
	for table, columns := range map[string]string{
		"oauth_client": "client_id, client_secret", "oauth_flow": "id, browser, request, done", "oauth_consent": "id, scopes",
		"oauth_grant": "id, code, refresh_token, replay", "oauth_access_token": "id, token", "jwks": "id, public_key, private_key",
	} {
		n := strings.Count(columns, ",") + 1
		rows, err := store.All(w.t.Context(), w.srv.Core.DB, func(r *store.Row) string {
			line := table
			for range n {
				line += " " + string(r.Bytes())
			}
			return line
		}, "SELECT "+columns+" FROM "+table)
		if err != nil {
			w.t.Fatal(err)
		}
		b.WriteString(strings.Join(rows, "\n") + "\n")
	}
	return b.String()
}

// restart ends the server and starts it again with another authd.toml.
func (w *world) restart(toml string) {
	w.t.Helper()
	if err := w.srv.Close(); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "authd.toml"), []byte(toml), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.start(nil)
}
