package catalogue

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// place is where a value stands in URLs, which says what it can be. Of several places the greatest counts.
type place int

const (
	anywhere  place = iota // in a query, a body, a header: any characters
	inPath                 // a segment of a path, or a part of one
	hostPart               // a part of a host name
	wholeHost              // a host name
	urlItself              // a URL's beginning with the scheme
)

// placesOf finds the places of all names in the entry's URLs.
func placesOf(e Entry) map[string]place {
	places := map[string]place{}
	note := func(text string, p place) {
		for _, name := range namesIn(text) {
			if !strings.Contains(name, ".") { // one entry leaves the connectionConfig out
				name = "connectionConfig." + name
			}
			places[name] = max(places[name], p)
		}
	}
	urls := []string{e.TokenURL, e.RefreshURL, e.BaseURL}
	for _, s := range e.AdditionalSteps {
		urls = append(urls, s.TokenURL)
	}
	for _, u := range urls {
		for alternative := range strings.SplitSeq(u, " || ") {
			noteURL(alternative, note)
		}
	}
	return places
}

func noteURL(text string, note func(string, place)) {
	rest, whole := strings.CutPrefix(text, "https://")
	if !whole {
		end := strings.Index(text, "}") + 1
		note(text[:end], urlItself)
		note(text[end:], inPath)
		return
	}
	host, path, _ := strings.Cut(rest, "/")
	path, query, _ := strings.Cut(path, "?")
	if strings.HasPrefix(host, "${") && strings.Index(host, "}") == len(host)-1 {
		note(host, wholeHost)
	} else {
		note(host, hostPart)
	}
	note(path, inPath)
	note(query, anywhere)
}

// makeUp makes a value that tells its entry and name, and has the characters that its place allows.
func (f *Facts) makeUp(entry, name string, p place) string {
	label := strings.Trim(strings.Map(hostRune, strings.ToLower(name)), "-")
	host := label + "." + entry + ".example"
	switch p {
	case urlItself:
		return f.Base + "/" + host
	case wholeHost:
		return host
	case hostPart:
		return label + "-7"
	case inPath:
		return strings.ReplaceAll(name, ".", "_") + "-7_a~b"
	}
	if strings.Contains(strings.ToLower(name), "email") {
		return "ada+" + label + "@" + entry + ".example"
	}
	return name + " of " + entry + "+/%2B&=1"
}

func hostRune(r rune) rune {
	if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789", r) {
		return r
	}
	return '-'
}

// addKeys adds keys and certificates where the entry wants them.
func (f *Facts) addKeys(e Entry, o Options) error {
	keys := o.Keys
	rsaPEM, err := privatePEM(keys.rsa)
	if err != nil {
		return err
	}
	ecPEM, err := privatePEM(keys.ec)
	if err != nil {
		return err
	}
	if e.TokenRequestAuthMethod == "private_key_jwt" || assertsItself(e) {
		f.PrivateKey, f.values["privateKey"] = rsaPEM, rsaPEM
	}
	if e.RequireClientCertificate {
		f.Certificate, f.CertificateKey = certificatePEM(keys.client.Certificate[0]), rsaPEM
		f.Authority = certificatePEM(keys.ca.Raw)
	}
	if t := e.Token; t != nil && t.SigningKey != "" {
		f.addKey(t.SigningKey, t.Header, rsaPEM, ecPEM)
	}
	if a := e.Assertion; a != nil {
		f.addKey(a.Key, a.Header, rsaPEM, ecPEM)
		if a.Type == "saml" {
			assertion, err := samlAssertion(*a, keys.rsa, o.Now(), f.value)
			f.Credentials["assertion"] = assertion
			delete(f.values, "credentials.assertion") // it is judged by what it says and who signed it
			return err
		}
	}
	return nil
}

// addKey gives a value to the name in the template of a key. A private key of two halves (id and secret, as Ghost's) is one value
// for the user; other texts for HMAC stay as they were made up.
func (f *Facts) addKey(template string, header Object, rsaPEM, ecPEM string) {
	names := namesIn(template)
	if len(names) != 1 {
		return
	}
	name := names[0]
	switch alg, _ := header.get("alg"); alg {
	case "HS256":
		if whole, half := strings.CutSuffix(name, ".secret"); half {
			secret := hex.EncodeToString([]byte("thirty-two bytes of a secret key"))
			f.give(whole+".id", "6489ab10")
			f.give(whole+".secret", secret)
			delete(f.Credentials, strings.TrimPrefix(whole, "credentials.")+".id")
			delete(f.Credentials, strings.TrimPrefix(whole, "credentials.")+".secret")
			f.give(whole, fmt.Sprintf("6489ab10:%s", secret))
		}
	case "ES256":
		f.give(name, ecPEM)
	default:
		f.give(name, rsaPEM)
	}
}

func (f *Facts) give(name, value string) {
	f.values[name] = value
	kind, x, _ := strings.Cut(name, ".")
	switch kind {
	case "credentials":
		f.Credentials[x] = value
	case "assertionOption":
		f.AssertionOption[x] = value
	}
}
