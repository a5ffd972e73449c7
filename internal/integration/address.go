package integration

import (
	"net"
	"strconv"
	"strings"
)

// Address is the server as people read it; "" if it is still to be filled in.
func (s Server) Address() string {
	if s.Host == "" {
		return ""
	}
	host := s.Host
	switch {
	case s.Port != 0:
		host = net.JoinHostPort(host, strconv.Itoa(s.Port))
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return s.Protocol + "://" + host + s.BasePath
}
