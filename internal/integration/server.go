package integration

import (
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/model"
)

// defaultServer is the server that a document suggests, the variables of its URL at their defaults.
func defaultServer(servers []model.Server, origin string) Server {
	return documentServer(servers, origin, nil)
}

// documentServer returns the first of a document's servers that can be used. If there is none the host is empty.
func documentServer(servers []model.Server, origin string, variables map[string]jsontext.Value) Server {
	if len(servers) == 0 { // OpenAPI 3.1, 4.8.1: the default is a server of "/"
		servers = []model.Server{{URL: "/"}}
	}
	for _, s := range servers {
		u, err := url.Parse(resolve(substituted(s, variables), origin))
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && !strings.ContainsAny(u.Hostname(), "{} ") {
			port, _ := strconv.Atoi(u.Port())
			return Server{Protocol: u.Scheme, Host: u.Hostname(), Port: port, BasePath: strings.TrimSuffix(u.EscapedPath(), "/")}
		}
	}
	s := Server{Protocol: "https"}
	if u, err := url.Parse(substituted(servers[0], variables)); err == nil { // a relative one without an origin: its path is known
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

// substituted is the server's URL with its variables replaced by the given values, or else their defaults (OpenAPI 3.2, 4.6).
// One that is not declared is replaced too, if there is a value for it.
func substituted(s model.Server, variables map[string]jsontext.Value) string {
	return placeholder.ReplaceAllStringFunc(s.URL, func(match string) string {
		name := match[1 : len(match)-1]
		if text, ok := variableText(variables[name]); ok {
			return text
		}
		if v, ok := s.Variables[name]; ok {
			return v.Default
		}
		return match
	})
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// variableText is the value of a variable as it stands in a URL: a text or number that is not empty.
func variableText(raw jsontext.Value) (string, bool) {
	switch raw.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, raw)
		return string(text), err == nil && len(text) > 0
	case '0':
		return string(raw), true
	}
	return "", false
}

// checkVariables refuses a value that the document does not allow for a variable of its servers.
func checkVariables(servers []model.Server, variables map[string]jsontext.Value) error {
	for _, s := range servers {
		for _, name := range slices.Sorted(maps.Keys(s.Variables)) {
			v := s.Variables[name]
			text, given := variableText(variables[name])
			if given && len(v.Enum) > 0 && !slices.Contains(v.Enum, text) && strings.Contains(s.URL, "{"+name+"}") {
				return fault.New(fault.Invalid, "variables.%s is %q, and the server's URL takes %s", name, text, strings.Join(v.Enum, ", ")).
					WithHint("carnet integration set NAME variables.%s=%s, or set server.host and server.base_path", name, v.Enum[0])
			}
		}
	}
	return nil
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

// url is what paths of operations are appended to. fault.Invalid if the host has not been filled in.
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

// BaseURL is where operations go that say nothing of their own. fault.Invalid if the host has not been filled in.
func (s Settings) BaseURL(m *model.Model) (*url.URL, error) {
	return s.OperationURL(m, &model.Operation{})
}

// OperationURL returns the base URL of one operation. Where the integration's server is as the document suggests, the variables
// of the server's URL have the integration's values, and an operation's or path's own servers count (OpenAPI 3.2, 4.10). Where
// the host was changed, only the path of such a server counts, if that is all it says. fault.Conflict if the document leads to a host
// that the settings do not know (failure mode 46).
func (s Settings) OperationURL(m *model.Model, op *model.Operation) (*url.URL, error) {
	suggested := defaultServer(m.Servers, m.Origin)
	if s.Server.Protocol != suggested.Protocol || s.Server.Host != suggested.Host || s.Server.Port != suggested.Port {
		server := s.Server
		if path, ok := ownPath(op.Servers, s.Variables); ok {
			server.BasePath = path
		}
		if own := documentServer(op.Servers, m.Origin, s.Variables); suggested.Host == "" && len(op.Servers) > 0 && own.Host != "" {
			if err := s.Server.admits(op, m); err != nil {
				return nil, err
			}
			server = own // the document only left out where everything else is
		}
		return server.url()
	}
	servers := m.Servers
	own := len(op.Servers) > 0 && documentServer(op.Servers, m.Origin, s.Variables).Host != ""
	if own {
		if err := s.Server.admits(op, m); err != nil {
			return nil, err
		}
		servers = op.Servers
	}
	if err := checkVariables(servers, s.Variables); err != nil {
		return nil, err
	}
	server := documentServer(servers, m.Origin, s.Variables)
	if path, ok := ownPath(op.Servers, s.Variables); ok && !own {
		server.BasePath = path // nobody knows where the document came from
	}
	if s.Server.BasePath != suggested.BasePath && len(op.Servers) == 0 {
		server.BasePath = s.Server.BasePath
	}
	return server.url()
}

// admits refuses an operation whose own server is on a host that credentials may not go to. Which host is what the document says by
// itself: a variable's value is the settings' own.
func (s Server) admits(op *model.Operation, m *model.Model) error {
	own := defaultServer(op.Servers, m.Origin)
	if s.knows(own) {
		return nil
	}
	hosts := strings.TrimSpace(s.OperationHosts + " " + own.authority())
	return fault.New(fault.Conflict, "by the document this operation now goes to %s, where this integration's credentials have not been; its server is %s",
		own.authority(), s.authority()).WithHint("if that is right: carnet integration set NAME server.operation_hosts=%q", hosts)
}

// ownPath is the path of a server's URL that says nothing else.
func ownPath(servers []model.Server, variables map[string]jsontext.Value) (string, bool) {
	if len(servers) == 0 {
		return "", false
	}
	u, err := url.Parse(substituted(servers[0], variables))
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") {
		return "", false
	}
	return strings.TrimSuffix(u.EscapedPath(), "/"), true
}
