package api

import (
	"net/http"
	"net/url"
	"strings"
)

// Origins decides which web origins are trusted and where a browser may be
// sent (NOTES §6). It is immutable and safe for concurrent use.
type Origins struct {
	base     string // scheme://host[:port]
	patterns []string
}

// NewOrigins trusts base, the server's own origin, and every pattern: an exact
// origin, a wildcard ("https://*.example.com", "*.example.com"), or an app's
// own scheme ("myapp://").
func NewOrigins(base string, patterns []string) *Origins {
	return &Origins{base: strings.TrimSuffix(base, "/"), patterns: patterns}
}

// Base is the server's own origin.
func (o *Origins) Base() string { return o.base }

// Trusts tells whether origin, as a browser sends it, may act for a signed-in person.
func (o *Origins) Trusts(origin string) bool {
	if origin == o.base {
		return true
	}
	for _, p := range o.patterns {
		if matchOrigin(p, origin) || matchScheme(p, origin) {
			return true
		}
	}
	return false
}

// TrustsURL tells whether a browser may be sent to target: a path of this
// server, or a URL on a trusted origin. The empty target is no target.
func (o *Origins) TrustsURL(target string) bool {
	if strings.HasPrefix(target, "/") {
		return SafePath(target)
	}
	if hasControl(target) || strings.Contains(target, `\`) {
		return false
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme == "" || u.User != nil {
		return false
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		return u.Host != "" && o.Trusts(u.Scheme+"://"+strings.ToLower(u.Host))
	}
	for _, p := range o.patterns {
		if matchScheme(p, target) {
			return true
		}
	}
	return false
}

// Absolute makes a trusted target a full URL.
func (o *Origins) Absolute(target string) string {
	if strings.HasPrefix(target, "/") {
		return o.base + target
	}
	return target
}

// SafePath tells whether s is a path of this server and nothing that a browser
// would read as another host.
func SafePath(s string) bool {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.Contains(s, `\`) || hasControl(s) {
		return false
	}
	path, _, _ := strings.Cut(s, "?")
	path, _, _ = strings.Cut(path, "#")
	lower := strings.ToLower(path)
	if strings.Contains(lower, "%2f") || strings.Contains(lower, "%5c") {
		return false
	}
	_, err := url.Parse(s)
	return err == nil
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// matchOrigin compares an origin with a pattern. A pattern without "://"
// matches the host and port; wildcards do not cross a slash but do cross dots.
func matchOrigin(pattern, origin string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return strings.TrimSuffix(pattern, "/") == origin
	}
	if strings.Contains(pattern, "://") {
		return wildcard(pattern, origin)
	}
	_, host, ok := strings.Cut(origin, "://")
	return ok && wildcard(pattern, host)
}

// matchScheme compares a target with an app's own scheme: "myapp://" allows
// every target of it, "myapp://callback" that authority and the paths below it.
func matchScheme(pattern, target string) bool {
	scheme, rest, ok := strings.Cut(pattern, "://")
	if !ok || scheme == "http" || scheme == "https" || strings.ContainsAny(scheme, "*?") {
		return false
	}
	tscheme, trest, ok := strings.Cut(target, ":")
	if !ok || !strings.EqualFold(scheme, tscheme) {
		return false
	}
	trest = strings.TrimPrefix(trest, "//")
	if rest == "" {
		return true
	}
	trest, _, _ = strings.Cut(trest, "?")
	trest, _, _ = strings.Cut(trest, "#")
	rest = strings.TrimSuffix(rest, "/")
	return trest == rest || strings.HasPrefix(trest, rest+"/")
}

// wildcard matches s against a pattern where * stands for any run of characters
// but a slash and ? for one such character.
func wildcard(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && (pattern[p] == '?' && s[i] != '/' || pattern[p] == s[i] && pattern[p] != '*'):
			p++
			i++
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case star >= 0 && s[mark] != '/':
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// requestOrigin is the origin a request says it comes from: Origin, else that of
// Referer. Apps made with Expo have neither and say it in a header of their own,
// which no page of another site can send: it would have to ask first (CORS).
func requestOrigin(h http.Header) string {
	if o := h.Get("Origin"); o != "" {
		return o
	}
	if o := h.Get("Expo-Origin"); o != "" {
		return o
	}
	ref := h.Get("Referer")
	if ref == "" {
		return ""
	}
	u, err := url.Parse(ref)
	if err != nil || u.Host == "" {
		return ref
	}
	return u.Scheme + "://" + u.Host
}

// checkOrigin is the contract's rule for requests that change something.
func (r *Request) checkOrigin() error {
	if r.endpoint.Method == http.MethodGet {
		return nil
	}
	switch r.endpoint.Origin {
	case OriginNone:
		return nil
	case OriginPage:
		if err := r.router.crossOrigin.Check(r.HTTP); err != nil {
			return ErrInvalidOrigin
		}
		return nil
	}
	if r.HTTP.Header.Get("Cookie") != "" {
		return r.validateOrigin()
	}
	return nil
}

func (r *Request) validateOrigin() error {
	h := r.HTTP.Header
	origin := requestOrigin(h)
	if origin == "null" && h.Get("Sec-Fetch-Site") == "same-origin" {
		return nil
	}
	if origin == "" || origin == "null" {
		return ErrMissingOrigin
	}
	if !r.router.cfg.Origins.Trusts(origin) {
		return ErrInvalidOrigin
	}
	return nil
}

// checkLoginOrigin protects sign-in and sign-up, which change the browser's
// session although no cookie came along (login CSRF).
func (r *Request) checkLoginOrigin() error {
	h := r.HTTP.Header
	if r.endpoint.Origin != OriginLogin || h.Get("Cookie") != "" {
		return nil
	}
	site, mode, dest := h.Get("Sec-Fetch-Site"), h.Get("Sec-Fetch-Mode"), h.Get("Sec-Fetch-Dest")
	if site == "" && mode == "" && dest == "" && requestOrigin(h) == "" {
		return nil
	}
	if site == "cross-site" && mode == "navigate" {
		return ErrCrossSite
	}
	return r.validateOrigin()
}

// target is a request field that may send the browser somewhere.
type target struct{ field, label, code string }

var bodyTargets = [...]target{
	{"callbackURL", "callbackURL", "INVALID_CALLBACK_URL"},
	{"redirectTo", "redirectURL", "INVALID_REDIRECT_URL"},
	{"errorCallbackURL", "errorCallbackURL", "INVALID_ERROR_CALLBACK_URL"},
	{"newUserCallbackURL", "newUserCallbackURL", "INVALID_NEW_USER_CALLBACK_URL"},
}

// checkTargets refuses a body (or the callbackURL of a POST's query) that would
// send the browser to a place that is not trusted.
func (r *Request) checkTargets() error {
	if r.endpoint.Method == http.MethodGet || r.endpoint.Mount != Auth || r.endpoint.Origin == OriginNone {
		return nil
	}
	for _, t := range bodyTargets {
		v, present := r.Body[t.field]
		if t.field == "callbackURL" && (!present || v == "") && r.HTTP.URL.RawQuery != "" {
			v = r.Query("callbackURL")
		}
		if v == nil || v == "" {
			continue
		}
		s, ok := v.(string)
		if !ok {
			return &Error{Status: http.StatusBadRequest, Code: "", Message: "Invalid " + t.label + ": expected a string"}
		}
		if !r.router.cfg.Origins.TrustsURL(s) {
			return &Error{Status: http.StatusForbidden, Code: t.code, Message: "Invalid " + t.label}
		}
	}
	return nil
}

// CheckCallback guards a GET endpoint that redirects to its callbackURL.
var CheckCallback = Guard{Check: func(r *Request) error {
	if s := r.Query("callbackURL"); s != "" && !r.router.cfg.Origins.TrustsURL(s) {
		return &Error{Status: http.StatusForbidden, Code: "INVALID_CALLBACK_URL", Message: "Invalid callbackURL"}
	}
	return nil
}}
