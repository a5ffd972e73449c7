package moment_test

import (
	"testing"

	"carnet.dev/carnet/internal/moment"
)

// Whatever the text: no time, or one that can be written again and is then the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"1700000000", "1.7e12", "-1", "NaN", "1e999", "2026-01-02T03:04:05Z", "2026-01-02 03:04:05.5", "9999-12-31", "0000-01-01",
		"Fri, 02 Jan 2026 03:04:05 GMT"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := moment.Parse(text)
		if !ok || at.IsZero() {
			return
		}
		written, err := at.UTC().MarshalText()
		if err != nil {
			return // a year that nobody means
		}
		if again, ok := moment.Parse(string(written)); !ok || !again.Equal(at) {
			t.Errorf("%q is %s, and then %s", text, at, again)
		}
	})
}
