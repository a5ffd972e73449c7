package drivertest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/internal/store/driver"
)

func order(t *testing.T, data *data) {
	d := data.driver(t)
	for _, i := range rand.Perm(len(texts)) {
		put(t, d, record(texts[i], "{}"), 0)
	}
	sorted := slices.Sorted(slices.Values(texts))
	for _, page := range []int{1, 3, 1000} {
		got, err := walk(t.Context(), d, "", page, func() {})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sorted, got); diff != "" {
			t.Errorf("in pages of %d (-want +got):\n%s", page, diff)
		}
	}
}

func prefixes(t *testing.T, data *data) {
	d := data.driver(t)
	for _, id := range texts {
		put(t, d, record(id, id), 0)
	}
	sorted := slices.Sorted(slices.Values(texts))
	for _, prefix := range append([]string{"", "nothing", "A%", "%_"}, texts...) {
		for _, after := range []string{"", "a", "a/b", "b", "\U0010ffff"} {
			wanted := []string{}
			for _, id := range sorted {
				if strings.HasPrefix(id, prefix) && id > after {
					wanted = append(wanted, id)
				}
			}
			got, err := d.List(t.Context(), "thing", driver.Page{Prefix: prefix, After: after, Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wanted, names(got)); diff != "" {
				t.Errorf("prefix %q after %q (-want +got):\n%s", prefix, after, diff)
			}
			for _, r := range got {
				if string(r.Body) != r.ID {
					t.Errorf("%q has the body %q", r.ID, r.Body)
				}
			}
		}
	}
}

func skipAndCount(t *testing.T, data *data) {
	d := data.driver(t)
	other := record("x", "{}")
	other.Kind = "other"
	put(t, d, other, 0)
	for i := range 10 {
		put(t, d, record(fmt.Sprintf("%d", i), "{}"), 0)
	}
	for _, c := range []struct {
		page driver.Page
		ids  string
	}{
		{driver.Page{Limit: 3}, "012"},
		{driver.Page{Skip: 4, Limit: 3}, "456"},
		{driver.Page{Skip: 8, Limit: 3}, "89"},
		{driver.Page{Skip: 10, Limit: 3}, ""},
		{driver.Page{After: "4", Skip: 2, Limit: 2}, "78"},
		{driver.Page{Prefix: "7", Skip: 1, Limit: 2}, ""},
	} {
		got, err := d.List(t.Context(), "thing", c.page)
		if err != nil || strings.Join(names(got), "") != c.ids {
			t.Errorf("%+v: %q, want %q: %v", c.page, names(got), c.ids, err)
		}
	}
	for kind, want := range map[string]int{"thing": 10, "other": 1, "nothing": 0} {
		if n, err := d.Count(t.Context(), kind); err != nil || n != want {
			t.Errorf("%d of the kind %s, want %d: %v", n, kind, want, err)
		}
	}
}

// walkAmongWriters walks over records that stay while others before, between and behind them come and go.
func walkAmongWriters(t *testing.T, data *data) {
	reader, writer := data.driver(t), data.driver(t)
	var stay []string
	for i := range 40 {
		stay = append(stay, fmt.Sprintf("%02d", i))
		put(t, writer, record(stay[i], "{}"), 0)
	}
	come := map[string]int64{}
	got, err := walk(t.Context(), reader, "", 3, func() {
		for range 3 {
			id := stay[rand.IntN(len(stay))] + "-"
			if revision, there := come[id]; there {
				if err := writer.Delete(t.Context(), "thing", id, revision); err != nil {
					t.Fatal(err)
				}
				delete(come, id)
				continue
			}
			come[id] = put(t, writer, record(id, "{}"), 0).Revision
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("out of order, or repeated: %q", got)
	}
	got = slices.DeleteFunc(got, func(id string) bool { return strings.HasSuffix(id, "-") })
	if diff := cmp.Diff(stay, got); diff != "" {
		t.Errorf("what was there all the time (-want +got):\n%s", diff)
	}
}

func due(t *testing.T, data *data) {
	d := data.driver(t)
	at := func(id string, due time.Time) driver.Record {
		r := record(id, id)
		r.Due = due
		return put(t, d, r, 0)
	}
	at("never", time.Time{})
	late, soon := at("late", noon.Add(time.Hour)), at("soon", noon.Add(-time.Minute))
	at("first", noon.Add(-24*time.Hour))
	at("long ago", time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC))
	wantDue(t, d, noon, 9, "long ago", "first", "soon")
	wantDue(t, d, noon, 2, "long ago", "first")
	wantDue(t, d, noon.Add(100*365*24*time.Hour), 9, "long ago", "first", "soon", "late")

	never := record("soon", "")
	put(t, d, never, soon.Revision)
	sooner := record("late", "late")
	sooner.Due = noon.Add(-48 * time.Hour)
	put(t, d, sooner, late.Revision)
	if err := d.Delete(t.Context(), "thing", "long ago", 0); err != nil {
		t.Fatal(err)
	}
	wantDue(t, d, noon, 9, "late", "first")
}

func milliseconds(t *testing.T, data *data) {
	d := data.driver(t)
	r := record("one", "{}")
	r.Due = noon // .123456789
	put(t, d, r, 0)
	whole := noon.Truncate(time.Millisecond)
	wantDue(t, d, whole.Add(-time.Millisecond), 9)
	wantDue(t, d, whole, 9, "one")
	got, err := d.Get(t.Context(), "thing", "one")
	if err != nil || !got.Due.Equal(whole) {
		t.Errorf("due %v, want %v: %v", got.Due, whole, err)
	}
}

func wantDue(t *testing.T, d driver.Driver, at time.Time, limit int, ids ...string) {
	t.Helper()
	got, err := d.Due(t.Context(), "thing", at, limit)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append([]string{}, ids...), names(got)); diff != "" {
		t.Errorf("due at %v (-want +got):\n%s", at, diff)
	}
}
