package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mem"
)

func newKeys(t testing.TB) *seal.Keyring {
	t.Helper()
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func open(t testing.TB, d driver.Driver, keys *seal.Keyring) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), d, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// tampered is a driver that a test puts between the store and the data.
type tampered struct {
	driver.Driver
	put    func(driver.Record, int64) error
	closed bool
}

func (d *tampered) Put(ctx context.Context, r driver.Record, replaces int64) error {
	if d.put != nil {
		return d.put(r, replaces)
	}
	return d.Driver.Put(ctx, r, replaces)
}

func (d *tampered) Close() error {
	d.closed = true
	return d.Driver.Close()
}

func TestStoresThatStartTogetherAgree(t *testing.T) {
	data, keys := mem.New(), newKeys(t)
	var work sync.WaitGroup
	for range 16 {
		work.Go(func() {
			s, err := store.Open(t.Context(), data.Open(), keys)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	all, err := data.Open().List(t.Context(), "meta", driver.Page{Limit: 9})
	if err != nil || len(all) != 1 {
		t.Errorf("%d records say the schema: %v", len(all), err)
	}
}

func TestDataThatIsRefused(t *testing.T) {
	keys := newKeys(t)
	for name, test := range map[string]struct {
		body string // in place of the schema record; empty: as it is
		keys *seal.Keyring
		says string
	}{
		"another key":      {"", newKeys(t), "key"},
		"a newer schema":   {`{"schema":99,"sealed":{"other":"way"}}`, keys, "newer Carnet (schema 99; this one knows 1)"},
		"an open canary":   {`{"schema":1,"canary":"canary"}`, keys, "not sealed"},
		"a damaged record": {`{"schema":`, keys, ""},
	} {
		data := mem.New()
		open(t, data.Open(), keys)
		if r, err := data.Open().Get(t.Context(), "meta", "schema"); err != nil {
			t.Fatal(err)
		} else if test.body != "" {
			replaced := driver.Record{Kind: "meta", ID: "schema", Revision: 1, Body: []byte(test.body)}
			if err := data.Open().Put(t.Context(), replaced, r.Revision); err != nil {
				t.Fatal(err)
			}
		}
		d := &tampered{Driver: data.Open()}
		_, err := store.Open(t.Context(), d, test.keys)
		if err == nil || !strings.Contains(err.Error(), test.says) || !d.closed {
			t.Errorf("%s: %v (closed: %v)", name, err, d.closed)
		}
		if test.says != "" && (!fault.Is(err, fault.Invalid) || fault.HintOf(err) == "") {
			t.Errorf("%s: %v is no fault with a hint", name, err)
		}
	}
}
