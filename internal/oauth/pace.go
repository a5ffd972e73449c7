package oauth

import (
	"context"
	"net/http"
	"sync"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/token"
)

// A Pace keeps token hosts from being asked faster than they allow, however many integrations share one (failure mode 38). A host
// that never complained is not held back. One that answers 429 is left alone for as long as it says, and then asked one by one,
// farther apart with each complaint and closer with each success. It is safe for concurrent use.
type Pace struct {
	mu    sync.Mutex
	hosts map[string]*pacing
}

// pacing is what is known of a host that complained.
type pacing struct {
	next    time.Time     // when its next request may begin
	gap     time.Duration // between the beginnings of two requests
	changed time.Time     // when the gap was widened last
}

// NewPace returns a pace that knows of no complaints.
func NewPace() *Pace { return &Pace{hosts: map[string]*pacing{}} }

const (
	leastGap = 100 * time.Millisecond
	mostGap  = 10 * time.Second
	// mostTurn is how long a request may wait for its turn. Longer waits are back-off.
	mostTurn = 5 * time.Second
)

// Wait waits for a turn at the host. A turn that is too far away is an error, which says when to come again.
func (p *Pace) Wait(ctx context.Context, host string) error {
	now, patience := time.Now(), mostTurn
	if end, bounded := ctx.Deadline(); bounded {
		patience = min(patience, end.Sub(now)/2) // the rest is for the request
	}
	turn := p.turn(host, now, patience)
	if turn > patience {
		return &token.AskError{Reason: "postponed", Postponed: true, RetryAfter: turn, Err: fault.New(fault.Unavailable, "%s wants to be asked less often", host).
			WithHint("it is asked again when its turn comes; many integrations share this token endpoint")}
	}
	if turn == 0 {
		return nil
	}
	timer := time.NewTimer(turn)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &token.AskError{Reason: "postponed", Postponed: true, Err: fault.Wrap(fault.Unavailable, ctx.Err(), "waiting for a turn at %s", host)}
	}
}

// turn takes the next turn, and returns how far away it is; one that is too far away is not taken.
func (p *Pace) turn(host string, now time.Time, patience time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.hosts[host]
	if known == nil {
		return 0
	}
	away := max(known.next.Sub(now), 0)
	if away <= patience {
		known.next = now.Add(away + known.gap)
	}
	return away
}

// Heard learns from an answer to a request that began at a time.
func (p *Pace) Heard(host string, status int, pause time.Duration, began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, now := p.hosts[host], time.Now()
	complains := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable && pause > 0
	switch {
	case complains && known == nil:
		p.hosts[host] = &pacing{next: now.Add(max(pause, leastGap)), gap: leastGap, changed: now}
	case complains:
		if began.After(known.changed) { // not one of those that were under way when the host complained first
			known.gap, known.changed = min(2*known.gap, mostGap), now
		}
		if next := now.Add(max(pause, known.gap)); next.After(known.next) {
			known.next = next
		}
	case known != nil && status/100 == 2:
		if known.gap = known.gap * 3 / 4; known.gap < leastGap/2 {
			delete(p.hosts, host)
		}
	}
}
