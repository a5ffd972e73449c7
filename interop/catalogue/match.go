package catalogue

import (
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A matcher compares one request with one shape, about one candidate. What is off it collects as sentences.
type matcher struct {
	plan     *plan
	shape    *shape
	known    map[string]string // by the candidate and the request
	checks   map[string]check  // what the client chooses
	bound    map[string]string // what it chose: the same all over the request
	now      time.Time
	problems []string
	scope    int      // how many of them are about the scope
	later    []func() // comparisons that may need what others bind
}

// transport are headers that an HTTP client adds by itself.
var transport = []string{"Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "User-Agent"}

// match compares a request with a shape: the matcher has what is wrong with it, and what the client chose.
func (p *plan) match(s *shape, r *request, c candidate, now time.Time) *matcher {
	m := &matcher{plan: p, shape: s, known: map[string]string{}, bound: map[string]string{}, now: now}
	m.known["body"], m.known["endpoint"] = string(r.body), r.URL.EscapedPath()
	for name, v := range c.values {
		m.known[name] = v
	}
	if s.chosen != nil {
		m.checks = s.chosen(c)
	}
	m.request(r)
	for _, compare := range m.later {
		compare()
	}
	return m
}

func (m *matcher) wrong(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

func (m *matcher) wrongAt(where, format string, args ...any) {
	if m.wrong("%s: "+format, append([]any{where}, args...)...); where == "parameter scope" {
		m.scope++
	}
}

func (m *matcher) request(r *request) {
	if r.Method != m.shape.method {
		m.wrong("method: want %s, got %s", m.shape.method, r.Method)
	}
	_, query, err := m.shape.pathAndQuery(m.plan.facts.Base, m.value)
	if err != nil {
		m.wrong("%v", err)
	}
	got, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		m.wrong("query: %v", err)
	}
	m.flat("query parameter", query, got)
	if !m.shape.browser {
		m.headers(r.Header)
		m.certificate(r)
	}
	m.body(r)
}

// value is what a name stands for; names that the client chooses have a value once they are bound.
func (m *matcher) value(name string) (string, bool) {
	for _, from := range []map[string]string{m.known, m.bound, m.plan.facts.values} {
		if v, is := from[name]; is {
			return v, true
		}
	}
	return "", false
}

// headers compares the described headers, and finds those that are neither described nor the transport's.
func (m *matcher) headers(got http.Header) {
	described := slices.Clone(transport)
	for _, h := range m.shape.headers {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		described = append(described, name)
		switch values := got[name]; {
		case len(values) != 1:
			m.wrong("header %s: want once, got %d times", h.Name, len(values))
		case name == "Cookie":
			m.text("header "+h.Name, h.Value.(string), sortedCookies(values[0]), sortedCookies)
		default:
			m.text("header "+h.Name, h.Value.(string), values[0], nil)
		}
	}
	for name, values := range got {
		if !slices.Contains(described, name) {
			m.wrong("header %s: not wanted, got %q", name, values)
		}
	}
}

// certificate wants the client's certificate, where the service requires one.
func (m *matcher) certificate(r *request) {
	if !m.plan.entry.RequireClientCertificate {
		return
	}
	want := m.plan.keys.client.Certificate[0]
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		m.wrong("client certificate: none")
	} else if string(r.TLS.PeerCertificates[0].Raw) != string(want) {
		m.wrong("client certificate: want the user's, got %s", r.TLS.PeerCertificates[0].Subject)
	}
}

// sortedCookies writes the cookies of a header in one order.
func sortedCookies(header string) string {
	cookies := strings.Split(header, "; ")
	slices.Sort(cookies)
	return strings.Join(cookies, "; ")
}

// flat compares parameters that are name and text.
func (m *matcher) flat(what string, want Object, got url.Values) {
	for _, p := range want {
		where := what + " " + p.Name
		switch values := got[p.Name]; {
		case len(values) == 1:
			m.text(where, scalar(p.Value), values[0], nil)
		case len(values) == 0 && slices.Contains(m.shape.optional, p.Name):
		default:
			m.wrongAt(where, "want once, got %d times", len(values))
		}
	}
	for name, values := range got {
		if _, is := want.get(name); !is {
			m.wrong("%s %s: not wanted, got %q", what, name, values)
		}
	}
}

// text compares a text with a template. Where the template holds one thing that the client chooses, that is checked and bound;
// everything else is compared when all of these are known. With form both are brought into the same form first.
func (m *matcher) text(where, template, got string, form func(string) string) {
	parsed, err := parse(template)
	if err != nil {
		m.wrong("%s: %v", where, err)
		return
	}
	if at := m.choice(parsed); at >= 0 {
		m.bind(where, parsed, at, got)
		return
	}
	m.later = append(m.later, func() {
		want, err := parsed.eval(m.value)
		if form != nil {
			want = form(want)
		}
		if err != nil || want != got {
			m.wrongAt(where, "want %q, got %q", orError(want, err), got)
		}
	})
}

func orError(text string, err error) string {
	if err != nil {
		return err.Error()
	}
	return text
}

// choice is the place of the one part of a template that the client chooses and has not chosen yet; -1 if there is none, or if
// the rest is not known.
func (m *matcher) choice(t text) int {
	at := -1
	for i, p := range t {
		if p.name == "" {
			continue
		}
		_, free := m.check(p.name)
		if _, known := m.value(p.name); known {
			continue
		}
		if !free || at >= 0 {
			return -1
		}
		at = i
	}
	return at
}

// bind takes what the client chose out of the text, and checks it.
func (m *matcher) bind(where string, t text, at int, got string) {
	before, err := t[:at].eval(m.value)
	after, err2 := t[at+1:].eval(m.value)
	if err != nil || err2 != nil {
		m.wrong("%s: can't be checked: %v %v", where, err, err2)
		return
	}
	rest, begins := strings.CutPrefix(got, before)
	chosen, ends := strings.CutSuffix(rest, after)
	if !begins || !ends {
		m.wrong("%s: want %q and %q around ${%s}, got %q", where, before, after, t[at].name, got)
		return
	}
	verify, _ := m.check(t[at].name)
	m.bound[t[at].name] = chosen // even a bad one: it is to be the same everywhere
	if err := verify(chosen); err != nil {
		m.wrong("%s: %v, got %q", where, err, chosen)
	}
}

// check is what is required of something that the client chooses.
func (m *matcher) check(name string) (check, bool) {
	if c, is := m.checks[name]; is {
		return c, true
	}
	format, isTime := strings.CutPrefix(name, "now")
	e := m.plan.entry
	switch {
	case name == "random":
		return checkUUID, true
	case isTime:
		return func(got string) error { return checkTime(strings.TrimPrefix(format, ":"), got, m.now) }, true
	case name == "token" && e.Token != nil:
		return m.jwt(tokenRules(e)), true
	case name == "accessToken" && e.AuthMode == modeJWT:
		return m.jwt(tokenRules(e)), true
	case name == "accessToken" && e.AuthMode == modeSigned:
		return m.wsse, true
	case name == "client_assertion":
		return m.jwt(clientRules(m.plan, m.shape)), true
	case name == "credentials.assertion" && e.Assertion != nil && e.Assertion.Type == "saml":
		return m.saml, true
	case name == "credentials.assertion" && e.Assertion != nil:
		return m.jwt(assertionRules(e)), true
	}
	return nil, false
}
