package chaos_test

import (
	"strings"
	"testing"
	"time"

	"carnet.dev/carnet/interop/mongo/chaos"
)

// TestChaos is the table of `make chaos`, in short: the deaths, and the worst of the storms.
func TestChaos(t *testing.T) {
	var table strings.Builder
	storms := chaos.Storms()
	if err := chaos.Table(t.Context(), &table, 20, 10*time.Second, storms[len(storms)-1]); err != nil {
		t.Error(err)
	}
	t.Log("\n" + table.String())
}
