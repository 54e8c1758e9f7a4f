package authdtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Client is an HTTP client with a cookie jar. It sends what it is told to and
// nothing else: no User-Agent, no compression, no redirects followed. As a
// browser does, it sends its Origin with everything but GET and HEAD.
type Client struct {
	URL    string // scheme, host and port
	Path   string // put before paths; /api/auth unless told otherwise
	Origin string // URL unless told otherwise
	Header http.Header

	jar  []Cookie
	http *http.Client
}

// Cookie is one entry of the jar; the value stands as it came.
type Cookie struct{ Name, Value string }

// Call is one request. At most one of JSON, Form and Raw is set.
type Call struct {
	Method string
	Path   string // below Client.Path; a whole URL, or with a leading "=", a path below Client.URL
	JSON   any
	Form   url.Values
	Raw    *string
	Header map[string]*string // nil takes a header away that would be sent
}

// Response is what came back.
type Response struct {
	Status    int
	Header    http.Header
	SetCookie []string
	Body      []byte
}

// NewClient is a client with an empty jar.
func NewClient(url string) *Client {
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: false, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Second}
	return &Client{
		URL: url, Path: "/api/auth", Origin: url,
		http: &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// Client is a client of this server with an empty jar.
func (s *Server) Client() *Client { return NewClient(s.URL) }

// Get is Do with GET.
func (c *Client) Get(t testing.TB, path string) Response {
	t.Helper()
	return c.Do(t, Call{Method: http.MethodGet, Path: path})
}

// Post is Do with POST and a JSON body.
func (c *Client) Post(t testing.TB, path string, body any) Response {
	t.Helper()
	return c.Do(t, Call{Method: http.MethodPost, Path: path, JSON: body})
}

// PostForm is Do with POST and a form.
func (c *Client) PostForm(t testing.TB, path string, form url.Values) Response {
	t.Helper()
	return c.Do(t, Call{Method: http.MethodPost, Path: path, Form: form})
}

// Do sends one request and keeps the cookies of the answer.
func (c *Client) Do(t testing.TB, call Call) Response {
	t.Helper()
	res, err := c.Send(call)
	if err != nil {
		t.Fatalf("%s %s: %v", call.Method, call.Path, err)
	}
	return res
}

// Send is Do for places without a test.
func (c *Client) Send(call Call) (Response, error) {
	req, err := c.request(call)
	if err != nil {
		return Response{}, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return Response{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return Response{}, err
	}
	c.keep(res.Header.Values("Set-Cookie"))
	return Response{Status: res.StatusCode, Header: res.Header, SetCookie: res.Header.Values("Set-Cookie"), Body: body}, nil
}

func (c *Client) request(call Call) (*http.Request, error) {
	body, mediaType, err := call.body()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(context.Background(), call.Method, c.resolve(call.Path), body)
	if err != nil {
		return nil, err
	}
	req.Header["User-Agent"] = nil // Go would send its own
	for name, values := range c.Header {
		req.Header[name] = slices.Clone(values)
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	if call.Method != http.MethodGet && call.Method != http.MethodHead {
		req.Header.Set("Origin", c.Origin)
	}
	if len(c.jar) > 0 {
		req.Header.Set("Cookie", c.CookieHeader())
	}
	for name, value := range call.Header {
		if value == nil {
			req.Header.Del(name)
			continue
		}
		req.Header.Set(name, *value)
	}
	return req, nil
}

func (call Call) body() (body io.Reader, mediaType string, err error) {
	switch {
	case call.Raw != nil:
		return strings.NewReader(*call.Raw), "", nil
	case call.Form != nil:
		return strings.NewReader(call.Form.Encode()), "application/x-www-form-urlencoded", nil
	case call.JSON != nil:
		text, err := json.Marshal(call.JSON)
		return bytes.NewReader(text), "application/json", err
	}
	return http.NoBody, "", nil
}

func (c *Client) resolve(path string) string {
	switch {
	case strings.HasPrefix(path, "http://"), strings.HasPrefix(path, "https://"):
		return path
	case strings.HasPrefix(path, "="):
		return c.URL + path[1:]
	}
	return c.URL + c.Path + path
}

// CookieHeader is the jar as a Cookie header.
func (c *Client) CookieHeader() string {
	pairs := make([]string, len(c.jar))
	for i, cookie := range c.jar {
		pairs[i] = cookie.Name + "=" + cookie.Value
	}
	return strings.Join(pairs, "; ")
}

// Cookie is a cookie's value as it stands in the jar.
func (c *Client) Cookie(name string) (value string, ok bool) {
	for _, cookie := range c.jar {
		if cookie.Name == name {
			return cookie.Value, true
		}
	}
	return "", false
}

// SetCookie puts a cookie into the jar; an empty value takes it out.
func (c *Client) SetCookie(name, value string) {
	c.jar = slices.DeleteFunc(c.jar, func(cookie Cookie) bool { return cookie.Name == name && value == "" })
	for i := range c.jar {
		if c.jar[i].Name == name {
			c.jar[i].Value = value
			return
		}
	}
	if value != "" {
		c.jar = append(c.jar, Cookie{Name: name, Value: value})
	}
}

func (c *Client) keep(setCookie []string) {
	for _, line := range setCookie {
		pair, attributes, _ := strings.Cut(line, "; ")
		name, value, _ := strings.Cut(pair, "=")
		if slices.ContainsFunc(strings.Split(attributes, "; "), func(a string) bool { return strings.EqualFold(a, "Max-Age=0") }) {
			value = ""
		}
		c.SetCookie(name, value)
	}
}

// Decode reads the body as JSON into out.
func (r Response) Decode(t testing.TB, out any) {
	t.Helper()
	if err := json.Unmarshal(r.Body, out); err != nil {
		t.Fatalf("the answer (%d) is not the JSON expected: %v\n%.600s", r.Status, err, r.Body)
	}
}

// Want fails the test unless the answer has the status.
func (r Response) Want(t testing.TB, status int) Response {
	t.Helper()
	if r.Status != status {
		t.Fatalf("status %d, want %d; location %q\n%.600s", r.Status, status, r.Header.Get("Location"), r.Body)
	}
	return r
}
