package call

import (
	"context"
	"sync"
	"time"
)

// Gates are what APIs asked of those who are ready to wait: an API that wants to be left alone has to say so once, and not to each of
// many who ask side by side. They are safe for concurrent use.
type Gates struct {
	mu  sync.Mutex
	all map[string]*closure
}

// A closure is that an API asked to be left alone.
type closure struct {
	until   time.Time
	why     Waiting
	looked  time.Time     // when somebody went to see whether the API is well, after that time; zero: nobody has
	changed chan struct{} // closed when there is something new
}

// lookWithin is how long the others wait for whoever went to see, before the next one goes.
const lookWithin = 5 * time.Second

// NewGates returns gates that are all open.
func NewGates() *Gates { return &Gates{all: map[string]*closure{}} }

// Of is for one request at the gate of that name.
func (g *Gates) Of(name string) *Gate { return &Gate{gates: g, name: name} }

// A Gate is how one request stands at the gate of its API. The zero Gate is always open.
type Gate struct {
	gates *Gates
	name  string
	first bool // it went to see
}

// enter waits while the gate is closed, and tells for how long. Then one goes in first, and the others when that one was answered
// well. What lasts longer than end is not waited for: the request hears from the API itself what it has to hear.
func (g *Gate) enter(ctx context.Context, end time.Time, tell func(Waiting)) error {
	if g.gates == nil {
		return nil
	}
	var told time.Time
	for {
		now := time.Now()
		c, next := g.look(now, end)
		if c == nil || !now.Before(end) {
			return nil
		}
		if c.until.After(now) && !told.Equal(c.until) {
			told, c.why.For = c.until, c.until.Sub(now)
			tell(c.why)
		}
		timer := time.NewTimer(next.Sub(now))
		select {
		case <-timer.C:
		case <-c.changed:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// look returns why the gate is closed to this request, and when to look again; nil if it may go in.
func (g *Gate) look(now, end time.Time) (c *closure, next time.Time) {
	g.gates.mu.Lock()
	defer g.gates.mu.Unlock()
	c = g.gates.all[g.name]
	if c == nil || c.until.After(end) {
		return nil, next
	}
	if next = c.until; !next.After(now) {
		if next = c.looked.Add(lookWithin); !next.After(now) {
			c.looked, g.first = now, true
			return nil, next
		}
	}
	if next.After(end) {
		next = end
	}
	seen := *c
	return &seen, next
}

// leave says what came of a request: the API wants to be left alone for a time, or it is well, or nobody knows.
func (g *Gate) leave(pause time.Duration, well bool, why Waiting) {
	if g.gates == nil {
		return
	}
	g.gates.mu.Lock()
	defer g.gates.mu.Unlock()
	first := g.first
	g.first = false
	c, until := g.gates.all[g.name], time.Now().Add(pause)
	switch {
	case pause > 0 && c == nil:
		g.gates.all[g.name] = &closure{until: until, why: why, changed: make(chan struct{})}
		return
	case pause > 0:
		if until.After(c.until) {
			c.until, c.why = until, why
		}
	case c == nil || !first:
		return // it was on its way before the gate closed, and tells nothing
	case well:
		delete(g.gates.all, g.name)
	}
	c.looked = time.Time{}
	close(c.changed)
	c.changed = make(chan struct{})
}
