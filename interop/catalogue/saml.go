package catalogue

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	samlNS       = "urn:oasis:names:tc:SAML:2.0:assertion"
	dsigNS       = "http://www.w3.org/2000/09/xmldsig#"
	exclusiveC14 = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped    = dsigNS + "enveloped-signature"
	rsaSHA256    = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	digestSHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
	bearer       = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
)

// saml checks a SAML 2.0 assertion (RFC 7522 3): its enveloped signature with the public half of the user's key, then what it
// says.
func (m *matcher) saml(got string) error {
	text, err := base64.StdEncoding.DecodeString(got)
	if err != nil {
		if text, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(got, "=")); err != nil {
			return fmt.Errorf("want a SAML assertion: %w", err)
		}
	}
	root, err := readElements(text)
	if err != nil {
		return fmt.Errorf("want a SAML assertion: %w", err)
	}
	if !root.is(samlNS, "Assertion") {
		return errors.New("want a SAML assertion: the root is no Assertion")
	}
	if err := verifyXML(root, &m.plan.keys.rsa.PublicKey); err != nil {
		return fmt.Errorf("want a SAML assertion: %w", err)
	}
	return m.samlContent(root)
}

// samlContent compares what the assertion says with the entry.
func (m *matcher) samlContent(root *element) error {
	a := m.plan.entry.Assertion
	confirmation := root.at(samlNS, "Subject", "SubjectConfirmation")
	data := confirmation.at(samlNS, "SubjectConfirmationData")
	conditions := root.at(samlNS, "Conditions")
	m.text("assertion Issuer", a.Issuer, root.at(samlNS, "Issuer").content(), nil)
	m.text("assertion NameID", a.NameIdentifier, root.at(samlNS, "Subject", "NameID").content(), nil)
	m.text("assertion Method", bearer, confirmation.attribute("Method"), nil)
	m.text("assertion Recipient", a.Recipient, data.attribute("Recipient"), nil)
	m.text("assertion Audience", a.Audiences, conditions.at(samlNS, "AudienceRestriction", "Audience").content(), nil)
	m.text("assertion SessionIndex", a.SessionIndex, root.at(samlNS, "AuthnStatement").attribute("SessionIndex"), nil)
	m.samlAttributes(root.at(samlNS, "AttributeStatement"))
	for _, end := range []string{data.attribute("NotOnOrAfter"), conditions.attribute("NotOnOrAfter")} {
		at, err := time.Parse(time.RFC3339, end)
		if err != nil || !at.After(m.now) || at.After(m.now.Add(a.lifetime()+skew)) {
			return fmt.Errorf("assertion NotOnOrAfter: want within %s, got %q", a.lifetime(), end)
		}
	}
	begin, err := time.Parse(time.RFC3339, conditions.attribute("NotBefore"))
	if err != nil || begin.After(m.now.Add(skew)) {
		return fmt.Errorf("assertion NotBefore: want a time that has come, got %q", conditions.attribute("NotBefore"))
	}
	return nil
}

func (m *matcher) samlAttributes(statement *element) {
	got := Object{}
	for _, attribute := range statement.children(samlNS, "Attribute") {
		got = append(got, Member{attribute.attribute("Name"), attribute.at(samlNS, "AttributeValue").content()})
	}
	want := Object{}
	for _, a := range m.plan.entry.Assertion.Attributes {
		want = append(want, Member{a.Name, scalar(a.Value)})
	}
	m.object("assertion attribute ", want, got)
}

// verifyXML verifies the signature that is in an element and covers all of it (XML Signature 3.2).
func verifyXML(root *element, key *rsa.PublicKey) error {
	signature := root.at(dsigNS, "Signature")
	info := signature.at(dsigNS, "SignedInfo")
	reference := info.at(dsigNS, "Reference")
	transforms := []string{}
	for _, t := range reference.at(dsigNS, "Transforms").children(dsigNS, "Transform") {
		transforms = append(transforms, t.attribute("Algorithm"))
	}
	switch {
	case info.at(dsigNS, "CanonicalizationMethod").attribute("Algorithm") != exclusiveC14,
		info.at(dsigNS, "SignatureMethod").attribute("Algorithm") != rsaSHA256,
		reference.at(dsigNS, "DigestMethod").attribute("Algorithm") != digestSHA256,
		strings.Join(transforms, " ") != enveloped+" "+exclusiveC14:
		return errors.New("its signature is of another kind")
	case root.attribute("ID") == "" || reference.attribute("URI") != "#"+root.attribute("ID"):
		return errors.New("its signature is about something else")
	}
	digest := sha256.Sum256(root.canonical(signature))
	if base64.StdEncoding.EncodeToString(digest[:]) != strings.TrimSpace(reference.at(dsigNS, "DigestValue").content()) {
		return errors.New("its digest does not fit")
	}
	value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature.at(dsigNS, "SignatureValue").content()))
	if err != nil {
		return err
	}
	digest = sha256.Sum256(info.canonical(nil))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], value)
}

// samlAssertion makes the assertion that a user would have made with the service's tool.
func samlAssertion(a Assertion, key *rsa.PrivateKey, now time.Time, value func(string) (string, bool)) (string, error) {
	texts := map[string]string{}
	for name, template := range map[string]string{"user": a.NameIdentifier, "recipient": a.Recipient, "audience": a.Audiences,
		"issuer": a.Issuer} {
		text, err := evaluate(template, value)
		if err != nil {
			return "", err
		}
		texts[name] = escape(text, false)
	}
	attributes := ""
	for _, m := range a.Attributes {
		text, err := evaluate(scalar(m.Value), value)
		if err != nil {
			return "", err
		}
		attributes += fmt.Sprintf(`<Attribute Name="%s"><AttributeValue>%s</AttributeValue></Attribute>`, m.Name, escape(text, false))
	}
	begin, end := now.UTC().Format(time.RFC3339), now.UTC().Add(a.lifetime()).Format(time.RFC3339)
	unsigned := fmt.Sprintf(`<Assertion xmlns="%s" ID="_a1" IssueInstant="%s" Version="2.0"><Issuer>%s</Issuer><Subject>`+
		`<NameID>%s</NameID><SubjectConfirmation Method="%s"><SubjectConfirmationData NotOnOrAfter="%s" Recipient="%s"/>`+
		`</SubjectConfirmation></Subject><Conditions NotBefore="%s" NotOnOrAfter="%s"><AudienceRestriction><Audience>%s</Audience>`+
		`</AudienceRestriction></Conditions><AuthnStatement AuthnInstant="%s" SessionIndex="9b2f4c1e-5a77-4d3b-8e10-6c2d90ab41f7"/>`+
		`<AttributeStatement>%s</AttributeStatement></Assertion>`,
		samlNS, begin, texts["issuer"], texts["user"], bearer, end, texts["recipient"], begin, end, texts["audience"], begin,
		attributes)
	signed, err := signXML(unsigned, key)
	return base64.StdEncoding.EncodeToString([]byte(signed)), err
}

// signXML puts an enveloped signature after the first child, as SAML wants it.
func signXML(unsigned string, key *rsa.PrivateKey) (string, error) {
	root, err := readElements([]byte(unsigned))
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(root.canonical(nil))
	info := fmt.Sprintf(`<SignedInfo xmlns="%s"><CanonicalizationMethod Algorithm="%s"/><SignatureMethod Algorithm="%s"/>`+
		`<Reference URI="#%s"><Transforms><Transform Algorithm="%s"/><Transform Algorithm="%s"/></Transforms>`+
		`<DigestMethod Algorithm="%s"/><DigestValue>%s</DigestValue></Reference></SignedInfo>`,
		dsigNS, exclusiveC14, rsaSHA256, root.attribute("ID"), enveloped, exclusiveC14, digestSHA256,
		base64.StdEncoding.EncodeToString(digest[:]))
	parsed, err := readElements([]byte(info))
	if err != nil {
		return "", err
	}
	digest = sha256.Sum256(parsed.canonical(nil))
	value, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	signature := fmt.Sprintf(`<Signature xmlns="%s">%s<SignatureValue>%s</SignatureValue></Signature>`,
		dsigNS, info, base64.StdEncoding.EncodeToString(value))
	return strings.Replace(unsigned, "</Issuer>", "</Issuer>"+signature, 1), nil
}
