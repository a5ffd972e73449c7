package hub

import (
	"context"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/token"
)

// An Ending is a credential of an integration that nears its end, or has ended.
type Ending struct {
	Integration string
	Scheme      string // empty: it is the whole integration's
	Text        string // what ends, and when
	api.Ending

	uid string
}

const (
	watchEvery = time.Hour
	warnEvery  = 24 * time.Hour
)

// WatchEndings looks every hour which credentials near their end, or have ended, until ctx ends (failure mode 45). hear gets all of
// them, warn each once a day: from one of the replicas that share the store.
func (h *Hub) WatchEndings(ctx context.Context, hear func([]Ending), warn func(Ending), report func(error)) {
	round := time.NewTicker(watchEvery)
	defer round.Stop()
	for {
		if err := h.watchEndings(ctx, time.Now(), hear, warn); err != nil && ctx.Err() == nil {
			report(fault.Wrap(fault.KindOf(err), err, "looking for credentials that end"))
		}
		select {
		case <-ctx.Done():
			return
		case <-round.C:
		}
	}
}

func (h *Hub) watchEndings(ctx context.Context, now time.Time, hear func([]Ending), warn func(Ending)) error {
	all, err := h.endingsNear(ctx, now)
	if err != nil {
		return err
	}
	hear(all)
	for _, e := range all {
		first, err := h.noticed(ctx, e, now)
		if err != nil {
			return err
		}
		if first {
			warn(e)
		}
	}
	return h.forgetNotices(ctx, now)
}

// endingsNear are the credentials of all integrations that near their end.
func (h *Hub) endingsNear(ctx context.Context, now time.Time) (all []Ending, err error) {
	for e, err := range h.store.Integrations.All(ctx, "") {
		if err != nil {
			return nil, err
		}
		c, err := h.configured(ctx, e.Value.Name)
		if fault.Is(err, fault.NotFound) {
			continue // it, or its model, was deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		own, err := h.nearOf(ctx, c, now)
		if err != nil {
			return nil, err
		}
		all = append(all, own...)
	}
	return all, nil
}

func (h *Hub) nearOf(ctx context.Context, c *configured, now time.Time) (all []Ending, err error) {
	add := func(scheme string, ends []api.Ending) {
		for _, e := range ends {
			if e.Near {
				all = append(all, Ending{Integration: c.Name, Scheme: scheme, Text: endingText(e, now), Ending: e, uid: c.UID})
			}
		}
	}
	for _, scheme := range integration.Schemes(c.Settings, c.model) {
		var r token.Record
		if s := c.subjects[scheme.Key]; s != nil && s.CanRefresh && !s.CanGrant { // only a person can replace its refresh token
			if r, _, err = h.store.Tokens.Get(ctx, s.ID); err != nil && !fault.Is(err, fault.NotFound) {
				return nil, err
			}
			r = r.For(s.Configuration)
		}
		add(scheme.Key, c.ownEndings(scheme.Key, r, now))
	}
	add("", c.sharedEndings(now))
	return all, nil
}

// noticed notes that somebody is told of the ending; false: somebody has been today.
func (h *Hub) noticed(ctx context.Context, e Ending, now time.Time) (bool, error) {
	id := e.Integration + "/" + e.uid + "/" + e.Scheme + "/" + e.What
	last, revision, err := h.store.Notices.Get(ctx, id)
	switch {
	case err == nil && now.Sub(last.At) < warnEvery:
		return false, nil
	case err != nil && !fault.Is(err, fault.NotFound):
		return false, err
	}
	_, err = h.store.Notices.Put(ctx, id, integration.Notice{At: now.UTC()}, revision)
	if fault.Is(err, fault.Conflict) { // another replica was faster
		return false, nil
	}
	return err == nil, err
}

// forgetNotices deletes those that are too old to hold anybody back.
func (h *Hub) forgetNotices(ctx context.Context, now time.Time) error {
	for e, err := range h.store.Notices.All(ctx, "") {
		if err != nil {
			return err
		}
		if now.Sub(e.Value.At) < 2*warnEvery {
			continue
		}
		if err := h.store.Notices.Delete(ctx, e.ID, e.Revision); err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}
