package api

import (
	"strings"
	"testing"
)

func TestTrustedOrigins(t *testing.T) {
	o := NewOrigins("https://auth.example.com", []string{
		"https://app.example.com", "http://*.trusted.example", "*.hosts.example:8443", "myapp://", "other://callback",
	})
	for origin, want := range map[string]bool{
		"https://auth.example.com":             true,
		"https://app.example.com":              true,
		"http://app.example.com":               false,
		"https://app.example.com.evil.example": false,
		"https://app.example.com:444":          false,
		"http://a.trusted.example":             true,
		"http://a.b.trusted.example":           true,
		"https://a.trusted.example":            false,
		"http://evil.example/.trusted.example": false,
		"https://x.hosts.example:8443":         true,
		"https://x.hosts.example":              false,
		"myapp://x/y":                          true,
		"myapp://":                             true,
		"other://callback":                     true,
		"other://elsewhere":                    false,
		"null":                                 false,
		"":                                     false,
	} {
		if got := o.Trusts(origin); got != want {
			t.Errorf("Trusts(%q) = %v", origin, got)
		}
	}
}

func TestWhereABrowserMayBeSent(t *testing.T) {
	o := NewOrigins("https://auth.example.com", []string{"https://app.example.com", "myapp://", "other://callback"})
	for target, want := range map[string]bool{
		"/":                                  true,
		"/ok?x=1#h":                          true,
		"/ok?next=https%3A%2F%2Fx":           true,
		"dash":                               false,
		"//evil.example":                     false,
		"/\\evil.example":                    false,
		"/\tevil":                            false,
		"/%2f/evil.example":                  false,
		"/%5Cevil.example":                   false,
		"https://auth.example.com/x":         true,
		"https://app.example.com/x":          true,
		"https://AUTH.example.com/x":         true,
		"https://evil.example":               false,
		"https://app.example.com@evil.co/":   false,
		"https://user@app.example.com/":      false,
		"javascript:alert(1)":                false,
		"data:text/html,x":                   false,
		"myapp://anything/here":              true,
		"myappx://anything":                  false,
		"other://callback/x":                 true,
		"other://callback?x=1":               true,
		"other://callbackx":                  false,
		"https:app.example.com":              false,
		"https://app.example.com\\@evil.com": false,
		"":                                   false,
	} {
		if got := o.TrustsURL(target); got != want {
			t.Errorf("TrustsURL(%q) = %v", target, got)
		}
	}
}

func FuzzTargetsThatPassLeadNowhereElse(f *testing.F) {
	for _, s := range []string{"/", "//x", "/\\x", "https://auth.example.com/", "myapp://x", "/%2f", "http:////x"} {
		f.Add(s)
	}
	o := NewOrigins("https://auth.example.com", []string{"https://*.example.org"})
	f.Fuzz(func(t *testing.T, s string) {
		if !o.TrustsURL(s) {
			return
		}
		if s[0] == '/' && (strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t\x00")) {
			t.Fatalf("%q passed", s)
		}
		if s[0] != '/' && !strings.HasPrefix(strings.ToLower(s), "https://") {
			t.Fatalf("%q passed", s)
		}
	})
}

func FuzzWildcardMatchesWhatAPatternWithoutWildcardsSays(f *testing.F) {
	f.Add("https://*.a.example", "https://x.a.example")
	f.Add("a?c*", "abc")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		got := wildcard(pattern, s)
		if !strings.ContainsAny(pattern, "*?") && got != (pattern == s) {
			t.Fatalf("wildcard(%q, %q) = %v", pattern, s, got)
		}
	})
}
