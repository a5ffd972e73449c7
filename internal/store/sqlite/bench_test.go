package sqlite_test

import (
	"bytes"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/sqlite"
)

func sample(id string, revision int64, size int) driver.Record {
	return driver.Record{Kind: "thing", ID: id, Revision: revision, Body: bytes.Repeat([]byte("x"), size)}
}

func BenchmarkOpenGetClose(b *testing.B) {
	path := filepath.Join(b.TempDir(), "carnet.db")
	first, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	if err := first.Put(b.Context(), sample("one", 1, 1000), 0); err != nil {
		b.Fatal(err)
	}
	first.Close() // nobody else has the file open: the cost of a command
	for b.Loop() {
		d, err := sqlite.Open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Get(b.Context(), "thing", "one"); err != nil {
			b.Fatal(err)
		}
		d.Close()
	}
}

func BenchmarkGet(b *testing.B) {
	d := open(b, filepath.Join(b.TempDir(), "carnet.db"))
	if err := d.Put(b.Context(), sample("one", 1, 1000), 0); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := d.Get(b.Context(), "thing", "one"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{1000, 6 << 20} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			d := open(b, filepath.Join(b.TempDir(), "carnet.db"))
			revision := int64(0)
			for b.Loop() {
				if err := d.Put(b.Context(), sample("one", revision+1, size), revision); err != nil {
					b.Fatal(err)
				}
				revision++
			}
		})
	}
}

// BenchmarkPutTogether is the cost of a durable write while many wait for theirs.
func BenchmarkPutTogether(b *testing.B) {
	d := open(b, filepath.Join(b.TempDir(), "carnet.db"))
	var last atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := last.Add(1)
			if err := d.Put(b.Context(), sample(strconv.FormatInt(n, 10), n, 1000), 0); err != nil {
				b.Error(err)
			}
		}
	})
}
