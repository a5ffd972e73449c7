package harness_test

import (
	"slices"
	"testing"

	"carnet.dev/carnet/interop/catalogue"
	"carnet.dev/carnet/interop/catalogue/harness"
)

// TestEveryKind runs a made-up entry of every kind. The catalogue of real services is no part of the repository: make catalogue.
func TestEveryKind(t *testing.T) {
	entries, err := catalogue.Load("../testdata/entries.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range catalogue.Notes() {
		if !slices.ContainsFunc(entries, func(e catalogue.Entry) bool { return slices.Contains(e.Notes, note) }) {
			t.Errorf("no entry has the note %q", note)
		}
	}
	h, err := harness.New(t)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := h.Run(t.Context(), entries, func(harness.Outcome) {})
	if len(outcomes) != len(entries) || len(entries) < 20 {
		t.Fatalf("%d outcomes of %d entries", len(outcomes), len(entries))
	}
	for _, o := range outcomes {
		if o.Err != nil || o.Other.Err != nil || o.CanRefresh != o.Refreshed {
			t.Errorf("%s: %v; in its other way: %v; refreshed: %v", o.Name, o.Err, o.Other.Err, o.Refreshed)
			continue
		}
		if len(o.Trial.Tried) == 0 || o.Trial.Controls == 0 || len(o.Trial.Taken)+len(o.Trial.Refused) > 0 {
			t.Errorf("%s: %d kinds of mutants, taken were %q, refused %q", o.Name, len(o.Trial.Tried), o.Trial.Taken, o.Trial.Refused)
		}
		if hard := o.Name == "custom"; o.Auto.Tried && o.Auto.Works == hard {
			t.Errorf("%s works without configuration: %v", o.Name, o.Auto.Works)
		}
	}
}
