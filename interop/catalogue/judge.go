package catalogue

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// A verdict is what a request came to.
type verdict struct {
	shape    *shape // nil if nothing is at its path
	chosen   candidate
	bound    map[string]string
	problems []string
	lost     bool // there was nothing that the request could build on
	off      int  // how far the request is from the shape
	scope    bool // nothing is wrong but the scope
	over     bool
	answer   answer
}

func (v verdict) refused() bool { return len(v.problems) > 0 }

func (v verdict) name() string {
	if v.shape == nil {
		return "request"
	}
	return v.shape.name
}

// judge finds the shape and the candidate that fit a request best. If they fit, the state becomes what it is after the request.
func (p *plan) judge(st *state, r *request, now time.Time) verdict {
	best := verdict{problems: []string{fmt.Sprintf("nothing is at %s %s", r.Method, r.URL.EscapedPath())}, lost: true}
	for _, s := range p.shapes() {
		path, _, err := s.pathAndQuery(p.facts.Base, p.facts.value)
		if err != nil || path != r.URL.EscapedPath() {
			continue
		}
		for _, v := range p.attempts(s, st, r, now) {
			if best.shape == nil || v.off < best.off {
				best = v
			}
		}
	}
	if !best.refused() {
		best.finish(p, st, now)
	}
	return best
}

func (v *verdict) finish(p *plan, st *state, now time.Time) {
	a, err := v.shape.accept(&deed{st, v.chosen, v.bound, now})
	switch {
	case errors.Is(err, errOver):
		v.over = true
	case err != nil:
		v.problems = []string{err.Error()}
	case v.shape == p.call && p.hop != nil:
		a = answer{status: http.StatusTemporaryRedirect, headers: http.Header{"Location": {p.resolved(p.hop)}}}
	}
	v.answer = a
}

// resolved is the URL of a shape without query.
func (p *plan) resolved(s *shape) string {
	path, _, err := s.pathAndQuery(p.facts.Base, p.facts.value)
	if err != nil {
		return p.facts.Base
	}
	return p.facts.Base + path
}

func (p *plan) shapes() []*shape {
	all := slices.Concat([]*shape{p.authorize, p.token, p.refresh, p.call, p.hop}, p.steps, p.others)
	return slices.DeleteFunc(all, func(s *shape) bool { return s == nil })
}

// attempts compares a request with a shape for every candidate.
func (p *plan) attempts(s *shape, st *state, r *request, now time.Time) (all []verdict) {
	found := []candidate{{}}
	if s.pick != nil {
		found = s.pick(st)
	}
	for _, c := range found {
		m := p.match(s, r, c, now)
		all = append(all, verdict{shape: s, chosen: c, problems: m.problems, bound: m.bound, off: len(m.problems),
			scope: len(m.problems) > 0 && m.scope == len(m.problems)})
	}
	if len(all) == 0 {
		m := p.match(s, r, candidate{}, now)
		all = append(all, verdict{shape: s, problems: []string{s.without}, lost: true, off: len(m.problems)})
	}
	return all
}
