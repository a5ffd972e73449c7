package moment_test

import (
	"testing"
	"time"

	"carnet.dev/carnet/internal/moment"
)

func TestParse(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"1767355200": noon, "1767355200000": noon, " 1767355200.5 ": noon.Add(500 * time.Millisecond),
		"2026-01-02T12:00:00Z": noon, "2026-01-02T14:00:00+02:00": noon, "2026-01-02T14:00:00+0200": noon,
		"2026-01-02T12:00:00": noon, "2026-01-02 12:00:00": noon, "2026-01-02 12:00:00.25": noon.Add(250 * time.Millisecond),
		"2026-01-02": noon.Add(-12 * time.Hour), "Fri, 02 Jan 2026 12:00:00 GMT": noon, "Fri, 02 Jan 2026 14:00:00 +0200": noon,
		"0": {},
	} {
		if got, ok := moment.Parse(text); !ok || !got.Equal(want) {
			t.Errorf("%q is %v (%v), want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "soon", "-5", "1e300", "NaN", "2026-13-01", "12:00"} {
		if got, ok := moment.Parse(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}
