package store

import (
	"context"
	"strings"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

// kind copies a kind by walking both sides in the order of the ids.
func (c *copier) kind(ctx context.Context, kind string) error {
	total, err := c.from.Count(ctx, kind)
	if err != nil {
		return err
	}
	done := Copied{Kind: kind}
	defer func() { c.report.Kinds = append(c.report.Kinds, done) }()
	here, there := &cursor{driver: c.from, kind: kind}, &cursor{driver: c.to, kind: kind}
	for n := 0; ; {
		source, err := here.peek(ctx)
		if err != nil {
			return err
		}
		destination, err := there.peek(ctx)
		if err != nil {
			return err
		}
		switch {
		case source == nil && destination == nil:
			return nil
		case source == nil || destination != nil && destination.ID < source.ID:
			source = nil
		case destination == nil || source.ID < destination.ID:
			destination = nil
		}
		if err := c.record(ctx, source, destination, &done); err != nil {
			return err
		}
		if destination != nil {
			there.at++
		}
		if source != nil {
			here.at++
			n++
			if c.options.Progress != nil {
				c.options.Progress(Progress{kind, n, max(n, total)})
			}
		}
	}
}

// schema copies what says that there is data.
func (c *copier) schema(ctx context.Context) error {
	source, err := c.from.Get(ctx, metaKind, schemaID)
	if err != nil {
		return err
	}
	destination, err := get(ctx, c.to, metaKind, schemaID)
	if err != nil {
		return err
	}
	done := Copied{Kind: metaKind}
	err = c.record(ctx, &source, destination, &done)
	c.report.Kinds = append(c.report.Kinds, done)
	return err
}

// get returns nil if there is no such record.
func get(ctx context.Context, d driver.Driver, kind, id string) (*driver.Record, error) {
	r, err := d.Get(ctx, kind, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// record makes the destination's record what the source's is; nil: there is none. If somebody else changes it, it looks again.
func (c *copier) record(ctx context.Context, source, destination *driver.Record, done *Copied) (err error) {
	if source != nil && source.Kind == "integration" {
		c.remember(*source)
	}
	for {
		switch {
		case source == nil && destination == nil:
			return nil
		case source != nil && destination != nil && source.Revision == destination.Revision:
			done.Same++
			return nil
		case c.keeps(source, destination):
			done.Kept++
			return nil
		case source == nil:
			err = c.to.Delete(ctx, destination.Kind, destination.ID, destination.Revision)
			if err == nil || fault.Is(err, fault.NotFound) {
				done.Deleted++
				return nil
			}
		default:
			if err = c.write(ctx, *source, revisionIn(destination)); err == nil {
				done.Written++
				return nil
			}
		}
		if !fault.Is(err, fault.Conflict) {
			return err
		}
		kind, id := either(source, destination)
		if destination, err = get(ctx, c.to, kind, id); err != nil {
			return err
		}
	}
}

func either(a, b *driver.Record) (kind, id string) {
	if a == nil {
		a = b
	}
	return a.Kind, a.ID
}

func revisionIn(r *driver.Record) int64 {
	if r == nil {
		return 0
	}
	return r.Revision
}

// write puts a record. If the driver can't tell whether it is written it looks.
func (c *copier) write(ctx context.Context, r driver.Record, replaces int64) error {
	err := c.to.Put(ctx, r, replaces)
	if (fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Conflict)) && ctx.Err() == nil {
		if stored, again := c.to.Get(ctx, r.Kind, r.ID); again == nil && stored.Revision == r.Revision {
			return nil
		}
	}
	return err
}

// remember notes the UID of an integration, which its tokens have in their ids.
func (c *copier) remember(r driver.Record) {
	var i struct {
		UID string `json:"uid"`
	}
	if json.Unmarshal(r.Body, &i, lenient) == nil { // else it is for carnet store check to say
		c.uids[i.UID] = true
	}
}

// keeps reports whether the destination's token stays, and notes it: one that is newer than the source's, or of an integration
// that the source has too, where the source has not got one yet.
func (c *copier) keeps(source, destination *driver.Record) bool {
	if destination == nil || destination.Kind != "token" {
		return false
	}
	name, uid, scheme := owner(destination.ID)
	kept := KeptToken{name, scheme, generation(source), generation(destination)}
	if kept.There <= kept.Here || !c.uids[uid] && source == nil {
		return false
	}
	c.report.Kept = append(c.report.Kept, kept)
	return true
}

// owner takes the id of a token record apart, as package hub makes it.
func owner(id string) (integration, uid, scheme string) {
	integration, rest, _ := strings.Cut(id, "/")
	uid, scheme, _ = strings.Cut(rest, "/")
	return integration, uid, scheme
}

// generation of a token record; 0 if there is none.
func generation(r *driver.Record) int64 {
	var t struct {
		Generation int64 `json:"generation"`
	}
	if r == nil || json.Unmarshal(r.Body, &t, lenient) != nil {
		return 0
	}
	return t.Generation
}

// A cursor walks over the records of a kind.
type cursor struct {
	driver driver.Driver
	kind   string
	page   []driver.Record
	at     int
	last   bool // there is no page after this one
}

// peek returns the record that the cursor is at; nil: at the end.
func (c *cursor) peek(ctx context.Context) (*driver.Record, error) {
	for c.at == len(c.page) {
		if c.last {
			return nil, nil
		}
		after := ""
		if len(c.page) > 0 {
			after = c.page[len(c.page)-1].ID
		}
		records, err := c.driver.List(ctx, c.kind, driver.Page{After: after, Limit: pageOf(c.kind)})
		if err != nil {
			return nil, err
		}
		c.page, c.at, c.last = records, 0, len(records) < pageOf(c.kind)
	}
	return &c.page[c.at], nil
}
