package token

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// A Store keeps records by compare-and-swap on their revision. Get answers fault.NotFound if there is none; Put answers
// fault.Conflict if the stored record has not the revision that is to be replaced, 0 meaning that there must be none. Any other
// error of theirs means that the store is away.
type Store interface {
	Get(ctx context.Context, id string) (Record, int64, error)
	Put(ctx context.Context, id string, r Record, replaces int64) (int64, error)
}

// A Subject is a token to keep: which record, and how to ask. It is used with one keeper, and by its pointer: with the same one
// every time a live token is found the fastest.
type Subject struct {
	ID            string
	Configuration seal.Secret // digest of everything that shapes the request
	Source        Source
	CanGrant      bool // the credentials suffice to ask for a new token
	CanRefresh    bool // there is an endpoint to spend a refresh token at
	// End ends what a token stands for at its service, a session or the token itself; nil: nothing has to be ended. replaced: a new login
	// has taken its place.
	End func(ctx context.Context, t Token, replaced bool)
	// Missing is the error when there is no token and no way to ask for one; it names what to fill in.
	Missing error

	entry atomic.Pointer[entry]
}

// Options set the keeper's times. The zero Options are the defaults.
type Options struct {
	// AskTimeout bounds an attempt, all its requests together. 15 s by default. A claim lasts a third longer, so a waiter's
	// patience exceeds the asker's (failure mode 41).
	AskTimeout time.Duration
	// Reread is for how long a record is served from memory before the store is asked whether another process changed it.
	// One second by default.
	Reread time.Duration
	// Observer hears of renewals and waits; nil: nobody does.
	Observer Observer
}

// A Keeper hands out live tokens: from memory when it can, else by walking the record's state machine. It is the only one
// that acts on records.
type Keeper struct {
	store    Store
	ask      time.Duration
	claim    time.Duration
	reread   time.Duration
	observer Observer
	entries  sync.Map // id → *entry
	sweeping chan struct{}
	work     sync.WaitGroup
	closing  context.Context
	close    context.CancelFunc
	starting sync.Mutex // orders the start of work and Close
}

// mostSwept is how many renewals sweeps have under way at once. A process that dies leaves as many claims behind, that others wait for,
// and a service that a thousand integrations share does not hear of all of them in one moment.
const mostSwept = 16

// NewKeeper returns a keeper over the store.
func NewKeeper(s Store, o Options) *Keeper {
	if o.AskTimeout <= 0 {
		o.AskTimeout = 15 * time.Second
	}
	if o.Reread <= 0 {
		o.Reread = time.Second
	}
	if o.Observer == nil {
		o.Observer = nobody{}
	}
	k := &Keeper{store: s, ask: o.AskTimeout, claim: o.AskTimeout + o.AskTimeout/3, reread: o.Reread, observer: o.Observer, sweeping: make(chan struct{}, mostSwept)}
	k.closing, k.close = context.WithCancel(context.Background())
	return k
}

// Close waits until every renewal under way has been saved, or ctx ends. No token is handed out by a renewal after it.
func (k *Keeper) Close(ctx context.Context) error {
	k.starting.Lock()
	k.close()
	k.starting.Unlock()
	done := make(chan struct{})
	go func() { k.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, ctx.Err(), "a token renewal is still under way")
	}
}

// start runs f as work that Close waits for; false: the keeper is closed.
func (k *Keeper) start(f func()) bool {
	k.starting.Lock()
	defer k.starting.Unlock()
	if k.closing.Err() != nil {
		return false
	}
	k.work.Go(f)
	return true
}

// Bounds of how long the store is waited for: where there is something to go on with, and where there is not.
const (
	shortPatience = time.Second
	longPatience  = 10 * time.Second
)

// read asks the store for the subject's record. No record yet: an empty one of revision 0.
func (k *Keeper) read(ctx context.Context, e *entry, s *Subject, patience time.Duration) (Record, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	r, revision, err := k.store.Get(ctx, s.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Record{}, 0, err
	}
	r.ID = s.ID
	if r.Configuration.Equal(s.Configuration) {
		r.Configuration = s.Configuration // one text for both, which compares the fastest
	}
	seen := k.note(e, r, revision, began)
	return seen.record.For(s.Configuration), seen.revision, nil
}

// write replaces the subject's record, and remembers what was written.
func (k *Keeper) write(ctx context.Context, e *entry, r Record, replaces int64) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, longPatience)
	defer cancel()
	began := time.Now()
	revision, err := k.store.Put(ctx, r.ID, r, replaces)
	if err == nil {
		k.note(e, r, revision, began)
	}
	return revision, err
}

// look returns the subject's record from memory if that was read lately, else from the store. While one caller asks the store
// the others go on with a usable token from memory for another moment; and so does everyone while the store is away, of whom
// one now and then waits for it, but not for long (failure mode 26).
func (k *Keeper) look(ctx context.Context, e *entry, s *Subject) (Record, error) {
	now, seen, known := time.Now(), e.seen.Load(), Record{}
	if seen != nil {
		known = seen.record.For(s.Configuration)
		age := now.Sub(seen.at)
		if !seen.doubtful && (age < k.reread || known.Usable(now) && age < 2*k.reread && !e.reading.CompareAndSwap(false, true)) {
			return known, nil
		}
		defer e.reading.Store(false)
	}
	r, _, err := k.read(ctx, e, s, shortPatience)
	if err == nil {
		return r, nil
	}
	again := k.sighted(Record{ID: s.ID}, 0) // for all that is known, there is none
	if seen != nil {
		again = k.sighted(seen.record, seen.revision)
		again.unsaved = seen.unsaved
	}
	e.seen.CompareAndSwap(seen, again)
	if known.Usable(time.Now()) {
		err = nil
	}
	return known, err
}

// update applies a transition to the stored record by compare-and-swap, again and again until nobody was faster. change
// returns false to leave the record as it is.
func (k *Keeper) update(ctx context.Context, s *Subject, change func(Record) (Record, bool)) (Record, error) {
	e := k.entry(s)
	for {
		r, revision, err := k.read(ctx, e, s, longPatience)
		if err != nil {
			return Record{}, err
		}
		next, ok := change(r)
		if !ok {
			return r, nil
		}
		if _, err = k.write(ctx, e, next, revision); err == nil {
			return next, nil
		}
		if !fault.Is(err, fault.Conflict) {
			return Record{}, err
		}
	}
}

func (k *Keeper) newClaim(now time.Time) Claim {
	return Claim{ID: rand.Text(), Seconds: k.claim.Seconds(), At: now}
}
