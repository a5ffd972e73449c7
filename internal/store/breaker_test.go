package store_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mem"
)

// far is a driver that is a second away while it is cut, and counts who tries it.
type far struct {
	driver.Driver
	cut   atomic.Bool
	tries atomic.Int64
}

func (f *far) Get(ctx context.Context, kind, id string) (driver.Record, error) {
	f.tries.Add(1)
	if f.cut.Load() {
		select {
		case <-time.After(5 * time.Second):
			return driver.Record{}, fault.New(fault.Unavailable, "no server")
		case <-ctx.Done():
			return driver.Record{}, ctx.Err()
		}
	}
	return f.Driver.Get(ctx, kind, id)
}

func TestOneFindsOutThatTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, err := seal.NewKeyring()
		if err != nil {
			t.Fatal(err)
		}
		f := &far{Driver: mem.New().Open()}
		s, err := store.Open(t.Context(), f, keys)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Integrations.Put(t.Context(), "a", integration.Integration{Name: "a"}, 0); err != nil {
			t.Fatal(err)
		}
		read := func(patience time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, _, err := s.Integrations.Get(ctx, "a")
			return err
		}
		f.cut.Store(true)
		if err := read(10 * time.Millisecond); !fault.Is(err, fault.Unavailable) {
			t.Errorf("an impatient caller: %v", err)
		}
		began, before := time.Now(), f.tries.Load()
		for time.Since(began) < 20*time.Second {
			if err := read(time.Second); !fault.Is(err, fault.Unavailable) || fault.HintOf(err) == "" {
				t.Fatalf("%v, hint %q", err, fault.HintOf(err))
			}
			time.Sleep(10 * time.Millisecond)
		}
		if n := f.tries.Load() - before; n < 8 || n > 12 {
			t.Errorf("%d tries in 20 seconds, want one in two", n)
		}
		f.cut.Store(false)
		time.Sleep(time.Second)
		if err := read(time.Second); err != nil {
			t.Errorf("it is back: %v", err)
		}
	})
}
