package audit_test

import (
	"context"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/audit"
)

// slow is a shelf for several goroutines, which hangs while it is away.
type slow struct {
	mu    sync.Mutex
	shelf *shelf
	away  bool
}

func (s *slow) Put(ctx context.Context, id string, e audit.Entry, replaces int64) (int64, error) {
	s.mu.Lock()
	away := s.away
	s.mu.Unlock()
	if away {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shelf.Put(ctx, id, e, replaces)
}

func (s *slow) Delete(ctx context.Context, id string, revision int64) error {
	return s.shelf.Delete(ctx, id, revision)
}

func (s *slow) All(ctx context.Context, prefix string) iter.Seq2[audit.Stored, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shelf.All(ctx, prefix)
}

func (s *slow) After(ctx context.Context, after string, want func(string, []byte) bool) iter.Seq2[audit.Stored, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shelf.After(ctx, after, want)
}

func (s *slow) goAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func TestTasksGoOnWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{shelf: newShelf()}
		log := audit.NewLog(s)
		began, err := log.BeginAnyway(t.Context(), "user ann", "operation.run", "before")
		if err != nil {
			t.Fatal(err)
		}
		s.goAway(true)
		if err := began.End(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for range 100 {
			act, err := log.BeginAnyway(t.Context(), "user ann", "operation.run", "during")
			if err != nil {
				t.Fatal(err)
			}
			if err := act.End(t.Context(), fault.New(fault.Upstream, "no")); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("a hundred tasks waited %s for the audit log", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := log.Begin(ctx, "user ann", "integration.update", "x"); err == nil {
			t.Error("what may not go on unwritten went on")
		}
		s.goAway(false)
		time.Sleep(10 * time.Second)
		all, _, err := log.Entries(t.Context(), audit.Query{})
		if err != nil || len(all) != 101 {
			t.Fatalf("%d entries: %v", len(all), err)
		}
		if last := all[100]; last.Target != "before" || last.Outcome != audit.OK || all[0].Outcome != "upstream" {
			t.Errorf("the oldest is %+v, the newest %+v", last, all[0])
		}
		if err := log.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestTooManyTasksDoNotGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{shelf: newShelf(), away: true}
		log := audit.NewLog(s)
		done := 0
		for {
			act, err := log.BeginAnyway(t.Context(), "user ann", "operation.run", "x")
			if err != nil {
				if !fault.Is(err, fault.Unavailable) || fault.HintOf(err) == "" {
					t.Errorf("got %v", err)
				}
				break
			}
			act.End(t.Context(), nil)
			done++
		}
		if done != 10_000 {
			t.Errorf("%d tasks went on", done)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := log.Close(ctx); !fault.Is(err, fault.Unavailable) {
			t.Errorf("lost entries: %v", err)
		}
		synctest.Wait()
		time.Sleep(10 * time.Second) // the writer's last try
	})
}

// TestAnEntryThatWasWrittenAfterAllGetsItsOutcome has the store take the beginning of an act, and lose its answer.
func TestAnEntryThatWasWrittenAfterAllGetsItsOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &losing{shelf: newShelf(), lose: 1}
		log := audit.NewLog(s)
		act, err := log.BeginAnyway(t.Context(), "user ann", "operation.run", "x")
		if err != nil {
			t.Fatal(err)
		}
		if err := act.End(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		all, _, err := log.Entries(t.Context(), audit.Query{})
		if err != nil || len(all) != 1 || all[0].Outcome != audit.OK {
			t.Errorf("%+v: %v", all, err)
		}
	})
}

// losing writes, and loses the first answers.
type losing struct {
	*shelf
	lose int
}

func (l *losing) Put(ctx context.Context, id string, e audit.Entry, replaces int64) (int64, error) {
	revision, err := l.shelf.Put(ctx, id, e, replaces)
	if err == nil && l.lose > 0 {
		l.lose--
		return revision, fault.New(fault.Unavailable, "the connection was lost")
	}
	return revision, err
}
