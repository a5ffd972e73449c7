package openapi

import (
	"strings"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

// servers reads the `servers` of a document, path item or operation; nil if it has none.
func (r *reader) servers(of tree.Value, pointer string) []model.Server {
	var servers []model.Server
	for s := range of.Get("servers").Items() {
		if s.Get("url").Kind() != '"' {
			r.warn(pointer+"/servers", "has an entry without a url; left out")
			continue
		}
		server := model.Server{URL: strings.TrimSpace(s.Get("url").Text()), Description: s.Get("description").Text()}
		for name, v := range s.Get("variables").Members() {
			if server.Variables == nil {
				server.Variables = map[string]model.ServerVariable{}
			}
			variable := model.ServerVariable{Default: scalar(v.Get("default")), Description: v.Get("description").Text()}
			for choice := range v.Get("enum").Items() {
				variable.Enum = append(variable.Enum, scalar(choice))
			}
			server.Variables[name] = variable
		}
		servers = append(servers, server)
	}
	return servers
}

// host makes servers of OpenAPI 2.0's schemes, host and basePath, https first.
func (r *reader) host() []model.Server {
	host, base := r.root.Get("host").Text(), r.root.Get("basePath").Text()
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
		r.warn("/host", "holds a protocol, which belongs in schemes")
		return []model.Server{{URL: scheme + "://" + strings.TrimSuffix(rest, "/") + base}}
	}
	var servers []model.Server
	for scheme := range r.root.Get("schemes").Items() {
		server := model.Server{URL: scheme.Text() + "://" + host + base}
		switch scheme.Text() {
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
