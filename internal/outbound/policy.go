package outbound

import (
	"net/netip"

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
	netip.MustParsePrefix("fd00:ec2::254/128"), // metadata
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
