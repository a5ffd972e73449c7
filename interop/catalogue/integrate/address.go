package integrate

import (
	"net/url"
	"strings"
)

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// originOf is the part of a rewritten URL up to the host of the service, which is its path's first segment.
func originOf(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	parts := strings.SplitN(rest, "/", 3)
	return scheme + "://" + parts[0] + "/" + parts[1]
}
