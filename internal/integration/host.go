package integration

import (
	"net/url"
	"slices"
	"strings"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
)

// Where credentials go is what the settings say. They take it over from the document when they are made; a document that says
// something else later changes none of them, until a person writes it into them (failure mode 46).

// hostOf is the host of a URL as a person knows it: with the port, unless that is the protocol's; "" if it has none.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return ""
	}
	if u.Port() == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		return strings.ToLower(u.Hostname())
	}
	return strings.ToLower(u.Host)
}

// operationHosts are the hosts to which single operations go by the document, beside that of the server.
func operationHosts(m *model.Model, server Server) string {
	var hosts []string
	for _, s := range m.OperationServers {
		own := defaultServer([]model.Server{s}, m.Origin)
		if host := own.authority(); own.Host != "" && host != server.authority() {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts)
	return strings.Join(slices.Compact(hosts), " ")
}

// authority is the host of a server as hostOf writes it.
func (s Server) authority() string {
	u, err := s.url()
	if err != nil {
		return ""
	}
	return hostOf(u.String())
}

// knows reports whether credentials may go to another server.
func (s Server) knows(other Server) bool {
	host := other.authority()
	return host == s.authority() || slices.Contains(strings.Fields(strings.ToLower(s.OperationHosts)), host)
}

// holdsSecrets reports whether there is something that must not get to a host by itself.
func (a Authentication) holdsSecrets() bool {
	for _, b := range bindings(&a) {
		switch b.at.(type) {
		case *seal.Secret, *map[string]seal.Secret:
			if !b.empty() {
				return true
			}
		}
	}
	return false
}

// Keeps says which URLs of the settings stay, although they came of the old document and the new one says otherwise: credentials
// follow no document to another place (failure mode 46).
func Keeps(s Settings, old, now *model.Model) (lines []string) {
	for _, scheme := range now.Schemes {
		a, known := s.Authentication[scheme.Key]
		was, same := old.Scheme(scheme.Key)
		if !known || !same {
			continue
		}
		before, after := suggestion(was, old, a.GrantType), suggestion(scheme, now, a.GrantType)
		have, said := bindings(&before), bindings(&after)
		for n, b := range bindings(&a) {
			at, ok := b.at.(*address)
			if !ok || *at == "" || *at != *have[n].at.(*address) {
				continue
			}
			if next := *said[n].at.(*address); next != "" && next != *at {
				lines = append(lines, scheme.Key+"."+b.name+" stays "+string(*at)+"; the document says "+string(next))
			}
		}
	}
	return lines
}

// suggestion is a scheme's entry as the document suggests it for a grant type.
func suggestion(scheme model.Scheme, m *model.Model, grant string) Authentication {
	a, _ := defaultAuthentication(scheme, m)
	if grant != "" && a.GrantType != grant {
		a.takeURLs(scheme.Flows.Flow(grant), m.Origin)
	}
	return a
}

// takeURLs takes the URLs of a flow over.
func (a *Authentication) takeURLs(flow *model.Flow, origin string) {
	if flow == nil {
		return
	}
	a.TokenURL, a.RefreshURL = absolute(flow.TokenURL, origin), absolute(flow.RefreshURL, origin)
	a.AuthorizationURL, a.DeviceURL = absolute(flow.AuthorizationURL, origin), absolute(flow.DeviceURL, origin)
}

// takeFlows fills in what is empty by the flows that the entry itself defines.
func (a *Authentication) takeFlows(origin string) {
	if a.Flows == nil {
		return
	}
	if a.GrantType == "" {
		a.GrantType = a.Flows.Default()
	}
	said := Authentication{}
	said.takeURLs(a.Flows.Flow(a.GrantType), origin)
	for _, f := range []struct {
		at   *string
		said string
	}{{&a.TokenURL, said.TokenURL}, {&a.RefreshURL, said.RefreshURL}, {&a.AuthorizationURL, said.AuthorizationURL}, {&a.DeviceURL, said.DeviceURL}} {
		if *f.at == "" {
			*f.at = f.said
		}
	}
}
