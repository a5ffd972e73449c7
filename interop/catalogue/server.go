package catalogue

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options is what a caller chooses.
type Options struct {
	Life        time.Duration    // of tokens; the answers say it where they say any; 2 s by default
	RedirectURI string           // the client's; http://127.0.0.1:9/callback by default
	Now         func() time.Time // time.Now by default
	Sparse      bool             // the other way that the entry allows: see Rules
	Keys        *Keys            // made for this server by default
}

// A Server is one service: a handler that accepts what its entry describes, and nothing else. It is safe for concurrent use.
type Server struct {
	entry Entry
	facts *Facts
	plan  *plan
	now   func() time.Time
	http  *httptest.Server

	document []byte

	mu       sync.Mutex
	state    *state
	accepted []Accepted
	refused  []string
	over     int
}

// Start starts the service of an entry on a loopback port.
func Start(e Entry, o Options) (*Server, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	s := &Server{now: o.Now, state: &state{seen: map[string]time.Time{}}}
	s.http = httptest.NewUnstartedServer(s)
	if e.RequireClientCertificate {
		s.http.TLS = &tls.Config{Certificates: []tls.Certificate{o.Keys.server}, ClientAuth: tls.RequestClientCert}
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	if err := s.prepare(e, s.http.URL, o); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (o *Options) fill() (err error) {
	if o.Life == 0 {
		o.Life = 2 * time.Second
	}
	if o.RedirectURI == "" {
		o.RedirectURI = "http://127.0.0.1:9/callback"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Keys == nil {
		o.Keys, err = NewKeys()
	}
	return err
}

func (s *Server) prepare(e Entry, base string, o Options) (err error) {
	s.entry = e
	if s.facts, err = newFacts(e, base, o); err != nil {
		return err
	}
	if s.plan, err = planOf(e, s.facts, o); err != nil {
		return err
	}
	s.document, err = json.Marshal(s.plan.document())
	return err
}

// Close stops the server.
func (s *Server) Close() { s.http.Close() }

// Facts are the user's values.
func (s *Server) Facts() Facts { return *s.facts }

// Refusals are the requests that were refused since the start, a sentence for each thing that was off.
func (s *Server) Refusals() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// Over counts the calls that were right but for a token whose life was over. They are no refusals: their answer is 401.
func (s *Server) Over() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// Counts counts the accepted requests by kind: "authorization request", "token request", "request 2", "refresh request",
// "introspection request", "call".
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[string]int{}
	for _, a := range s.accepted {
		counts[a.shape.name]++
	}
	return counts
}

// Expected are the counts that a client comes to that calls so many times, each time after the last token has ended, with no request
// too many. Authorization requests are a person's, and not among them.
func (s *Server) Expected(calls int) map[string]int {
	p, want := s.plan, map[string]int{s.plan.call.name: calls}
	if p.hop != nil {
		want[p.hop.name] = calls
	}
	if p.token == nil {
		return want
	}
	want[p.token.name] = calls
	switch {
	case p.everlasting:
		want[p.token.name] = 1
	case p.refresh != nil:
		want[p.token.name], want[p.refresh.name] = 1, calls-1
	}
	for _, step := range p.steps {
		want[step.name] = want[p.token.name]
	}
	return want
}

// ServeHTTP answers a request. One of a replay is judged by the time and state of its replay, and leaves no trace.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, is := r.Context().Value(momentKey{}).(moment); is {
		v, err := s.replay(r)
		if err != nil {
			v = verdict{problems: []string{err.Error()}}
		}
		s.write(w, v)
		return
	}
	read, err := readAll(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.write(w, s.live(read))
}

func readAll(r *http.Request) (*request, error) {
	if r.Body == nil {
		return &request{r, nil}, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	return &request{r, body}, err
}

// replay judges a request by the moment that it carries.
func (s *Server) replay(r *http.Request) (verdict, error) {
	m, is := r.Context().Value(momentKey{}).(moment)
	if !is {
		return verdict{}, errors.New("not a request of a replay")
	}
	read, err := readAll(r)
	if err != nil {
		return verdict{}, err
	}
	return s.plan.judge(m.state.clone(), read, m.at), nil
}

// live judges a request by what is, and remembers what came of it.
func (s *Server) live(r *request) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, next := s.now(), s.state.clone()
	v := s.plan.judge(next, r, now)
	switch {
	case v.refused():
		for _, problem := range v.problems {
			s.refused = append(s.refused, v.name()+": "+problem)
		}
	case v.over:
		s.over++
	default:
		s.accepted = append(s.accepted, Accepted{v.shape, copied(r), moment{s.state, now}, moment{next, now}, v.bound})
		s.state = next
	}
	return v
}

func copied(r *request) *request {
	kept := r.Clone(context.Background())
	kept.Body = io.NopCloser(bytes.NewReader(r.body))
	return &request{kept, r.body}
}

// write answers. A refusal is what RFC 6749 5.2 says, or what the service says instead.
func (s *Server) write(w http.ResponseWriter, v verdict) {
	a := v.answer
	switch {
	case v.over:
		a = failure(http.StatusUnauthorized, "the token is over")
	case v.refused() && v.shape == nil:
		a = failure(http.StatusNotFound, v.problems[0])
	case v.refused() && (v.shape == s.plan.call || v.shape == s.plan.hop):
		a = failure(http.StatusForbidden, strings.Join(v.problems, "; "))
	case v.refused() && v.lost:
		a = failure(http.StatusBadRequest, "invalid_grant")
	case v.refused() && v.scope:
		a = failure(http.StatusBadRequest, "invalid_scope")
	case v.refused():
		a = failure(http.StatusBadRequest, "invalid_request")
	}
	if s.plan.softly && v.refused() && (v.shape == s.plan.token || v.shape == s.plan.refresh) {
		a.status = http.StatusOK
	}
	types := map[string]string{"json": "application/json", "text": "text/plain; charset=utf-8", "xml": "application/xml"}
	if a.format != "" {
		w.Header().Set("Content-Type", types[a.format])
	}
	for name, values := range a.headers {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	w.Write(a.body)
}

func failure(status int, what string) answer {
	body, err := json.Marshal(map[string]any{"ok": false, "error": what})
	if err != nil {
		body = nil
	}
	return answer{status: status, format: "json", body: body}
}
