package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authd/auth/internal/store"
)

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
		r.AddCookie(&http.Cookie{Name: name, Value: value})
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
	if a.Code != http.StatusFound && a.Code != http.StatusSeeOther {
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
