package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/metrics"
	"carnet.dev/carnet/internal/token"
)

// An observer counts renewals, and writes those that failed into the log: a script finds out in the morning, an operator should
// before.
type observer struct {
	metrics *metrics.Metrics
	log     *slog.Logger
}

// Renewal implements token.Observer.
func (o observer) Renewal(r token.Renewal) {
	o.metrics.Renewal(r)
	name, scheme, _ := strings.Cut(r.ID, "/")
	level := slog.LevelDebug
	if r.Cause != "" {
		level = slog.LevelWarn
	}
	o.log.Log(context.Background(), level, "token renewal", "integration", name, "scheme", scheme[strings.IndexByte(scheme, '/')+1:], "outcome", r.Outcome, "cause", r.Cause, "took", r.Took.Round(time.Millisecond))
}

// Waited implements token.Observer.
func (o observer) Waited(took time.Duration) { o.metrics.Waited(took) }

// watch counts the credentials that near their end, and warns of each once a day, until ctx ends.
func (o observer) watch(ctx context.Context, h *hub.Hub) {
	hear := func(all []hub.Ending) {
		near, ended := map[string]int{}, map[string]int{}
		for _, e := range all {
			if e.Ended {
				ended[e.What]++
				continue
			}
			near[e.What]++
		}
		o.metrics.Endings(near, ended)
	}
	warn := func(e hub.Ending) {
		o.log.Warn("a credential ends", "integration", e.Integration, "scheme", e.Scheme, "what", e.What, "at", e.ExpiresAt, "message", e.Text, "hint", e.Hint)
	}
	h.WatchEndings(ctx, hear, warn, func(err error) { o.log.Warn("background work failed", "error", err) })
}
