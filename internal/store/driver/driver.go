// Package driver is what a backend of the store has to do: keep records, and replace one only for whoever has seen the
// revision it replaces.
//
// A driver knows nothing of what it keeps: a record is a kind, an id, a revision, a due time and a body in which every
// secret is sealed already. Every method is one atomic operation on one record, or a read. Every driver passes
// [carnet.dev/carnet/internal/store/drivertest.Run] whole.
//
// Errors are of a kind of package fault: [fault.NotFound], [fault.Conflict], and [fault.Unavailable] for a backend that
// can't be reached or is busy for too long. After Unavailable, or the end of the context, a write may or may not have
// happened: read again and compare the revision, which is unique to the write.
package driver

import (
	"context"
	"time"
)

// MaxBody is the size of the largest body, in bytes: MongoDB takes documents of 16 MB, all fields together.
const MaxBody = 12 << 20

// A Record is one stored thing.
type Record struct {
	Kind string // such as "integration"; a driver may keep each kind in a table or collection of its own
	ID   string // unique within the kind; any UTF-8 text of 1 to 1024 bytes, compared byte by byte
	// Revision names this version of the record. The store draws it at random for every write, so no revision ever occurs
	// twice, also not after a record was deleted and made again. Never 0 in a stored record.
	Revision int64
	// Due is when the record wants attention; zero: never. Kept to the millisecond.
	Due time.Time
	// Body is a JSON object, or opaque bytes that do not begin with '{'. At most MaxBody bytes.
	Body []byte
}

// A Page is a part of a list: at most Limit of the records whose id begins with Prefix and is greater than After, but for the
// first Skip of them, which are not read.
type Page struct {
	Prefix, After string
	Skip, Limit   int
}

// A Driver keeps records. Its methods may be called at once from many goroutines; several drivers, in one process or more,
// may be open on the same data. A returned body belongs to the caller.
type Driver interface {
	// Get returns the record, or fault.NotFound.
	Get(ctx context.Context, kind, id string) (Record, error)
	// Put writes r if the stored record has the revision that r replaces, 0 meaning that there must be none yet; otherwise
	// fault.Conflict, also when the record to be replaced is gone. When Put returns nil the write is durable.
	Put(ctx context.Context, r Record, replaces int64) error
	// Delete removes the record if it has that revision; 0 removes whatever is there. fault.Conflict if it has another,
	// fault.NotFound if there is none.
	Delete(ctx context.Context, kind, id string, revision int64) error
	// List returns the records of a page, in the byte order of their ids. A record that exists during the whole of a walk from
	// page to page by After is returned exactly once by it.
	List(ctx context.Context, kind string, p Page) ([]Record, error)
	// Count returns how many records of the kind there are. It reads none of them.
	Count(ctx context.Context, kind string) (int, error)
	// Due returns at most limit records of the kind that are due at or before t, the earliest first. Records without a due
	// time are never among them.
	Due(ctx context.Context, kind string, t time.Time, limit int) ([]Record, error)
	// Close releases the backend. No other method may be called after it.
	Close() error
}
