package integrate

import (
	"encoding/json"
	"strconv"
	"strings"

	"carnet.dev/carnet/interop/catalogue"
)

// twoStep is a request that yields a token, and knows no OAuth.
func (m *maker) twoStep() {
	e := m.entry
	m.auth["grant_type"] = "request"
	if e.Signature != nil {
		m.signature()
	}
	if e.Assertion != nil && e.Assertion.Type == "jwt" {
		m.assertion()
	}
	if len(e.AdditionalSteps) > 0 {
		m.steps()
	} else {
		m.tokenRequest()
		m.into(m.request, e.TokenParams)
	}
	if e.TokenResponse != nil && e.TokenResponse.RefreshToken != "" {
		if e.BodyFormat != "" {
			m.refresh["format"] = e.BodyFormat
		}
		url := e.RefreshURL
		if url == "" {
			url = e.TokenURL
		}
		m.auth["refresh_url"] = m.url(m.refresh, url)
		m.into(m.refresh, e.RefreshTokenParams)
		m.headers(m.refresh, e.RefreshTokenHeaders)
	}
}

// steps turns the first request into a step, and the one that follows into the token request.
func (m *maker) steps() {
	e := m.entry
	first := object{"name": "first"}
	first["url"] = m.url(first, e.TokenURL)
	if e.BodyFormat != "" {
		first["format"] = e.BodyFormat
	}
	m.into(first, e.TokenParams)
	m.headers(first, e.TokenHeaders)
	m.auth["steps"] = []any{first}
	s := e.AdditionalSteps[0]
	if s.TokenRequestMethod != "" {
		m.request["method"] = s.TokenRequestMethod
	}
	if s.BodyFormat != "" {
		m.request["format"] = s.BodyFormat
	}
	m.headers(m.request, s.TokenHeaders)
	m.into(m.request, s.TokenParams)
	m.auth["token_url"] = m.url(m.request, s.TokenURL)
}

// bill is as the service documents it.
func (m *maker) bill() {
	m.auth["grant_type"] = "request"
	m.auth["token_url"] = catalogue.Rewrite(m.facts.Base, m.entry.TokenURL)
	for _, name := range []string{"username", "password", "organizationId", "devKey"} {
		m.params(m.request)[name] = "${secrets." + name + "}"
	}
	m.response["access_token"] = "sessionId"
	m.inject = append(m.inject, object{"in": "header", "name": "sessionId", "format": "${token.access_token}"},
		object{"in": "header", "name": "devKey", "format": "${secrets.devKey}"})
}

// signature is a JWT that the token request carries, or that is the token.
func (m *maker) signature() {
	t := m.entry.Token
	sign := object{"header": m.members(t.Header, "alg"), "claims": m.members(t.Payload)}
	if ms, err := t.ExpiresInMS.Float64(); err == nil {
		sign["lifetime"] = ms / 1000
	}
	if alg, ok := find(t.Header, "alg"); ok {
		sign["alg"] = alg
	}
	m.auth["private_key"] = m.key(t.SigningKey)
	if m.entry.Signature.Protocol == "HMAC" && m.entry.Signature.HMACSecretEncoding != "utf8" {
		sign["key_encoding"] = "hex"
	}
	m.auth["sign"] = sign
}

// key is the signing key: a value of the user, or a template over the secrets.
func (m *maker) key(text string) string {
	if name, ok := strings.CutPrefix(strings.TrimSuffix(text, "}"), "${credentials."); ok && !strings.Contains(name, "{") {
		if v := m.facts.Credentials[name]; v != "" {
			return v
		}
		if whole, part, dotted := strings.Cut(name, "."); dotted { // a key that is id:secret
			id, secret, _ := strings.Cut(m.facts.Credentials[whole], ":")
			m.secrets[whole+".id"] = id
			delete(m.secrets, whole)
			if part == "secret" {
				return secret
			}
		}
	}
	if name, ok := strings.CutPrefix(strings.TrimSuffix(text, "}"), "${assertionOption."); ok {
		return m.facts.AssertionOption[name]
	}
	return m.template(text)
}

func (m *maker) assertion() {
	a := m.entry.Assertion
	seconds, _ := strconv.ParseFloat(strings.Trim(string(a.LifetimeInSeconds), `"`), 64)
	sign := object{"header": m.members(a.Header, "alg"), "claims": m.members(a.Payload), "lifetime": seconds}
	if alg, ok := find(a.Header, "alg"); ok {
		sign["alg"] = alg
	}
	m.auth["private_key"], m.auth["sign"] = m.key(a.Key), sign
}

func (m *maker) members(o catalogue.Object, but ...string) object {
	all := object{}
	for _, member := range o {
		if len(but) == 0 || member.Name != but[0] {
			all[member.Name] = m.value(member.Value)
		}
	}
	return all
}

// wsse is a header that is made for each call, as the service documents it.
func (m *maker) wsse() {
	headers := m.entry.CallHeaders[:0:0]
	for _, h := range m.entry.CallHeaders {
		if h.Value != "${accessToken}" {
			headers = append(headers, h)
		}
	}
	m.entry.CallHeaders = headers
	nonce := "hex(md5(uuid))"
	m.auth["format"] = `UsernameToken Username="${secrets.username}", PasswordDigest="${base64(hex(sha1(` + nonce +
		` + now + secrets.password)))}", Nonce="${` + nonce + `}", Created="${now}"`
}

// value is a value of the entry as the API takes it: texts become templates of Carnet's.
func (m *maker) value(v any) any {
	switch v := v.(type) {
	case string:
		return m.template(v)
	case catalogue.Object:
		return ordered(m, v)
	case []any:
		all := make([]any, len(v))
		for i, item := range v {
			all[i] = m.value(item)
		}
		return all
	}
	return v
}

// ordered is a JSON object whose members keep their order, which counts in XML.
func ordered(m *maker, o catalogue.Object) json.RawMessage {
	var b strings.Builder
	b.WriteByte('{')
	for i, member := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(member.Name)
		value, _ := json.Marshal(m.value(member.Value))
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return json.RawMessage(b.String())
}

// templates are an object's texts as templates.
func (m *maker) templates(o catalogue.Object) object {
	all := object{}
	for _, member := range o {
		switch v := m.value(member.Value).(type) {
		case string:
			all[member.Name] = v
		default:
			raw, _ := json.Marshal(v)
			all[member.Name] = string(raw)
		}
	}
	return all
}
