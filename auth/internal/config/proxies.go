package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// Proxies says whose word about the client's address counts.
type Proxies struct {
	Prefixes []netip.Prefix
	// Header carries the client's address instead of X-Forwarded-For, where the
	// platform sets one that clients cannot forge. Empty otherwise.
	Header string
}

// Proxies resolves trusted_proxies, which Load has checked.
func (c *Config) Proxies() Proxies {
	proxies, _ := ParseProxies(c.TrustedProxies)
	return proxies
}

// Trusts says whether an address is one of the proxies.
func (p Proxies) Trusts(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	for _, prefix := range p.Prefixes {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// ParseProxies reads addresses, networks and the names of presets. Its error is the entry that is none.
func ParseProxies(list []string) (Proxies, error) {
	var proxies Proxies
	for _, entry := range list {
		if entry == "none" {
			continue
		}
		networks := preset(entry)
		if networks == nil {
			networks = []string{entry}
		}
		if entry == "fly" {
			proxies.Header = "Fly-Client-IP"
		}
		for _, network := range networks {
			prefix, err := parsePrefix(network)
			if err != nil {
				return Proxies{}, fmt.Errorf("%q", entry)
			}
			proxies.Prefixes = append(proxies.Prefixes, prefix)
		}
	}
	return proxies, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		prefix, err := netip.ParsePrefix(text)
		return prefix.Masked(), err
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	address = address.Unmap().WithZone("")
	return address.Prefix(address.BitLen())
}

// preset gives the networks behind a name, or nil.
func preset(name string) []string {
	switch name {
	case "loopback":
		return []string{"127.0.0.0/8", "::1"}
	case "private":
		return []string{"127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"}
	case "fly":
		// The proxy reaches a machine over its private interface; nothing else outside does.
		return []string{"127.0.0.0/8", "::1", "172.16.0.0/12", "fdaa::/16"}
	case "cloudflare":
		// As published at https://www.cloudflare.com/ips/.
		return []string{
			"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18",
			"108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17",
			"162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
			"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32",
			"2a06:98c0::/29", "2c0f:f248::/32",
		}
	default:
		return nil
	}
}
