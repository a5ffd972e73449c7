// Package recent remembers values that were read from a store: for a moment, so that not every call reads them again, and for
// longer while the store is away, so that work goes on (failure mode 26). What they are and how they are read is its callers'
// business.
package recent

import (
	"context"
	"sync"
	"time"

	"carnet.dev/carnet/fault"
)

// Options of Values; all of them have to be given.
type Options struct {
	Fresh time.Duration // for how long a value is good without another look
	Keep  time.Duration // for how long it is good while the store is away
	Most  int           // how many are remembered
}

// patience is for how long the store is waited for where there is a value to go on with.
const patience = time.Second

// Values are remembered by their keys. They are safe for concurrent use; nobody may change what a value points to.
type Values[T any] struct {
	options Options
	mu      sync.Mutex
	values  map[string]*entry[T]
	forgot  int // how often something was forgotten
}

type entry[T any] struct {
	value   T
	read    time.Time // when it was read last,
	tried   time.Time // and when somebody tried
	reading bool
}

// New returns no values.
func New[T any](o Options) *Values[T] {
	return &Values[T]{options: o, values: map[string]*entry[T]{}}
}

// Get returns the value of a key: the one that was read less than Fresh ago, or what read returns. While one caller reads, the
// others go on with the old one until it is twice as old. If the store is away (fault.Unavailable) everyone goes on with the old
// one until it is Keep old, and read is tried again every Fresh. read gets the old value, if there is one, and may return it.
func (v *Values[T]) Get(ctx context.Context, key string, read func(ctx context.Context, old T, have bool) (T, error)) (T, error) {
	old, have, good, forgot := v.look(key, time.Now())
	if good {
		return old, nil
	}
	reading := ctx
	if have {
		var cancel context.CancelFunc
		reading, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	value, err := read(reading, old, have)
	away := fault.Is(err, fault.Unavailable)
	v.mu.Lock()
	defer v.mu.Unlock()
	now, e := time.Now(), v.values[key]
	switch {
	case err == nil && v.forgot != forgot: // it may have been read before the change that made somebody forget it
	case err == nil:
		v.makeRoom()
		v.values[key] = &entry[T]{value: value, read: now, tried: now}
	case e != nil && away:
		if e.reading = false; ctx.Err() == nil && now.Sub(e.read) < v.options.Keep {
			e.tried = now
			return e.value, nil
		}
	default:
		delete(v.values, key)
	}
	return value, err
}

// look returns what is remembered, and whether it is good as it is; if not, the caller is to read it.
func (v *Values[T]) look(key string, now time.Time) (value T, have, good bool, forgot int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	e := v.values[key]
	if e == nil {
		return value, false, false, v.forgot
	}
	age := now.Sub(e.tried)
	if age < v.options.Fresh || e.reading && age < 2*v.options.Fresh {
		return e.value, true, true, v.forgot
	}
	e.reading = true
	return e.value, true, false, v.forgot
}

// Again is Get, but that the value is read whatever its age.
func (v *Values[T]) Again(ctx context.Context, key string, read func(ctx context.Context, old T, have bool) (T, error)) (T, error) {
	v.mu.Lock()
	if e := v.values[key]; e != nil {
		e.tried = time.Time{}
	}
	v.mu.Unlock()
	return v.Get(ctx, key, read)
}

// Peek returns a value that is remembered, however old, and reads nothing.
func (v *Values[T]) Peek(key string) (value T, have bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if e := v.values[key]; e != nil {
		return e.value, true
	}
	return value, false
}

// Forget drops a value, which somebody has changed.
func (v *Values[T]) Forget(key string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.forgot++
	delete(v.values, key)
}

// makeRoom forgets some value if there are too many: at random is good enough, for it can be read again.
func (v *Values[T]) makeRoom() {
	for key := range v.values {
		if len(v.values) < v.options.Most {
			return
		}
		delete(v.values, key)
	}
}
