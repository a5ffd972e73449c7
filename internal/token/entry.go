package token

import (
	"sync"
	"sync/atomic"
	"time"
)

// entry is what this process knows of one record.
type entry struct {
	seen    atomic.Pointer[sight]
	reading atomic.Bool  // one reader at a time asks the store again
	marked  atomic.Int64 // the generation that was last marked as used
	gone    atomic.Bool  // forgotten: look for another one

	mu      sync.Mutex
	renewal *renewal  // under way
	claim   string    // the claim of somebody else that was seen last,
	since   time.Time // and since when, by our own clock
}

// sight is a record as it was read or written last. It does not change.
type sight struct {
	record   Record
	revision int64
	at       time.Time
	easy     time.Time // until then the token can be handed out without another look at anything
	unsaved  bool      // the store has yet to take it
	doubtful bool      // it may be older than what it replaced: the store is asked again the next time
}

// sighted makes a sight of a record that was read or written just now.
func (k *Keeper) sighted(r Record, revision int64) *sight {
	now := time.Now()
	s := &sight{record: r, revision: revision, at: now}
	renewAt := r.RenewAt()
	if r.State(now) == Fresh && (r.Used || renewAt.IsZero()) {
		if s.easy = now.Add(k.reread); !renewAt.IsZero() && renewAt.Before(s.easy) {
			s.easy = renewAt
		}
	}
	return s
}

// live returns the token if nothing else has to be looked at.
func (e *entry) live(s *Subject, now time.Time) (Held, bool) {
	seen := e.seen.Load()
	if seen == nil || !now.Before(seen.easy) || !seen.record.Configuration.Equal(s.Configuration) {
		return Held{}, false
	}
	return Held{seen.record.Token, seen.record.Generation}, true
}

// refused reports whether the API has refused the token that was seen last.
func (e *entry) refused() bool {
	seen := e.seen.Load()
	return seen != nil && seen.record.Rejected
}

// entry returns what is known of the subject's record.
func (k *Keeper) entry(s *Subject) *entry {
	if e := s.entry.Load(); e != nil && !e.gone.Load() {
		return e
	}
	found, _ := k.entries.LoadOrStore(s.ID, &entry{})
	e := found.(*entry)
	s.entry.Store(e)
	return e
}

// note remembers a record that was read from the store, or written to it, by a request that began at a time. A token that could not be
// saved yet stays until the store has one as new. What was seen while the request was under way stays if it is newer for certain. Else
// nobody knows which of the two is, for revisions have no order.
func (k *Keeper) note(e *entry, r Record, revision int64, began time.Time) *sight {
	for {
		old := e.seen.Load()
		meanwhile := old != nil && !old.at.Before(began) // a clock may not tell two moments apart
		if old != nil && (old.unsaved && old.record.Supersedes(r) || meanwhile && old.record.follows(r)) {
			return old
		}
		s := k.sighted(r, revision)
		if meanwhile && old.record.Generation == r.Generation && (old.doubtful || old.revision != revision) {
			s.doubtful, s.easy = true, time.Time{}
		}
		if e.seen.CompareAndSwap(old, s) {
			return s
		}
	}
}

// States counts the tokens that this process has in memory by their states, and returns in how many seconds those expire of
// which that is known.
func (k *Keeper) States(now time.Time) (states map[State]int, expiries []time.Duration) {
	states = map[State]int{}
	for _, e := range k.entries.Range {
		seen := e.(*entry).seen.Load()
		if seen == nil {
			continue
		}
		states[seen.record.State(now)]++
		if at := seen.record.Token.ExpiresAt; !at.IsZero() {
			expiries = append(expiries, at.Sub(now))
		}
	}
	return states, expiries
}

// Forget drops what this process knows of records that nobody has asked for since then. It is all in the store.
func (k *Keeper) Forget(since time.Time) {
	for id, found := range k.entries.Range {
		e := found.(*entry)
		seen := e.seen.Load()
		e.mu.Lock()
		if idle := seen == nil || seen.at.Before(since) && !seen.unsaved; idle && e.renewal == nil {
			e.gone.Store(true)
			k.entries.CompareAndDelete(id, e)
		}
		e.mu.Unlock()
	}
}
