package token

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"carnet.dev/carnet/fault"
)

// reason is why a renewal was begun.
type reason int

const (
	onDemand reason = iota // a caller waits for it
	ahead                  // a caller has used a token that is due
	swept                  // a sweep found it due
	wanted                 // a person asked for it, whatever the record says
)

// renewal is one walk through claim, ask and save; at most one is under way for a record in a process.
type renewal struct {
	subject *Subject
	reason  reason
	done    chan struct{} // closed when record and err are set; saving may go on after it
	over    chan struct{} // closed when another renewal may begin
	record  Record
	err     error
}

func newRenewal(s *Subject, why reason) *renewal {
	return &renewal{subject: s, reason: why, done: make(chan struct{}), over: make(chan struct{})}
}

func (n *renewal) finish(r Record, err error) {
	n.record, n.err = r, err
	close(n.done)
}

func (n *renewal) finished() bool {
	select {
	case <-n.done:
		return true
	default:
		return false
	}
}

// begin returns the renewal under way, or starts one. late: it had its outcome before this caller came. It fails only when the keeper is
// closed.
func (k *Keeper) begin(e *entry, s *Subject, why reason) (n *renewal, late bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.renewal != nil {
		return e.renewal, e.renewal.finished(), nil
	}
	n = newRenewal(s, why)
	if !k.start(func() {
		replaced := k.run(e, n)
		k.end(k.closing, s, replaced, n.record.Token, true) // before the next login: there may be few sessions (failure mode 37)
		e.mu.Lock()
		e.renewal = nil
		e.mu.Unlock()
		close(n.over)
	}) {
		return nil, false, errClosing()
	}
	e.renewal = n
	return n, false, nil
}

func errClosing() error {
	return fault.New(fault.Unavailable, "no token: Carnet is shutting down").WithHint("try again when it is back")
}

// renew begins or joins a renewal and waits for its outcome.
func (k *Keeper) renew(ctx context.Context, e *entry, s *Subject, why reason) (Record, error) {
	began := time.Now()
	defer func() { k.observer.Waited(time.Since(began)) }()
	for {
		n, late, err := k.begin(e, s, why)
		if err != nil {
			return Record{}, err
		}
		if err := await(ctx, n.done); err != nil {
			return Record{}, err
		}
		if n.concerns(s, late, why) && !(late && e.refused()) {
			if n.err == nil && !n.record.Configuration.Equal(s.Configuration) {
				return Record{}, fault.New(fault.Conflict, "the integration was changed meanwhile").WithHint("try again")
			}
			return n.record, n.err
		}
		// It was of another configuration, or over already, or its token was cleared or refused: look again.
		if err := await(ctx, n.over); err != nil {
			return Record{}, err
		}
	}
}

// concerns reports whether the outcome of a finished renewal answers a caller. One who came in time takes it as it is: were the
// token's life shorter than the way back, asking again would not help. One who came late, while the outcome was still being
// saved, takes a token that is usable.
func (n *renewal) concerns(s *Subject, late bool, why reason) bool {
	switch {
	case !n.subject.Configuration.Equal(s.Configuration):
		return false
	case late:
		return why != wanted && n.err == nil && n.record.Usable(time.Now())
	}
	return n.err != nil || !n.record.Token.AccessToken.IsZero() && !n.record.Rejected
}

func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, ctx.Err(), "gave up waiting for a token")
	}
}

// run walks the record from due to renewed or failed. It does not end with the caller (failure mode 17): an answer that was
// received is saved. It returns the live token that a new login has replaced, if one has; a refresh goes on with the same session.
func (k *Keeper) run(e *entry, n *renewal) (replaced Token) {
	ctx := context.WithoutCancel(k.closing)
	r, revision, took, err := k.take(ctx, e, n)
	away, isAway := errors.AsType[*awayError](err)
	switch {
	case isAway && k.pressing(e, n):
		r, revision, err = k.alone(e, n.subject)
	case isAway:
		err = away.error
	}
	if err != nil || !took && !isAway {
		n.finish(r, err)
		return replaced
	}
	o := k.attempt(ctx, n, r)
	stored, err := k.save(ctx, e, r, revision, o)
	if o.err != nil {
		err = told(o.err)
	}
	if err == nil && !o.refreshed && r.Usable(o.at) {
		replaced = r.Token
	}
	n.finish(stored, err)
	return replaced
}

// An awayError is a failure of the store, and no answer of its.
type awayError struct{ error }

func (e *awayError) Unwrap() error { return e.error }

// pressing reports whether a token is needed so soon that the store can't be waited for: somebody waits for it, or half of the time
// that is left for a renewal ahead has gone.
func (k *Keeper) pressing(e *entry, n *renewal) bool {
	seen := e.seen.Load()
	switch {
	case !n.subject.CanGrant || n.reason == swept:
		return false
	case n.reason != ahead || seen == nil:
		return true
	}
	r := seen.record.For(n.subject.Configuration)
	return time.Until(r.Token.ExpiresAt) < r.Token.ExpiresAt.Sub(r.RenewAt())/2
}

// alone returns the record to ask with from the credentials while the store is away: nobody can be told, so every process that
// needs a token gets one, and keeps it in memory until the store is back (failure mode 26). The refresh token is left alone.
func (k *Keeper) alone(e *entry, s *Subject) (Record, int64, error) {
	r, revision := Record{ID: s.ID, Configuration: s.Configuration}, int64(0)
	if seen := e.seen.Load(); seen != nil {
		r, revision = seen.record.For(s.Configuration), seen.revision
	}
	if err := r.refusal(s, time.Now()); err != nil {
		return Record{}, 0, err
	}
	r.Claim = Claim{}
	return r, revision, nil
}

// take claims the record; false: somebody else has renewed it, there is nothing left to do.
func (k *Keeper) take(ctx context.Context, e *entry, n *renewal) (Record, int64, bool, error) {
	s, first := n.subject, int64(-1)
	for {
		r, revision, err := k.read(ctx, e, s, longPatience)
		if err != nil {
			return Record{}, 0, false, &awayError{err}
		}
		now := time.Now()
		if first < 0 {
			first = r.Generation
		}
		if n.settled(r, first, now) {
			return r, revision, false, nil
		}
		if n.reason == wanted {
			r = r.Forgiven()
		}
		if err := r.refusal(s, now); err != nil {
			return Record{}, 0, false, err
		}
		if !e.lapsed(r.Claim, now) {
			if n.reason == swept {
				return r, revision, false, nil // somebody is at it; a later sweep sees whether they ever finish
			}
			if sleep(k.closing, waitStep) != nil {
				return Record{}, 0, false, errClosing()
			}
			continue // after waiting look again
		}
		r = r.Claimed(k.newClaim(now), s)
		revision, err = k.write(ctx, e, r, revision)
		if err == nil {
			return r, revision, true, nil
		}
		if !fault.Is(err, fault.Conflict) {
			return Record{}, 0, false, &awayError{err}
		}
	}
}

// settled reports whether the renewal has become needless since it began.
func (n *renewal) settled(r Record, first int64, now time.Time) bool {
	if n.reason == wanted {
		return r.Generation > first
	}
	return r.Usable(now) && !r.renewable(now)
}

// lapsed reports whether the record is free to be claimed: nobody holds it, or the same claim was seen for as long as it lasts
// by our own clock (failure mode 22).
func (e *entry) lapsed(c Claim, now time.Time) bool {
	if c.ID == "" {
		return true
	}
	if e.claim != c.ID {
		e.claim, e.since = c.ID, now
	}
	return now.Sub(e.since).Seconds() >= c.Seconds
}

// waitStep is how often a waiter looks whether the holder of a claim is done.
const waitStep = 50 * time.Millisecond

// An outcome is what an attempt brought: an answer, or an error.
type outcome struct {
	answer    Answer
	refreshed bool // the answer came of the refresh token
	useless   bool // the refresh token turned out to be of no use, and the credentials were asked for instead
	err       error
	at        time.Time
	jitter    float64
	used      bool // somebody wants the token
}

// apply makes the record that the outcome leads to.
func (o outcome) apply(r Record) Record {
	if o.useless {
		r.Token.RefreshToken, r.Claim.Spends, r.InDoubt = Token{}.RefreshToken, false, false
	}
	if o.err != nil {
		return r.Failed(o.at, o.err, o.jitter)
	}
	r = r.Renewed(o.answer, o.refreshed)
	r.Used = o.used
	return r
}

// name is the outcome as an [Observer] hears it.
func (o outcome) name() string {
	ask, ok := errors.AsType[*AskError](o.err)
	switch {
	case ok && ask.Permanent:
		return OutcomePermanent
	case o.err != nil:
		return OutcomeTemporary
	case o.refreshed:
		return OutcomeRefreshed
	}
	return OutcomeGranted
}

// cause is why an attempt failed, as it may be shown.
func (o outcome) cause() string {
	if ask, ok := errors.AsType[*AskError](o.err); ok {
		return causeOf(ask.Err)
	}
	if o.err != nil {
		return causeOf(o.err)
	}
	return ""
}

// attempt spends the refresh token or asks from the credentials. A refresh token that is refused falls back to the credentials
// (failure mode 18).
func (k *Keeper) attempt(ctx context.Context, n *renewal, r Record) (o outcome) {
	ctx, cancel := context.WithTimeout(ctx, k.ask)
	defer cancel()
	began := time.Now()
	defer func() {
		o.at, o.jitter, o.used = time.Now(), rand.Float64(), n.reason != swept
		k.observer.Renewal(Renewal{ID: r.ID, Outcome: o.name(), Cause: o.cause(), Took: o.at.Sub(began)})
	}()
	s := n.subject
	var before []Exchange
	if r.Claim.Spends {
		o.refreshed = true
		o.answer, o.err = s.Source.Ask(ctx, Ask{RefreshToken: r.Token.RefreshToken, AuthMethod: r.AuthMethod, Previous: r.Token, Wanted: n.reason == wanted})
		if o.err == nil || !s.CanGrant || !useless(o.err) {
			o.err = onlyRefresh(o.err, s)
			return o
		}
		o.refreshed, o.useless, before = false, true, exchangesOf(o.err)
	}
	if s.End != nil && !r.Token.Manual && !r.Token.AccessToken.IsZero() && !r.Usable(began) {
		s.End(ctx, r.Token, true) // it may still hold a place of the few that there are (failure mode 37)
	}
	o.answer, o.err = s.Source.Ask(ctx, Ask{AuthMethod: r.AuthMethod, Previous: r.Token, Wanted: n.reason == wanted})
	return o.after(before)
}

// after is the outcome with what was exchanged before.
func (o outcome) after(before []Exchange) outcome {
	o.answer.Exchanges = slices.Concat(before, o.answer.Exchanges)
	if e, ok := errors.AsType[*AskError](o.err); ok && len(before) > 0 {
		both := *e
		both.Exchanges = slices.Concat(before, e.Exchanges)
		o.err = &both
	}
	return o
}

func exchangesOf(err error) []Exchange {
	if e, ok := errors.AsType[*AskError](err); ok {
		return e.Exchanges
	}
	return nil
}

// useless reports whether a refresh failed in a way that asking from the credentials may not: the refresh token was refused,
// or the refresh request can't succeed at all although the client is known.
func useless(err error) bool {
	e, ok := errors.AsType[*AskError](err)
	return ok && (e.Rejected || e.Permanent && e.Code != "invalid_client")
}

// onlyRefresh makes the refusal of a refresh token the permanent failure that it is where there is nothing else to ask with.
func onlyRefresh(err error, s *Subject) error {
	e, ok := errors.AsType[*AskError](err)
	if !ok || !e.Rejected || s.CanGrant {
		return err
	}
	broken := *e
	broken.Permanent = true
	hint := cmp.Or(fault.HintOf(e.Err), "a person has to connect the integration again, or type a new token")
	broken.Err = fault.Wrap(fault.Reconnect, e.Err, "the refresh token was refused").WithHint("%s", hint)
	return &broken
}

// told is what waiting callers hear of a failed attempt.
func told(err error) error {
	e, ok := errors.AsType[*AskError](err)
	if !ok {
		return err
	}
	kind := fault.Unavailable
	if e.Permanent {
		kind = fault.Reconnect
	}
	return fault.Wrap(kind, e, "no token").WithHint("%s", fault.HintOf(e.Err))
}

// sleep waits, or returns why the context ended.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
