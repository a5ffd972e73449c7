package catalogue

import (
	"bytes"
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// Document is an OpenAPI document of the service: one operation, ping, and one security scheme, auth. It says no more than a
// service's document would: where the base URL is told by the redirect or the answer, its server is one that answers nothing.
func (s *Server) Document() []byte { return bytes.Clone(s.document) }

func (p *plan) document() Object {
	o := members("openapi", "3.0.3",
		"info", members("title", p.entry.Name, "version", "1"),
		"servers", []any{members("url", p.server())},
		"paths", members("/ping", members("get", members("operationId", "ping",
			"responses", members("200", members("description", "an answer to who may ask"))))))
	scheme := p.scheme()
	if scheme == nil {
		return o
	}
	scopes := []any{}
	if p.entry.AuthMode == modeCode || p.entry.AuthMode == modeClient {
		for _, scope := range p.facts.Scopes {
			scopes = append(scopes, scope)
		}
	}
	return o.with("components", members("securitySchemes", members("auth", scheme))).
		with("security", []any{members("auth", scopes)})
}

// server is the base URL, if the user knows it.
func (p *plan) server() string {
	chosen := choose(p.entry.BaseURL, p.facts.value)
	for _, name := range slices.Concat(p.entry.RedirectURIMetadata, p.entry.TokenResponseMetadata) {
		if slices.Contains(namesIn(chosen), "connectionConfig."+name) {
			return p.facts.Base + "/told-later." + p.entry.Name + ".example"
		}
	}
	return strings.TrimSuffix(p.resolved(p.call), "/ping")
}

// scheme is oauth2 for the modes that are OAuth, and else an API key in the place of the token; nil if cookies carry it.
func (p *plan) scheme() Object {
	scopes := Object{}
	for _, scope := range p.facts.Scopes {
		scopes = append(scopes, Member{scope, ""})
	}
	switch p.entry.AuthMode {
	case modeCode:
		flow := members("authorizationUrl", p.facts.AuthorizationURL, "tokenUrl", p.documented(p.token), "scopes", scopes)
		if p.refresh != nil {
			flow = flow.with("refreshUrl", p.documented(p.refresh))
		}
		return members("type", "oauth2", "flows", members("authorizationCode", flow))
	case modeClient:
		flow := members("tokenUrl", p.documented(p.token), "scopes", scopes)
		return members("type", "oauth2", "flows", members("clientCredentials", flow))
	}
	for _, h := range p.call.headers {
		if slices.Contains(namesIn(h.Value), "accessToken") {
			return members("type", "apiKey", "in", "header", "name", h.Name)
		}
	}
	for _, q := range p.call.query {
		if slices.Contains(namesIn(q.Value), "accessToken") {
			return members("type", "apiKey", "in", "query", "name", q.Name)
		}
	}
	return nil
}

// documented is the URL of a shape with its own query, and not the parameters of the request.
func (p *plan) documented(s *shape) string {
	bare := shape{url: s.url}
	_, query, err := bare.pathAndQuery(p.facts.Base, p.facts.value)
	if err != nil {
		return p.resolved(s)
	}
	values := url.Values{}
	for _, m := range query {
		text, err := evaluate(scalar(m.Value), p.facts.value)
		values.Set(m.Name, cmp.Or(text, orError("", err)))
	}
	if len(values) == 0 {
		return p.resolved(s)
	}
	return p.resolved(s) + "?" + values.Encode()
}
