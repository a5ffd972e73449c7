package recent_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/recent"
)

// source is a store of one value, which counts its readers.
type source struct {
	mu      sync.Mutex
	value   string
	err     error
	latency time.Duration
	reads   int
}

func (s *source) read(ctx context.Context, _ string, _ bool) (string, error) {
	s.mu.Lock()
	s.reads++
	value, err, latency := s.value, s.err, s.latency
	s.mu.Unlock()
	select {
	case <-time.After(latency):
		return value, err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (s *source) set(value string, err error, latency time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value, s.err, s.latency = value, err, latency
}

var options = recent.Options{Fresh: time.Second, Keep: time.Minute, Most: 3}

func TestAValueIsReadOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, values := &source{value: "a", latency: 10 * time.Millisecond}, recent.New[string](options)
		for range 100 { // ten seconds
			if got, err := values.Get(t.Context(), "k", s.read); got != "a" || err != nil {
				t.Fatal(got, err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if s.reads < 9 || s.reads > 11 {
			t.Errorf("%d reads in ten seconds", s.reads)
		}
	})
}

func TestAChangeCountsWithinTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, values := &source{value: "old", latency: 900 * time.Millisecond}, recent.New[string](options)
		values.Get(t.Context(), "k", s.read)
		changed := time.Now()
		s.set("new", nil, 900*time.Millisecond)
		for range 4 { // readers all the time
			go func() {
				for time.Since(changed) < 10*time.Second {
					if got, _ := values.Get(t.Context(), "k", s.read); got == "old" && time.Since(changed) > 2*time.Second {
						t.Error("the old value was still good")
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
			}()
		}
		time.Sleep(11 * time.Second)
	})
}

func TestTheOldValueIsGoodWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, values := &source{value: "a"}, recent.New[string](options)
		values.Get(t.Context(), "k", s.read)
		s.set("", fault.New(fault.Unavailable, "away"), time.Hour) // it hangs
		waited := time.Duration(0)
		for began := time.Now(); time.Since(began) < 50*time.Second; time.Sleep(100 * time.Millisecond) {
			asked := time.Now()
			if got, err := values.Get(t.Context(), "k", s.read); got != "a" || err != nil {
				t.Fatal(got, err)
			}
			waited += time.Since(asked)
		}
		if waited > 30*time.Second || s.reads > 30 {
			t.Errorf("%d reads, which were waited for for %s", s.reads, waited)
		}
		if _, err := values.Get(t.Context(), "another", func(context.Context, string, bool) (string, error) {
			return "", fault.New(fault.Unavailable, "away")
		}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("what was never read: %v", err)
		}
		time.Sleep(time.Minute)
		if _, err := values.Get(t.Context(), "k", s.read); !fault.Is(err, fault.Unavailable) {
			t.Errorf("kept for too long: %v", err)
		}
		s.set("b", nil, 0)
		if got, err := values.Get(t.Context(), "k", s.read); got != "b" || err != nil {
			t.Errorf("back again: %q, %v", got, err)
		}
	})
}

func TestWhatIsGoneIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, values := &source{value: "a"}, recent.New[string](options)
		values.Get(t.Context(), "k", s.read)
		s.set("", fault.New(fault.NotFound, "gone"), 0)
		time.Sleep(time.Second)
		if _, err := values.Get(t.Context(), "k", s.read); !fault.Is(err, fault.NotFound) {
			t.Errorf("got %v", err)
		}
		s.set("", fault.New(fault.Unavailable, "away"), 0)
		if _, err := values.Get(t.Context(), "k", s.read); !fault.Is(err, fault.Unavailable) {
			t.Errorf("what is gone came back: %v", err)
		}
	})
}

func TestAChangeHereCountsAtOnce(t *testing.T) {
	s, values := &source{value: "a"}, recent.New[string](options)
	values.Get(t.Context(), "k", s.read)
	s.set("b", nil, 0)
	values.Forget("k")
	if got, _ := values.Get(t.Context(), "k", s.read); got != "b" {
		t.Errorf("got %q", got)
	}
}

func TestFewAreRemembered(t *testing.T) {
	s, values := &source{value: "a"}, recent.New[string](options)
	for range 2 {
		for i := range 10 {
			values.Get(t.Context(), strconv.Itoa(i), s.read)
		}
	}
	if s.reads < 17 {
		t.Errorf("%d reads of 10 keys, twice, where 3 are remembered", s.reads)
	}
}

func TestAnImpatientCallerDoesNotSpoilTheValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, values := &source{value: "a"}, recent.New[string](options)
		values.Get(t.Context(), "k", s.read)
		time.Sleep(time.Second)
		s.set("b", nil, 500*time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := values.Get(ctx, "k", s.read); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
		if got, err := values.Get(t.Context(), "k", s.read); got != "b" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestAReadThatBeganBeforeAChangeIsNotRemembered(t *testing.T) {
	s, values := &source{value: "new"}, recent.New[string](options)
	values.Get(t.Context(), "k", func(context.Context, string, bool) (string, error) {
		values.Forget("k") // somebody changes it meanwhile
		return "old", nil
	})
	if got, _ := values.Get(t.Context(), "k", s.read); got != "new" {
		t.Errorf("got %q", got)
	}
}

func TestAgainReadsWhateverTheAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, values := &source{value: "old"}, recent.New[string](options)
		values.Get(t.Context(), "k", s.read)
		s.set("new", nil, 0)
		if got, _ := values.Again(t.Context(), "k", s.read); got != "new" {
			t.Errorf("got %q", got)
		}
		s.set("", fault.New(fault.Unavailable, "away"), 0)
		if got, err := values.Again(t.Context(), "k", s.read); got != "new" || err != nil {
			t.Errorf("while the store is away: %q, %v", got, err)
		}
	})
}
