package openapi

import (
	"strings"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

// allServers are the document's servers. Those of OpenAPI 2.0 in a document of 3.x count if it has no others, and the reverse.
func (r *reader) allServers() []model.Server {
	if r.two {
		if own := r.host(); len(own) > 0 {
			return own
		}
		foreign := r.servers(r.root)
		if len(foreign) > 0 {
			r.report(foreignWord, in(r.root.Get("servers")), "is a word of OpenAPI 3; read as that")
		}
		return foreign
	}
	if own := r.servers(r.root); len(own) > 0 {
		return own
	}
	foreign := r.host()
	for _, word := range []string{"host", "basePath"} {
		if at := r.root.Get(word); len(foreign) > 0 && at.Exists() {
			r.report(foreignWord, in(at), "is a word of OpenAPI 2.0; a server was made of it")
		}
	}
	return foreign
}

// servers reads the `servers` of a document, path item or operation; nil if it has none.
func (r *reader) servers(of tree.Value) []model.Server {
	list := of.Get("servers")
	if list.Kind() == '{' { // one alone
		r.report(structure, in(list), "is not a list; taken as a list of one")
		if s, ok := r.server(list); ok {
			return []model.Server{s}
		}
		return nil
	}
	var servers []model.Server
	for v := range list.Items() {
		if s, ok := r.server(v); ok {
			servers = append(servers, s)
		}
	}
	return servers
}

func (r *reader) server(v tree.Value) (model.Server, bool) {
	if v = r.deref(v); v.Get("url").Kind() != '"' {
		if v.Exists() {
			r.report(serverURL, in(v), "has no url; left out")
		}
		return model.Server{}, false
	}
	s := model.Server{URL: r.serverURL(v.Get("url")), Name: v.Get("name").Text(), Description: v.Get("description").Text()}
	for name, v := range v.Get("variables").Members() {
		if s.Variables == nil {
			s.Variables = map[string]model.ServerVariable{}
		}
		variable := model.ServerVariable{Default: scalar(v.Get("default")), Description: v.Get("description").Text()}
		for choice := range v.Get("enum").Items() {
			variable.Enum = append(variable.Enum, scalar(choice))
		}
		if variable.Default == "" && len(variable.Enum) > 0 {
			variable.Default = variable.Enum[0]
			r.report(serverVariable, in(v), "has no default; its first value, %s, was taken", quote(variable.Default))
		}
		s.Variables[name] = variable
	}
	for _, name := range placeholders(s.URL) {
		if _, known := s.Variables[name]; !known {
			r.report(serverVariable, in(v.Get("url")), "the variable {%s} is not declared; an integration has to say it", name)
		}
	}
	return s, true
}

// serverURL puts a protocol before what is a host and not a path: taken as it stands, it would be one (RFC 3986 5.2).
func (r *reader) serverURL(v tree.Value) string {
	text := strings.TrimSpace(v.Text())
	host, _, _ := strings.Cut(text, "/")
	name, port, _ := strings.Cut(host, ":")
	switch {
	case strings.HasPrefix(text, "//") && r.source.Origin == "":
		text = "https:" + text
	case strings.Contains(text, "://"), strings.HasPrefix(host, "."), strings.Contains(host, "{"):
		return text
	case name == "localhost" && strings.Trim(port, "0123456789") == "":
		text = "http://" + text
	case strings.Contains(name, ".") && strings.Trim(port, "0123456789") == "":
		text = "https://" + text
	default:
		return text
	}
	r.report(serverURL, in(v), "has no protocol; taken as %s", quote(text))
	return text
}

// host makes servers of OpenAPI 2.0's schemes, host and basePath, https first.
func (r *reader) host() []model.Server {
	host, base := strings.TrimSpace(r.root.Get("host").Text()), strings.TrimSpace(r.root.Get("basePath").Text())
	if base != "" && !strings.HasPrefix(base, "/") {
		base = "/" + base
	}
	if host == "" {
		if base == "" {
			return nil
		}
		return []model.Server{{URL: base}}
	}
	if scheme, rest, found := strings.Cut(host, "://"); found { // a common mistake
		r.report(serverURL, in(r.root.Get("host")), "holds a protocol, which belongs in schemes")
		return []model.Server{{URL: scheme + "://" + strings.TrimSuffix(rest, "/") + base}}
	}
	host = strings.TrimSuffix(host, "/")
	var servers []model.Server
	for scheme := range r.root.Get("schemes").Items() {
		server := model.Server{URL: strings.ToLower(scheme.Text()) + "://" + host + base}
		switch strings.ToLower(scheme.Text()) {
		case "https":
			servers = append([]model.Server{server}, servers...)
		case "http":
			servers = append(servers, server)
		}
	}
	if len(servers) == 0 {
		servers = []model.Server{{URL: "https://" + host + base}}
	}
	return servers
}
