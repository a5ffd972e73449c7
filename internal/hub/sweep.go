package hub

import (
	"context"
	"sync"
	"time"

	"carnet.dev/carnet/fault"
)

const (
	sweepEvery = 10 * time.Second
	tidyEvery  = time.Hour
	sweepLimit = 1000
)

// Sweep renews the tokens that are due, in the background, and tidies up now and then, until ctx ends. Every process that
// stays may sweep: a claim in the record decides who asks. report hears of what went wrong; a later round tries again.
func (h *Hub) Sweep(ctx context.Context, report func(error)) {
	var first sync.WaitGroup
	first.Go(func() { h.overview.get(ctx, h.glance) }) // it takes a while if there is much to see; whoever asks later hears of an error
	defer first.Wait()
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
	if err != nil {
		return err
	}
	for _, e := range due {
		if err := h.sweepToken(ctx, e.ID); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hub) sweepToken(ctx context.Context, id string) error {
	name, uid, scheme := owner(id)
	c, err := h.configured(ctx, name)
	switch {
	case fault.Is(err, fault.NotFound), err == nil && c.UID != uid, err == nil && c.wrong == nil && c.subjects[scheme] == nil && c.resolved(scheme) == nil:
		return h.forget(ctx, id)
	case err != nil:
		return err
	}
	subject, err := c.subject(scheme)
	if err != nil {
		return nil // its settings make no client: there is nothing to ask with until somebody corrects them
	}
	return h.tokens.Sweep(ctx, subject)
}

// tidy deletes what has outlived its use: ended sessions, old audit entries, and in memory what nobody has asked for lately.
func (h *Hub) tidy(ctx context.Context, now time.Time) error {
	h.tokens.Forget(now.Add(-tidyEvery))
	if err := h.forgetConnections(ctx, now); err != nil {
		return err
	}
	if _, err := h.guard.Sweep(ctx); err != nil || h.retention <= 0 {
		return err
	}
	_, err := h.audit.Prune(ctx, now.Add(-h.retention))
	return err
}
