package drivertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

// amid takes the data away in the middle of calls, and back, while some write, each a record of its own, and one reads all of them.
func amid(t *testing.T, data *data) {
	shared, enough := data.driver(t), make(chan struct{})
	var work sync.WaitGroup
	writers := make([]*writer, many)
	for i := range writers {
		d := shared
		if i%2 == 1 {
			d = data.driver(t)
		}
		w := &writer{d: d, id: fmt.Sprintf("record %d", i), possible: map[int64]bool{0: true}}
		writers[i] = w
		work.Go(func() { w.run(t, enough) })
	}
	work.Go(func() { look(t, shared, enough) })
	for range 6 {
		each(t, writers, 2, func(w *writer) int64 { return w.done.Load() })
		back := data.away(t)
		each(t, writers, 2, func(w *writer) int64 { return w.tries.Load() })
		back()
	}
	each(t, writers, 2, func(w *writer) int64 { return w.done.Load() })
	close(enough)
	work.Wait()
	for _, w := range writers {
		w.read(t, recovery)
	}
}

// each returns when every writer's count has grown by so much.
func each(t *testing.T, writers []*writer, more int64, count func(*writer) int64) {
	t.Helper()
	until := time.Now().Add(forEver)
	wanted := map[*writer]int64{}
	for _, w := range writers {
		wanted[w] = count(w) + more
	}
	for _, w := range writers {
		for ; count(w) < wanted[w] && !t.Failed(); time.Sleep(time.Millisecond) {
			if time.Now().After(until) {
				t.Errorf("%s is not written any more", w.id)
			}
		}
	}
}

// A writer makes, replaces and deletes one record, and knows what may be there: the last write that it knows to be done, and those
// after it whose outcome it does not know.
type writer struct {
	d           driver.Driver
	id          string
	possible    map[int64]bool // revisions, 0 meaning that there is none
	strays      []int64        // of records that may still be made whenever there is none
	tries, done atomic.Int64   // rounds, writes
}

func (w *writer) run(t *testing.T, enough <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-enough:
			return
		default:
		}
		if stored, ok := w.read(t, impatient); ok {
			w.write(t, stored, i%3 == 2)
		}
		w.tries.Add(1)
	}
}

// read reads the record, which is one of the possible ones; false: it can't be read now, or must not be what it is.
func (w *writer) read(t *testing.T, patience time.Duration) (driver.Record, bool) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := w.d.Get(ctx, "thing", w.id)
	if fault.Is(err, fault.NotFound) {
		got, err = driver.Record{}, nil
	}
	if err != nil {
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("getting %s: %v", w.id, err)
		}
		return got, false
	}
	if !w.possible[got.Revision] {
		t.Errorf("%s has the revision %d, which is not one of the %d that it may have", w.id, got.Revision, len(w.possible))
		return got, false
	}
	return got, whole(t, got)
}

// write replaces what is stored, or deletes it.
func (w *writer) write(t *testing.T, stored driver.Record, remove bool) {
	ctx, cancel := context.WithTimeout(t.Context(), impatient)
	defer cancel()
	next, err := driver.Record{}, error(nil)
	if remove = remove && stored.Revision != 0; remove {
		err = w.d.Delete(ctx, "thing", w.id, stored.Revision)
	} else {
		next = marked(w.id)
		err = w.d.Put(ctx, next, stored.Revision)
	}
	switch {
	case err == nil: // nothing that is older can be done any more: the revision that it replaces is gone
		w.possible = map[int64]bool{next.Revision: true}
		w.done.Add(1)
	case fault.Is(err, fault.Unavailable):
		w.possible[next.Revision] = true
		if stored.Revision == 0 {
			w.strays = append(w.strays, next.Revision)
		}
	case !fault.Is(err, fault.Conflict) && !(remove && fault.Is(err, fault.NotFound)): // an older write was done in between
		t.Errorf("writing %s: %v", w.id, err)
	}
	for _, stray := range w.strays {
		w.possible[stray] = w.possible[stray] || w.possible[0]
	}
}

// marked is a record whose body and due time tell its revision, so that a half-done one would be seen.
func marked(id string) driver.Record {
	r := record(id, "")
	r.Due = noon.Add(time.Duration(r.Revision%1000) * time.Second)
	r.Body = []byte(fmt.Sprintf(`{"revision":%d,"filling":%q}`, r.Revision, strings.Repeat("x", 4000)))
	return r
}

// whole checks a record that may be any of the marked ones.
func whole(t *testing.T, r driver.Record) bool {
	if r.Revision == 0 {
		return true
	}
	due := noon.Add(time.Duration(r.Revision%1000) * time.Second)
	ok := strings.HasPrefix(string(r.Body), fmt.Sprintf(`{"revision":%d,`, r.Revision)) && len(r.Body) > 4000 &&
		r.Due.UnixMilli() == due.UnixMilli()
	if !ok {
		t.Errorf("revision %d of %s has the body %.40s, due at %v", r.Revision, r.ID, r.Body, r.Due)
	}
	return ok
}

// look reads all records, of which none is half-done.
func look(t *testing.T, d driver.Driver, enough <-chan struct{}) {
	for {
		select {
		case <-enough:
			return
		default:
		}
		ctx, cancel := context.WithTimeout(t.Context(), impatient)
		listed, list := d.List(ctx, "thing", driver.Page{Limit: 100})
		due, sweep := d.Due(ctx, "thing", noon.Add(time.Hour), 100)
		_, count := d.Count(ctx, "thing")
		cancel()
		for name, err := range map[string]error{"list": list, "due": sweep, "count": count} {
			if err != nil && !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, r := range append(listed, due...) {
			whole(t, r)
		}
	}
}
