package drivertest

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

func asWritten(t *testing.T, data *data) {
	a, b := data.driver(t), data.driver(t)
	r := record("one", `{"a":1}`)
	r.Due, r.Revision = noon, math.MaxInt64
	put(t, a, r, 0)
	want(t, a, r)
	want(t, b, r)
	next := record("one", `{"a":2}`) // without a due time
	put(t, b, next, r.Revision)
	want(t, a, next)
	_, err := a.Get(t.Context(), "thing", "two")
	wantKind(t, err, fault.NotFound)
}

func puts(t *testing.T, data *data) {
	d := data.driver(t)
	wantKind(t, d.Put(t.Context(), record("one", "{}"), 7), fault.Conflict) // none is there
	first := put(t, d, record("one", "first"), 0)
	wantKind(t, d.Put(t.Context(), record("one", "second"), 0), fault.Conflict)
	wantKind(t, d.Put(t.Context(), record("one", "second"), first.Revision+1), fault.Conflict)
	want(t, d, first)
	second := put(t, d, record("one", "second"), first.Revision)
	wantKind(t, d.Put(t.Context(), record("one", "third"), first.Revision), fault.Conflict)
	want(t, d, second)
}

func deletes(t *testing.T, data *data) {
	a, b := data.driver(t), data.driver(t)
	wantKind(t, a.Delete(t.Context(), "thing", "one", 0), fault.NotFound)
	wantKind(t, a.Delete(t.Context(), "thing", "one", 7), fault.NotFound)
	r := put(t, a, record("one", "{}"), 0)
	wantKind(t, b.Delete(t.Context(), "thing", "one", r.Revision+1), fault.Conflict)
	want(t, a, r)
	if err := b.Delete(t.Context(), "thing", "one", r.Revision); err != nil {
		t.Fatal(err)
	}
	_, err := a.Get(t.Context(), "thing", "one")
	wantKind(t, err, fault.NotFound)
	wantKind(t, a.Put(t.Context(), record("one", "{}"), r.Revision), fault.Conflict) // whoever saw it comes too late
	put(t, a, record("one", "{}"), 0)
	if err := b.Delete(t.Context(), "thing", "one", 0); err != nil {
		t.Error(err)
	}
}

func recreated(t *testing.T, data *data) {
	d := data.driver(t)
	old := put(t, d, record("one", "old"), 0)
	if err := d.Delete(t.Context(), "thing", "one", old.Revision); err != nil {
		t.Fatal(err)
	}
	again := put(t, d, record("one", "again"), 0)
	wantKind(t, d.Put(t.Context(), record("one", "late"), old.Revision), fault.Conflict)
	wantKind(t, d.Delete(t.Context(), "thing", "one", old.Revision), fault.Conflict)
	want(t, d, again)
}

// texts are ids that a backend might take for something else, in byte order.
var texts = []string{
	"\x00", "\x00a", "\t", " ", " leading", "!", `"quoted"`, "$set", "%", "%41", "'; DROP TABLE record; --", "*", "..", "../up",
	"/", "/a/b", "0", "00", "1", "10", "9", "?", "A", "Zoom API:2.0.0", "[a]", `\`, "_", "a", "a\x00b", "a b", "a%", "a.b", "a/b", "a_b", "aa",
	"b", "null", "trailing ", "{}", "~", "\x7f", "é", "ü", "Ω", "日本", "\ufffd", "\uffff", "😀", "\U0010ffff",
}

func ids(t *testing.T, data *data) {
	d := data.driver(t)
	long := strings.Repeat("x", 1023)
	for _, id := range append([]string{long, long + "y", long + "z"}, texts...) {
		want(t, d, put(t, d, record(id, id), 0))
	}
	for _, id := range texts {
		r, err := d.Get(t.Context(), "thing", id)
		if err != nil || string(r.Body) != id {
			t.Errorf("%q has the body %q: %v", id, r.Body, err)
		}
	}
}

func kinds(t *testing.T, data *data) {
	d := data.driver(t)
	thing := put(t, d, record("one", "thing"), 0)
	other := record("one", "other")
	other.Kind, other.Due = "other", noon
	put(t, d, other, 0)
	want(t, d, thing)
	want(t, d, other)
	if all, err := d.List(t.Context(), "thing", driver.Page{Limit: 9}); err != nil || len(all) != 1 {
		t.Errorf("%d things: %v", len(all), err)
	}
	if all, err := d.Due(t.Context(), "thing", noon, 9); err != nil || len(all) != 0 {
		t.Errorf("%d things are due: %v", len(all), err)
	}
	wantKind(t, d.Delete(t.Context(), "thing", "one", other.Revision), fault.Conflict)
}

func bodies(t *testing.T, data *data) {
	d := data.driver(t)
	every := make([]byte, 256) // all bytes, also those that are no text
	for i := range every {
		every[i] = byte(255 - i)
	}
	for id, body := range map[string][]byte{
		"nil": nil, "empty": {}, "zero": {0}, "every": every, "large": bytes.Repeat(every, driver.MaxBody/len(every)),
	} {
		r := record(id, "")
		r.Body = body
		put(t, d, r, 0)
		got, err := d.Get(t.Context(), "thing", id)
		if err != nil || !bytes.Equal(got.Body, body) {
			t.Errorf("%s: %d bytes came back as %d, or others: %v", id, len(body), len(got.Body), err)
		}
	}
}

func ownBody(t *testing.T, data *data) {
	d := data.driver(t)
	r := record("one", "body")
	put(t, d, r, 0)
	r.Body[0] = 'X' // the writer's
	scribble := func(records ...driver.Record) {
		for _, r := range records {
			if string(r.Body) != "body" {
				t.Errorf("the body is %q", r.Body)
			}
			r.Body[0] = 'Y'
		}
	}
	for range 2 {
		got, err := d.Get(t.Context(), "thing", "one")
		if err != nil {
			t.Fatal(err)
		}
		all, err := d.List(t.Context(), "thing", driver.Page{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		scribble(append(all, got)...)
	}
}
