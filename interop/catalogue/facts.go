package catalogue

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Facts are one user's values for one entry, made up, but always the same for the same entry and address. What the service itself
// says (in its redirect, or in its answer) is not among them.
type Facts struct {
	Base string // where the servers of all hosts listen: http://127.0.0.1:PORT, or https with a client certificate

	ClientID, ClientSecret string
	Scopes                 []string // none: the user sends no scope, or the entry's own parameters hold it
	RedirectURI            string   // the client's own; "" where there is no redirect
	AuthorizationURL       string   // which the entries don't tell; "" where there is none
	PrivateKey             string   // PEM (PKCS#8), for private_key_jwt; "" elsewhere

	// KeepsRefreshToken: the user knows that the refresh token stays, whatever the answers say.
	KeepsRefreshToken bool

	Config          map[string]string // ${connectionConfig.x}, which an entry may also write ${x}
	Credentials     map[string]string // ${credentials.x}
	AssertionOption map[string]string // ${assertionOption.x}

	Certificate, CertificateKey string // PEM, where the service requires a client certificate
	Authority                   string // PEM, of whoever signed the server's certificate

	values map[string]string // every value by its name in templates, those of the redirect and the answer too
}

// Rewrite turns the URLs in a text of an entry, which may be a template with alternatives, into ones that are answered at base.
func Rewrite(base, text string) string { return strings.ReplaceAll(text, "https://", base+"/") }

// value is a template's view of the facts.
func (f *Facts) value(name string) (string, bool) {
	v, known := f.values[name]
	return v, known
}

// newFacts makes up the values. With Sparse the user gives no value that the entry can do without: the second of two alternatives
// counts.
func newFacts(e Entry, base string, o Options) (*Facts, error) {
	f := &Facts{
		Base: base, ClientID: "id+of " + e.Name + "/1%3A", ClientSecret: "se:cret+/of " + e.Name + " %2B&=",
		Config: map[string]string{}, Credentials: map[string]string{}, AssertionOption: map[string]string{},
		values: map[string]string{},
	}
	if e.AuthMode == modeCode {
		f.RedirectURI, f.AuthorizationURL = o.RedirectURI, base+"/authorize"
	}
	switch raw, encoded := e.TokenRequestAuthMethod == "basic", e.AuthorizationMethod == "header"; {
	case raw && encoded: // only where both are the same text
		f.ClientID, f.ClientSecret = "id-of-"+e.Name, "secret-of-"+e.Name
	case encoded:
		f.ClientID += ":" // which raw Basic can't carry
	}
	if basicSecretOnly(e) {
		f.ClientSecret = strings.ReplaceAll(f.ClientSecret, ":", "-")
	}
	f.Scopes = scopesOf(e)
	f.KeepsRefreshToken = o.Sparse && e.noted(noteNoRotation)
	f.fill(e, o.Sparse)
	f.values["clientId"], f.values["clientSecret"], f.values["redirectUri"] = f.ClientID, f.ClientSecret, o.RedirectURI
	f.values["scope"] = strings.Join(f.Scopes, separator(e))
	if at, err := url.Parse(o.RedirectURI); err == nil {
		f.values["redirectHost"] = at.Host
	}
	return f, f.addKeys(e, o)
}

func separator(e Entry) string {
	if e.ScopeSeparator != nil {
		return *e.ScopeSeparator
	}
	return " "
}

// scopesOf are the entry's scopes, or two made-up ones where a request of its kind carries scopes.
func scopesOf(e Entry) []string {
	_, ofItself := e.TokenParams.get("scope")
	_, toldAtLogin := e.AuthorizationParams.get("scope")
	carries := e.AuthMode == modeCode || e.AuthMode == modeClient && (e.ScopeSeparator != nil || e.DefaultScopes != nil)
	switch {
	case ofItself || toldAtLogin || !carries:
		return nil
	case e.DefaultScopes != nil:
		return e.DefaultScopes
	}
	return []string{"read:" + e.Name, "https://" + e.Name + ".example/write"}
}

// fill makes up a value for every name.
func (f *Facts) fill(e Entry, sparse bool) {
	places := placesOf(e)
	told := map[string]bool{}
	for _, name := range slices.Concat(e.RedirectURIMetadata, e.TokenResponseMetadata) {
		told["connectionConfig."+name] = true
	}
	dispensable := map[string]bool{}
	if sparse {
		dispensable = dispensableNames(e)
	}
	for _, name := range slices.Concat(namesOf(e), slices.Sorted(maps.Keys(told))) {
		kind, x, _ := strings.Cut(name, ".")
		v := f.makeUp(e.Name, x, places[name])
		switch {
		case told[name] || kind == "step1" || strings.HasPrefix(name, "credentials.raw."):
			f.values[name] = v
			continue
		case dispensable[name] || !given(e, name):
			continue
		}
		f.values[name] = v
		switch kind {
		case "connectionConfig":
			f.Config[x] = v
			if slices.Contains(namesIn(e.TokenURL, e.BaseURL), x) { // one entry leaves the connectionConfig out
				f.values[x] = v
			}
		case "credentials":
			f.Credentials[x] = v
		case "assertionOption":
			f.AssertionOption[x] = v
		}
	}
}

// namesOf lists the names of values of the user and of the first request's answer, each once.
func namesOf(e Entry) []string {
	texts := []any{e.TokenURL, e.TokenParams, e.TokenHeaders, e.RefreshURL, e.RefreshParams, e.RefreshTokenParams,
		e.RefreshTokenHeaders, e.AuthorizationParams, e.BaseURL, e.CallHeaders, e.CallQuery}
	for _, s := range e.AdditionalSteps {
		texts = append(texts, s.TokenURL, s.TokenParams, s.TokenHeaders)
	}
	if t := e.Token; t != nil {
		texts = append(texts, t.SigningKey, t.Header, t.Payload)
	}
	if a := e.Assertion; a != nil {
		texts = append(texts, a.Key, a.Header, a.Payload, a.Attributes, a.Issuer, a.Audiences, a.NameIdentifier, a.Recipient)
	}
	names := namesIn(texts...)
	for kind, listed := range map[string][]string{
		"connectionConfig.": e.ConnectionConfig, "assertionOption.": e.AssertionOption,
		"credentials.": slices.Concat(e.Credentials, e.IntegrationConfig, modeCredentials(e)),
	} {
		for _, x := range listed {
			names = append(names, kind+x)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.Contains(name, ".") })
	slices.Sort(names)
	return slices.Compact(names)
}

// modeCredentials are those that a kind of entry has by its nature.
func modeCredentials(e Entry) []string {
	if e.AuthMode == modeBill {
		return []string{"devKey", "organizationId", "password", "username"}
	}
	return nil
}

// Sparse says whether there is another way to use the entry: see Options.
func (e Entry) Sparse() bool {
	return len(dispensableNames(e)) > 0 || e.noted(noteUserOnly) || e.noted(noteNoRotation)
}

// given says whether it is the user who gives the value: some are made, and some are fields of their own.
func given(e Entry, name string) bool {
	switch name {
	case "credentials.client_id", "credentials.client_secret":
		return e.AuthMode != modeCode && e.AuthMode != modeClient
	case "credentials.client_private_key", "credentials.client_certificate", "credentials._cookies":
		return false
	case "credentials.assertion": // a SAML assertion is made once, with the service's tool, and then a value as any other
		return e.Assertion == nil || e.Assertion.Type == "saml"
	}
	return true
}

// dispensableNames are those that are only in alternatives that have another after them.
func dispensableNames(e Entry) map[string]bool {
	first, last := map[string]bool{}, []any{e.TokenParams, e.TokenHeaders, e.AuthorizationParams, e.CallQuery}
	texts := []string{e.TokenURL, e.RefreshURL, e.BaseURL}
	for _, m := range e.CallHeaders {
		if text, is := m.Value.(string); is {
			texts = append(texts, text)
		}
	}
	for _, t := range texts {
		alternatives := strings.Split(t, " || ")
		last = append(last, alternatives[len(alternatives)-1])
		for _, alternative := range alternatives[:len(alternatives)-1] {
			for _, name := range namesIn(alternative) {
				first[name] = true
			}
		}
	}
	for _, name := range namesIn(last...) {
		delete(first, name)
	}
	return first
}
