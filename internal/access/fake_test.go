package access_test

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
)

// shelf keeps values in a map.
type shelf[T any] struct {
	mutex     sync.Mutex
	entries   map[string]access.Entry[T]
	revision  int64
	meanwhile func() // what others do just before the next deletion
}

func newShelf[T any]() *shelf[T] { return &shelf[T]{entries: map[string]access.Entry[T]{}} }

func (s *shelf[T]) Get(_ context.Context, id string) (T, int64, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	e, ok := s.entries[id]
	if !ok {
		return e.Value, 0, fault.New(fault.NotFound, "no %s", id)
	}
	return e.Value, e.Revision, nil
}

func (s *shelf[T]) Put(_ context.Context, id string, value T, replaces int64) (int64, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.entries[id].Revision != replaces {
		return 0, fault.New(fault.Conflict, "%s has another revision", id)
	}
	s.revision++
	s.entries[id] = access.Entry[T]{ID: id, Revision: s.revision, Value: value}
	return s.revision, nil
}

func (s *shelf[T]) Delete(_ context.Context, id string, revision int64) error {
	if others := s.meanwhile; others != nil {
		s.meanwhile = nil
		others()
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	e, ok := s.entries[id]
	if !ok {
		return fault.New(fault.NotFound, "no %s", id)
	}
	if revision != 0 && e.Revision != revision {
		return fault.New(fault.Conflict, "%s has another revision", id)
	}
	delete(s.entries, id)
	return nil
}

func (s *shelf[T]) All(_ context.Context, prefix string) iter.Seq2[access.Entry[T], error] {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	entries := maps.Clone(s.entries)
	return func(yield func(access.Entry[T], error) bool) {
		for _, id := range slices.Sorted(maps.Keys(entries)) {
			if strings.HasPrefix(id, prefix) && !yield(entries[id], nil) {
				return
			}
		}
	}
}
