package hub

import (
	"context"
	"strings"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/integration"
)

const (
	sweepEvery = 10 * time.Second
	tidyEvery  = time.Hour
	sweepLimit = 1000
)

// Sweep renews the tokens that are due, in the background, and tidies up now and then, until ctx ends. Every process that
// stays may sweep: a claim in the record decides who asks. report hears of what went wrong; a later round tries again.
func (h *Hub) Sweep(ctx context.Context, report func(error)) {
	round, tidied := time.NewTicker(sweepEvery), time.Time{}
	defer round.Stop()
	for {
		if err := h.sweepTokens(ctx); err != nil && ctx.Err() == nil {
			report(fault.Wrap(fault.KindOf(err), err, "sweeping the tokens"))
		}
		if now := time.Now(); now.Sub(tidied) >= tidyEvery {
			tidied = now
			if err := h.tidy(ctx, now); err != nil && ctx.Err() == nil {
				report(fault.Wrap(fault.KindOf(err), err, "tidying up"))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-round.C:
		}
	}
}

// sweepTokens starts a renewal for every record that is due, and deletes those whose integration is gone.
func (h *Hub) sweepTokens(ctx context.Context) error {
	due, err := h.store.Tokens.Due(ctx, time.Now(), sweepLimit)
	if err != nil || len(due) == 0 {
		return err
	}
	owners := map[string]integration.Integration{}
	for e, err := range h.store.Integrations.All(ctx, "") {
		if err != nil {
			return err
		}
		owners[e.Value.UID] = e.Value
	}
	for _, e := range due {
		uid, scheme, _ := strings.Cut(e.ID, "/")
		owner, ok := owners[uid]
		if !ok {
			if err := h.forget(ctx, e.ID); err != nil {
				return err
			}
			continue
		}
		if err := h.sweepToken(ctx, &owner, scheme); err != nil {
			return err
		}
	}
	return nil
}

// sweepToken starts a renewal if the scheme's token is due. Where no renewal is possible the record says never to sweep it.
func (h *Hub) sweepToken(ctx context.Context, i *integration.Integration, scheme string) error {
	m, _, err := h.model(ctx, i.Model)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s, err := tokenScheme(i, &m, scheme)
	if err != nil {
		return nil // the scheme is gone from the document
	}
	subject, err := h.subject(i, &m, s)
	if err != nil {
		return err
	}
	return h.tokens.Sweep(ctx, subject)
}

// tidy deletes what has outlived its use: ended sessions, old audit entries.
func (h *Hub) tidy(ctx context.Context, now time.Time) error {
	if _, err := h.guard.Sweep(ctx); err != nil || h.retention <= 0 {
		return err
	}
	_, err := h.audit.Prune(ctx, now.Add(-h.retention))
	return err
}
