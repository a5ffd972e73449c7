package drivertest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

const (
	impatient = 300 * time.Millisecond // how long a caller waits while the data is away
	slack     = 2 * time.Second        // how much later a call may return, on a machine that is busy
	forEver   = 45 * time.Second       // a call without a deadline ends before
	recovery  = 15 * time.Second       // everything works again within, once the data is back
)

// calls makes one call of each method on records that a test does not look at. Its writes replace nothing that is there.
func calls(d driver.Driver) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"get":    func(ctx context.Context) error { _, err := d.Get(ctx, "thing", "one"); return err },
		"put":    func(ctx context.Context) error { return d.Put(ctx, record("other", "{}"), 7) },
		"new":    func(ctx context.Context) error { return d.Put(ctx, record("one", "{}"), 0) },
		"delete": func(ctx context.Context) error { return d.Delete(ctx, "thing", "one", 7) },
		"list":   func(ctx context.Context) error { _, err := d.List(ctx, "thing", driver.Page{Limit: 9}); return err },
		"due":    func(ctx context.Context) error { _, err := d.Due(ctx, "thing", noon, 9); return err },
		"count":  func(ctx context.Context) error { _, err := d.Count(ctx, "thing"); return err },
	}
}

// plainly is what each of these calls says when the data is there.
var plainly = map[string]fault.Kind{"put": fault.Conflict, "new": fault.Conflict, "delete": fault.Conflict}

// works reports whether a call said what it says when the data is there.
func works(name string, err error) bool {
	kind, fails := plainly[name]
	return fails && fault.Is(err, kind) || !fails && err == nil
}

// away has many callers find out at once that the data is away: each of them in its own time, none waits for another, not for a
// patient one either.
func away(t *testing.T, data *data) {
	d := data.driver(t)
	r := put(t, d, record("one", "{}"), 0)
	back := data.away(t)
	patience, over := context.WithCancel(t.Context())
	var patient sync.WaitGroup
	patient.Go(func() {
		everyone(d, 1, func(_ string, call func(context.Context) error) { call(patience) })
	})
	for range 2 { // the patient ones are surely waiting by the second time
		everyone(d, many, func(name string, call func(context.Context) error) { hurried(t, name, call) })
	}
	over()
	patient.Wait()
	back()
	returned(t, d)
	want(t, d, r)
}

// hurried makes a call while the data is away.
func hurried(t *testing.T, name string, call func(context.Context) error) {
	ctx, cancel := context.WithTimeout(t.Context(), impatient)
	defer cancel()
	began := time.Now()
	err := call(ctx)
	if took := time.Since(began); took > impatient+slack {
		t.Errorf("%s returned after %v", name, took)
	}
	if !works(name, err) && !fault.Is(err, fault.Unavailable) {
		t.Errorf("%s: %v", name, err)
	}
}

// awayWithoutDeadline has callers wait who have set no bound: the driver has its own.
func awayWithoutDeadline(t *testing.T, data *data) {
	d := data.driver(t)
	put(t, d, record("one", "{}"), 0)
	back := data.away(t)
	everyone(d, 1, func(name string, call func(context.Context) error) {
		ended := make(chan error, 1)
		go func() { ended <- call(t.Context()) }()
		select {
		case err := <-ended:
			if !works(name, err) && !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(forEver):
			t.Errorf("%s still waits after %v", name, forEver)
		}
	})
	back()
	returned(t, d)
}

// everyone makes every call, each so often, all at once.
func everyone(d driver.Driver, often int, try func(name string, call func(context.Context) error)) {
	var work sync.WaitGroup
	for name, call := range calls(d) {
		for range often {
			work.Go(func() { try(name, call) })
		}
	}
	work.Wait()
}

// backAgain takes the data away and back, again and again, under one driver that nobody opens anew.
func backAgain(t *testing.T, data *data) {
	d := data.driver(t)
	last := put(t, d, record("one", "0"), 0)
	for range 3 {
		back := data.away(t)
		ctx, cancel := context.WithTimeout(t.Context(), impatient)
		next := record("one", "next")
		err := d.Put(ctx, next, last.Revision)
		cancel()
		if err != nil && !fault.Is(err, fault.Unavailable) {
			t.Fatal(err)
		}
		back()
		returned(t, d)
		last = settled(t, d, last, next)
	}
	want(t, data.driver(t), last)
}

// returned waits until every call works again.
func returned(t *testing.T, d driver.Driver) {
	t.Helper()
	waiting := calls(d)
	for until := time.Now().Add(recovery); len(waiting) > 0; {
		for _, name := range slices.Sorted(maps.Keys(waiting)) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			err := waiting[name](ctx)
			cancel()
			switch {
			case works(name, err):
				delete(waiting, name)
			case !fault.Is(err, fault.Unavailable) || time.Now().After(until):
				t.Fatalf("%s once the data is back: %v", name, err)
			}
		}
	}
}
