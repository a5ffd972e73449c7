package store

import (
	"context"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store/driver"
)

// A vault is a collection whose values may hold secrets, whatever its values are.
type vault interface {
	name() string
	sealed(r driver.Record) ([]string, error)
	reseal(ctx context.Context, r driver.Record) (bool, error)
}

// vaults are all kinds that hold secrets.
func (s *Store) vaults() []vault {
	return []vault{s.Integrations, s.Tokens, s.Users, s.Accounts, s.Connections, collection[canary](s, metaKind)}
}

// A Sealed says how much is sealed with a key.
type Sealed struct {
	Records int `json:"records"`
	Values  int `json:"values"`
}

// Sealed counts by keys what is sealed. It opens nothing, so it also counts what can't be opened; what names no key counts as of
// key 0.
func (s *Store) Sealed(ctx context.Context) (map[uint32]Sealed, error) {
	all := map[uint32]Sealed{}
	for _, v := range s.vaults() {
		err := s.walk(ctx, v.name(), nil, func(r driver.Record) error {
			texts, err := v.sealed(r)
			if err != nil {
				return err
			}
			for id, n := range byKey(texts) {
				all[id] = Sealed{all[id].Records + 1, all[id].Values + n}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// byKey counts sealed texts by the keys that they name.
func byKey(texts []string) map[uint32]int {
	count := map[uint32]int{}
	for _, text := range texts {
		id, _ := seal.KeyOf(text)
		count[id]++
	}
	return count
}

// Reseal seals with the primary key whatever is sealed with another, and returns how many records it has written. Others may
// read and write meanwhile; what they write with another key behind its back is for the next pass. It can be interrupted and
// run again. fault.Invalid, when all the others are done, if there are records that it can't open.
func (s *Store) Reseal(ctx context.Context, progress func(Progress)) (written int, err error) {
	var problems []fault.Problem
	for _, v := range s.vaults() {
		err := s.walk(ctx, v.name(), progress, func(r driver.Record) error {
			wrote, err := v.reseal(ctx, r)
			if wrote {
				written++
			}
			if undecodable(err) {
				problems = append(problems, fault.Problem{Pointer: "/" + r.Kind + "/" + r.ID, Message: err.Error()})
				return nil
			}
			return err
		})
		if err != nil {
			return written, err
		}
	}
	if len(problems) > 0 {
		return written, &fault.Error{Kind: fault.Invalid, Message: "some records can't be opened, and were left as they are",
			Hint: "carnet store check lists them, and what to do about each", Problems: problems}
	}
	return written, nil
}

// undecodable reports whether an error is about what a record holds, and not about the store.
func undecodable(err error) bool {
	return err != nil && (fault.Is(err, fault.Internal) || fault.Is(err, fault.Invalid))
}

// walk calls f with every record of a kind that is there during the whole of it.
func (s *Store) walk(ctx context.Context, kind string, progress func(Progress), f func(driver.Record) error) error {
	return walk(ctx, s.driver, kind, progress, f)
}

func walk(ctx context.Context, d driver.Driver, kind string, progress func(Progress), f func(driver.Record) error) error {
	total, err := d.Count(ctx, kind)
	if err != nil {
		return err
	}
	for after, done := "", 0; ; {
		records, err := d.List(ctx, kind, driver.Page{After: after, Limit: pageOf(kind)})
		if err != nil {
			return err
		}
		for _, r := range records {
			if err := f(r); err != nil {
				return err
			}
			after = r.ID
		}
		done += len(records)
		if progress != nil && total > 0 {
			progress(Progress{kind, done, max(done, total)})
		}
		if len(records) < pageOf(kind) {
			return nil
		}
	}
}

func (c *Collection[T]) name() string { return c.kind }

// sealed returns the sealed texts of a record, unopened.
func (c *Collection[T]) sealed(r driver.Record) (texts []string, err error) {
	notes := json.UnmarshalFromFunc(func(d *jsontext.Decoder, s *seal.Secret) error {
		t, err := d.ReadToken()
		if err != nil {
			return err
		}
		if t.Kind() != '"' {
			return fault.New(fault.Invalid, "a stored secret is damaged")
		}
		if t.String() != "" {
			texts = append(texts, t.String())
		}
		return nil
	})
	var value T
	if err := json.Unmarshal(r.Body, &value, json.WithUnmarshalers(notes), lenient); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "%s %q can't be decoded", c.kind, r.ID).
			WithHint("carnet store check lists all such records, and what to do about them")
	}
	return texts, nil
}

// stale reports whether something in a record is sealed with another key than the primary.
func (c *Collection[T]) stale(r driver.Record) (bool, error) {
	texts, err := c.sealed(r)
	if err != nil {
		return false, err
	}
	for _, text := range texts {
		if id, ok := seal.KeyOf(text); !ok || id != c.keys.Primary() {
			return true, nil
		}
	}
	return false, nil
}

// reseal writes a record anew if something in it is stale. Somebody else may write it at the same time: then it looks again.
func (c *Collection[T]) reseal(ctx context.Context, r driver.Record) (bool, error) {
	for {
		stale, err := c.stale(r)
		if err != nil || !stale {
			return false, err
		}
		e, err := c.entry(r)
		if err != nil {
			return false, err
		}
		_, err = c.Put(ctx, r.ID, e.Value, r.Revision)
		if !fault.Is(err, fault.Conflict) {
			return err == nil, err
		}
		r, err = c.driver.Get(ctx, c.kind, r.ID)
		if fault.Is(err, fault.NotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
}
