package store

import (
	"context"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
)

// Schemas reads schemas of a model. Whoever follows references asks several times, and finds most of them in the same buckets: these are
// got from the driver once, and kept as they came; decompressed, there is one at a time. It is for one caller, who soon drops it.
type Schemas struct {
	store  *Store
	model  *model.Model
	count  int            // of buckets; 0: not known yet
	packed map[int][]byte // that were got
	text   []byte         // of the bucket that was read last
}

// Schemas returns a reader of a model's schemas.
func (s *Store) Schemas(m *model.Model) *Schemas {
	return &Schemas{store: s, model: m, packed: map[int][]byte{}}
}

// Read returns those of the named schemas that the model has.
func (r *Schemas) Read(ctx context.Context, refs []string) (map[string]jsontext.Value, error) {
	if r.count == 0 {
		b, err := r.store.buckets(ctx, r.model)
		if err != nil {
			return nil, err
		}
		r.count = max(b.Schemas, 1)
	}
	wanted := map[int]map[string]bool{}
	for _, ref := range refs {
		n := bucket(ref, r.count)
		if wanted[n] == nil {
			wanted[n] = map[string]bool{}
		}
		wanted[n][ref] = true
	}
	found := make(map[string]jsontext.Value, len(refs))
	for n, names := range wanted {
		if err := r.open(ctx, n); err != nil {
			return nil, err
		}
		if err := pick(r.text, names, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// open decompresses a bucket.
func (r *Schemas) open(ctx context.Context, n int) (err error) {
	packed, got := r.packed[n]
	if !got {
		if packed, err = r.store.packed(ctx, r.model.Digest+"/schema/"+strconv.Itoa(n)); err != nil {
			return err
		}
		r.packed[n] = packed
	}
	r.text, err = decompressInto(r.text[:0], packed)
	return err
}
