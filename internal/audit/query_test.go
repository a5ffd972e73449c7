package audit_test

import (
	"errors"
	"fmt"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/audit"
)

// TestQuery: what is selected, and that pages follow on each other without a gap.
func TestQuery(t *testing.T) {
	log := audit.NewLog(newShelf())
	for n := range 9 {
		act, err := log.Begin(t.Context(), []string{"user ann", "account ci"}[n%2], []string{"operation.run", "token.renew", "token.clear"}[n%3], fmt.Sprintf("desk%d op", n%2))
		if err != nil {
			t.Fatal(err)
		}
		var failed error
		if n%4 == 3 {
			failed = fault.Wrap(fault.Upstream, errors.New("x"), "no")
		}
		if err := act.End(t.Context(), failed); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		q    audit.Query
		want int
	}{
		"all":      {audit.Query{}, 9},
		"caller":   {audit.Query{Caller: "ANN"}, 5},
		"action":   {audit.Query{Action: "token"}, 6},
		"target":   {audit.Query{Target: "desk1"}, 4},
		"no part":  {audit.Query{Target: "desk"}, 0},
		"failed":   {audit.Query{Outcome: audit.Failed}, 2},
		"upstream": {audit.Query{Outcome: "upstream"}, 2},
		"together": {audit.Query{Outcome: "ok", Caller: "ci", Action: "operation.run"}, 0},
	} {
		got, next, err := log.Entries(t.Context(), test.q)
		if err != nil || len(got) != test.want || next != "" {
			t.Errorf("%s: %d entries, want %d; next %q: %v", name, len(got), test.want, next, err)
		}
		for _, look := range []int{0, 1, 2, 5} { // however few are looked at for a page
			var pages []audit.Entry
			q := test.q
			for q.Limit, q.Look = 2, look; ; {
				page, next, err := log.Entries(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if pages, q.Before = append(pages, page...), next; next == "" {
					break
				}
			}
			if len(pages) != len(got) {
				t.Errorf("%s: %d entries on pages that look at %d, %d at once", name, len(pages), look, len(got))
			}
		}
	}
}
