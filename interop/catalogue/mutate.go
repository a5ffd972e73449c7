package catalogue

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A draft is a request to be changed.
type draft struct {
	method string
	at     url.URL
	header http.Header
	body   []byte
	tls    *tls.ConnectionState
}

func newDraft(a Accepted) draft {
	return draft{a.sent.Method, *a.sent.URL, a.sent.Header.Clone(), slices.Clone(a.sent.body), a.sent.TLS}
}

// request makes the replay of a draft.
func (d draft) request(at moment) *http.Request {
	header := d.header.Clone()
	header.Del("Content-Length")
	r := &http.Request{Method: d.method, URL: &d.at, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(bytes.NewReader(d.body)), ContentLength: int64(len(d.body)), Host: "127.0.0.1", TLS: d.tls}
	return r.WithContext(context.WithValue(context.Background(), momentKey{}, at))
}

// query changes the query.
func (d *draft) query(change func(url.Values)) {
	values := d.at.Query()
	change(values)
	d.at.RawQuery = values.Encode()
}

// A mutator makes the mutants of one request.
type mutator struct {
	plan    *plan
	of      Accepted
	kind    Kind
	yield   func(Mutant) bool
	stopped bool
}

// mutant yields a changed request.
func (m *mutator) mutant(name string, change func(*draft)) {
	m.mutantAt(name, m.of.before, change)
}

func (m *mutator) mutantAt(name string, at moment, change func(*draft)) {
	if m.stopped {
		return
	}
	d := newDraft(m.of)
	change(&d)
	m.stopped = !m.yield(Mutant{Of: m.of.Name(), Kind: m.kind, Name: name, Request: d.request(at)})
}

// as yields a changed request of another kind.
func (m *mutator) as(kind Kind, name string, change func(*draft)) {
	before := m.kind
	m.kind = kind
	m.mutant(name, change)
	m.kind = before
}

func (m *mutator) all() {
	for _, stage := range []struct {
		kind    Kind
		browser bool // counts for what a browser sends too
		make    func()
	}{
		{OfMethod, true, m.inMethod}, {OfPath, true, m.inPath}, {OfParameters, true, m.inQuery}, {OfParameters, true, m.inBody},
		{OfFormat, false, m.inFormat}, {OfHeaders, false, m.inHeaders}, {OfClient, false, m.inClient},
		{OfCertificate, false, m.inCertificate}, {OfTime, true, m.inTime}, {OfSignature, true, m.inSigned},
	} {
		if m.kind = stage.kind; stage.browser || !m.of.shape.browser {
			stage.make()
		}
	}
}

func (m *mutator) inMethod() {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
		if method != m.of.sent.Method {
			m.mutant("method "+method, func(d *draft) { d.method = method })
		}
	}
}

func (m *mutator) inPath() {
	m.mutant("path longer", func(d *draft) { d.at.Path, d.at.RawPath = d.at.Path+"x", "" })
	m.mutant("path of another host", func(d *draft) { d.at.Path, d.at.RawPath = "/other"+d.at.Path, "" })
}

// inQuery changes the parameters of the query.
func (m *mutator) inQuery() {
	for name, values := range m.of.sent.URL.Query() {
		if !slices.Contains(m.of.shape.optional, name) {
			m.mutant("query parameter "+name+" missing", func(d *draft) { d.query(func(q url.Values) { q.Del(name) }) })
		}
		m.mutant("query parameter "+name+" changed", func(d *draft) {
			d.query(func(q url.Values) { q.Set(name, m.other(name, values[0])) })
		})
		m.mutant("query parameter "+name+" doubled", func(d *draft) { d.query(func(q url.Values) { q.Add(name, values[0]) }) })
		m.as(OfPlace, "query parameter "+name+" in the body", func(d *draft) {
			d.query(func(q url.Values) { q.Del(name) })
			d.header.Set("Content-Type", contentTypes["form"])
			d.body = append(d.body, []byte("&"+url.Values{name: values}.Encode())...)
		})
	}
	m.mutant("query parameter too many", func(d *draft) { d.query(func(q url.Values) { q.Add("extra", "1") }) })
	m.as(OfClient, "client_secret in the query too", func(d *draft) {
		d.query(func(q url.Values) { q.Add("client_secret", m.plan.facts.ClientSecret) })
	})
}

// other is a wrong value. Any state is a right one, but none is not.
func (m *mutator) other(name, value string) string {
	if name == "state" && m.of.shape.browser {
		return ""
	}
	return value + "x"
}

// inHeaders changes the described headers, and adds others.
func (m *mutator) inHeaders() {
	for _, h := range m.of.shape.headers {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		m.mutant("header "+h.Name+" missing", func(d *draft) { d.header.Del(name) })
		m.mutant("header "+h.Name+" changed", func(d *draft) { d.header.Set(name, d.header.Get(name)+"x") })
		m.mutant("header "+h.Name+" doubled", func(d *draft) { d.header.Add(name, d.header.Get(name)) })
	}
	m.mutant("header too many", func(d *draft) { d.header.Set("X-Extra", "1") })
}

func (m *mutator) inFormat() {
	if len(m.of.sent.body) > 0 {
		m.mutant("content type of text", func(d *draft) { d.header.Set("Content-Type", "text/plain") })
		m.mutant("content type missing", func(d *draft) { d.header.Del("Content-Type") })
	}
}

// inClient changes the client's authentication: the other style of Basic, another secret, the secret in two places.
func (m *mutator) inClient() {
	id, secret := m.plan.facts.ClientID, m.plan.facts.ClientSecret
	sent := m.of.sent.Header.Get("Authorization")
	if sent == "" {
		m.mutant("client in the header too", func(d *draft) { d.header.Set("Authorization", basic(id, secret)) })
		m.mutant("bearer token in the header too", func(d *draft) { d.header.Set("Authorization", "Bearer x") })
		for how, value := range map[string]string{"raw": basic(id, secret), "encoded": basic(url.QueryEscape(id), url.QueryEscape(secret))} {
			m.edited("client in the header instead, "+how, func(d *draft, o Object) Object {
				d.header.Set("Authorization", value)
				return withoutClient(o)
			})
		}
		return
	}
	m.edited("client in the body instead", func(d *draft, o Object) Object {
		d.header.Del("Authorization")
		return o.merged(members("client_id", id, "client_secret", secret))
	})
	for _, value := range []string{basic(id, secret), basic(url.QueryEscape(id), url.QueryEscape(secret)), basic(id, secret+"x"),
		basic(id+"x", secret), basic(secret, id), strings.ToUpper(sent)} {
		if value != sent {
			m.mutant("header Authorization otherwise", func(d *draft) { d.header.Set("Authorization", value) })
		}
	}
}

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

// inCertificate takes the client's certificate away, and shows another.
func (m *mutator) inCertificate() {
	if !m.plan.entry.RequireClientCertificate {
		return
	}
	m.mutant("no TLS", func(d *draft) { d.tls = nil })
	m.mutant("no client certificate", func(d *draft) { d.tls = &tls.ConnectionState{} })
	m.mutant("another client certificate", func(d *draft) {
		d.tls = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{m.plan.keys.ca}}
	})
}

// inTime sends the same at another time, and again.
func (m *mutator) inTime() {
	s, p := m.of.shape, m.plan
	unchanged := func(*draft) {}
	if slices.ContainsFunc(namesIn(s.headers, s.params, s.query), func(n string) bool { return strings.HasPrefix(n, "now") }) {
		m.mutantAt("ten minutes late", m.of.before.later(2*skew), unchanged)
		m.mutantAt("ten minutes early", m.of.before.later(-2*skew), unchanged)
	}
	if s == p.call && !p.everlasting {
		m.mutantAt("with a token that is over", m.of.after.later(p.life+time.Second), unchanged)
		if p.token != nil {
			m.mutantAt("with a token that was not given out", moment{&state{}, m.of.before.at}, unchanged)
		}
	}
	if p.spends(s) {
		m.mutantAt("again", m.of.after, unchanged)
	}
}

// spends says whether a request can be made only once.
func (p *plan) spends(s *shape) bool {
	refreshes := s == p.refresh && p.rotates && slices.Contains(namesIn(s.params, s.headers), "refresh_token")
	return s == p.token && s.pick != nil || refreshes || slices.Contains(p.steps, s)
}
