package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/audit"
)

// shelf keeps entries in a map; down, it refuses to write.
type shelf struct {
	entries map[string]audit.Stored
	down    bool
}

func newShelf() *shelf { return &shelf{entries: map[string]audit.Stored{}} }

func (s *shelf) Put(ctx context.Context, id string, e audit.Entry, replaces int64) (int64, error) {
	if s.down {
		return 0, fault.New(fault.Unavailable, "the store is away")
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if s.entries[id].Revision != replaces {
		return 0, fault.New(fault.Conflict, "another revision")
	}
	s.entries[id] = audit.Stored{ID: id, Revision: replaces + 1, Value: e}
	return replaces + 1, nil
}

func (s *shelf) Delete(_ context.Context, id string, _ int64) error {
	delete(s.entries, id)
	return nil
}

func (s *shelf) All(context.Context, string) iter.Seq2[audit.Stored, error] {
	entries := maps.Clone(s.entries)
	return func(yield func(audit.Stored, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(entries)) {
			if !yield(entries[id], nil) {
				return
			}
		}
	}
}

func (s *shelf) After(_ context.Context, after string, want func(string, []byte) bool) iter.Seq2[audit.Stored, error] {
	return func(yield func(audit.Stored, error) bool) {
		for e := range s.All(context.Background(), "") {
			body, _ := json.Marshal(e.Value) // of texts and numbers
			if e.ID > after && want(e.ID, body) && !yield(e, nil) {
				return
			}
		}
	}
}

func TestAct(t *testing.T) {
	long := strings.Repeat("é", 400)
	for _, test := range []struct {
		err             error
		outcome, detail string
	}{
		{nil, "ok", ""},
		{fault.New(fault.Denied, "viewer may not"), "denied", "viewer may not"},
		{fault.Wrap(fault.Upstream, errors.New("body of an answer"), "the token endpoint refused"), "upstream", "the token endpoint refused"},
		{errors.New("anything"), "internal", ""},
		{context.Canceled, "unavailable", ""},
		{fault.New(fault.Invalid, "%s", long), "invalid", long[:500]},
		{fault.New(fault.Invalid, "x%s", long), "invalid", "x" + long[:498] + "\uFFFD"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newShelf()
			log := audit.NewLog(s)
			ctx, cancel := context.WithCancel(t.Context())
			act, err := log.Begin(ctx, "user ann", "model.import", "Petstore:1")
			if err != nil {
				t.Fatal(err)
			}
			before, _, err := log.Entries(ctx, audit.Query{})
			if err != nil || len(before) != 1 || before[0].Outcome != "started" {
				t.Fatal(before, err)
			}
			time.Sleep(1500 * time.Millisecond)
			cancel() // the client has gone; the outcome is kept all the same
			if err := act.End(ctx, test.err); err != nil {
				t.Fatal(err)
			}
			after, _, err := log.Entries(t.Context(), audit.Query{})
			if err != nil || len(after) != 1 {
				t.Fatal(after, err)
			}
			want := api.AuditEntry{ID: before[0].ID, Time: before[0].Time, Caller: "user ann", Action: "model.import", Target: "Petstore:1",
				Outcome: test.outcome, Detail: test.detail, Millis: 1500}
			if diff := cmp.Diff(want, api.AuditEntry(after[0])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNothingWithoutEntry(t *testing.T) {
	s := newShelf()
	s.down = true
	if _, err := audit.NewLog(s).Begin(t.Context(), "x", "y", "z"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("error is %v", err)
	}
}

// TestOrder: many entries within one millisecond and after, listed newest first, with ids that grow.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		log := audit.NewLog(s)
		start := time.Now()
		for i := range 300 {
			if i%100 == 0 {
				time.Sleep(time.Minute)
			}
			if _, err := log.Begin(t.Context(), "c", "a", fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		all, _, err := log.Entries(t.Context(), audit.Query{})
		if err != nil || len(all) != 300 {
			t.Fatal(len(all), err)
		}
		for i, e := range all {
			if e.Target != fmt.Sprint(299-i) {
				t.Fatalf("entry %d is %s", i, e.Target)
			}
			if i > 0 && e.ID >= all[i-1].ID {
				t.Fatalf("ids don't grow: %s, %s", e.ID, all[i-1].ID)
			}
			if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(e.ID) {
				t.Fatalf("%s is no UUID of version 7", e.ID)
			}
		}
		if some, _, _ := log.Entries(t.Context(), audit.Query{Limit: 10}); !cmp.Equal(some, all[:10]) {
			t.Error("the limit does not give the newest")
		}
		if some, _, _ := log.Entries(t.Context(), audit.Query{Since: start.Add(150 * time.Second)}); len(some) != 100 {
			t.Errorf("since: %d entries", len(some))
		}
		if n, err := log.Prune(t.Context(), start.Add(90*time.Second)); n != 100 || err != nil {
			t.Errorf("pruned %d: %v", n, err)
		}
		if left, _, _ := log.Entries(t.Context(), audit.Query{}); !cmp.Equal(left, all[:200]) {
			t.Errorf("%d entries are left, or the wrong ones", len(left))
		}
	})
}
