package catalogue

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// inSigned changes what is signed: the signature, the key, and what the signature covers, signed anew with the right key.
func (m *mutator) inSigned() {
	for name, got := range m.of.bound {
		rules, is := m.jwtRules(name)
		if !is {
			if name == "credentials.assertion" {
				m.inSAML(name, got)
			}
			continue
		}
		for what, changed := range m.plan.otherJWTs(rules, got, m.of.before.at) {
			m.mutant(name+" "+what, func(d *draft) { d.replace(got, changed) })
		}
		m.mutantAt(name+" that is over", m.of.before.later(rules.lifetime+2*skew), func(*draft) {})
		m.mutantAt(name+" of the future", m.of.before.later(-2*skew), func(*draft) {})
	}
}

// jwtRules are those of a JWT that the request carries under a name.
func (m *mutator) jwtRules(name string) (jwtRules, bool) {
	e := m.plan.entry
	switch {
	case name == "token" && e.Token != nil, name == "accessToken" && e.AuthMode == modeJWT:
		return tokenRules(e), true
	case name == "client_assertion":
		return clientRules(m.plan, m.of.shape), true
	case name == "credentials.assertion" && e.Assertion != nil && e.Assertion.Type != "saml":
		return assertionRules(e), true
	}
	return jwtRules{}, false
}

// replace puts another text where one is, in headers and body.
func (d *draft) replace(old, new string) {
	for name, values := range d.header {
		for i := range values {
			d.header[textproto.CanonicalMIMEHeaderKey(name)][i] = strings.ReplaceAll(values[i], old, new)
		}
	}
	body := strings.ReplaceAll(string(d.body), old, new)
	d.body = []byte(strings.ReplaceAll(body, url.QueryEscape(old), url.QueryEscape(new)))
}

// otherJWTs yields JWTs that differ from a right one in one thing.
func (p *plan) otherJWTs(rules jwtRules, right string, now time.Time) func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		header, claims, err := p.verify(rules, right, p.facts.value)
		if err != nil {
			return
		}
		parts := strings.Split(right, ".")
		flipped := []byte(right)
		if at := len(parts[0]) + len(parts[1]) + 6; flipped[at] == 'A' {
			flipped[at] = 'B'
		} else {
			flipped[at] = 'A'
		}
		none := encodeJWT(header.with("alg", "none"), claims) + "."
		foreign := p.sign(rules, header, claims, true)
		if !yield("with a bit flipped", string(flipped)) || !yield("unsigned", none) || !yield("of another key", foreign) {
			return
		}
		for what, c := range otherClaims(rules, claims, now) {
			if !yield(what, p.sign(rules, header, c, false)) {
				return
			}
		}
		for _, h := range rules.header {
			if !yield("without header "+h.Name, p.sign(rules, header.without(h.Name), claims, false)) ||
				!yield("with another header "+h.Name, p.sign(rules, header.with(h.Name, scalar(h.Value)+"x"), claims, false)) {
				return
			}
		}
		yield("with a header too many", p.sign(rules, header.with("extra", "1"), claims, false))
	}
}

// otherClaims yields claims that differ in one thing.
func otherClaims(rules jwtRules, claims Object, now time.Time) func(yield func(string, Object) bool) {
	return func(yield func(string, Object) bool) {
		for _, c := range rules.claims {
			value, _ := claims.get(c.Name)
			if !yield("without claim "+c.Name, claims.without(c.Name)) {
				return
			}
			for _, wrong := range wrongValues(value) {
				if !yield("with another claim "+c.Name, claims.with(c.Name, wrong)) {
					return
				}
			}
		}
		unix := func(t time.Time) json.Number { return json.Number(strconv.FormatInt(t.Unix(), 10)) }
		for what, changed := range map[string]Object{
			"with a claim too many":    claims.with("extra", "1"),
			"without exp":              claims.without("exp"),
			"without iat":              claims.without("iat"),
			"with an exp that is text": claims.with("exp", fmt.Sprint(now.Add(time.Minute).Unix())),
			"with an exp that is over": claims.with("exp", unix(now.Add(-time.Second))),
			"with too long a life":     claims.with("exp", unix(now.Add(rules.lifetime+time.Hour))),
			"with an iat to come":      claims.with("iat", unix(now.Add(2*skew))),
			"with an nbf to come":      claims.with("nbf", unix(now.Add(2*skew))),
		} {
			if !yield(what, changed) {
				return
			}
		}
	}
}

func encodeJWT(header, claims Object) string {
	parts := make([]string, 2)
	for i, o := range []Object{header, claims} {
		text, err := json.Marshal(o)
		if err != nil {
			text = nil // which no server accepts
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(text)
	}
	return strings.Join(parts, ".")
}

// sign makes a JWT with the user's key, or with another one of its kind.
func (p *plan) sign(rules jwtRules, header, claims Object, foreign bool) string {
	text := encodeJWT(header, claims)
	digest := sha256.Sum256([]byte(text))
	var signature []byte
	switch rules.alg {
	case "RS256":
		key := p.keys.rsa
		if foreign {
			key = p.keys.otherRSA
		}
		signature, _ = rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	case "ES256":
		key := p.keys.ec
		if foreign {
			key = p.keys.otherEC
		}
		if r, s, err := ecdsa.Sign(rand.Reader, key, digest[:]); err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	case "HS256":
		signature = p.hmac(rules, text, foreign)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (p *plan) hmac(rules jwtRules, text string, foreign bool) []byte {
	key, _ := evaluate(rules.key, p.facts.value)
	secret := []byte(key)
	if rules.encoding == "hex" {
		secret, _ = hex.DecodeString(key)
	}
	if foreign {
		secret = append(secret, '!')
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// inSAML changes a SAML assertion: what it says under the old signature, and who signed it.
func (m *mutator) inSAML(name, got string) {
	text, err := base64.StdEncoding.DecodeString(got)
	if err != nil {
		return
	}
	a := *m.plan.entry.Assertion
	value := m.plan.facts.value
	variants := map[string]func() (string, error){
		"of another key": func() (string, error) { return samlAssertion(a, m.plan.keys.otherRSA, m.of.before.at, value) },
		"of another time": func() (string, error) {
			return samlAssertion(a, m.plan.keys.rsa, m.of.before.at.Add(-20*365*24*time.Hour), value)
		},
	}
	for _, part := range []string{"issuer", "audience", "recipient", "name", "attribute"} {
		variants["with another "+part] = func() (string, error) {
			return samlAssertion(a.otherwise(part), m.plan.keys.rsa, m.of.before.at, value)
		}
	}
	for what, make := range variants {
		if changed, err := make(); err == nil {
			m.mutant(name+" "+what, func(d *draft) { d.replace(got, changed) })
		}
	}
	m.mutant(name+" changed under its signature", func(d *draft) {
		changed := strings.Replace(string(text), "<Audience>", "<Audience>x", 1)
		d.replace(got, base64.StdEncoding.EncodeToString([]byte(changed)))
	})
}

// otherwise is the assertion with another text in one place.
func (a Assertion) otherwise(part string) Assertion {
	switch part {
	case "issuer":
		a.Issuer += "x"
	case "audience":
		a.Audiences += "x"
	case "recipient":
		a.Recipient += "x"
	case "name":
		a.NameIdentifier += "x"
	case "attribute":
		a.Attributes = a.Attributes.with(a.Attributes[0].Name, "x")
	}
	return a
}
