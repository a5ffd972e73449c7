package store

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

// A Copied says what became of a kind's records.
type Copied struct {
	Kind    string `json:"kind"`
	Written int    `json:"written"`
	Same    int    `json:"same"`    // were there already
	Deleted int    `json:"deleted"` // had gone from the source
	Kept    int    `json:"kept"`    // are newer in the destination
}

// A KeptToken is a token record that stayed in the destination as it was, for it has been in use there.
type KeptToken struct {
	Integration string `json:"integration"`
	Scheme      string `json:"scheme"`
	Here        int64  `json:"source_generation"` // 0: the source has none
	There       int64  `json:"destination_generation"`
}

// A CopyReport says what a copy has done.
type CopyReport struct {
	Kinds []Copied    `json:"kinds"`
	Kept  []KeptToken `json:"kept,omitzero"`
}

// CopyOptions say how to copy.
type CopyOptions struct {
	// Overwrite: what was done in the destination since it was copied may be lost.
	Overwrite bool
	Progress  func(Progress) // nil: nobody looks
}

// Copy makes the data of one driver that of another. Bodies are copied as they are: what is sealed stays sealed, with the same
// keys. Until all is there a marker keeps stores from being opened on the destination. It can be interrupted and run again, and
// run again when it is done: what is equal is left alone. fault.Conflict, before anything was changed, if the destination holds
// other data, or the same and has been used since it was copied: the two may have been mixed up.
//
// The destination must not be in use. Where it has been and is overwritten, a token that is newer there stays: its refresh token may have been
// spent, and a spent one must not come back (failure mode 15).
func Copy(ctx context.Context, from, to driver.Driver, o CopyOptions) (CopyReport, error) {
	c := &copier{from: from, to: to, options: o, uids: map[string]bool{}}
	marker, err := c.begin(ctx)
	if err != nil {
		return c.report, err
	}
	for _, kind := range kinds {
		if kind == metaKind {
			continue
		}
		if err := c.kind(ctx, kind); err != nil {
			return c.report, err
		}
	}
	if err := c.schema(ctx); err != nil {
		return c.report, err
	}
	err = to.Delete(ctx, metaKind, copyID, marker)
	if fault.Is(err, fault.NotFound) { // somebody else has copied the same, and was faster
		err = nil
	}
	return c.report, err
}

// A copier is one run of Copy.
type copier struct {
	from, to driver.Driver
	options  CopyOptions
	uids     map[string]bool // of the source's integrations
	report   CopyReport
}

// unfinished is the marker of a copy that has begun.
type unfinished struct {
	Data     string `json:"data"`     // the source's version.Data
	Revision int64  `json:"revision"` // and the revision of its schema, which tells where data is ""
}

// complete refuses data that is a part of other data.
func complete(ctx context.Context, d driver.Driver) error {
	_, err := d.Get(ctx, metaKind, copyID)
	switch {
	case err == nil:
		return fault.New(fault.Conflict, "a copy into this store was begun and is not finished").
			WithHint("run the same carnet store copy again; it goes on where it was")
	case fault.Is(err, fault.NotFound):
		return nil
	}
	return err
}

// begin looks whether the copy makes sense, and sets the marker. It returns the marker's revision.
func (c *copier) begin(ctx context.Context) (int64, error) {
	if err := complete(ctx, c.from); err != nil {
		return 0, fault.Wrap(fault.KindOf(err), err, "the source can't be copied")
	}
	source, err := about(ctx, c.from)
	if fault.Is(err, fault.NotFound) {
		return 0, fault.New(fault.NotFound, "the source holds nothing").WithHint("name the store that carnet has been used with")
	}
	if err != nil {
		return 0, err
	}
	marker, err := c.begun(ctx, source)
	if err != nil || marker != 0 {
		return marker, err
	}
	if err := c.fits(ctx, source); err != nil {
		return 0, err
	}
	if err := c.apart(ctx); err != nil {
		return 0, err
	}
	body, err := json.Marshal(source)
	if err != nil {
		return 0, fault.Wrap(fault.Internal, err, "the marker can't be encoded")
	}
	r := driver.Record{Kind: metaKind, ID: copyID, Revision: revision(), Body: body}
	return r.Revision, c.write(ctx, r, 0)
}

// about tells one store's data from another's.
func about(ctx context.Context, d driver.Driver) (unfinished, error) {
	r, err := d.Get(ctx, metaKind, schemaID)
	if err != nil {
		return unfinished{}, err
	}
	var v version
	if err := json.Unmarshal(r.Body, &v); err != nil {
		return unfinished{}, fault.Wrap(fault.Invalid, err, "the store's schema can't be decoded")
	}
	return unfinished{v.Data, r.Revision}, v.known()
}

func (u unfinished) same(other unfinished) bool {
	return u.Revision == other.Revision || u.Data != "" && u.Data == other.Data
}

// begun returns the revision of the marker that an earlier run has left; 0: none has.
func (c *copier) begun(ctx context.Context, source unfinished) (int64, error) {
	r, err := c.to.Get(ctx, metaKind, copyID)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var earlier unfinished
	if err := json.Unmarshal(r.Body, &earlier); err != nil || !earlier.same(source) {
		return 0, fault.New(fault.Conflict, "an unfinished copy of other data is in the destination; nothing was changed").
			WithHint("finish that one, or choose an empty destination")
	}
	return r.Revision, nil
}

// fits refuses a destination that holds other data.
func (c *copier) fits(ctx context.Context, source unfinished) error {
	there, err := about(ctx, c.to)
	switch {
	case err == nil && there.same(source):
		return c.unused(ctx)
	case err == nil:
		return occupied()
	case !fault.Is(err, fault.NotFound):
		return err
	}
	for _, kind := range kinds {
		if kind == metaKind {
			continue // there is no schema, and no marker
		}
		if n, err := c.to.Count(ctx, kind); err != nil {
			return err
		} else if n > 0 {
			return occupied()
		}
	}
	return nil
}

// unused refuses a destination that has been used since it was copied: the newest entry of its audit log is not the source's.
func (c *copier) unused(ctx context.Context) error {
	newest, err := c.to.List(ctx, "audit", driver.Page{Limit: 1}) // the newest comes first
	if err != nil || len(newest) == 0 || c.options.Overwrite {
		return err
	}
	id := newest[0].ID
	if shared, err := get(ctx, c.from, "audit", id); err != nil || shared != nil {
		return err
	}
	older, err := c.from.List(ctx, "audit", driver.Page{After: id, Limit: 1})
	if err != nil || len(older) == 0 { // the source has had it, and kept none for so long
		return err
	}
	return fault.New(fault.Conflict, "the destination has been used since it was copied; nothing was changed").
		WithHint("are source and destination mixed up? --overwrite copies, and what was done in the destination is lost")
}

func occupied() error {
	return fault.New(fault.Conflict, "the destination holds other data; nothing was changed").
		WithHint("choose an empty destination, such as another name of a database")
}

// apart refuses to copy data onto itself: it writes something into the destination, and looks for it in the source.
func (c *copier) apart(ctx context.Context) error {
	r := driver.Record{Kind: metaKind, ID: probeID, Revision: revision(), Body: []byte("{}")}
	if err := c.to.Delete(ctx, metaKind, probeID, 0); err != nil && !fault.Is(err, fault.NotFound) { // left by a run that was killed
		return err
	}
	if err := c.write(ctx, r, 0); err != nil {
		return err
	}
	found, err := get(ctx, c.from, metaKind, probeID)
	if err == nil && found != nil && found.Revision == r.Revision {
		err = fault.New(fault.Invalid, "the source and the destination are the same store")
	}
	return errors.Join(err, c.to.Delete(context.WithoutCancel(ctx), metaKind, probeID, 0))
}
