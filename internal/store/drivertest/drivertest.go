// Package drivertest is the suite that every driver of the store passes whole. It tests what package driver promises and
// nothing else: what a backend promises beyond it (processes that die, say) is for the tests of that backend.
package drivertest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

// Fresh makes new data for a test. What it leaves behind it removes when the test ends; the suite closes the drivers.
type Fresh func(t *testing.T) Data

// Data is what a test's drivers are open on.
type Data struct {
	// Open opens one more driver.
	Open func() (driver.Driver, error)
	// Away takes the data away from all drivers, those in the middle of a call too, until back is called. Some calls may go on
	// meanwhile, such as reads of a file that somebody else has locked.
	Away func() (back func())
}

// Run runs the suite.
func Run(t *testing.T, fresh Fresh) {
	for name, test := range map[string]func(*testing.T, *data){
		"ARecordIsReadAsItWasWritten":     asWritten,
		"APutNamesTheRevisionItReplaces":  puts,
		"ADeleteNamesTheRevision":         deletes,
		"ARecordMadeAgainIsAnother":       recreated,
		"IdsAreAnyText":                   ids,
		"KindsAreApart":                   kinds,
		"BodiesOfAnySize":                 bodies,
		"ABodyBelongsToTheCaller":         ownBody,
		"WalkInByteOrder":                 order,
		"WalkByPrefixAndCursor":           prefixes,
		"WalkWhileOthersWrite":            walkAmongWriters,
		"SkipAndCount":                    skipAndCount,
		"DueInOrder":                      due,
		"DueToTheMillisecond":             milliseconds,
		"OneWinnerOfManyDrivers":          oneWinner,
		"OneWinnerOfManyGoroutines":       oneWinnerInOne,
		"NoUpdateIsLost":                  counter,
		"ACancelledContextDoesNothing":    cancelled,
		"ACancelledWriteIsWholeOrNothing": cancelledMidway,
		"WhatIsWrittenStays":              reopened,
	} {
		t.Run(name, func(t *testing.T) { test(t, &data{fresh(t)}) })
	}
	RunOutages(t, fresh)
}

// RunOutages runs that part of the suite in which the data goes away, for a backend whose data can do so in several ways.
func RunOutages(t *testing.T, fresh Fresh) {
	for name, test := range map[string]func(*testing.T, *data){
		"WhileAwayCallsEndInTime":     away,
		"WhileAwayNoCallWaitsForEver": awayWithoutDeadline,
		"OnceBackTheSameDriverWorks":  backAgain,
		"AwayAmidCallsLosesNothing":   amid,
	} {
		t.Run(name, func(t *testing.T) { test(t, &data{fresh(t)}) })
	}
}

type data struct{ Data }

// driver opens one more driver, closed when the test ends.
func (d *data) driver(t *testing.T) driver.Driver {
	t.Helper()
	one, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := one.Close(); err != nil {
			t.Error(err)
		}
	})
	return one
}

// away takes the data away, and brings it back at the latest when the test ends.
func (d *data) away(t *testing.T) (back func()) {
	back = sync.OnceFunc(d.Away())
	t.Cleanup(back)
	return back
}

// record returns a record of a revision of its own.
func record(id, body string) driver.Record {
	return driver.Record{Kind: "thing", ID: id, Revision: rand.Int64() | 1, Body: []byte(body)}
}

func put(t *testing.T, d driver.Driver, r driver.Record, replaces int64) driver.Record {
	t.Helper()
	if err := d.Put(t.Context(), r, replaces); err != nil {
		t.Fatalf("putting %.40q: %v", r.ID, err)
	}
	return r
}

// want checks what is stored under the record's kind and id.
func want(t *testing.T, d driver.Driver, r driver.Record) {
	t.Helper()
	got, err := d.Get(t.Context(), r.Kind, r.ID)
	if err != nil {
		t.Fatalf("getting %.40q: %v", r.ID, err)
	}
	if diff := cmp.Diff(plain(r), plain(got)); diff != "" {
		t.Errorf("record %.40q (-want +got):\n%s", r.ID, diff)
	}
}

// plain is what counts of a record: a moment's place and an empty body's nilness don't.
func plain(r driver.Record) map[string]any {
	due := int64(0)
	if !r.Due.IsZero() {
		due = r.Due.UnixMilli()
	}
	return map[string]any{"kind": r.Kind, "id": r.ID, "revision": r.Revision, "due": due, "body": string(r.Body)}
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("the error is %v, want one of kind %q", err, kind)
	}
}

func names(records []driver.Record) []string {
	ids := []string{}
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return ids
}

// walk lists all ids with a prefix in pages of that size, calling between after each page.
func walk(ctx context.Context, d driver.Driver, prefix string, page int, between func()) ([]string, error) {
	ids, after := []string{}, ""
	for {
		records, err := d.List(ctx, "thing", driver.Page{Prefix: prefix, After: after, Limit: page})
		if err != nil || len(records) == 0 {
			return ids, err
		}
		ids = append(ids, names(records)...)
		after = ids[len(ids)-1]
		between()
	}
}

// noon is a moment with a fraction of a millisecond, which no driver keeps.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 123_456_789, time.UTC)
