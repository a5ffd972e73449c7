package hub

import (
	"runtime/debug"
	"sync"

	"carnet.dev/carnet/api"
)

// A thrift has the collector work harder while large documents are read: it would let garbage grow as large as the document and all
// that is made of it, and hardly anything of that is garbage. The setting is the process's, so that whoever comes first makes it, and
// whoever goes last takes it back; meanwhile other work pays with more collections.
type thrift struct {
	mu     sync.Mutex
	users  int
	before int
}

const (
	large  = 1 << 20 // bytes of a document whose memory is worth a thought
	frugal = 15      // percent of what is live that may be garbage
)

// reading begins to be frugal if the document of a request may be large, until the returned function is called.
func (t *thrift) reading(r api.ModelRequest) (done func()) {
	if r.URL == "" && len(r.Model) < large {
		return func() {}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users++; t.users == 1 {
		t.before = debug.SetGCPercent(frugal)
		if t.before >= 0 && t.before < frugal { // the operator is more so
			debug.SetGCPercent(t.before)
		}
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.users--; t.users == 0 {
			debug.SetGCPercent(t.before)
		}
	}
}
