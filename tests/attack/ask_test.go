package attack_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// question is one way to ask whether somebody has an account.
type question struct {
	name   string
	method string
	path   string
	form   bool // a page's, otherwise JSON
	fresh  bool // makes the unknown known: each try needs another name
	body   func(who string, n int) map[string]string
}

// fields name the one who is asked about, beside what else the endpoint wants.
func mailed(more map[string]string) func(string, int) map[string]string {
	return named("email", email, more)
}

func named(field string, of func(string, int) string, more map[string]string) func(string, int) map[string]string {
	return func(who string, n int) map[string]string {
		body := map[string]string{field: of(who, n)}
		for name, value := range more {
			body[name] = value
		}
		return body
	}
}

// questions are all places that take a name from somebody who is not signed in.
func questions() []question {
	const post, api = http.MethodPost, "/api/auth"
	wrong := map[string]string{"password": "wrong-wrong-wrong"}
	return []question{
		{name: "sign-in by address", method: post, path: api + "/sign-in/email", body: mailed(wrong)},
		{name: "sign-in by username", method: post, path: api + "/sign-in/username", body: named("username", username, wrong)},
		{name: "sign-in by phone", method: post, path: api + "/sign-in/phone-number", body: named("phoneNumber", number, wrong)},
		{name: "sign-up", method: post, path: api + "/sign-up/email", fresh: true, body: mailed(map[string]string{"password": password, "name": "Mallory"})},
		{name: "password reset", method: post, path: api + "/request-password-reset", body: mailed(nil)},
		{name: "verification mail", method: post, path: api + "/send-verification-email", body: mailed(nil)},
		{name: "magic link", method: post, path: api + "/sign-in/magic-link", body: mailed(nil)},
		{name: "code by mail", method: post, path: api + "/email-otp/send-verification-otp", body: mailed(map[string]string{"type": "sign-in"})},
		{name: "reset code by mail", method: post, path: api + "/email-otp/request-password-reset", body: mailed(nil)},
		{name: "sign-in with a wrong code", method: post, path: api + "/sign-in/email-otp", body: mailed(map[string]string{"otp": "000000"})},
		{name: "code by text", method: post, path: api + "/phone-number/send-otp", body: named("phoneNumber", number, nil)},
		{name: "reset code by text", method: post, path: api + "/phone-number/request-password-reset", body: named("phoneNumber", number, nil)},
		{name: "passkey", method: http.MethodGet, path: api + "/passkey/generate-authenticate-options", body: mailed(nil)},
		{name: "login page", method: post, path: "/login", form: true, body: mailed(wrong)},
		{name: "forgotten-password page", method: post, path: "/forgot-password", form: true, body: mailed(nil)},
	}
}

// line is one connection to the server: what an attacker measures best with.
type line struct {
	t      testing.TB
	conn   net.Conn
	r      *bufio.Reader
	host   string
	header string
}

func dial(t testing.TB, base string) *line {
	t.Helper()
	host := strings.TrimPrefix(base, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &line{t: t, conn: conn, r: bufio.NewReader(conn), host: host}
}

// answer is what came back, and when.
type answer struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

func (q question) request(l *line, who string, n int) string {
	values, media := q.body(who, n), "application/json"
	var text string
	switch {
	case q.method == http.MethodGet:
		form := url.Values{}
		for name, value := range values {
			form.Set(name, value)
		}
		return fmt.Sprintf("GET %s?%s HTTP/1.1\r\nHost: %s\r\n%s\r\n", q.path, form.Encode(), l.host, l.header)
	case q.form:
		form := url.Values{}
		for name, value := range values {
			form.Set(name, value)
		}
		text, media = form.Encode(), "application/x-www-form-urlencoded"
	default:
		b, err := json.Marshal(values)
		if err != nil {
			l.t.Fatal(err)
		}
		text = string(b)
	}
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s", q.path, l.host, l.host, media, len(text), l.header, text)
}

// ask sends one question and times the answer to its last byte.
func (l *line) ask(q question, who string, n int) answer {
	l.t.Helper()
	text := q.request(l, who, n)
	begin := time.Now()
	if _, err := io.WriteString(l.conn, text); err != nil {
		l.t.Fatal(err)
	}
	res, err := http.ReadResponse(l.r, nil)
	if err != nil {
		l.t.Fatalf("%s: %v", q.name, err)
	}
	body, err := io.ReadAll(res.Body)
	took := time.Since(begin)
	if err != nil {
		l.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body), took}
}
