package oauth

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A Plan is what [Source.Ask] would send.
type Plan struct {
	Requests []Planned
	Methods  []string // styles of client authentication, in the order in which they are tried
}

// A Planned is a request as it would be sent, its secrets masked.
type Planned struct {
	Purpose    string
	When       string // empty: always
	Method     string
	URL        string
	Header     http.Header
	Body       string
	AuthMethod string
	Note       string // what the masks hide that may matter
}

// Plan says what an attempt would send, and sends nothing. What only an answer will tell shows as a mask; an issuer's metadata count
// if they are known. The requests come as far as they can be made, with the error that stopped them.
func (s *Source) Plan(ask token.Ask) (Plan, error) {
	config, discoveries := s.planned()
	p := &planner{attempt: &attempt{Source: s, env: newEnv(config, ask)}}
	p.env.planning = true
	p.Requests = discoveries
	if config.Grant == model.GrantSigned {
		_, err := p.env.sign()
		return p.Plan, err
	}
	if err := p.prepare(); err != nil {
		return p.Plan, err
	}
	p.Methods = config.tries(ask.AuthMethod)
	return p.Plan, p.walk()
}

type planner struct {
	*attempt
	Plan
}

// planned is the configuration with what is known of its issuer. If nothing is, the requests that find it out.
func (s *Source) planned() (Config, []Planned) {
	c := s.config
	if !c.discovers() {
		return c, nil
	}
	places, err := c.places()
	if err != nil {
		return c, nil
	}
	if m, ok := s.metadata.known.Peek(places[0] + " " + c.Issuer); ok {
		return m.complete(c), nil
	}
	var all []Planned
	for i, place := range places {
		when := ""
		if i > 0 {
			when = "if there are no metadata at the place before"
		}
		all = append(all, Planned{Purpose: "discovery", When: when, Method: http.MethodGet, URL: place, Header: http.Header{"Accept": {"application/json"}},
			Note: "the answer is good for an hour, for all integrations with this issuer"})
	}
	if c.TokenURL == "" {
		c.TokenURL = "https://" + toldLater + "/token_endpoint"
	}
	return c, all
}

// toldLater is the host of URLs that an answer will tell. No host has this name (RFC 6761 6.4).
const toldLater = "told-by-an-answer.invalid"

// walk plans the requests of [attempt.walk].
func (p *planner) walk() error {
	v := p.env
	if !v.ask.RefreshToken.IsZero() {
		return p.add(v.refreshCall, "")
	}
	for _, step := range v.config.Steps {
		if err := p.add(func() (call, error) { return v.stepCall(step) }, ""); err != nil {
			return err
		}
	}
	if err := p.add(v.grantCall, ""); err != nil || v.config.IntrospectionURL == "" {
		return err
	}
	return p.add(func() (call, error) { return v.introspectionCall(seal.NewSecret(seal.Mask)) }, "if the answer does not say when the token expires")
}

// add plans a request with the style of client authentication that is tried first.
func (p *planner) add(make func() (call, error), when string) error {
	v := p.env
	c, err := make()
	if err != nil {
		return err
	}
	planned := Planned{Purpose: c.purpose, When: when, Method: c.method}
	if c.client {
		planned.AuthMethod = p.Methods[0]
		if err := v.authenticate(&c, p.Methods[0]); err != nil {
			return err
		}
	}
	r, body, err := v.build(context.Background(), c, expand.Value.String)
	if err != nil {
		return err
	}
	if err := p.prove(r, c, ""); err != nil {
		return err
	}
	if r.Header.Get("DPoP") != "" {
		r.Header.Set("DPoP", seal.Mask)
		planned.Note = "DPoP is a proof signed by the key that the token will be bound to; the service may want a nonce in it first"
	}
	if note := v.config.noteBasic(planned.AuthMethod); note != "" {
		planned.Note = note
	}
	if style, _ := strings.CutSuffix(planned.AuthMethod, next); assertion(trouble{tried: []string{style}}) {
		planned.Note = v.config.noteAssertion(style, bare(c.url))
	}
	planned.URL, planned.Header, planned.Body = unescaped(r.URL), r.Header, strings.ReplaceAll(body, url.QueryEscape(seal.Mask), seal.Mask)
	p.Requests = append(p.Requests, planned)
	return nil
}

// unescaped is a URL whose masks are legible.
func unescaped(u *url.URL) string {
	text := strings.NewReplacer(url.QueryEscape(seal.Mask), seal.Mask, url.PathEscape(seal.Mask), seal.Mask).Replace(u.String())
	return strings.ReplaceAll(text, "https://"+toldLater+"/", "(told by an answer)/")
}

// noteBasic says what is in a Basic header, which is masked as a whole.
func (c Config) noteBasic(method string) string {
	style, _ := format(method)
	style, second := strings.CutSuffix(style, next)
	secret := "client_secret"
	if second {
		secret += "_next"
	}
	switch {
	case style == MethodBasic && c.encodingMatters():
		return "Authorization holds client_id " + c.ClientID + " and " + secret + ", both form-encoded (RFC 6749 2.3.1)"
	case style == MethodBasic || style == MethodRaw:
		return "Authorization holds client_id " + c.ClientID + " and " + secret + ", as they are"
	}
	return ""
}

// noteAssertion says what is in a client assertion, which is masked as a whole.
func (c Config) noteAssertion(style, audience string) string {
	if _, issuer := strings.CutSuffix(style, forIssuer); issuer {
		audience = c.Issuer
	}
	note := "client_assertion is a JWT with iss and sub " + c.ClientID + ", aud " + audience + ", good for " + Span(assertionLife)
	if c.SigningAlg != "" {
		note += ", alg " + c.SigningAlg
	}
	if c.KeyID != "" {
		note += ", kid " + c.KeyID
	}
	return note
}

// PlanLogout is the request that ends the session of a token, if the configuration has one.
func (s *Source) PlanLogout(old token.Token, when string) (Plan, error) {
	if s.config.Logout == nil {
		return Plan{}, nil
	}
	config, _ := s.planned()
	p := &planner{attempt: &attempt{Source: s, env: newEnv(config, token.Ask{Previous: old})}}
	p.env.planning = true
	err := p.add(func() (call, error) { return p.env.call("logout", *config.Logout, nil, false) }, when)
	return p.Plan, err
}

// Consented is what a person's consent brings, as far as it can be told before.
func (c Config) Consented() map[string]seal.Secret {
	mask := seal.NewSecret(seal.Mask)
	if c.Grant == model.GrantDeviceCode {
		return map[string]seal.Secret{"device_code": mask}
	}
	redirect := c.RedirectURI
	if redirect == "" {
		redirect = "http://127.0.0.1/" // any port (RFC 8252 7.3)
	}
	with := map[string]seal.Secret{"code": mask, "redirect_uri": seal.NewSecret(redirect)}
	if c.Authorization.PKCE == nil || *c.Authorization.PKCE {
		with["code_verifier"] = mask
	}
	return with
}
