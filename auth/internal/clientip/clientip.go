// Package clientip finds the address that a request came from.
//
// Headers about it can be written by anybody, so they count only when the
// connection comes from a proxy that the configuration trusts, and only as far
// as that proxy vouches for them. The package must not decide anything by an
// address: it is for limits, for the log and for people to recognise their
// sessions. Other X-Forwarded headers, and RFC 7239's Forwarded, are honoured
// nowhere: authd knows its own URL, and a proxy that sets only one of two
// headers passes the other one on as its client wrote it.
package clientip

import (
	"net/http"
	"net/netip"
	"strings"
)

// Resolver knows the trusted proxies.
type Resolver struct {
	trusted []netip.Prefix
	header  string
}

// maxHops is how many entries of X-Forwarded-For are looked at, from the right.
const maxHops = 32

// New makes a Resolver. A platform whose proxy puts the client's address, and
// nothing else, into a header of its own is named by that header, such as
// Fly-Client-IP; X-Forwarded-For does not count then. With "" it does.
func New(trusted []netip.Prefix, header string) *Resolver {
	return &Resolver{trusted: trusted, header: header}
}

// From is the address of the client: the peer of the connection or, when that is
// a trusted proxy, the nearest hop before it that is not one. Where the header
// cannot be read, it is the last address that could. It is the zero address when
// the connection has none, as on a Unix socket.
func (r *Resolver) From(request *http.Request) netip.Addr {
	peer, ok := parse(request.RemoteAddr)
	if !ok || !r.trusts(peer) {
		return peer
	}
	if r.header != "" {
		return single(request.Header.Values(r.header), peer)
	}
	return r.nearest(request.Header.Values("X-Forwarded-For"), peer)
}

// LimitKey is the part of an address that is counted: all of IPv4, and of IPv6
// the /64 that one connection has to itself.
func LimitKey(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid():
		return "unknown"
	case a.Is4():
		return a.String()
	}
	prefix, _ := a.Prefix(64) // an error is of a length beyond 128
	return prefix.String()
}

// single reads a header of one address.
func single(values []string, peer netip.Addr) netip.Addr {
	if len(values) != 1 {
		return peer
	}
	if a, ok := parse(values[0]); ok {
		return a
	}
	return peer
}

// nearest goes through the hops from the right, where the last proxy has written
// its peer, to the left, as long as what stands there was written by a trusted
// proxy. Several lines of the header are one list (RFC 9110 §5.3).
func (r *Resolver) nearest(values []string, peer netip.Addr) netip.Addr {
	nearest := peer
	hops := 0
	for i := len(values) - 1; i >= 0; i-- {
		rest, more := values[i], true
		for more {
			var hop string
			hop, rest, more = cutLast(rest)
			a, ok := parse(hop)
			if hops++; !ok || hops > maxHops {
				return nearest
			}
			if nearest = a; !r.trusts(a) {
				return a
			}
		}
	}
	return nearest // all of them are proxies: the client is in our own network
}

// cutLast takes the last entry off a list, so that a long list is not split for
// the sake of its end.
func cutLast(list string) (last, rest string, more bool) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return list, "", false
	}
	return list[i+1:], list[:i], true
}

func (r *Resolver) trusts(a netip.Addr) bool {
	for _, p := range r.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// parse reads an address as connections and proxies write it: alone, in
// brackets, with a port. IPv4 inside IPv6 is IPv4, and a zone, which means
// something on one machine only, is dropped.
func parse(text string) (netip.Addr, bool) {
	text = strings.Trim(text, " \t")
	inner, bracket := strings.CutPrefix(text, "[")
	var a netip.Addr
	var err error
	switch {
	case bracket && strings.HasSuffix(inner, "]"):
		a, err = netip.ParseAddr(strings.TrimSuffix(inner, "]"))
	case bracket || strings.Count(text, ":") == 1:
		var at netip.AddrPort
		at, err = netip.ParseAddrPort(text)
		a = at.Addr()
	default:
		a, err = netip.ParseAddr(text)
	}
	return a.Unmap().WithZone(""), err == nil
}
