package egress

import (
	"fmt"
	"net/netip"
)

// checkPublic refuses an address that is not of the public internet.
func checkPublic(a netip.Addr) error {
	if !isPublic(a) {
		return fmt.Errorf("%w: %s is not public", ErrForbidden, a)
	}
	return nil
}

// isPublic says whether an address belongs to the public internet: neither the
// machine, its network or its provider, nor a form that wraps such an address.
func isPublic(a netip.Addr) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap() // ::ffff:0:0/96 reaches the IPv4 address (RFC 4291 §2.5.5.2)
	if a.Is4() {
		return !within(a, special4())
	}
	if mapped, ok := nat64(a); ok {
		return isPublic(mapped)
	}
	// Only 2000::/3 is global unicast (RFC 4291 §2.4).
	return netip.MustParsePrefix("2000::/3").Contains(a) && !within(a, special6())
}

// nat64 is the IPv4 address that a translator makes of an address with the
// well-known prefix (RFC 6052 §2.1). In a network of IPv6 alone, DNS64 gives
// such addresses for all that is public on IPv4.
func nat64(a netip.Addr) (netip.Addr, bool) {
	if !netip.MustParsePrefix("64:ff9b::/96").Contains(a) {
		return netip.Addr{}, false
	}
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[12:])), true
}

func within(a netip.Addr, list []string) bool {
	for _, text := range list {
		if netip.MustParsePrefix(text).Contains(a) {
			return true
		}
	}
	return false
}

// special4 lists what the IANA IPv4 Special-Purpose Address Registry (RFC 6890)
// does not call globally reachable, and what else is not the internet.
func special4() []string {
	return []string{
		"0.0.0.0/8",        // this network, and this machine on Linux
		"10.0.0.0/8",       // private
		"100.64.0.0/10",    // carrier-grade NAT; Alibaba's metadata 100.100.100.200
		"127.0.0.0/8",      // loopback
		"168.63.129.16/32", // Azure's platform services, though it looks public
		"169.254.0.0/16",   // link-local; metadata 169.254.169.254
		"172.16.0.0/12",    // private
		"192.0.0.0/24",     // protocol assignments; Oracle's metadata 192.0.0.192
		"192.0.2.0/24",     // documentation
		"192.31.196.0/24",  // AS112
		"192.52.193.0/24",  // AMT
		"192.88.99.0/24",   // 6to4 relays
		"192.168.0.0/16",   // private
		"192.175.48.0/24",  // AS112
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"224.0.0.0/4",      // multicast
		"240.0.0.0/4",      // reserved, broadcast
	}
}

// special6 does the same inside 2000::/3.
func special6() []string {
	return []string{
		"2001::/23",         // protocol assignments: Teredo, ORCHID, benchmarks
		"2001:db8::/32",     // documentation
		"2002::/16",         // 6to4: wraps any IPv4 address
		"2620:4f:8000::/48", // AS112
		"3fff::/20",         // documentation
	}
}
