package token

import (
	"context"
	"time"

	"carnet.dev/carnet/fault"
)

// save stores what an attempt made of the record r, and returns what the store then holds. While the store is away a token is
// served from memory, and saving goes on beside the callers (failure modes 17 and 26).
func (k *Keeper) save(ctx context.Context, e *entry, r Record, revision int64, o outcome) (Record, error) {
	began := time.Now()
	stored, rev, err := k.put(ctx, r, revision, o)
	switch {
	case err == nil:
		return k.note(e, stored, rev, began).record, nil
	case fault.Is(err, fault.NotFound):
		return Record{}, err
	}
	next := o.apply(r)
	s := k.sighted(next, revision)
	s.unsaved = o.err == nil
	e.seen.Store(s)
	k.work.Go(func() { k.keepSaving(ctx, e, r, revision, o) }) // this is work of k's, so nobody has stopped waiting for it
	return next, nil
}

// keepSaving tries to save until the store takes it, or the keeper closes. A failure is given up when its claim has lapsed.
func (k *Keeper) keepSaving(ctx context.Context, e *entry, r Record, revision int64, o outcome) {
	began := time.Now()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		time.Sleep(pause)
		tried := time.Now()
		stored, rev, err := k.put(ctx, r, revision, o)
		switch {
		case err == nil:
			k.note(e, stored, rev, tried)
			return
		case fault.Is(err, fault.NotFound):
			e.seen.Store(k.sighted(Record{ID: r.ID}, 0))
			return
		case o.err != nil && time.Since(began) > k.claim, k.closing.Err() != nil && pause == time.Second:
			return
		}
	}
}

// put writes the outcome over the record r. If somebody has written meanwhile, it is applied to what they wrote while our claim
// stands in it; else a token that was received gives way only to a newer one, or to another configuration (failure modes 25, 27
// and 28), and a failure is of no interest. fault.NotFound: the record was deleted.
func (k *Keeper) put(ctx context.Context, r Record, revision int64, o outcome) (Record, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, longPatience)
	defer cancel()
	next := o.apply(r)
	for {
		rev, err := k.store.Put(ctx, r.ID, next, revision)
		if err == nil || !fault.Is(err, fault.Conflict) {
			return next, rev, err
		}
		stored, rev, err := k.store.Get(ctx, r.ID)
		if fault.Is(err, fault.NotFound) {
			return Record{}, 0, fault.New(fault.NotFound, "the integration was deleted meanwhile")
		}
		if err != nil {
			return Record{}, 0, err
		}
		switch {
		case r.Claim.ID != "" && stored.Claim.ID == r.Claim.ID:
			next = o.apply(stored)
		case o.err != nil || !next.Supersedes(stored):
			return stored, rev, nil
		}
		revision = rev
	}
}
