package catalogue

import (
	"iter"
	"net/http"
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

// Mutants yields requests that differ from one of the exchange's in one thing, with the name of that thing. Of every kind of
// request the first one is taken. They are replays: the exchange's server judges each by the state and the time at which the
// original came, and they leave no trace.
func Mutants(x Exchange) iter.Seq2[string, *http.Request] {
	return func(yield func(string, *http.Request) bool) {
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

// Survivors replays the originals and the mutants. It returns the names of the originals that were refused and of the mutants
// that were accepted (there should be none), and how many there were in all.
func (x Exchange) Survivors() (wrong []string, tried int) {
	for name, r := range x.Originals {
		tried++
		if refusals, accepted := x.Replay(r); !accepted {
			wrong = append(wrong, name+" as it was: refused: "+refusals[0])
		}
	}
	for name, r := range Mutants(x) {
		tried++
		if _, accepted := x.Replay(r); accepted {
			wrong = append(wrong, name)
		}
	}
	return wrong, tried
}
