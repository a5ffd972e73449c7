// Package mem is a driver that keeps records in memory, for tests and for a Carnet that is to forget.
package mem

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

// Data is what several drivers may be open on.
type Data struct {
	mu      sync.RWMutex
	records map[key]driver.Record
	away    bool
}

type key struct{ kind, id string }

// New returns no records.
func New() *Data { return &Data{records: map[key]driver.Record{}} }

// Open returns a driver on the data. Closing it leaves the data as it is.
func (d *Data) Open() driver.Driver { return open{d} }

// Away takes the data away from all drivers until back is called: an outage, for tests of those who use a store.
func (d *Data) Away() (back func()) {
	set := func(away bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.away = away
	}
	set(true)
	return func() { set(false) }
}

// there is an error while the data is away. The lock is held.
func (d *Data) there() error {
	if d.away {
		return fault.New(fault.Unavailable, "the data is away")
	}
	return nil
}

type open struct{ data *Data }

// Get implements driver.Driver.
func (o open) Get(ctx context.Context, kind, id string) (driver.Record, error) {
	if err := ctx.Err(); err != nil {
		return driver.Record{}, err
	}
	o.data.mu.RLock()
	defer o.data.mu.RUnlock()
	if err := o.data.there(); err != nil {
		return driver.Record{}, err
	}
	r, ok := o.data.records[key{kind, id}]
	if !ok {
		return r, fault.New(fault.NotFound, "there is no %s %q", kind, id)
	}
	return copied(r), nil
}

// Put implements driver.Driver.
func (o open) Put(ctx context.Context, r driver.Record, replaces int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o.data.mu.Lock()
	defer o.data.mu.Unlock()
	if err := o.data.there(); err != nil {
		return err
	}
	if o.data.records[key{r.Kind, r.ID}].Revision != replaces {
		return fault.New(fault.Conflict, "%s %q was changed by somebody else", r.Kind, r.ID)
	}
	r.Due = r.Due.Truncate(time.Millisecond)
	o.data.records[key{r.Kind, r.ID}] = copied(r)
	return nil
}

// Delete implements driver.Driver.
func (o open) Delete(ctx context.Context, kind, id string, revision int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o.data.mu.Lock()
	defer o.data.mu.Unlock()
	if err := o.data.there(); err != nil {
		return err
	}
	r, ok := o.data.records[key{kind, id}]
	switch {
	case !ok:
		return fault.New(fault.NotFound, "there is no %s %q", kind, id)
	case revision != 0 && r.Revision != revision:
		return fault.New(fault.Conflict, "%s %q was changed by somebody else", kind, id)
	}
	delete(o.data.records, key{kind, id})
	return nil
}

// List implements driver.Driver.
func (o open) List(ctx context.Context, kind string, p driver.Page) ([]driver.Record, error) {
	return o.some(ctx, p.Skip, p.Limit, func(r driver.Record) bool {
		return r.Kind == kind && strings.HasPrefix(r.ID, p.Prefix) && r.ID > p.After
	}, func(a, b driver.Record) int { return cmp.Compare(a.ID, b.ID) })
}

// Count implements driver.Driver.
func (o open) Count(ctx context.Context, kind string) (int, error) {
	all, err := o.some(ctx, 0, math.MaxInt, func(r driver.Record) bool { return r.Kind == kind }, func(a, b driver.Record) int { return 0 })
	return len(all), err
}

// Due implements driver.Driver.
func (o open) Due(ctx context.Context, kind string, t time.Time, limit int) ([]driver.Record, error) {
	return o.some(ctx, 0, limit, func(r driver.Record) bool {
		return r.Kind == kind && !r.Due.IsZero() && !r.Due.After(t)
	}, func(a, b driver.Record) int { return a.Due.Compare(b.Due) })
}

func (o open) some(ctx context.Context, skip, limit int, keep func(driver.Record) bool, order func(a, b driver.Record) int) ([]driver.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o.data.mu.RLock()
	defer o.data.mu.RUnlock()
	if err := o.data.there(); err != nil {
		return nil, err
	}
	var kept []driver.Record
	for _, r := range o.data.records {
		if keep(r) {
			kept = append(kept, r)
		}
	}
	slices.SortFunc(kept, order)
	kept = kept[min(skip, len(kept)):]
	kept = kept[:min(limit, len(kept))]
	for i := range kept {
		kept[i] = copied(kept[i])
	}
	return kept, nil
}

// Close implements driver.Driver.
func (o open) Close() error { return nil }

func copied(r driver.Record) driver.Record {
	r.Body = bytes.Clone(r.Body)
	return r
}
