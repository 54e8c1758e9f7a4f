package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"authd/tests/authdtest"
)

// exchange is one answer in the form in which two of them are compared: what the
// recording has, or what the server gave.
type exchange struct {
	Status  int
	Header  map[string]any // of comparedHeaders, those that are there
	Cookies []setCookie
	Body    any // JSON; string for other text; absent for none
}

// absent is the body of an answer without one.
type absent struct{}

// anything stands in an expectation where only the kind of a value is expected.
type anything string

const (
	someToken    anything = "token"
	someText     anything = "text"
	someNumber   anything = "number"
	someDocument anything = "document" // an object
)

// errorCode stands for an error of which only the code counts.
type errorCode string

type setCookie struct {
	Name       string
	Value      string // empty, signed or plain: the kind of its value
	Attributes string
}

// comparedHeaders are the headers that clients act on.
var comparedHeaders = []string{
	"Content-Type", "Location", "Cache-Control", "Pragma", "Www-Authenticate", "X-Retry-After", "Allow",
	"Set-Auth-Token", "Set-Auth-Jwt", "Access-Control-Expose-Headers",
}

// recording is one line of recordings.jsonl.
type recording struct {
	Index     int               `json:"index"`
	Label     string            `json:"label,omitempty"`
	Origin    string            `json:"origin,omitempty"` // where the server stood; recordedOrigin when empty
	Method    string            `json:"method"`
	Path      string            `json:"path"`
	Status    int               `json:"status"`
	Headers   map[string]string `json:"headers"`
	SetCookie []string          `json:"setCookie,omitempty"`
	Body      json.RawMessage   `json:"body,omitempty"`
}

// recordedOrigin is where the recorded server stood.
const recordedOrigin = "http://localhost:3999"

func (r recording) exchange() (exchange, error) {
	e := exchange{Status: r.Status, Header: map[string]any{}, Body: absent{}}
	for _, name := range comparedHeaders {
		if value, ok := r.Headers[strings.ToLower(name)]; ok {
			e.Header[name] = value
		}
	}
	for _, line := range r.SetCookie {
		e.Cookies = append(e.Cookies, parseSetCookie(line))
	}
	if len(r.Body) > 0 {
		body, err := decodeOrdered(r.Body)
		if err != nil {
			return e, fmt.Errorf("recording %d: %w", r.Index, err)
		}
		e.Body = body
	}
	if r.Origin == "" {
		return e.normal(recordedOrigin), nil
	}
	return e.normal(r.Origin), nil
}

func answered(res authdtest.Response, origin string) exchange {
	e := exchange{Status: res.Status, Header: map[string]any{}, Body: absent{}}
	for _, name := range comparedHeaders {
		if values := res.Header.Values(name); len(values) > 0 {
			e.Header[name] = strings.Join(values, ", ")
		}
	}
	for _, line := range res.SetCookie {
		e.Cookies = append(e.Cookies, parseSetCookie(line))
	}
	if len(res.Body) > 0 {
		body, err := decodeOrdered(res.Body)
		if err != nil {
			body = string(res.Body)
		}
		e.Body = body
	}
	for _, name := range []string{"X-Retry-After", "Set-Auth-Jwt"} { // CORS is authd's own; better-auth exposes only what it sets itself
		if _, set := e.Header[name]; !set || name == "X-Retry-After" {
			e.notExposed(name)
		}
	}
	return e.normal(origin)
}

var signedValue = regexp.MustCompile(`^.+\.[A-Za-z0-9%]{42,}%3D$`)

func parseSetCookie(line string) setCookie {
	pair, attributes, _ := strings.Cut(line, "; ")
	name, value, _ := strings.Cut(pair, "=")
	kind := "plain"
	switch {
	case value == "":
		kind = "empty"
	case signedValue.MatchString(value):
		kind = "signed"
	}
	if before, _, ok := strings.Cut(name, "_multi-"); ok {
		name = before + "_multi-(token)"
	}
	return setCookie{Name: name, Value: kind, Attributes: attributes}
}

// normal takes out what differs between two servers: their origins. Tokens that
// carry something and addresses with a query are opened, so that what is in them is compared.
func (e exchange) normal(origin string) exchange {
	places := strings.NewReplacer(
		url.QueryEscape(origin), url.QueryEscape("http://authd.test"), origin, "http://authd.test",
		// The recorded alice changed her address in between, by a capability of its own.
		"alice-new@example.com", "alice@example.com",
	)
	replace := func(_ string, value any) any {
		if text, ok := value.(string); ok {
			return places.Replace(text)
		}
		return value
	}
	open := func(_ string, value any) any {
		if text, ok := value.(string); ok {
			return rewrite(opened(places.Replace(text)), replace)
		}
		return value
	}
	for name, value := range e.Header {
		e.Header[name] = rewrite(value, open)
	}
	if text, ok := e.Body.(string); ok && isHTML(text) {
		e.Body = "(a page)"
	}
	e.Body = rewrite(e.Body, open)
	return e
}

func isHTML(text string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), "<!doctype html")
}

var (
	jwsForm = regexp.MustCompile(`^ey[\w-]+\.ey[\w-]+\.[\w-]+$`)
	urlForm = regexp.MustCompile(`^([a-z][a-z0-9+.-]*:)?/[^\s]*[?#][^\s]+$`)
)

func opened(text string) any {
	switch {
	case jwsForm.MatchString(text):
		if token, ok := openJWS(text); ok {
			return token
		}
	case urlForm.MatchString(text):
		if address, ok := openURL(text); ok {
			return address
		}
	}
	return text
}

func openJWS(text string) (any, bool) {
	parts := strings.Split(text, ".")
	var opened [2]any
	for i := range opened {
		part, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return nil, false
		}
		value, err := decodeOrdered(part)
		if err != nil {
			return nil, false
		}
		opened[i] = value
	}
	return object{{"jws header", opened[0]}, {"jws claims", opened[1]}}, true
}

// openURL keeps the order of the parameters, which a signed query depends on.
func openURL(text string) (any, bool) {
	rest, fragment, _ := strings.Cut(text, "#")
	address, query, _ := strings.Cut(rest, "?")
	opened := object{{"address", address}}
	for _, part := range []member{{"query", query}, {"fragment", fragment}} {
		pairs, ok := openPairs(part.Value.(string))
		if !ok {
			return nil, false
		}
		if len(pairs) > 0 {
			opened = append(opened, member{part.Key, pairs})
		}
	}
	return opened, true
}

func openPairs(list string) (object, bool) {
	pairs := object{}
	for pair := range strings.SplitSeq(list, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		unescaped, err := url.QueryUnescape(value)
		if err != nil {
			return nil, false
		}
		pairs = append(pairs, member{key, unescaped})
	}
	return pairs, true
}

// rewriteAll changes every value of an answer, wherever it stands.
func (e exchange) rewriteAll(change func(key string, value any) any) exchange {
	header := map[string]any{}
	for name, value := range e.Header {
		header[name] = rewriteAt(name, value, change)
	}
	e.Header = header
	if _, none := e.Body.(absent); !none {
		e.Body = rewrite(e.Body, change)
	}
	return e
}
