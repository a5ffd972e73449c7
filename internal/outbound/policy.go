package outbound

import (
	"net/netip"
	"slices"
	"strings"

	"carnet.dev/carnet/fault"
)

// A Policy says where requests may go. Deny counts before Allow; an empty Allow allows all that is not denied. Loopback and
// private networks are allowed unless denied, for that is where many of the machines are that people automate; link-local
// addresses and cloud metadata services are refused whatever the policy says (failure modes 30 and 46).
type Policy struct{ Allow, Deny []netip.Prefix }

// never are the addresses that no request may go to.
var never = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),     // link-local, and the metadata services of most clouds
	netip.MustParsePrefix("100.100.100.200/32"), // metadata
	netip.MustParsePrefix("168.63.129.16/32"),   // metadata
	netip.MustParsePrefix("192.0.0.192/32"),     // metadata
	netip.MustParsePrefix("224.0.0.0/4"),
	netip.MustParsePrefix("255.255.255.255/32"),
	netip.MustParsePrefix("::/128"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("fd00:ec2::254/128"), // metadata, like the next ones
	netip.MustParsePrefix("fd20:ce::254/128"),
	netip.MustParsePrefix("fd00:42::42/128"),
	netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"),
	netip.MustParsePrefix("ff00::/8"),
}

// Prefixes of IPv6 addresses that lead to an IPv4 address, and where that stands in them.
var embedding = map[netip.Prefix]int{
	netip.MustParsePrefix("::/96"):        12, // IPv4-compatible, deprecated
	netip.MustParsePrefix("64:ff9b::/96"): 12, // NAT64 (RFC 6052)
	netip.MustParsePrefix("2002::/16"):    2,  // 6to4 (RFC 3056)
}

// Check returns fault.Denied if no request may go to the address.
func (p Policy) Check(address netip.Addr) error {
	for _, a := range meant(address.Unmap().WithZone("")) {
		switch {
		case within(a, never):
			return fault.New(fault.Denied, "requests to %s are never allowed: it is a link-local or metadata address", a).
				WithHint("check the URL")
		case within(a, p.Deny), len(p.Allow) > 0 && !within(a, p.Allow):
			return fault.New(fault.Denied, "the egress policy does not allow requests to %s", a).
				WithHint("an operator can change it (carnet serve --egress-allow, --egress-deny)")
		}
	}
	return nil
}

// metadataNames are names of metadata services. Behind a proxy nobody here sees their addresses.
var metadataNames = []string{
	"metadata", "metadata.google.internal", "metadata.goog", "metadata.azure.internal", "metadata.tencentyun.com",
	"instance-data", "instance-data.ec2.internal",
}

// CheckHost returns fault.Denied if no request may go to a host, as far as its name tells.
func (p Policy) CheckHost(name string) error {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if address, err := netip.ParseAddr(name); err == nil {
		return p.Check(address)
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case slices.Contains(metadataNames, name):
		return fault.New(fault.Denied, "requests to %s are never allowed: it is a metadata service", name).WithHint("check the URL")
	case last != "" && last[0] >= '0' && last[0] <= '9': // 2852039166, 0xa9fea9fe and 0251.0376.0251.0376 are addresses to some
		return fault.New(fault.Denied, "%s is neither a host's name nor an address as it is commonly written", name).
			WithHint("write an address as in 192.0.2.1")
	}
	return nil
}

// meant returns the address, and the IPv4 address that it leads to.
func meant(a netip.Addr) []netip.Addr {
	all := []netip.Addr{a}
	if !a.Is6() || a == netip.IPv6Loopback() {
		return all
	}
	b := a.As16()
	for prefix, at := range embedding {
		if prefix.Contains(a) {
			all = append(all, netip.AddrFrom4([4]byte(b[at:at+4])))
		}
	}
	return all
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
