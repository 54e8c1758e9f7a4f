package oidc_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth"
	"authd/auth/internal/config"
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
	return auth.New(context.Background(), cfg, auth.Deps{Clock: clock, Log: log})
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
	srv, err := open(w.dir, env, w.clock, slog.New(slog.NewTextHandler(&lockedWriter{w: w.log}, nil)))
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

// browser keeps cookies, as browsers do.
type browser struct {
	w       *world
	cookies map[string]string
}

func (w *world) anonymous() *browser { return &browser{w: w, cookies: map[string]string{}} }

// ada is a browser in which Ada signed in a minute ago.
func (w *world) ada() *browser {
	w.t.Helper()
	dir, err := templateDir()
	if err != nil {
		w.t.Fatal(err)
	}
	line, err := os.ReadFile(filepath.Join(dir, "cookie"))
	if err != nil {
		w.t.Fatal(err)
	}
	name, value, _ := strings.Cut(string(line), "=")
	return &browser{w: w, cookies: map[string]string{name: value}}
}

func (b *browser) do(r *http.Request) *answer {
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value}) //nolint:gosec // a request's cookie has no attributes
	}
	a := b.w.do(r)
	for _, c := range a.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return a
}

func (b *browser) get(path string) *answer {
	return b.do(httptest.NewRequest(http.MethodGet, path, nil))
}

// authorize sends an authorization request and returns where it leads.
func (b *browser) authorize(params url.Values) *url.URL {
	b.w.t.Helper()
	return b.get("/api/auth/oauth2/authorize?" + params.Encode()).location()
}

// signIn signs Ada in anew.
func (b *browser) signIn(extra map[string]any) *answer {
	b.w.t.Helper()
	body := map[string]any{"email": "ada@example.com", "password": "correct horse battery"}
	for k, v := range extra {
		body[k] = v
	}
	return b.do(jsonRequest("POST", "/api/auth/sign-in/email", body))
}

// request is a complete authorization request; change holds what differs.
func request(clientID string, change url.Values) url.Values {
	v := url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {callback}, "scope": {"openid profile email offline_access"},
		"state": {"st4te"}, "nonce": {"n0nce"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	for name, values := range change {
		if len(values) == 0 || len(values) == 1 && values[0] == "" {
			v.Del(name)
			continue
		}
		v[name] = values
	}
	return v
}

// answer is a response with what tests ask of it.
type answer struct {
	*httptest.ResponseRecorder
	t testing.TB
}

func (w *world) do(r *http.Request) *answer {
	rec := httptest.NewRecorder()
	w.srv.Handler().ServeHTTP(rec, r)
	return &answer{rec, w.t}
}

// form posts to an endpoint of the provider; basic is "id:secret" or "".
func (w *world) form(path, basic string, values url.Values) *answer {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/auth/oauth2/"+path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id, secret, ok := strings.Cut(basic, ":"); ok {
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	return w.do(r)
}

func (a *answer) location() *url.URL {
	a.t.Helper()
	if a.Code != http.StatusFound {
		a.t.Fatalf("answered %d %s, want a redirect", a.Code, a.Body)
	}
	u, err := url.Parse(a.Header().Get("Location"))
	if err != nil {
		a.t.Fatal(err)
	}
	return u
}

func (a *answer) json(status int) map[string]any {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("answered %d %s, want %d", a.Code, a.Body, status)
	}
	var v map[string]any
	if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil {
		a.t.Fatalf("%v in %s", err, a.Body)
	}
	return v
}

// refused checks an OAuth error answer.
func (a *answer) refused(status int, code string) {
	a.t.Helper()
	if got := a.json(status); got["error"] != code {
		a.t.Fatalf("answered %v, want the error %s", got, code)
	}
}

func jsonRequest(method, path string, body any) *http.Request {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(method, path, strings.NewReader(string(raw)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", issuer)
	return r
}

// code takes Ada through consent and returns the code.
func (w *world) code(clientID string, change url.Values) string {
	w.t.Helper()
	b := w.ada()
	to := b.authorize(request(clientID, change))
	if to.Path == "/consent" {
		to = b.allow(to)
	}
	code := to.Query().Get("code")
	if code == "" {
		w.t.Fatalf("no code in %s", to)
	}
	return code
}

// redeem exchanges a code.
func (w *world) redeem(basic, code string, change url.Values) *answer {
	w.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	for name, values := range change {
		form[name] = values
		if len(values) == 1 && values[0] == "" {
			form.Del(name)
		}
	}
	return w.form("token", basic, form)
}

// tokens takes Ada all the way to tokens.
func (w *world) tokens(clientID, secret string) map[string]any {
	w.t.Helper()
	return w.redeem(clientID+":"+secret, w.code(clientID, nil), nil).json(http.StatusOK)
}

func (w *world) refresh(basic, token string, extra url.Values) *answer {
	w.t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	for name, values := range extra {
		form[name] = values
	}
	return w.form("token", basic, form)
}

func (w *world) userinfo(token string) *answer {
	r := httptest.NewRequest(http.MethodGet, "/api/auth/oauth2/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return w.do(r)
}

// count is how many rows a table has.
func (w *world) count(table string) int64 {
	w.t.Helper()
	n, err := store.One(w.t.Context(), w.srv.Core.DB, func(r *store.Row) int64 { return r.Int() }, "SELECT COUNT(*) FROM "+table)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
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
