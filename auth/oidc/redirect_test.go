package oidc

import (
	"net/url"
	"strings"
	"testing"
)

func TestMatchesRedirect(t *testing.T) {
	t.Parallel()
	registered := []string{"https://app.example/cb", "http://127.0.0.1/cb", "http://[::1]:9/cb?x=1", "http://localhost/cb", "com.example.app:/cb"}
	cases := []struct {
		name   string
		uri    string
		public bool
		want   bool
	}{
		{"the registered one", "https://app.example/cb", false, true},
		{"a trailing slash", "https://app.example/cb/", false, false},
		{"an escaped character", "https://app.example/%63b", false, false},
		{"a port on https", "https://app.example:443/cb", false, false},
		{"a user name", "https://app.example@evil.example/cb", false, false},
		{"a dot segment", "https://app.example/x/../cb", false, false},
		{"http for https", "http://app.example/cb", false, false},
		{"RFC 8252 7.3: any port on 127.0.0.1", "http://127.0.0.1:50123/cb", false, true},
		{"RFC 8252 7.3: any port on ::1", "http://[::1]:50123/cb?x=1", false, true},
		{"RFC 8252 7.3: no port where one is registered", "http://[::1]/cb?x=1", false, true},
		{"loopback with another path", "http://127.0.0.1:50123/other", false, false},
		{"loopback with another query", "http://127.0.0.1:50123/cb?y=1", false, false},
		{"loopback over https", "https://127.0.0.1/cb", false, false},
		{"one loopback for another", "http://[::1]:9/cb", false, false},
		{"a host that begins like loopback", "http://127.0.0.1.evil.example/cb", true, false},
		{"a port that is none", "http://127.0.0.1:80a/cb", true, false},
		{"a port and a user name", "http://127.0.0.1:80@evil.example/cb", true, false},
		{"an empty port", "http://127.0.0.1:/cb", true, false},
		{"RFC 8252 8.3: localhost with a port for public clients", "http://localhost:50123/cb", true, true},
		{"RFC 8252 8.3: localhost with a port for others", "http://localhost:50123/cb", false, false},
		{"localhost as registered", "http://localhost/cb", false, true},
		{"a host that begins like localhost", "http://localhost.evil.example/cb", true, false},
		{"an own scheme", "com.example.app:/cb", true, true},
		{"an own scheme with another path", "com.example.app:/cb2", true, false},
		{"nothing", "", true, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := matchesRedirect(registered, c.uri, c.public); got != c.want {
				t.Errorf("%q: %v, want %v", c.uri, got, c.want)
			}
		})
	}
}

func TestCheckRedirect(t *testing.T) {
	t.Parallel()
	cases := []struct {
		uri    string
		public bool
		plain  bool
		ok     bool
	}{
		{"https://app.example/cb", false, false, true},
		{"https://app.example/cb?x=1", false, false, true},
		{"http://127.0.0.1/cb", true, false, true},
		{"http://localhost:3000/cb", false, false, true},
		{"com.example.app:/cb", true, false, true},
		{"cursor://anysphere/cb", true, false, true},
		{"http://nas.local/cb", false, true, true},
		{"http://nas.local/cb", false, false, false},
		{"com.example.app:/cb", false, false, false},
		{"javascript:alert(1)", true, false, false},
		{"JavaScript://app.example/%0aalert(1)", true, false, false},
		{"data:text/html,x", true, false, false},
		{"https://app.example/cb#x", false, false, false},
		{"https://app.example/cb#", false, false, false},
		{"https://ada@app.example/cb", false, false, false},
		{"https:///cb", false, false, false},
		{"https://", false, false, false},
		{"/cb", false, false, false},
		{"//app.example/cb", false, false, false},
		{"https://app.example/c b", false, false, false},
		{"https://app.example\\@evil.example/", false, false, false},
		{"https://app.example/\r\nX: y", false, false, false},
		{"https://app.example/" + strings.Repeat("a", 2000), false, false, false},
		{"", false, false, false},
	}
	for _, c := range cases {
		if wrong := checkRedirect(c.uri, c.public, c.plain); (wrong == "") != c.ok {
			t.Errorf("%q public=%v plain=%v: %q", c.uri, c.public, c.plain, wrong)
		}
	}
}

// FuzzRedirect: whatever is accepted leads where a registered redirect leads: to
// the same scheme, host, path and query; and an answer added to it stays there.
func FuzzRedirect(f *testing.F) {
	registered := []string{"https://app.example/cb", "http://127.0.0.1/cb", "http://[::1]/cb?x=1", "http://localhost/cb", "com.example.app:/cb"}
	for _, seed := range append(registered, "http://127.0.0.1:80@evil.example/cb", "http://127.0.0.1:50123/cb", "http://localhost:/cb", "http://[::1]:1/cb?x=1") {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, uri string, public bool) {
		if !matchesRedirect(registered, uri, public) {
			return
		}
		got, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("accepted %q, which cannot be parsed: %v", uri, err)
		}
		for _, r := range registered {
			want, err := url.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			if got.Scheme != want.Scheme || got.Hostname() != want.Hostname() || got.Path != want.Path || got.RawQuery != want.RawQuery || got.User != nil || got.Fragment != "" {
				continue
			}
			if got.Port() != want.Port() && !isLoopback(got.Hostname()) {
				continue
			}
			to, err := url.Parse(withParams(uri, []param{{"code", "a&b"}, {"state", "#?=\r\n"}}, false))
			if err != nil || to.Hostname() != want.Hostname() || to.Query().Get("code") != "a&b" || to.Query().Get("state") != "#?=\r\n" {
				t.Fatalf("the answer to %q leads to %v (%v)", uri, to, err)
			}
			return
		}
		t.Fatalf("accepted %q, which is none of the registered", uri)
	})
}

// FuzzCheckRedirect: what may be registered can be parsed, runs nothing, and is matched by itself.
func FuzzCheckRedirect(f *testing.F) {
	for _, seed := range []string{"https://app.example/cb", "javascript:alert(1)", "com.example.app:/cb", "http://127.0.0.1/cb", "https:cb", "http://[::1]:x/"} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, uri string, public bool) {
		if checkRedirect(uri, public, false) != "" {
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.Scheme == "" || forbiddenScheme(u.Scheme) || u.User != nil || u.Fragment != "" {
			t.Fatalf("%q may be registered", uri)
		}
		if where, _ := placeOf(uri); where == placePlain || where == placeApp && !public {
			t.Fatalf("%q leads to %v", uri, where)
		}
		if !matchesRedirect([]string{uri}, uri, public) {
			t.Fatalf("%q does not match itself", uri)
		}
	})
}

// FuzzRowOf: what names a row is what was made for it, in one writing only.
func FuzzRowOf(f *testing.F) {
	f.Add("authd_rt_AZqMuPoPcxmR5ZpFj0xkzAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add(newValue(prefixRefresh, "019a8cb8-fa0f-7319-91e5-9a458f4c64cc"))
	f.Fuzz(func(t *testing.T, value string) {
		id := rowOf(prefixRefresh, value)
		if id == "" {
			return
		}
		if again := newValue(prefixRefresh, id); rowOf(prefixRefresh, again) != id || len(again) != len(value) {
			t.Fatalf("%q names the row %q, which is named by %q", value, id, again)
		}
	})
}
