package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

// A breaker answers for a driver that has just been waited for in vain, so that not everyone waits for what one has found out: for
// a moment all calls fail at once, then one is let through, and when it succeeds all are. A failure that comes quickly changes
// nothing: it costs nobody any time, and may be one connection's.
type breaker struct {
	driver.Driver
	mu     sync.Mutex
	reason error     // why the driver is taken to be away; nil: it is not
	next   time.Time // when a call is let through again
}

const (
	moment  = time.Second            // between two tries of a driver that is away
	tooLong = 900 * time.Millisecond // a call that has taken this long and failed has met one
)

// do makes a call, unless the driver is away.
func do[T any](b *breaker, call func() (T, error)) (T, error) {
	began := time.Now()
	if err := b.closed(began); err != nil {
		var none T
		return none, err
	}
	value, err := call()
	return value, b.learn(err, time.Since(began))
}

func (b *breaker) closed(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reason == nil {
		return nil
	}
	if now.Before(b.next) {
		return &untriedError{b.reason}
	}
	b.next = now.Add(moment) // this call is the try; the others go on failing
	return nil
}

// An untriedError is a failure of a call that was not made.
type untriedError struct{ error }

func (e *untriedError) Unwrap() error { return e.error }

// untried reports whether a call that failed was not even made.
func untried(err error) bool {
	_, ok := errors.AsType[*untriedError](err)
	return ok
}

// learn makes of a call's error what the driver is taken to be, and what its caller is told.
func (b *breaker) learn(err error, took time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !fault.Is(err, fault.Unavailable) {
		b.reason = nil
		return err
	}
	if took < tooLong || errors.Is(err, context.Canceled) {
		return err
	}
	b.next = time.Now().Add(moment)
	b.reason = fault.Wrap(fault.Unavailable, err, "the store can't be reached").
		WithHint("%s", hintOr(err, "wait until it is back; tasks with live tokens go on meanwhile"))
	return b.reason
}

func hintOr(err error, hint string) string {
	if own := fault.HintOf(err); own != "" {
		return own
	}
	return hint
}

func (b *breaker) Get(ctx context.Context, kind, id string) (driver.Record, error) {
	return do(b, func() (driver.Record, error) { return b.Driver.Get(ctx, kind, id) })
}

func (b *breaker) Put(ctx context.Context, r driver.Record, replaces int64) error {
	_, err := do(b, func() (struct{}, error) { return struct{}{}, b.Driver.Put(ctx, r, replaces) })
	return err
}

func (b *breaker) Delete(ctx context.Context, kind, id string, revision int64) error {
	_, err := do(b, func() (struct{}, error) { return struct{}{}, b.Driver.Delete(ctx, kind, id, revision) })
	return err
}

func (b *breaker) List(ctx context.Context, kind string, p driver.Page) ([]driver.Record, error) {
	return do(b, func() ([]driver.Record, error) { return b.Driver.List(ctx, kind, p) })
}

func (b *breaker) Count(ctx context.Context, kind string) (int, error) {
	return do(b, func() (int, error) { return b.Driver.Count(ctx, kind) })
}

func (b *breaker) Due(ctx context.Context, kind string, t time.Time, limit int) ([]driver.Record, error) {
	return do(b, func() ([]driver.Record, error) { return b.Driver.Due(ctx, kind, t, limit) })
}
