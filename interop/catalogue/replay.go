package catalogue

import (
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// momentKey is the context key of a replay.
type momentKey struct{}

// moment is a time, and the state of the server at it.
type moment struct {
	state *state
	at    time.Time
}

// later is the moment at another time.
func (m moment) later(d time.Duration) moment { return moment{m.state, m.at.Add(d)} }

// Accepted is a request that was accepted.
type Accepted struct {
	shape         *shape
	sent          *request
	before, after moment
	bound         map[string]string
}

// Name is the kind of the request: see Counts.
func (a Accepted) Name() string { return a.shape.name }

// String is the request as it was sent, without what an HTTP client adds by itself and nobody described.
func (a Accepted) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s %s\n", a.Name(), a.sent.Method, a.sent.URL.RequestURI())
	for _, name := range slices.Sorted(maps.Keys(a.sent.Header)) {
		_, described := a.shape.headers.get(strings.ToLower(name))
		if described || name == "Content-Type" || !slices.Contains(transport, name) {
			fmt.Fprintf(&out, "  %s: %s\n", name, strings.Join(a.sent.Header[name], ", "))
		}
	}
	if len(a.sent.body) > 0 {
		fmt.Fprintf(&out, "  %s\n", a.sent.body)
	}
	return out.String()
}

// Exchange is what a correct client sent, in its order.
type Exchange struct {
	server   *Server
	Accepted []Accepted
}

// Exchange is what the server accepted since the start.
func (s *Server) Exchange() Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Exchange{s, append([]Accepted(nil), s.accepted...)}
}

// first are the first requests of each kind.
func (x Exchange) first(yield func(Accepted) bool) {
	seen := map[*shape]bool{}
	for _, a := range x.Accepted {
		if seen[a.shape] {
			continue
		}
		seen[a.shape] = true
		if !yield(a) {
			return
		}
	}
}

// A Kind is what is off about a mutant.
type Kind string

// The kinds of mutants.
const (
	OfMethod      Kind = "method"
	OfPath        Kind = "path"
	OfParameters  Kind = "parameters"
	OfPlace       Kind = "their place"
	OfFormat      Kind = "format"
	OfHeaders     Kind = "headers"
	OfClient      Kind = "client"
	OfCertificate Kind = "certificate"
	OfSignature   Kind = "signature"
	OfTime        Kind = "time, order"
)

// A Mutant is a request that differs from one of an exchange in one thing.
type Mutant struct {
	Of      string // the request's kind: see Counts
	Kind    Kind
	Name    string // what differs
	Request *http.Request
}

// Mutants yields the mutants of an exchange. They are replays: the exchange's server judges each by the state and the time at which
// the original came, and they leave no trace. Of every kind of request the first one is taken.
func Mutants(x Exchange) iter.Seq[Mutant] {
	return func(yield func(Mutant) bool) {
		for a := range x.first {
			m := &mutator{plan: x.server.plan, of: a, yield: yield}
			if m.all(); m.stopped {
				return
			}
		}
	}
}

// Replay answers whether the exchange's server accepts a request of a replay, and if not, why not.
func (x Exchange) Replay(r *http.Request) (refusals []string, accepted bool) {
	v, err := x.server.replay(r)
	switch {
	case err != nil:
		return []string{err.Error()}, false
	case v.over:
		return []string{errOver.Error()}, false
	}
	return v.problems, !v.refused()
}

// Originals yields the first requests of each kind as they were: the controls of the mutants.
func (x Exchange) Originals(yield func(string, *http.Request) bool) {
	for a := range x.first {
		if !yield(a.Name(), newDraft(a).request(a.before)) {
			return
		}
	}
}

// A Trial is what came of replaying the originals and all mutants of an exchange.
type Trial struct {
	Controls int      // originals, which have to be accepted
	Refused  []string // those that were not
	Tried    map[Count]int
	Survived map[Count]int
	Taken    []string // mutants that were accepted
}

// A Count is of the mutants of one kind of one kind of request.
type Count struct {
	Of   string
	Kind Kind
}

// Try replays the originals and the mutants.
func (x Exchange) Try() Trial {
	t := Trial{Tried: map[Count]int{}, Survived: map[Count]int{}}
	for name, r := range x.Originals {
		t.Controls++
		if refusals, accepted := x.Replay(r); !accepted {
			t.Refused = append(t.Refused, name+" as it was: "+refusals[0])
		}
	}
	for m := range Mutants(x) {
		c := Count{m.Of, m.Kind}
		t.Tried[c]++
		if _, accepted := x.Replay(m.Request); accepted {
			t.Survived[c]++
			t.Taken = append(t.Taken, m.Of+": "+m.Name)
		}
	}
	return t
}
