package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/audit"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/token"
)

// A Finding is something about one record that is not as it should be.
type Finding struct {
	Kind     string `json:"kind"`
	ID       string `json:"id"`
	What     string `json:"what"`
	Hint     string `json:"hint"`
	Leftover bool   `json:"leftover,omitempty"` // nobody reads it any more, and it does no harm
}

// Counted is how many records of a kind were looked at.
type Counted struct {
	Kind    string `json:"kind"`
	Records int    `json:"records"`
}

// A CheckReport is what a check has found.
type CheckReport struct {
	Kinds    []Counted         `json:"kinds"`
	Keys     map[uint32]Sealed `json:"keys"`
	Findings []Finding         `json:"findings"`
}

// Broken reports whether there are findings beside leftovers.
func (r CheckReport) Broken() bool {
	for _, f := range r.Findings {
		if !f.Leftover {
			return true
		}
	}
	return false
}

// Check reads every record, opens every secret, follows every reference, and changes nothing. Others may write meanwhile: what
// refers to something is read before that, so that something new is not missed, and what is gone when it is looked at again
// is no finding.
func (s *Store) Check(ctx context.Context, progress func(Progress)) (CheckReport, error) {
	c := &checker{Store: s, progress: progress, uids: map[string]bool{}, digests: map[string]bool{}, versions: map[string]bool{}, holders: map[string]bool{},
		report: CheckReport{Keys: map[uint32]Sealed{}, Findings: []Finding{}}}
	for _, step := range []func(context.Context) error{c.parts, c.tokens, c.sessions, c.integrations, c.people, c.everyModel, c.rest, c.references} {
		if err := step(ctx); err != nil {
			return c.report, err
		}
	}
	return c.report, nil
}

// A checker is one run of Check.
type checker struct {
	*Store
	progress func(Progress)
	report   CheckReport
	pending  []reference

	uids     map[string]bool // of integrations
	digests  map[string]bool // of models
	versions map[string]bool // the versionIds of models
	holders  map[string]bool // of sessions: kind, blank, name
}

// A reference is what a record needs; it is looked at when all is read.
type reference struct {
	record  driver.Record
	fine    func() bool
	finding Finding
}

func (c *checker) finds(r driver.Record, what, hint string) {
	c.report.Findings = append(c.report.Findings, Finding{Kind: r.Kind, ID: r.ID, What: what, Hint: hint})
}

// refers notes a reference that holds if fine says so when all is read. The bodies of records are not kept meanwhile.
func (c *checker) refers(r driver.Record, leftover bool, fine func() bool, what, hint string) {
	r.Body = nil
	c.pending = append(c.pending, reference{r, fine, Finding{r.Kind, r.ID, what, hint, leftover}})
}

// references makes findings of those references that lead nowhere, unless the record is gone or another by now.
func (c *checker) references(ctx context.Context) error {
	for _, p := range c.pending {
		if p.fine() {
			continue
		}
		now, err := get(ctx, c.driver, p.record.Kind, p.record.ID)
		if err != nil {
			return err
		}
		if now != nil && now.Revision == p.record.Revision {
			c.report.Findings = append(c.report.Findings, p.finding)
		}
	}
	return nil
}

// walk counts the records of a kind, and looks at each.
func (c *checker) walk(ctx context.Context, kind string, look func(driver.Record) error) error {
	n := 0
	err := walk(ctx, c.driver, kind, c.progress, func(r driver.Record) error {
		n++
		return look(r)
	})
	c.report.Kinds = append(c.report.Kinds, Counted{kind, n})
	return err
}

// each walks over the values of a collection that can be decoded and opened; of the others it says why not.
func each[T any](ctx context.Context, c *checker, of *Collection[T], look func(driver.Record, T)) error {
	return c.walk(ctx, of.kind, func(r driver.Record) error {
		texts, err := of.sealed(r)
		if err != nil {
			c.finds(r, err.Error(), restore)
			return nil
		}
		for id, n := range byKey(texts) {
			c.report.Keys[id] = Sealed{c.report.Keys[id].Records + 1, c.report.Keys[id].Values + n}
		}
		e, err := of.entry(r)
		if err != nil {
			what, hint := c.unopened(texts, err)
			c.finds(r, what, hint)
			return nil
		}
		look(r, e.Value)
		return nil
	})
}

const restore = "put the record back from a backup of the database, or delete it and make it anew"

// unopened says why the secrets of a record can't be opened.
func (c *checker) unopened(texts []string, err error) (what, hint string) {
	for _, text := range texts {
		id, ok := seal.KeyOf(text)
		if ok && !c.has(id) {
			return fmt.Sprintf("it is sealed with the key %d, which is not in the key file", id), "put back the key file that has this key, or fill in the secrets anew"
		}
	}
	return err.Error(), restore
}

func (c *checker) has(id uint32) bool {
	for _, k := range c.keys.Keys() {
		if k.ID == id {
			return true
		}
	}
	return false
}

func (c *checker) parts(ctx context.Context) error {
	return c.walk(ctx, partKind, func(r driver.Record) error {
		if _, err := decompress(r.Body); err != nil {
			c.finds(r, err.Error(), fault.HintOf(err))
		}
		digest, _, _ := strings.Cut(r.ID, "/")
		c.refers(r, true, func() bool { return c.digests[digest] },
			"it is of no model", "it does no harm: an import of its document is under way, or was cut off, and the next one takes it up")
		return nil
	})
}

func (c *checker) tokens(ctx context.Context) error {
	return each(ctx, c, c.Tokens, func(r driver.Record, _ token.Record) {
		_, uid, _ := owner(r.ID)
		c.refers(r, true, func() bool { return c.uids[uid] }, "it is of no integration", "it does no harm, and nobody uses it")
	})
}

func (c *checker) sessions(ctx context.Context) error {
	return each(ctx, c, c.Sessions, func(r driver.Record, s access.Session) {
		c.refers(r, true, func() bool { return c.holders[s.Kind+" "+s.Name] },
			fmt.Sprintf("its %s %q is gone", s.Kind, s.Name), "it does no harm: nobody can sign in with it, and it goes when it expires")
	})
}

func (c *checker) integrations(ctx context.Context) error {
	return each(ctx, c, c.Integrations, func(r driver.Record, i integration.Integration) {
		c.uids[i.UID] = true
		c.refers(r, false, func() bool { return c.versions[i.Model] },
			fmt.Sprintf("its model %q is not there", i.Model), "import the document of the model again: carnet model import")
	})
}

func (c *checker) people(ctx context.Context) error {
	err := each(ctx, c, c.Users, func(_ driver.Record, u access.User) { c.holders[access.KindUser+" "+u.Name] = true })
	if err != nil {
		return err
	}
	return each(ctx, c, c.Accounts, func(_ driver.Record, a access.Account) { c.holders[access.KindAccount+" "+a.Name] = true })
}

func (c *checker) rest(ctx context.Context) error {
	err := each(ctx, c, c.Connections, func(r driver.Record, pending integration.Connection) {
		c.refers(r, true, func() bool { return c.uids[pending.UID] }, "it is of no integration", "it does no harm, and goes when it expires")
	})
	if err != nil {
		return err
	}
	if err := each(ctx, c, c.Notices, func(driver.Record, integration.Notice) {}); err != nil {
		return err
	}
	if err := each(ctx, c, c.Audit, func(driver.Record, audit.Entry) {}); err != nil {
		return err
	}
	return each(ctx, c, collection[canary](c.Store, metaKind), func(driver.Record, canary) {})
}

// everyModel looks whether each model has all of its parts.
func (c *checker) everyModel(ctx context.Context) error {
	var away error
	err := each(ctx, c, c.models, func(r driver.Record, m model.Model) {
		c.versions[r.ID], c.digests[m.Digest] = true, true
		if err := c.whole(ctx, &m); broken(err) {
			c.refers(r, false, func() bool { return false }, err.Error(), "update the model from its document: carnet model update")
		} else if err != nil && away == nil {
			away = err
		}
	})
	if err == nil {
		err = away
	}
	return err
}

// broken reports whether an error says that a model is not whole, and not that the store is away.
func broken(err error) bool { return fault.Is(err, fault.Conflict) || undecodable(err) }

// whole reads all parts of a model.
func (c *checker) whole(ctx context.Context, m *model.Model) error {
	b, err := c.buckets(ctx, m)
	if err != nil {
		return missingPart(err, "buckets")
	}
	sum := sha256.New()
	for n := range b.Document {
		piece, err := c.part(ctx, m.Digest+"/document/"+strconv.Itoa(n))
		if err != nil {
			return missingPart(err, "document/"+strconv.Itoa(n))
		}
		sum.Write(piece)
	}
	if digest := hex.EncodeToString(sum.Sum(nil)); digest != m.Digest {
		return fault.New(fault.Invalid, "its document has the digest %s, not %s", digest, m.Digest)
	}
	operations, err := c.Operations(ctx, m)
	if err != nil {
		return missingPart(err, "index")
	}
	if len(operations) != m.Operations {
		return fault.New(fault.Invalid, "its index has %d operations, not %d", len(operations), m.Operations)
	}
	if err := c.filled(ctx, m.Digest+"/schema/", b.Schemas, -1); err != nil {
		return err
	}
	return c.filled(ctx, m.Digest+"/operation/", b.Operations, m.Operations)
}

// filled reads buckets, and counts what is in them unless count is negative.
func (c *checker) filled(ctx context.Context, prefix string, buckets, count int) error {
	found := 0
	for n := range buckets {
		name := prefix + strconv.Itoa(n)
		data, err := c.part(ctx, name)
		if err != nil {
			return missingPart(err, name)
		}
		all, err := members(data)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "its part %s is damaged", name)
		}
		found += all
	}
	if count >= 0 && found != count {
		return fault.New(fault.Invalid, "%d operations are in its parts, not %d", found, count)
	}
	return nil
}

func missingPart(err error, name string) error {
	if fault.Is(err, fault.Conflict) { // what Store.part makes of a part that is not there
		return fault.New(fault.Invalid, "its part %s is missing", name)
	}
	return err
}
