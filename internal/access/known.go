package access

import (
	"context"
	"time"

	"carnet.dev/carnet/internal/recent"
)

// What was read a second ago is good enough to know a caller by; while the store is away, what was read a quarter of an hour ago:
// whoever signed in before can go on working, and whoever was shut out elsewhere is shut out here soon.
var ofCallers = recent.Options{Fresh: time.Second, Keep: 15 * time.Minute, Most: 10_000}

// known is a collection whose values are remembered for a moment. A change made here counts at once.
type known[T any] struct {
	Collection[T]
	values *recent.Values[revised[T]]
}

type revised[T any] struct {
	value    T
	revision int64
}

func remembering[T any](c Collection[T]) *known[T] {
	return &known[T]{c, recent.New[revised[T]](ofCallers)}
}

// recent returns a value as it was a moment ago, at the most.
func (k *known[T]) recent(ctx context.Context, id string) (T, int64, error) {
	r, err := k.values.Get(ctx, id, func(ctx context.Context, _ revised[T], _ bool) (revised[T], error) {
		value, revision, err := k.Collection.Get(ctx, id)
		return revised[T]{value, revision}, err
	})
	return r.value, r.revision, err
}

// Put implements Collection.
func (k *known[T]) Put(ctx context.Context, id string, value T, replaces int64) (int64, error) {
	defer k.values.Forget(id)
	return k.Collection.Put(ctx, id, value, replaces)
}

// Delete implements Collection.
func (k *known[T]) Delete(ctx context.Context, id string, revision int64) error {
	defer k.values.Forget(id)
	return k.Collection.Delete(ctx, id, revision)
}
