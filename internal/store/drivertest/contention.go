package drivertest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

const (
	many   = 8
	rounds = 50
)

func oneWinner(t *testing.T, data *data) {
	drivers := make([]driver.Driver, many)
	for i := range drivers {
		drivers[i] = data.driver(t)
	}
	compete(t, drivers)
}

func oneWinnerInOne(t *testing.T, data *data) {
	one, drivers := data.driver(t), make([]driver.Driver, many)
	for i := range drivers {
		drivers[i] = one
	}
	compete(t, drivers)
}

// compete has all drivers replace the same revision, round after round: one of them wins, and its record is there.
func compete(t *testing.T, drivers []driver.Driver) {
	replaces := int64(0)
	for round := range rounds {
		var wins atomic.Int64
		var winner driver.Record
		var work sync.WaitGroup
		for i, d := range drivers {
			work.Go(func() {
				r := record("one", fmt.Sprintf("%d by %d", round, i))
				switch err := d.Put(t.Context(), r, replaces); {
				case err == nil:
					if wins.Add(1) == 1 {
						winner = r
					}
				case !fault.Is(err, fault.Conflict):
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		work.Wait()
		if wins.Load() != 1 {
			t.Fatalf("round %d has %d winners", round, wins.Load())
		}
		want(t, drivers[round%len(drivers)], winner)
		replaces = winner.Revision
	}
}

// counter adds ones by read and replace.
func counter(t *testing.T, data *data) {
	first := data.driver(t)
	put(t, first, record("one", "0"), 0)
	var work sync.WaitGroup
	for range many / 2 {
		d := data.driver(t)
		work.Go(func() {
			for range 10 {
				if err := add(t.Context(), d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	if r, err := first.Get(t.Context(), "thing", "one"); err != nil || string(r.Body) != strconv.Itoa(many/2*10) {
		t.Errorf("%s of %d additions are there: %v", r.Body, many/2*10, err)
	}
}

func add(ctx context.Context, d driver.Driver) error {
	for {
		r, err := d.Get(ctx, "thing", "one")
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(r.Body))
		if err != nil {
			return err
		}
		if err := d.Put(ctx, record("one", strconv.Itoa(n+1)), r.Revision); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
}

func cancelled(t *testing.T, data *data) {
	d := data.driver(t)
	r := put(t, d, record("one", "{}"), 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range rounds {
		_, get := d.Get(ctx, "thing", "one")
		_, list := d.List(ctx, "thing", driver.Page{Limit: 1})
		_, due := d.Due(ctx, "thing", noon, 1)
		_, count := d.Count(ctx, "thing")
		for name, err := range map[string]error{
			"get": get, "list": list, "due": due, "count": count,
			"put":    d.Put(ctx, record("one", "late"), r.Revision),
			"delete": d.Delete(ctx, "thing", "one", r.Revision),
		} {
			if !errors.Is(err, context.Canceled) || !fault.Is(err, fault.Unavailable) {
				t.Fatalf("%s: %v", name, err)
			}
		}
		r = put(t, d, record("one", "{}"), r.Revision) // a conflict if one of them happened
	}
}

// cancelledMidway ends contexts in the middle of writes: each then happened or not, and what Put returned nil for did.
func cancelledMidway(t *testing.T, data *data) {
	d, body := data.driver(t), make([]byte, 64<<10)
	known := put(t, d, record("one", string(body)), 0)
	for i := range rounds {
		r := record("one", string(body))
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*100*time.Microsecond)
		err := d.Put(ctx, r, known.Revision)
		cancel()
		if err != nil && !fault.Is(err, fault.Unavailable) {
			t.Fatalf("round %d: %v", i, err)
		}
		if err == nil {
			want(t, d, r)
		}
		known = settled(t, d, known, r)
	}
}

// settled returns which of two records is stored. A write whose caller has gone may still be under way; replacing the record
// settles it, for then only one of the two can have been first.
func settled(t *testing.T, d driver.Driver, before, after driver.Record) driver.Record {
	t.Helper()
	last := record("one", string(before.Body))
	for _, candidate := range []driver.Record{before, after} {
		err := d.Put(t.Context(), last, candidate.Revision)
		if err == nil {
			return last
		}
		wantKind(t, err, fault.Conflict)
	}
	t.Fatal("neither the record before nor the one after is there")
	return last
}

func reopened(t *testing.T, data *data) {
	first, err := data.Open()
	if err != nil {
		t.Fatal(err)
	}
	r := record("one", "{}")
	r.Due = noon
	put(t, first, r, 0)
	gone := put(t, first, record("two", "{}"), 0)
	if err := first.Delete(t.Context(), "thing", "two", gone.Revision); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := data.driver(t)
	want(t, again, r)
	wantDue(t, again, noon, 9, "one")
	_, err = again.Get(t.Context(), "thing", "two")
	wantKind(t, err, fault.NotFound)
}
