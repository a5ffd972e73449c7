package integration

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/model"
)

// defaultServer returns the first of a document's servers that can be used. If there is none the host is empty.
func defaultServer(servers []model.Server, origin string) Server {
	if len(servers) == 0 { // OpenAPI 3.1, 4.8.1: the default is a server of "/"
		servers = []model.Server{{URL: "/"}}
	}
	for _, s := range servers {
		u, err := url.Parse(resolve(substituted(s), origin))
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && !strings.ContainsAny(u.Hostname(), "{} ") {
			port, _ := strconv.Atoi(u.Port())
			return Server{Protocol: u.Scheme, Host: u.Hostname(), Port: port, BasePath: strings.TrimSuffix(u.EscapedPath(), "/")}
		}
	}
	s := Server{Protocol: "https"}
	if u, err := url.Parse(substituted(servers[0])); err == nil { // a relative one without an origin: its path is known
		s.BasePath = strings.TrimSuffix(u.EscapedPath(), "/")
	}
	return s
}

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

// substituted is the server's URL with its variables replaced by their defaults.
func substituted(s model.Server) string {
	u := s.URL
	for name, v := range s.Variables {
		u = strings.ReplaceAll(u, "{"+name+"}", v.Default)
	}
	return u
}

// resolve makes a URL absolute by the place that the document came from; without one it stays as it is.
func resolve(ref, origin string) string {
	base, err := url.Parse(origin)
	if err != nil || base.Host == "" {
		if strings.HasPrefix(ref, "//") {
			return "https:" + ref
		}
		return ref
	}
	u, err := base.Parse(ref)
	if err != nil {
		return ref
	}
	return u.String()
}

// absolute is resolve, or "" if that makes no URL that can be asked.
func absolute(ref, origin string) string {
	if ref == "" {
		return ""
	}
	u := resolve(strings.TrimSpace(ref), origin)
	if checkURL(u) != "" {
		return ""
	}
	return u
}

// checkURL says what is wrong with the URL of an endpoint; "" if nothing is.
func checkURL(text string) string {
	if strings.Contains(text, "${") {
		if _, err := expand.Parse(text); err != nil {
			return "is no template: " + err.Error()
		}
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return "has to begin with http:// or https://"
	case u.Hostname() == "":
		return "names no host"
	case u.User != nil:
		return "must not hold a name or password"
	case u.Fragment != "":
		return "must not have a fragment"
	}
	return ""
}

// BaseURL returns the URL that paths of operations are appended to. fault.Invalid if the host has not been filled in.
func (s Settings) BaseURL() (*url.URL, error) { return s.Server.url() }

func (s Server) url() (*url.URL, error) {
	if s.Host == "" {
		return nil, fault.New(fault.Invalid, "server.host is empty: the document does not say where the API is").
			WithHint("carnet integration set NAME server.host=api.example.com")
	}
	host := s.Host
	if s.Port != 0 {
		host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(s.Port))
	} else if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		host = "[" + host + "]"
	}
	u, err := url.Parse(s.Protocol + "://" + host + prefixed(s.BasePath))
	if err != nil {
		return nil, fault.New(fault.Invalid, "server makes no URL").WithHint("check server.host and server.base_path")
	}
	return u, nil
}

// prefixed is a base path as it stands in a URL.
func prefixed(path string) string {
	path = strings.TrimSuffix(path, "/")
	if path != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path
}

// OperationURL returns the base URL of one operation: its own server's if the document gives it one and the integration's server
// still is the document's, else the integration's. fault.Conflict if that is on a host that the settings do not know (failure mode
// 46).
func (s Settings) OperationURL(m *model.Model, op *model.Operation) (*url.URL, error) {
	documented := defaultServer(m.Servers, m.Origin)
	documented.OperationHosts = s.Server.OperationHosts
	if len(op.Servers) > 0 && s.Server == documented {
		own := defaultServer(op.Servers, m.Origin)
		if own.Host != "" && !s.Server.knows(own) {
			hosts := strings.TrimSpace(s.Server.OperationHosts + " " + own.authority())
			return nil, fault.New(fault.Conflict, "by the document this operation now goes to %s, where this integration's credentials have not been; its server is %s",
				own.authority(), s.Server.authority()).WithHint("if that is right: carnet integration set NAME server.operation_hosts=%q", hosts)
		}
		if own.Host != "" {
			return own.url()
		}
	}
	return s.BaseURL()
}
