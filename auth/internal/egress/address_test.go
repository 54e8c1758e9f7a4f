package egress

import (
	"net/netip"
	"testing"
)

func TestIsPublic(t *testing.T) {
	for _, c := range []struct {
		address string
		public  bool
		what    string
	}{
		{"1.1.1.1", true, "a resolver"},
		{"93.184.215.14", true, "a web server"},
		{"100.63.255.255", true, "just below carrier-grade NAT"},
		{"100.128.0.0", true, "just above carrier-grade NAT"},
		{"172.15.255.255", true, "just below private"},
		{"172.32.0.0", true, "just above private"},
		{"192.169.0.1", true, "just above private"},
		{"198.20.0.0", true, "just above benchmarks"},
		{"223.255.255.255", true, "just below multicast"},
		{"0.0.0.0", false, "unspecified"},
		{"0.1.2.3", false, "this network"},
		{"127.0.0.1", false, "loopback"},
		{"127.255.255.254", false, "loopback, the far end"},
		{"10.0.0.1", false, "private"},
		{"172.16.0.1", false, "private"},
		{"172.31.255.255", false, "private, the far end"},
		{"192.168.1.1", false, "private"},
		{"169.254.169.254", false, "metadata of AWS, GCP, Azure, Fly"},
		{"169.254.170.2", false, "metadata of ECS"},
		{"100.100.100.200", false, "metadata of Alibaba"},
		{"192.0.0.192", false, "metadata of Oracle"},
		{"168.63.129.16", false, "platform of Azure"},
		{"100.64.0.1", false, "carrier-grade NAT"},
		{"100.127.255.255", false, "carrier-grade NAT, the far end"},
		{"192.0.2.1", false, "documentation"},
		{"198.51.100.1", false, "documentation"},
		{"203.0.113.1", false, "documentation"},
		{"192.88.99.1", false, "6to4 relay"},
		{"198.18.0.1", false, "benchmarks"},
		{"198.19.255.255", false, "benchmarks, the far end"},
		{"224.0.0.1", false, "multicast"},
		{"239.255.255.255", false, "multicast, the far end"},
		{"240.0.0.1", false, "reserved"},
		{"255.255.255.255", false, "broadcast"},
		{"2606:4700:4700::1111", true, "a resolver"},
		{"2a00:1450:4001::1", true, "a web server"},
		{"::", false, "unspecified"},
		{"::1", false, "loopback"},
		{"::7f00:1", false, "IPv4-compatible loopback"},
		{"::ffff:127.0.0.1", false, "IPv4-mapped loopback"},
		{"::ffff:10.0.0.1", false, "IPv4-mapped private"},
		{"::ffff:169.254.169.254", false, "IPv4-mapped metadata"},
		{"::ffff:1.1.1.1", true, "IPv4-mapped public"},
		{"::ffff:0:127.0.0.1", false, "IPv4-translated loopback"},
		{"64:ff9b::7f00:1", false, "NAT64 of loopback"},
		{"64:ff9b::a9fe:a9fe", false, "NAT64 of metadata"},
		{"64:ff9b::a00:1", false, "NAT64 of private"},
		{"64:ff9b::101:101", true, "NAT64 of public"},
		{"64:ff9b:1::101:101", false, "NAT64 of local use"},
		{"2002:7f00:1::", false, "6to4 of loopback"},
		{"2002:a9fe:a9fe::1", false, "6to4 of metadata"},
		{"2002:101:101::1", false, "6to4 of anything"},
		{"2001::1", false, "Teredo"},
		{"2001:0:7f00:1::", false, "Teredo"},
		{"2001:2::1", false, "benchmarks"},
		{"2001:10::1", false, "ORCHID"},
		{"2001:20::1", false, "ORCHIDv2"},
		{"2001:db8::1", false, "documentation"},
		{"3fff::1", false, "documentation"},
		{"fc00::1", false, "unique local"},
		{"fd00:ec2::254", false, "metadata of AWS"},
		{"fdaa:0:1::3", false, "Fly's private network"},
		{"fe80::1", false, "link-local"},
		{"fe80::1%eth0", false, "link-local with a zone"},
		{"2606:4700:4700::1111%eth0", false, "public with a zone"},
		{"fec0::1", false, "site-local"},
		{"ff02::1", false, "multicast"},
		{"100::1", false, "discard"},
		{"5f00::1", false, "segment routing"},
		{"4000::1", false, "unassigned"},
	} {
		t.Run(c.address+", "+c.what, func(t *testing.T) {
			if got := isPublic(netip.MustParseAddr(c.address)); got != c.public {
				t.Errorf("got %v", got)
			}
		})
	}
	if isPublic(netip.Addr{}) {
		t.Error("the zero address is public")
	}
}

func FuzzIsPublic(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1})
	f.Add([]byte{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := netip.AddrFromSlice(b)
		if !ok || !isPublic(a) {
			return
		}
		// What the standard library knows to be special must never pass.
		if a = a.Unmap(); a.IsLoopback() || a.IsPrivate() || a.IsMulticast() || a.IsUnspecified() || a.IsLinkLocalUnicast() || !a.IsGlobalUnicast() {
			t.Errorf("%s passes for public", a)
		}
	})
}
