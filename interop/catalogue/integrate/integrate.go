// Package integrate makes Carnet's configuration of an integration from an entry of the catalogue, as a person would who reads the
// service's documentation. It shares nothing with the strict servers but the entry and the user's values.
package integrate

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"carnet.dev/carnet/interop/catalogue"
)

// Scheme is the name of the security scheme in the catalogue's documents.
const Scheme = "auth"

// Settings returns the settings of an integration of the entry, as the API takes them, and whether a person has to consent first.
func Settings(e catalogue.Entry, f catalogue.Facts) (settings json.RawMessage, consent bool, err error) {
	m := newMaker(e, f)
	m.values()
	m.client()
	switch e.AuthMode {
	case "OAUTH2":
		m.code()
	case "OAUTH2_CC":
		m.clientCredentials()
	case "TWO_STEP":
		m.twoStep()
	case "BILL":
		m.bill()
	case "JWT":
		m.auth["grant_type"] = "signed"
		m.signature()
	case "SIGNATURE":
		m.wsse()
	}
	m.answer()
	m.calls()
	m.notes()
	raw, err := json.Marshal(m.whole())
	return raw, e.AuthMode == "OAUTH2" && m.auth["grant_type"] == "authorizationCode", err
}

// Plain returns settings with nothing but the client's id, its secret (or the key that it has instead), and the entry's extra values:
// everything else is up to auto.
func Plain(e catalogue.Entry, f catalogue.Facts) (json.RawMessage, error) {
	m := newMaker(e, f)
	m.auth["client_id"] = f.ClientID
	if f.PrivateKey == "" {
		m.auth["client_secret"] = f.ClientSecret
	} else {
		m.auth["private_key"] = f.PrivateKey
	}
	if len(f.Scopes) > 0 {
		m.auth["scope"] = f.Scopes
	}
	for _, p := range e.TokenParams {
		if p.Name != "grant_type" || p.Value != "client_credentials" {
			m.params(m.request)[p.Name] = m.value(p.Value)
		}
	}
	m.values()
	m.certificate()
	m.calls()
	return json.Marshal(m.whole())
}

type object = map[string]any

// A maker puts the settings of one entry together.
type maker struct {
	entry    catalogue.Entry
	facts    catalogue.Facts
	settings object
	auth     object
	request  object
	refresh  object
	response object
	secrets  object
	inject   []any
}

func newMaker(e catalogue.Entry, f catalogue.Facts) *maker {
	return &maker{entry: e, facts: f, settings: object{}, auth: object{}, request: object{}, refresh: object{}, response: object{},
		secrets: object{}}
}

// whole puts the parts together; empty ones are left out.
func (m *maker) whole() object {
	for name, part := range map[string]object{"request": m.request, "refresh": m.refresh, "response": m.response, "secrets": m.secrets} {
		if len(part) > 0 {
			m.auth[name] = part
		}
	}
	if len(m.inject) > 0 {
		m.auth["inject"] = m.inject
	}
	m.settings["authentication"] = object{Scheme: m.auth}
	return m.settings
}

// values are what the user knows: settings that are no secrets are variables.
func (m *maker) values() {
	variables := object{}
	for name, v := range m.facts.Config {
		variables[name] = v
	}
	m.settings["variables"] = variables
	for name, v := range m.facts.Credentials {
		m.secrets[name] = v
	}
	for name, v := range m.facts.AssertionOption {
		m.secrets["option-"+name] = v
	}
}

// client is how the client authenticates (see the catalogue's README).
func (m *maker) client() {
	e := m.entry
	if e.AuthMode != "OAUTH2" && e.AuthMode != "OAUTH2_CC" {
		return
	}
	m.auth["client_id"], m.auth["client_secret"] = m.facts.ClientID, m.facts.ClientSecret
	m.auth["auth_method"] = "client_secret_post"
	switch {
	case e.TokenRequestAuthMethod == "basic":
		m.auth["auth_method"] = "client_secret_basic_raw"
	case e.AuthorizationMethod == "header":
		m.auth["auth_method"] = "client_secret_basic"
	case e.TokenRequestAuthMethod == "private_key_jwt":
		m.auth["auth_method"], m.auth["private_key"] = "private_key_jwt", m.facts.PrivateKey
		delete(m.auth, "client_secret")
	}
	if e.ScopeSeparator != nil {
		m.auth["scope_separator"] = *e.ScopeSeparator
	}
	if len(m.facts.Scopes) > 0 {
		m.auth["scope"] = m.facts.Scopes
	}
	m.certificate()
}

func (m *maker) certificate() {
	if m.facts.Certificate != "" {
		m.settings["tls"] = object{"enabled": true, "rejectUnauthorized": true, "ca": m.facts.Authority,
			"certificate": m.facts.Certificate, "key": m.facts.CertificateKey}
	}
}

// code is the authorization code grant.
func (m *maker) code() {
	e := m.entry
	m.auth["grant_type"], m.auth["redirect_uri"] = "authorizationCode", m.facts.RedirectURI
	authorization := object{}
	if _, listed := find(e.AuthorizationParams, "nonce"); slices.Contains(m.facts.Scopes, "openid") && !listed {
		e.AuthorizationParams = append(slices.Clone(e.AuthorizationParams), catalogue.Member{Name: "nonce", Value: ""})
	}
	if params := m.templates(e.AuthorizationParams); len(params) > 0 {
		authorization["params"] = params
	}
	if e.AuthorizationCodeParamInCallback != "" {
		authorization["code"] = e.AuthorizationCodeParamInCallback
	}
	if e.PKCE != nil && !*e.PKCE {
		authorization["pkce"] = false
	}
	m.auth["authorization"] = authorization
	m.tokenRequest()
	m.into(m.request, e.TokenParams)
	m.refreshRequest()
}

func (m *maker) clientCredentials() {
	m.auth["grant_type"] = "clientCredentials"
	m.tokenRequest()
	m.into(m.request, m.entry.TokenParams)
	if _, listed := find(m.entry.TokenParams, "grant_type"); !listed {
		m.params(m.request)["grant_type"] = nil
	}
	if m.entry.TokenRequestAuthMethod == "custom" { // as the service documents it
		m.auth["auth_method"] = "none"
		m.params(m.request)["client_id"] = nil
		m.params(m.request)["username"], m.params(m.request)["password"] = "${client_id}", "${client_secret}"
		m.response["access_token"] = "jwt"
	}
}

// tokenRequest is the method, format and headers, and the query of the URL.
func (m *maker) tokenRequest() {
	e := m.entry
	if e.TokenRequestMethod != "" {
		m.request["method"] = e.TokenRequestMethod
	}
	if e.BodyFormat != "" {
		m.request["format"] = e.BodyFormat
	}
	m.headers(m.request, e.TokenHeaders)
	m.auth["token_url"] = m.url(m.request, e.TokenURL)
}

// refreshRequest inherits nothing.
func (m *maker) refreshRequest() {
	e := m.entry
	if e.BodyFormat != "" {
		m.refresh["format"] = e.BodyFormat
	}
	if e.RefreshURL != "" {
		m.auth["refresh_url"] = m.url(m.refresh, e.RefreshURL)
	} else {
		m.auth["refresh_url"] = m.url(m.refresh, e.TokenURL)
	}
	m.into(m.refresh, e.RefreshParams)
	m.into(m.refresh, e.RefreshTokenParams)
	m.headers(m.refresh, e.RefreshTokenHeaders)
}

// url chooses the alternative whose values are there, and puts the values of its query where they are encoded.
func (m *maker) url(request object, text string) string {
	chosen := catalogue.Rewrite(m.facts.Base, m.template(m.choose(text)))
	before, query, has := strings.Cut(chosen, "?")
	if !has {
		return chosen
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(value); err == nil && !strings.Contains(value, "${") {
			value = plain
		}
		put(request, "query", name, value)
	}
	return before
}

func (m *maker) headers(request object, headers catalogue.Object) {
	for _, h := range headers {
		if !strings.EqualFold(h.Name, "content-type") || len(m.entry.TokenParams) == 0 { // else the format says it
			put(request, "headers", h.Name, m.value(h.Value))
		}
	}
}

func (m *maker) into(request object, params catalogue.Object) {
	for _, p := range params {
		m.params(request)[p.Name] = m.value(p.Value)
	}
}

func (m *maker) params(request object) object {
	params, ok := request["params"].(object)
	if !ok {
		params = object{}
		request["params"] = params
	}
	return params
}

func put(request object, part, name string, value any) {
	all, ok := request[part].(object)
	if !ok {
		all = object{}
		request[part] = all
	}
	all[name] = value
}

func find(o catalogue.Object, name string) (any, bool) {
	for _, m := range o {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

// answer is where the answer has what.
func (m *maker) answer() {
	e := m.entry
	if r := e.TokenResponse; r != nil {
		m.response["access_token"] = path(r.Token)
		if r.RefreshToken != "" {
			m.response["refresh_token"] = r.RefreshToken
		}
		switch {
		case r.TokenExpiration == "":
		case r.TokenExpirationStrategy == "expireAt":
			m.response["expires_at"] = r.TokenExpiration
		default:
			m.response["expires_in"] = r.TokenExpiration
		}
	}
	if e.AlternateAccessTokenResponsePath != "" {
		m.orUnder(e.AlternateAccessTokenResponsePath)
	}
	if e.ExpiresInUnit == "milliseconds" {
		m.response["unit"] = "ms"
	}
	if e.TokenExpiresInMS != nil {
		if ms, err := e.TokenExpiresInMS.Float64(); err == nil && ms > 0 {
			m.auth["lifetime"] = ms / 1000
		}
	}
	if e.TokenExpirationBuffer > 0 {
		m.auth["renew_before"] = e.TokenExpirationBuffer
	}
}

// orUnder looks for the tokens in another place too.
func (m *maker) orUnder(place string) {
	m.response["access_token"] = []string{"access_token", place + ".access_token"}
	m.response["refresh_token"] = []string{"refresh_token", place + ".refresh_token"}
}

func path(p string) string {
	if p == "" {
		return "body"
	}
	return p
}

// calls is what goes on every call.
func (m *maker) calls() {
	e := m.entry
	carries := false
	add := func(in string, all catalogue.Object) {
		for _, h := range all {
			text, ok := h.Value.(string)
			if !ok {
				continue
			}
			format := m.template(m.choose(text))
			carries = carries || strings.Contains(format, "token.access_token") || strings.EqualFold(h.Name, "cookie")
			m.inject = append(m.inject, object{"in": in, "name": h.Name, "format": format})
		}
	}
	add("header", e.CallHeaders)
	add("query", e.CallQuery)
	if !carries && len(m.inject) > 0 && e.AuthMode != "SIGNATURE" && e.AuthMode != "BILL" {
		m.inject = append(m.inject, object{"in": "header", "name": "Authorization", "format": "Bearer ${token.access_token}"})
	}
	base := m.template(m.choose(e.BaseURL))
	if strings.Contains(base, "${token.") || strings.Contains(base, "${redirect.") {
		base = catalogue.Rewrite(m.facts.Base, base)
		m.auth["server_url"] = base
	}
}
