package oidc

import (
	"net/url"
	"strings"
)

// matchesRedirect tells whether the browser may be sent to uri: it must be one
// of the registered ones, character by character (RFC 9700 §4.1.3), except that
// the port of a loopback redirect is the client's to choose (RFC 8252 §7.3).
func matchesRedirect(registered []string, uri string, public bool) bool {
	for _, r := range registered {
		if r == uri {
			return true
		}
	}
	rest, ok := withoutLoopbackPort(uri, public)
	if !ok {
		return false
	}
	for _, r := range registered {
		if known, ok := withoutLoopbackPort(r, public); ok && known == rest {
			return true
		}
	}
	return false
}

// redirectHint is the one thing by which a registered redirect URI differs from
// the one that came, "" when there is no such one.
func redirectHint(registered []string, uri string) string {
	got, err := url.Parse(uri)
	if err != nil || len(uri) > maxRedirectURI {
		return ""
	}
	for _, r := range registered {
		want, err := url.Parse(r)
		if err != nil {
			continue
		}
		if strings.EqualFold(r, uri) {
			return "case"
		}
		var by []string
		differ := func(name string, differs bool) {
			if differs {
				by = append(by, name)
			}
		}
		differ("scheme", got.Scheme != want.Scheme)
		differ("host", got.Hostname() != want.Hostname() || got.Opaque != want.Opaque || got.User.String() != want.User.String())
		differ("port", got.Port() != want.Port())
		slash := strings.TrimSuffix(got.EscapedPath(), "/") == strings.TrimSuffix(want.EscapedPath(), "/")
		differ("slash", slash && got.EscapedPath() != want.EscapedPath())
		differ("path", !slash)
		differ("query", got.RawQuery != want.RawQuery || got.ForceQuery != want.ForceQuery)
		differ("fragment", strings.Contains(uri, "#"))
		if len(by) == 1 {
			return by[0]
		}
	}
	return ""
}

// withoutLoopbackPort takes the port from a loopback redirect; ok is false for
// every other URI. It works on the text, so that nothing two parsers might read
// differently can slip through. "localhost" may resolve to anything (RFC 8252
// §8.3), so only public clients, which have no better choice on some systems,
// may use it with a port of their own.
func withoutLoopbackPort(uri string, public bool) (string, bool) {
	for _, host := range []string{"http://127.0.0.1", "http://[::1]", "http://localhost"} {
		rest, ok := strings.CutPrefix(uri, host)
		if !ok || host == "http://localhost" && !public {
			continue
		}
		if after, ok := strings.CutPrefix(rest, ":"); ok {
			digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
			if digits == 0 || digits > 5 {
				return "", false
			}
			rest = after[digits:]
		}
		if rest != "" && rest[0] != '/' && rest[0] != '?' {
			return "", false
		}
		return host + rest, true
	}
	return "", false
}

// place is where a redirect URI leads.
type place int

const (
	placeWeb      place = iota // https
	placeLoopback              // a program on the person's own computer
	placeApp                   // a private-use scheme: whichever app has claimed it
	placePlain                 // http to another computer
)

// placeOf also gives the name by which a person may know the place.
func placeOf(uri string) (place, string) {
	u, err := url.Parse(uri)
	if err != nil {
		return placePlain, ""
	}
	switch {
	case u.Scheme == "https":
		return placeWeb, u.Host
	case u.Scheme != "http":
		return placeApp, u.Scheme
	case isLoopback(u.Hostname()):
		return placeLoopback, u.Hostname()
	default:
		return placePlain, u.Host
	}
}

func isLoopback(host string) bool {
	return host == "127.0.0.1" || host == "::1" || host == "localhost"
}

// forbiddenScheme: it runs or reads something in the browser instead of handing over to an app.
func forbiddenScheme(scheme string) bool {
	switch strings.ToLower(scheme) {
	case "javascript", "data", "vbscript", "blob", "file", "filesystem", "about", "view-source", "ws", "wss", "ftp", "mailto", "tel", "sms":
		return true
	}
	return false
}

const maxRedirectURI = 2000

// checkRedirect says what is wrong with a redirect URI that is to be
// registered, "" when nothing is. plainAllowed lets http lead to other
// computers: only where authd itself is served without TLS.
func checkRedirect(uri string, public, plainAllowed bool) string {
	if len(uri) > maxRedirectURI {
		return "is too long"
	}
	for i := range len(uri) {
		if uri[i] <= ' ' || uri[i] >= 0x7f || uri[i] == '\\' || uri[i] == '"' || uri[i] == '<' || uri[i] == '>' {
			return "has a character that no URI has"
		}
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "":
		return "is not an absolute URI"
	case forbiddenScheme(u.Scheme):
		return "URL cannot use javascript:, data:, or vbscript: scheme"
	case strings.Contains(uri, "#"):
		return "must not have a fragment (RFC 6749 section 3.1.2)"
	case u.User != nil:
		return "must not have a user name"
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		if !public {
			return "an own scheme is for clients without a secret: token_endpoint_auth_method none (RFC 8252 section 8.4)"
		}
		return ""
	}
	if u.Host == "" || u.Hostname() == "" {
		return "has no host"
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) && !plainAllowed {
		return "must use https, or lead to 127.0.0.1, [::1] or localhost"
	}
	return ""
}

// withParams adds answer parameters to a redirect URI, keeping the query it has
// (RFC 6749 §3.1.2).
func withParams(uri string, params []param, fragment bool) string {
	var b strings.Builder
	b.WriteString(uri)
	separator := byte('?')
	switch {
	case fragment:
		separator = '#'
	case strings.HasSuffix(uri, "?") || strings.HasSuffix(uri, "&"):
		separator = 0
	case strings.Contains(uri, "?"):
		separator = '&'
	}
	for _, p := range params {
		if p.value == "" {
			continue
		}
		if separator != 0 {
			b.WriteByte(separator)
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.value))
		separator = '&'
	}
	return b.String()
}

// param is one answer parameter; they are written in the order given.
type param struct{ name, value string }
