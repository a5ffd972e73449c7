package mongo_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"carnet.dev/carnet/internal/store/driver"
)

// BenchmarkDriver measures what a call costs, the proxy and the server included, on records of 1.5 KB.
func BenchmarkDriver(b *testing.B) {
	d := openDriver(b, database(b))
	body := []byte(`{"text":"` + strings.Repeat("x", 1500) + `","list":[1,2,{"a":true}]}`)
	const records = 100
	revisions := make([]int64, records)
	put := func(b *testing.B, i int) {
		next := rand.Int64() | 1
		if err := d.Put(b.Context(), driver.Record{Kind: "thing", ID: fmt.Sprintf("%03d", i), Revision: next, Body: body}, revisions[i]); err != nil {
			b.Fatal(err)
		}
		revisions[i] = next
	}
	for i := range records {
		put(b, i)
	}
	b.Run("Put", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			put(b, i%records)
		}
	})
	b.Run("Get", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := d.Get(b.Context(), "thing", fmt.Sprintf("%03d", i%records)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ListOf100", func(b *testing.B) {
		for b.Loop() {
			if all, err := d.List(b.Context(), "thing", driver.Page{Limit: records}); err != nil || len(all) != records {
				b.Fatal(len(all), err)
			}
		}
	})
}
