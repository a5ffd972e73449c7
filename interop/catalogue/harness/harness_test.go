package harness_test

import (
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
	h, err := harness.New(t)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := h.Run(t.Context(), entries, func(harness.Outcome) {})
	if len(outcomes) != len(entries) || len(entries) < 20 {
		t.Fatalf("%d outcomes of %d entries", len(outcomes), len(entries))
	}
	for _, o := range outcomes {
		if o.Err != nil {
			t.Errorf("%s: %v", o.Name, o.Err)
			continue
		}
		if o.Mutants == 0 || len(o.Survivors) > 0 {
			t.Errorf("%s: %d mutants, taken were %q", o.Name, o.Mutants, o.Survivors)
		}
	}
}
