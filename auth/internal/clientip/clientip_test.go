package clientip_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"authd/auth/internal/clientip"
)

func prefixes(t testing.TB, list ...string) []netip.Prefix {
	t.Helper()
	var p []netip.Prefix
	for _, text := range list {
		p = append(p, netip.MustParsePrefix(text))
	}
	return p
}

func request(peer string, headers ...string) *http.Request {
	r := &http.Request{RemoteAddr: peer, Header: http.Header{}}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestFrom(t *testing.T) {
	const xff = "X-Forwarded-For"
	for _, c := range []struct {
		rule    string
		peer    string
		headers []string
		want    string
	}{
		{"no proxy: the peer", "198.51.100.7:4711", nil, "198.51.100.7"},
		{"a stranger's header does not count", "198.51.100.7:4711", []string{xff, "1.2.3.4"}, "198.51.100.7"},
		{"behind a proxy", "127.0.0.1:4711", []string{xff, "203.0.113.9"}, "203.0.113.9"},
		{"what the client wrote itself does not count", "127.0.0.1:4711", []string{xff, "1.2.3.4, 203.0.113.9"}, "203.0.113.9"},
		{"behind two proxies", "127.0.0.1:4711", []string{xff, "1.2.3.4, 203.0.113.9, 10.1.1.1"}, "203.0.113.9"},
		{"several lines are one list", "127.0.0.1:4711", []string{xff, "1.2.3.4", xff, "203.0.113.9", xff, "10.1.1.1"}, "203.0.113.9"},
		{"the client is in our own network", "127.0.0.1:4711", []string{xff, "10.9.9.9, 10.1.1.1"}, "10.9.9.9"},
		{"a proxy without the header", "127.0.0.1:4711", nil, "127.0.0.1"},
		{"an empty header", "127.0.0.1:4711", []string{xff, ""}, "127.0.0.1"},
		{"what cannot be read ends the trust", "127.0.0.1:4711", []string{xff, "203.0.113.9, unknown, 10.1.1.1"}, "10.1.1.1"},
		{"an entry between two commas cannot be read", "127.0.0.1:4711", []string{xff, "203.0.113.9,,10.1.1.1"}, "10.1.1.1"},
		{"with a port", "127.0.0.1:4711", []string{xff, "203.0.113.9:80"}, "203.0.113.9"},
		{"IPv6", "[::1]:4711", []string{xff, "2001:db8::7"}, "2001:db8::7"},
		{"IPv6 in brackets", "[::1]:4711", []string{xff, "[2001:db8::7]"}, "2001:db8::7"},
		{"IPv6 in brackets with a port", "[::1]:4711", []string{xff, "[2001:db8::7]:80"}, "2001:db8::7"},
		{"a peer as IPv4 inside IPv6", "[::ffff:127.0.0.1]:4711", []string{xff, "203.0.113.9"}, "203.0.113.9"},
		{"a hop as IPv4 inside IPv6", "127.0.0.1:4711", []string{xff, "203.0.113.9, ::ffff:10.1.1.1"}, "203.0.113.9"},
		{"a peer with a zone", "[fe80::1%eth0]:4711", []string{xff, "203.0.113.9"}, "203.0.113.9"},
		{"an old notation cannot be read", "127.0.0.1:4711", []string{xff, "203.0.113.09"}, "127.0.0.1"},
		{"Forwarded is not honoured", "127.0.0.1:4711", []string{"Forwarded", "for=203.0.113.9"}, "127.0.0.1"},
		{"X-Real-IP is not honoured", "127.0.0.1:4711", []string{"X-Real-IP", "203.0.113.9"}, "127.0.0.1"},
		{"a platform's header is not honoured unasked", "127.0.0.1:4711", []string{"Fly-Client-IP", "203.0.113.9"}, "127.0.0.1"},
		{"no more than so many hops", "127.0.0.1:4711", []string{xff, "203.0.113.9" + strings.Repeat(", 10.1.1.1", 40)}, "10.1.1.1"},
		{"a Unix socket has no address", "@", []string{xff, "203.0.113.9"}, "invalid IP"},
		{"no peer", "", nil, "invalid IP"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r := clientip.New(prefixes(t, "127.0.0.0/8", "::1/128", "10.0.0.0/8", "fe80::/10"), "")
			if got := r.From(request(c.peer, c.headers...)); got.String() != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestFromAPlatformsHeader(t *testing.T) {
	const fly, xff = "Fly-Client-IP", "X-Forwarded-For"
	for _, c := range []struct {
		rule    string
		peer    string
		headers []string
		want    string
	}{
		{"from the platform's proxy", "172.16.3.2:4711", []string{fly, "203.0.113.9"}, "203.0.113.9"},
		{"before X-Forwarded-For", "172.16.3.2:4711", []string{fly, "203.0.113.9", xff, "1.2.3.4"}, "203.0.113.9"},
		{"without it X-Forwarded-For does not count", "172.16.3.2:4711", []string{xff, "1.2.3.4"}, "172.16.3.2"},
		{"a stranger's does not count", "198.51.100.7:4711", []string{fly, "203.0.113.9"}, "198.51.100.7"},
		{"two of them count for nothing", "172.16.3.2:4711", []string{fly, "203.0.113.9", fly, "1.2.3.4"}, "172.16.3.2"},
		{"a list counts for nothing", "172.16.3.2:4711", []string{fly, "203.0.113.9, 1.2.3.4"}, "172.16.3.2"},
		{"rubbish counts for nothing", "172.16.3.2:4711", []string{fly, "x"}, "172.16.3.2"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r := clientip.New(prefixes(t, "172.16.0.0/12"), fly)
			if got := r.From(request(c.peer, c.headers...)); got.String() != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestNobodyIsTrustedUnasked(t *testing.T) {
	if got := clientip.New(nil, "").From(request("127.0.0.1:1", "X-Forwarded-For", "203.0.113.9")); got.String() != "127.0.0.1" {
		t.Errorf("got %v", got)
	}
}

func TestLimitKey(t *testing.T) {
	for _, c := range []struct{ rule, address, want string }{
		{"IPv4", "203.0.113.9", "203.0.113.9"},
		{"IPv4 inside IPv6 is the same", "::ffff:203.0.113.9", "203.0.113.9"},
		{"IPv6 by /64", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"another address of the same /64", "2001:db8:1:2::1", "2001:db8:1:2::/64"},
		{"another /64", "2001:db8:1:3::1", "2001:db8:1:3::/64"},
		{"a zone does not count", "fe80::1%eth0", "fe80::/64"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if got := clientip.LimitKey(netip.MustParseAddr(c.address)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if got := clientip.LimitKey(netip.Addr{}); got != "unknown" {
		t.Errorf("no address: %s", got)
	}
}

func FuzzFrom(f *testing.F) {
	f.Add("127.0.0.1:1", "1.2.3.4, 203.0.113.9", "10.1.1.1", "203.0.113.9")
	f.Add("[::1]:1", "[2001:db8::1]:80,[", ",,", "x")
	f.Add("@", "[]", "[:", "]:1")
	f.Fuzz(func(t *testing.T, peer, first, second, own string) {
		trusted := prefixes(t, "127.0.0.0/8", "::1/128", "10.0.0.0/8")
		r := request(peer, "X-Forwarded-For", first, "X-Forwarded-For", second, "Fly-Client-IP", own)
		for _, header := range []string{"", "Fly-Client-IP"} {
			got := clientip.New(trusted, header).From(r)
			if got.Is4In6() || got.Zone() != "" {
				t.Errorf("%v is not in its plain form", got)
			}
			if clientip.LimitKey(got) == "" {
				t.Error("no key")
			}
			bare := clientip.New(nil, header).From(r)
			proxy := false
			for _, p := range trusted {
				proxy = proxy || p.Contains(bare)
			}
			if !proxy && got != bare {
				t.Errorf("a stranger at %v passes for %v", bare, got)
			}
		}
	})
}

func BenchmarkFrom(b *testing.B) {
	r := clientip.New(prefixes(b, "127.0.0.0/8", "::1/128"), "")
	behind := request("127.0.0.1:4711", "X-Forwarded-For", "1.2.3.4, 203.0.113.9")
	b.ReportAllocs()
	for b.Loop() {
		r.From(behind)
	}
}
