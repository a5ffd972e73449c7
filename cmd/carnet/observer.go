package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

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
