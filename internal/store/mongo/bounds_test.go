package mongo

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"carnet.dev/carnet/internal/store/driver"
)

// A server refuses documents of more than 16 MiB and those that are nested more than 100 deep
// (https://www.mongodb.com/docs/manual/reference/limits/), but never a body that the store may write.
func TestWhatAServerWouldRefuseIsKeptAsText(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want bson.Type
	}{
		"small numbers grow eightfold": {`{"n":[1` + strings.Repeat(",1", driver.MaxBody/2-10) + `]}`, bson.TypeString},
		"large, but it fits":           {`{"n":"` + strings.Repeat("x", driver.MaxBody-10) + `"}`, bson.TypeEmbeddedDocument},
		"deep objects":                 {strings.Repeat(`{"a":`, 99) + `1` + strings.Repeat(`}`, 99), bson.TypeString},
		"deep lists":                   {strings.Repeat(`{"a":[`, 49) + strings.Repeat(`]}`, 49), bson.TypeString},
		"hopelessly deep":              {strings.Repeat(`{"a":`, 100_000), bson.TypeString},
	} {
		kind, back := kept(t, test.body)
		if back != test.body || kind != test.want {
			t.Errorf("%s: kept as %s, want %s; %d bytes came back as %d", name, kind, test.want, len(test.body), len(back))
		}
	}
}
