package testkit

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Client is a browser or an app: it keeps cookies and follows no redirect.
type Client struct {
	Cookies map[string]string
	Header  http.Header // sent with every request
	base    string
	t       testing.TB
}

// Client makes one without cookies, whose requests come from the server's own origin.
func (s *Server) Client() *Client {
	return &Client{Cookies: map[string]string{}, Header: http.Header{"Origin": {s.URL}}, base: s.URL, t: s.t}
}

// In is the same browser in a test inside the test: a fuzz target's.
func (c *Client) In(t testing.TB) *Client {
	return &Client{Cookies: c.Cookies, Header: c.Header, base: c.base, t: t}
}

// HoldsSession tells whether any session's token is left in the browser.
func (c *Client) HoldsSession() bool {
	for name := range c.Cookies {
		if strings.Contains(name, "session_") {
			return true
		}
	}
	return false
}

// Answer is what came back.
type Answer struct {
	Status  int
	Header  http.Header
	Body    string
	Cookies []*http.Cookie
	t       testing.TB
}

// Get asks for a path, below /api/auth unless it begins with a dot: "./login" is /login.
func (c *Client) Get(path string) *Answer {
	c.t.Helper()
	return c.Do(http.MethodGet, path, "", "")
}

// Post sends a value as JSON, or nothing when it is nil.
func (c *Client) Post(path string, body any) *Answer {
	c.t.Helper()
	if body == nil {
		return c.Do(http.MethodPost, path, "", "")
	}
	b, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.Do(http.MethodPost, path, "application/json", string(b))
}

// Form sends an HTML form.
func (c *Client) Form(path string, values url.Values) *Answer {
	c.t.Helper()
	return c.Do(http.MethodPost, path, "application/x-www-form-urlencoded", values.Encode())
}

// Do sends a request as it is given.
func (c *Client) Do(method, path, contentType, body string) *Answer {
	c.t.Helper()
	target := c.base + "/api/auth" + path
	if rest, ok := strings.CutPrefix(path, "."); ok {
		target = c.base + rest
	}
	if strings.HasPrefix(path, "http") {
		target = path
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for k, v := range c.Header {
		req.Header[k] = v
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for name, value := range c.Cookies {
		req.Header.Add("Cookie", name+"="+value)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := &Answer{Status: res.StatusCode, Header: res.Header, Body: string(text), Cookies: res.Cookies(), t: c.t}
	c.keep(a)
	return a
}

func (c *Client) keep(a *Answer) {
	for _, ck := range a.Cookies {
		if ck.MaxAge < 0 || ck.Value == "" {
			delete(c.Cookies, ck.Name)
			continue
		}
		c.Cookies[ck.Name] = ck.Value
	}
}

// Is fails the test unless the answer has this status and, when given, this code.
func (a *Answer) Is(status int, code string) *Answer {
	a.t.Helper()
	if a.Status != status || code != "" && a.Field("code") != code {
		a.t.Fatalf("got %d %s, want %d %s", a.Status, a.Body, status, code)
	}
	return a
}

// JSON decodes the body.
func (a *Answer) JSON() any {
	a.t.Helper()
	var v any
	dec := json.NewDecoder(bytes.NewReader([]byte(a.Body)))
	if err := dec.Decode(&v); err != nil {
		a.t.Fatalf("body %q is not JSON: %v", a.Body, err)
	}
	return v
}

// Field is a text of the body, by its path ("user.email"); "" when it is absent.
func (a *Answer) Field(path string) string {
	a.t.Helper()
	v := a.JSON()
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[name]
	}
	s, ok := v.(string)
	if !ok && v != nil {
		b, err := json.Marshal(v)
		if err != nil {
			a.t.Fatal(err)
		}
		return string(b)
	}
	return s
}

// Cookie is the answer's cookie of that name, nil when it sets none.
func (a *Answer) Cookie(name string) *http.Cookie {
	for _, ck := range a.Cookies {
		if ck.Name == name {
			return ck
		}
	}
	return nil
}
