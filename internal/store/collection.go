package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"iter"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store/driver"
)

// An Entry is a stored value with its id and revision. It is an alias, so that packages which the store imports can name it too.
type Entry[T any] = struct {
	ID       string
	Revision int64
	Value    T
}

// A Collection keeps values of one kind as JSON in which every seal.Secret is sealed, bound to the kind, the id and its place in
// the value. A value with a method Due() time.Time has a due time.
type Collection[T any] struct {
	kind   string
	driver *breaker
	keys   *seal.Keyring
}

func collection[T any](s *Store, kind string) *Collection[T] {
	return &Collection[T]{kind: kind, driver: s.driver, keys: s.keys}
}

// Get returns the value and its revision, or fault.NotFound.
func (c *Collection[T]) Get(ctx context.Context, id string) (T, int64, error) {
	r, err := c.driver.Get(ctx, c.kind, id)
	if err != nil {
		var none T
		return none, 0, err
	}
	e, err := c.entry(r)
	return e.Value, e.Revision, err
}

// Put writes the value over the one that has the revision, 0 meaning that there must be none, and returns the new revision; also
// with fault.Unavailable, when it may have been written. fault.Conflict if there is another.
func (c *Collection[T]) Put(ctx context.Context, id string, value T, replaces int64) (int64, error) {
	r, err := c.record(id, value)
	if err != nil {
		return 0, err
	}
	if err = c.driver.Put(ctx, r, replaces); err == nil {
		return r.Revision, nil
	}
	if again := c.lookAgain(ctx, r, replaces, err); again {
		err = c.driver.Put(ctx, r, replaces)
	}
	if err != nil && c.written(ctx, r, err) {
		err = nil
	}
	return r.Revision, err
}

// lookAgain reports whether a write that failed is worth a second try: nobody knew whether it happened, and it has not. Should it
// still be on its way, the two have the same revision, and only one can replace what is there.
func (c *Collection[T]) lookAgain(ctx context.Context, r driver.Record, replaces int64, err error) bool {
	if !fault.Is(err, fault.Unavailable) || untried(err) || ctx.Err() != nil {
		return false
	}
	stored, err := c.driver.Get(ctx, r.Kind, r.ID)
	return err == nil && stored.Revision == replaces || fault.Is(err, fault.NotFound) && replaces == 0
}

// written reports whether a write has happened although it failed: its answer was lost, or the network delivered it twice, so that
// it stood in its own way.
func (c *Collection[T]) written(ctx context.Context, r driver.Record, err error) bool {
	if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Conflict) || untried(err) || ctx.Err() != nil {
		return false
	}
	stored, err := c.driver.Driver.Get(ctx, r.Kind, r.ID) // past the breaker: now it counts
	return err == nil && stored.Revision == r.Revision
}

// Delete removes the value if it has the revision; 0 removes whatever is there. fault.Conflict if it has another one,
// fault.NotFound if there is none.
func (c *Collection[T]) Delete(ctx context.Context, id string, revision int64) error {
	return c.driver.Delete(ctx, c.kind, id, revision)
}

const page = 200

// lenient lets pass what stands in other people's documents: names that occur twice, and texts that are no UTF-8.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), json.Deterministic(true))

// All walks over the values whose id begins with prefix, in the order of their ids. What is there during the whole of the walk
// comes exactly once.
func (c *Collection[T]) All(ctx context.Context, prefix string) iter.Seq2[Entry[T], error] {
	return c.decoded(c.records(ctx, prefix, ""), func(string, int64) bool { return false })
}

// After walks over the values whose id comes after one, like All, but for those that are not wanted by what stands in them: they are
// not decoded.
func (c *Collection[T]) After(ctx context.Context, id string, want func(id string, body []byte) bool) iter.Seq2[Entry[T], error] {
	return c.decoded(func(yield func(driver.Record, error) bool) {
		for r, err := range c.records(ctx, "", id) {
			if (err != nil || want(r.ID, r.Body)) && !yield(r, err) {
				return
			}
		}
	}, func(string, int64) bool { return false })
}

// News walks over all values like All, but those whose revision is known are not decoded: they come without their value.
func (c *Collection[T]) News(ctx context.Context, known func(id string, revision int64) bool) iter.Seq2[Entry[T], error] {
	return c.decoded(c.records(ctx, "", ""), known)
}

// records walks over the records whose id begins with prefix and comes after one.
func (c *Collection[T]) records(ctx context.Context, prefix, after string) iter.Seq2[driver.Record, error] {
	return func(yield func(driver.Record, error) bool) {
		for {
			records, err := c.driver.List(ctx, c.kind, driver.Page{Prefix: prefix, After: after, Limit: page})
			if err != nil {
				yield(driver.Record{}, err)
				return
			}
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
				after = r.ID
			}
			if len(records) < page {
				return
			}
		}
	}
}

// decoded makes values of records, but for those that are known.
func (c *Collection[T]) decoded(records iter.Seq2[driver.Record, error], known func(id string, revision int64) bool) iter.Seq2[Entry[T], error] {
	return func(yield func(Entry[T], error) bool) {
		for r, err := range records {
			e := Entry[T]{ID: r.ID, Revision: r.Revision}
			if err == nil && !known(r.ID, r.Revision) {
				e, err = c.entry(r)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Page returns at most limit values in the order of their ids, but for the first skip.
func (c *Collection[T]) Page(ctx context.Context, skip, limit int) ([]Entry[T], error) {
	records, err := c.driver.List(ctx, c.kind, driver.Page{Skip: skip, Limit: limit})
	if err != nil {
		return nil, err
	}
	return c.entries(records)
}

// Count returns how many values there are.
func (c *Collection[T]) Count(ctx context.Context) (int, error) { return c.driver.Count(ctx, c.kind) }

// Due returns at most limit values that are due at or before t, the earliest first.
func (c *Collection[T]) Due(ctx context.Context, t time.Time, limit int) ([]Entry[T], error) {
	records, err := c.driver.Due(ctx, c.kind, t, limit)
	if err != nil {
		return nil, err
	}
	return c.entries(records)
}

func (c *Collection[T]) entries(records []driver.Record) (entries []Entry[T], err error) {
	entries = make([]Entry[T], len(records))
	for i, r := range records {
		if entries[i], err = c.entry(r); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// record seals the value's secrets.
func (c *Collection[T]) record(id string, value T) (driver.Record, error) {
	seals := json.MarshalToFunc(func(e *jsontext.Encoder, s seal.Secret) error {
		if s.IsZero() {
			return e.WriteToken(jsontext.String(""))
		}
		sealed, err := c.keys.Seal(s.Reveal(), c.place(id, e.StackPointer()))
		if err != nil {
			return err
		}
		return e.WriteToken(jsontext.String(sealed))
	})
	body, err := json.Marshal(value, json.WithMarshalers(seals), lenient)
	if err != nil {
		return driver.Record{}, fault.Wrap(fault.Internal, err, "%s %q can't be encoded", c.kind, id)
	}
	if len(body) > driver.MaxBody {
		return driver.Record{}, tooLarge(c.kind + " " + strconv.Quote(id))
	}
	r := driver.Record{Kind: c.kind, ID: id, Revision: revision(), Body: body}
	if d, ok := any(value).(interface{ Due() time.Time }); ok {
		r.Due = d.Due()
	}
	return r, nil
}

// entry opens the secrets of a stored value. A secret that is not sealed is refused.
func (c *Collection[T]) entry(r driver.Record) (Entry[T], error) {
	e := Entry[T]{ID: r.ID, Revision: r.Revision}
	opens := json.UnmarshalFromFunc(func(d *jsontext.Decoder, s *seal.Secret) error {
		place := c.place(r.ID, d.StackPointer())
		t, err := d.ReadToken()
		if err != nil || t.Kind() != '"' {
			return fault.New(fault.Invalid, "the stored secret at %s is damaged", place)
		}
		if t.String() == "" {
			*s = seal.Secret{}
			return nil
		}
		text, err := c.keys.Open(t.String(), place)
		*s = seal.NewSecret(text)
		return err
	})
	if err := json.Unmarshal(r.Body, &e.Value, json.WithUnmarshalers(opens), lenient); err != nil {
		return e, fault.Wrap(fault.Internal, err, "%s %q can't be decoded", c.kind, r.ID)
	}
	return e, nil
}

// place is what a secret is bound to.
func (c *Collection[T]) place(id string, pointer jsontext.Pointer) string {
	return c.kind + " " + strconv.Quote(id) + " " + string(pointer) // quoted, so that no id can end in a pointer
}

func tooLarge(what string) error {
	return fault.New(fault.Invalid, "%s is larger than %d MiB, which is more than can be stored", what, driver.MaxBody>>20)
}

// revision draws a number that occurs once: 63 random bits, not 0.
func revision() int64 {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return max(int64(binary.BigEndian.Uint64(b[:])>>1), 1)
}
