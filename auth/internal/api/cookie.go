package api

import (
	"net/http"
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
// came. The value is as it stands on the wire.
func (r *Request) Cookie(name string) (value string, ok bool) {
	return FindCookie(r.HTTP.Header, name)
}

// FindCookie reads one cookie of a request's headers without parsing the others.
func FindCookie(h http.Header, name string) (value string, ok bool) {
	for _, line := range h["Cookie"] {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ";")
			part = strings.TrimLeft(part, " ")
			if len(part) > len(name) && part[len(name)] == '=' && part[:len(name)] == name {
				return strings.Trim(strings.TrimRight(part[len(name)+1:], " "), `"`), true
			}
		}
	}
	return "", false
}

// EachCookie calls fn for every cookie of the request until it returns false.
func (r *Request) EachCookie(fn func(name, value string) bool) {
	for _, line := range r.HTTP.Header["Cookie"] {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ";")
			name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
			if ok && !fn(name, value) {
				return
			}
		}
	}
}
