package token

import (
	"context"
	"errors"
	"time"

	"carnet.dev/carnet/fault"
)

// Held is a token to be sent, and the generation by which [Keeper.Reject] knows it.
type Held struct {
	Token
	Generation int64
}

// Token returns a live token. It is served from memory while it is fresh; one that is due but alive is returned at once, and
// renewed in the background; otherwise the caller waits for the one renewal that all callers share, or until its context ends
// (the renewal goes on). Errors: fault.Reconnect if a person has to do something, fault.Unavailable if the token endpoint or
// the store can't be reached now.
func (k *Keeper) Token(ctx context.Context, s *Subject) (Held, error) {
	e, now := k.entry(s), time.Now()
	if held, ok := e.live(s, now); ok {
		return held, nil
	}
	r, err := k.look(ctx, e, s)
	if err != nil || !r.Usable(now) {
		if r, err = k.renew(ctx, e, s, onDemand); err != nil {
			return Held{}, err
		}
		return Held{r.Token, r.Generation}, nil
	}
	if r.State(now) == Due && (s.CanGrant || r.Spends(s)) {
		k.begin(e, s, ahead)
	}
	k.mark(e, s, r)
	return Held{r.Token, r.Generation}, nil
}

// mark notes in the record that somebody wanted this token, once per generation and in the background, so that a sweep of any
// process renews it ahead. A mark that is lost does no harm.
func (k *Keeper) mark(e *entry, s *Subject, r Record) {
	marked := e.marked.Load()
	if r.Used || r.RenewAt().IsZero() || marked == r.Generation || !e.marked.CompareAndSwap(marked, r.Generation) {
		return
	}
	k.start(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(k.closing), k.ask)
		defer cancel()
		k.update(ctx, s, func(stored Record) (Record, bool) {
			same := stored.Generation == r.Generation && !stored.Used
			stored.Used = true
			return stored, same
		})
	})
}

// Sweep starts a renewal in the background if the record is due; it waits while as many as may be are under way already. Where there is
// nothing to ask with it notes that the record need not be looked at again.
func (k *Keeper) Sweep(ctx context.Context, s *Subject) error {
	e := k.entry(s)
	r, _, err := k.read(ctx, e, s, longPatience)
	if err != nil {
		return err
	}
	now := time.Now()
	switch state := r.State(now); {
	case !s.CanGrant && !r.Spends(s):
		_, err = k.update(ctx, s, func(r Record) (Record, bool) {
			hopeless := r.Used && !s.CanGrant && !r.Spends(s)
			r.Used = false
			return r, hopeless
		})
	case (state == Due || state == Claimed) && r.renewable(now):
		return k.sweep(ctx, e, s)
	}
	return err
}

// sweep begins a renewal that takes one of the sweeps' places until it is over.
func (k *Keeper) sweep(ctx context.Context, e *entry, s *Subject) error {
	select {
	case k.sweeping <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	n, _, err := k.begin(e, s, swept)
	if err != nil || !k.start(func() { <-n.over; <-k.sweeping }) {
		<-k.sweeping
	}
	return err
}

// Renew asks for a new token now, whatever the record says, because a person wants it. A renewal under way is joined.
func (k *Keeper) Renew(ctx context.Context, s *Subject) (Record, error) {
	return k.renew(ctx, k.entry(s), s, wanted)
}

// Reject says that the API refused the token of that generation (a 401). It reports whether another token is worth a try: the
// refused one is set aside if it is still the current one, and somebody may have renewed it already (failure mode 23). It is
// not if there is no way to get another, or the last renewal did not help either (failure mode 24). While the store is away
// only this process sets it aside.
func (k *Keeper) Reject(ctx context.Context, s *Subject, generation int64) bool {
	refuse := func(r Record) (Record, bool) {
		if !s.CanGrant && !r.Spends(s) {
			return r, false
		}
		return r.Refused(generation, time.Now())
	}
	r, err := k.update(ctx, s, refuse)
	if err != nil {
		r = k.refuseHere(k.entry(s), s, refuse)
	}
	return r.Rejected || r.Generation != generation
}

// refuseHere is a refusal that only this process knows of, until it reads the record again.
func (k *Keeper) refuseHere(e *entry, s *Subject, refuse func(Record) (Record, bool)) Record {
	for {
		seen := e.seen.Load()
		if seen == nil {
			return Record{}
		}
		r, ok := refuse(seen.record.For(s.Configuration))
		if !ok {
			return r
		}
		next := k.sighted(r, seen.revision)
		next.unsaved = seen.unsaved
		if e.seen.CompareAndSwap(seen, next) {
			return r
		}
	}
}

// Trust says that the API refused also the token of that generation, which a renewal had just brought: its refusals are about
// something else, and bring no renewal for a while (failure mode 24). Others may have been refused before this is known, and have brought
// another token: it is trusted too, else many callers at once would bring one after another.
func (k *Keeper) Trust(ctx context.Context, s *Subject, generation int64) error {
	_, err := k.update(ctx, s, func(r Record) (Record, bool) {
		now := time.Now()
		return r.Trusted(now), r.Doubts(generation) && !now.Before(r.TrustedUntil) // hundreds may say it at once
	})
	return err
}

// Replace stores a token that a person typed; change returns it for the one there is now, or false to leave that. The zero
// Token clears the record. A renewal under way is overtaken: its answer is dropped.
func (k *Keeper) Replace(ctx context.Context, s *Subject, change func(Token) (Token, bool)) (Record, error) {
	var old Token
	r, err := k.update(ctx, s, func(r Record) (Record, bool) {
		t, ok := change(r.Token)
		if old = (Token{}); ok {
			old = r.Token
		}
		return r.Replaced(t), ok
	})
	if err == nil {
		k.end(ctx, s, old, r.Token, false)
	}
	return r, err
}

// Discard ends what a deleted record's token stood for.
func (k *Keeper) Discard(ctx context.Context, s *Subject, old Token) {
	k.end(ctx, s, old, Token{}, false)
}

// endWithin is how long the end of a token may take: it is a courtesy to the service.
const endWithin = 5 * time.Second

// end ends an old token at its service. Calls that are under way with it are repeated with the new one. A token that was typed is not
// ours to end.
func (k *Keeper) end(ctx context.Context, s *Subject, old, now Token, replaced bool) {
	if s.End == nil || old.Manual || old.AccessToken.IsZero() || old.AccessToken.Equal(now.AccessToken) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	s.End(ctx, old, replaced)
}

// Holds reports whether there is a token, or a refresh token to get one with; as far as is known, if the store is away.
func (k *Keeper) Holds(ctx context.Context, s *Subject) bool {
	r, _ := k.look(ctx, k.entry(s), s)
	return !r.Token.AccessToken.IsZero() || !r.Token.RefreshToken.IsZero()
}

// Record returns the subject's record as the store has it, for people to look at.
func (k *Keeper) Record(ctx context.Context, s *Subject) (Record, error) {
	r, _, err := k.read(ctx, k.entry(s), s, longPatience)
	return r, err
}

// refusal is the error for a caller who needs a token that the record does not allow to ask for.
func (r Record) refusal(s *Subject, now time.Time) error {
	switch {
	case !s.CanGrant && !r.Spends(s):
		return s.Missing
	case r.Failure.Permanent:
		return fault.New(fault.Reconnect, "no token: %s", r.Failure.Cause).WithHint("%s", r.Failure.Hint)
	case now.Before(r.Failure.Next):
		wait := max(r.Failure.Next.Sub(now).Round(time.Second), time.Second)
		return fault.New(fault.Unavailable, "no token: %s; the next attempt is in %s", r.Failure.Cause, wait).WithHint("%s", r.Failure.Hint)
	}
	return nil
}

// Connect asks for a token with what a person's consent brought, and stores it over whatever there is. It goes on if the caller
// leaves: what was brought can be spent once only. The error holds the [AskError].
func (k *Keeper) Connect(ctx context.Context, s *Subject, brought Ask) (Record, error) {
	var r Record
	var err error
	done := make(chan struct{})
	if !k.start(func() {
		defer close(done)
		r, err = k.connect(context.WithoutCancel(ctx), s, brought)
	}) {
		return Record{}, errClosing()
	}
	if gaveUp := await(ctx, done); gaveUp != nil {
		return Record{}, gaveUp
	}
	return r, err
}

func (k *Keeper) connect(ctx context.Context, s *Subject, brought Ask) (Record, error) {
	asking, cancel := context.WithTimeout(ctx, k.ask)
	defer cancel()
	brought.Wanted = true
	began := time.Now()
	answer, err := s.Source.Ask(asking, brought)
	o := outcome{answer: answer, err: err, at: time.Now(), used: true}
	if e, ok := errors.AsType[*AskError](err); ok && e.Pending {
		return Record{}, told(err) // no attempt of anybody's has ended
	}
	k.observer.Renewal(Renewal{ID: s.ID, Outcome: o.name(), Cause: o.cause(), Took: o.at.Sub(began)})
	if err != nil {
		k.tell(ctx, s, exchangesOf(err))
		return Record{}, told(err)
	}
	return k.keep(ctx, s, func(r Record) (Record, bool) { return o.apply(r), true })
}

// keep is update for a token that can't be asked for again: a store that is away for a moment is waited for (failure mode 26).
func (k *Keeper) keep(ctx context.Context, s *Subject, change func(Record) (Record, bool)) (r Record, err error) {
	began := time.Now()
	for {
		r, err = k.update(ctx, s, change)
		if !fault.Is(err, fault.Unavailable) || time.Since(began) > k.claim || sleep(k.closing, waitStep) != nil {
			return r, err
		}
	}
}

// tell puts what a person's attempt to connect led to into the history; whatever token there is stays. Should that fail, the person
// has been told.
func (k *Keeper) tell(ctx context.Context, s *Subject, all []Exchange) {
	_, _ = k.update(ctx, s, func(r Record) (Record, bool) {
		r.History = remember(r.History, all)
		return r, len(all) > 0
	})
}
