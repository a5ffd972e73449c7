package metrics

import (
	"context"
	"errors"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

// operations of a driver, as the label names them.
const (
	opGet    = "get"
	opPut    = "put"
	opDelete = "delete"
	opList   = "list"
	opCount  = "count"
	opDue    = "due"
)

var operations = []string{opGet, opPut, opDelete, opList, opCount, opDue}

// Driver returns a driver whose operations are counted.
func (m *Metrics) Driver(d driver.Driver) driver.Driver { return counted{d, m} }

type counted struct {
	driver.Driver
	metrics *Metrics
}

// note counts an operation. That a record is not there, or another one is, is an answer; and a caller who goes is no failure.
func (c counted) note(operation string, began time.Time, err error) {
	c.metrics.store.WithLabelValues(operation).Observe(time.Since(began).Seconds())
	if err == nil || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) || errors.Is(err, context.Canceled) {
		return
	}
	c.metrics.failures.WithLabelValues(operation, fault.KindOf(err).String()).Inc()
}

// Get implements driver.Driver.
func (c counted) Get(ctx context.Context, kind, id string) (r driver.Record, err error) {
	defer func(began time.Time) { c.note(opGet, began, err) }(time.Now())
	return c.Driver.Get(ctx, kind, id)
}

// Put implements driver.Driver.
func (c counted) Put(ctx context.Context, r driver.Record, replaces int64) (err error) {
	defer func(began time.Time) { c.note(opPut, began, err) }(time.Now())
	return c.Driver.Put(ctx, r, replaces)
}

// Delete implements driver.Driver.
func (c counted) Delete(ctx context.Context, kind, id string, revision int64) (err error) {
	defer func(began time.Time) { c.note(opDelete, began, err) }(time.Now())
	return c.Driver.Delete(ctx, kind, id, revision)
}

// List implements driver.Driver.
func (c counted) List(ctx context.Context, kind string, p driver.Page) (found []driver.Record, err error) {
	defer func(began time.Time) { c.note(opList, began, err) }(time.Now())
	return c.Driver.List(ctx, kind, p)
}

// Count implements driver.Driver.
func (c counted) Count(ctx context.Context, kind string) (n int, err error) {
	defer func(began time.Time) { c.note(opCount, began, err) }(time.Now())
	return c.Driver.Count(ctx, kind)
}

// Due implements driver.Driver.
func (c counted) Due(ctx context.Context, kind string, t time.Time, limit int) (found []driver.Record, err error) {
	defer func(began time.Time) { c.note(opDue, began, err) }(time.Now())
	return c.Driver.Due(ctx, kind, t, limit)
}
