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
// fault.Conflict if the stored record has not the revision that is to be replaced, 0 meaning that there must be none.
type Store interface {
	Get(ctx context.Context, id string) (Record, int64, error)
	Put(ctx context.Context, id string, r Record, replaces int64) (int64, error)
}

// A Subject is a token to keep: which record, and how to ask.
type Subject struct {
	ID            string
	Configuration seal.Secret // digest of everything that shapes the request
	Source        Source
	CanGrant      bool // the credentials suffice to ask for a new token
	CanRefresh    bool // there is an endpoint to spend a refresh token at
	// Missing is the error when there is no token and no way to ask for one; it names what to fill in.
	Missing error
}

// Options set the keeper's times. The zero Options are the defaults.
type Options struct {
	// AskTimeout bounds an attempt, all its requests together. 15 s by default. A claim lasts a third longer, so a waiter's
	// patience exceeds the asker's (failure mode 41).
	AskTimeout time.Duration
	// Reread is for how long a record is served from memory before the store is asked whether another process changed it.
	// One second by default.
	Reread time.Duration
}

// A Keeper hands out live tokens: from memory when it can, else by walking the record's state machine. It is the only one
// that acts on records.
type Keeper struct {
	store     Store
	ask       time.Duration
	claim     time.Duration
	reread    time.Duration
	entries   sync.Map // id → *entry
	work      sync.WaitGroup
	closing   context.Context
	close     context.CancelFunc
	closeOnce sync.Mutex // orders the start of work and Close
}

// NewKeeper returns a keeper over the store.
func NewKeeper(s Store, o Options) *Keeper {
	if o.AskTimeout <= 0 {
		o.AskTimeout = 15 * time.Second
	}
	if o.Reread <= 0 {
		o.Reread = time.Second
	}
	k := &Keeper{store: s, ask: o.AskTimeout, claim: o.AskTimeout + o.AskTimeout/3, reread: o.Reread}
	k.closing, k.close = context.WithCancel(context.Background())
	return k
}

// Close waits until every renewal under way has been saved, or ctx ends. No token is handed out by a renewal after it.
func (k *Keeper) Close(ctx context.Context) error {
	k.closeOnce.Lock()
	k.close()
	k.closeOnce.Unlock()
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
	k.closeOnce.Lock()
	defer k.closeOnce.Unlock()
	if k.closing.Err() != nil {
		return false
	}
	k.work.Go(f)
	return true
}

// entry is what this process knows of one record.
type entry struct {
	seen    atomic.Pointer[sight]
	reading atomic.Bool  // one reader at a time asks the store again
	marked  atomic.Int64 // the generation that was last marked as used

	mu      sync.Mutex
	renewal *renewal  // under way
	claim   string    // the claim of somebody else that was seen last,
	since   time.Time // and since when, by our own clock
}

// sight is a record as it was read or written last.
type sight struct {
	record   Record
	revision int64
	at       time.Time
	unsaved  bool // the store has yet to take it
}

func (k *Keeper) entry(id string) *entry {
	if e, ok := k.entries.Load(id); ok {
		return e.(*entry)
	}
	e, _ := k.entries.LoadOrStore(id, &entry{})
	return e.(*entry)
}

// note remembers a record that was read from the store or written to it. A token that could not be saved yet stays until the
// store has one as new.
func (e *entry) note(r Record, revision int64) sight {
	for {
		old := e.seen.Load()
		if old != nil && old.unsaved && old.record.Generation > r.Generation && old.record.Configuration.Equal(r.Configuration) {
			return *old
		}
		s := &sight{record: r, revision: revision, at: time.Now()}
		if e.seen.CompareAndSwap(old, s) {
			return *s
		}
	}
}

// read asks the store for the subject's record. No record yet: an empty one of revision 0.
func (k *Keeper) read(ctx context.Context, e *entry, s Subject) (Record, int64, error) {
	r, revision, err := k.store.Get(ctx, s.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Record{}, 0, err
	}
	r.ID = s.ID
	seen := e.note(r, revision)
	return seen.record.For(s.Configuration), seen.revision, nil
}

// look returns the subject's record from memory if that was read lately, else from the store. While one caller asks the store
// the others go on with a usable token from memory, and so does everyone while the store is away (failure mode 26).
func (k *Keeper) look(ctx context.Context, e *entry, s Subject) (Record, error) {
	now := time.Now()
	var known Record
	if seen := e.seen.Load(); seen != nil {
		known = seen.record.For(s.Configuration)
		if now.Sub(seen.at) < k.reread {
			return known, nil
		}
		if known.Usable(now) && !e.reading.CompareAndSwap(false, true) {
			return known, nil
		}
		defer e.reading.Store(false)
	}
	r, _, err := k.read(ctx, e, s)
	if err != nil && known.Usable(now) {
		return known, nil
	}
	return r, err
}

// update applies a transition to the stored record by compare-and-swap, again and again until nobody was faster. change
// returns false to leave the record as it is.
func (k *Keeper) update(ctx context.Context, s Subject, change func(Record) (Record, bool)) (Record, error) {
	e := k.entry(s.ID)
	for {
		r, revision, err := k.read(ctx, e, s)
		if err != nil {
			return Record{}, err
		}
		next, ok := change(r)
		if !ok {
			return r, nil
		}
		revision, err = k.store.Put(ctx, s.ID, next, revision)
		if err == nil {
			e.note(next, revision)
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
