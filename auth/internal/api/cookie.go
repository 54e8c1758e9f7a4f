package api

import (
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// Cookie is a Set-Cookie line; the attributes are written in the contract's order.
type Cookie struct {
	Name, Value string
	MaxAge      int  // seconds; 0 with Delete unset makes a cookie of the browser session
	Delete      bool // Max-Age=0
	Domain      string
	Path        string
	HTTPOnly    bool
	Secure      bool
	SameSite    string // Lax, Strict, None
	Partitioned bool
}

// String is the header's value. Value must already be encoded.
func (c *Cookie) String() string {
	b := make([]byte, 0, len(c.Name)+len(c.Value)+96)
	b = append(b, c.Name...)
	b = append(b, '=')
	b = append(b, c.Value...)
	if c.MaxAge > 0 || c.Delete {
		b = append(b, "; Max-Age="...)
		b = strconv.AppendInt(b, int64(c.MaxAge), 10)
	}
	if c.Domain != "" {
		b = append(append(b, "; Domain="...), c.Domain...)
	}
	if c.Path != "" {
		b = append(append(b, "; Path="...), c.Path...)
	}
	if c.HTTPOnly {
		b = append(b, "; HttpOnly"...)
	}
	if c.Secure {
		b = append(b, "; Secure"...)
	}
	if c.SameSite != "" {
		b = append(append(b, "; SameSite="...), c.SameSite...)
	}
	if c.Partitioned {
		b = append(b, "; Partitioned"...)
	}
	return string(b)
}

// SetCookie adds c to the answer, in place of an earlier one of its name.
func (r *Request) SetCookie(c *Cookie) {
	h := r.Header()
	lines := h["Set-Cookie"]
	for i, line := range lines {
		if strings.HasPrefix(line, c.Name) && len(line) > len(c.Name) && line[len(c.Name)] == '=' {
			lines[i] = c.String()
			return
		}
	}
	h["Set-Cookie"] = append(lines, c.String())
}

// Cookie is the value of the request's cookie of that name; ok tells whether it
// came. The value is as it stands on the wire, without the quotes around it.
func (r *Request) Cookie(name string) (value string, ok bool) {
	return FindCookie(r.HTTP.Header, name)
}

// FindCookie reads one cookie of a request's headers without parsing the others.
// It finds what net/http's Request.Cookie finds: the first of that name whose
// value has no byte that a cookie must not have (RFC 6265 §4.1.1, and spaces and
// commas, which clients send).
func FindCookie(h http.Header, name string) (value string, ok bool) {
	eachCookie(h["Cookie"], func(n, v string) bool {
		if n == name && validCookieValue(v) {
			value, ok = v, true
		}
		return !ok
	})
	return value, ok
}

// EachCookie calls fn for every cookie of the request until it returns false.
// The values are not checked.
func (r *Request) EachCookie(fn func(name, value string) bool) {
	eachCookie(r.HTTP.Header["Cookie"], fn)
}

func eachCookie(lines []string, fn func(name, value string) bool) {
	for _, line := range lines {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ";")
			name, value, _ := strings.Cut(textproto.TrimString(part), "=")
			if !fn(textproto.TrimString(name), unquote(value)) {
				return
			}
		}
	}
}

func unquote(v string) string {
	if len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' {
		return v[1 : len(v)-1]
	}
	return v
}

func validCookieValue(v string) bool {
	for i := range len(v) {
		if c := v[i]; c < ' ' || c >= 0x7f || c == '"' || c == ';' || c == '\\' {
			return false
		}
	}
	return true
}
