package audit

import (
	"context"
	"errors"
	"sync"
	"time"

	"carnet.dev/carnet/fault"
)

// maxBacklog bounds how many entries wait for the store; some hundred bytes each.
const maxBacklog = 10_000

// A backlog keeps lines that the store has yet to take, and tries to write them, one try a second, until it has.
type backlog struct {
	entries Collection
	mu      sync.Mutex
	lines   []*line
	writing chan struct{} // closed when nobody writes any more; nil: nobody does
	away    bool          // the store did not take something, and has taken nothing since
	closing context.Context
	stop    context.CancelFunc
}

func newBacklog(c Collection) *backlog {
	b := &backlog{entries: c}
	b.closing, b.stop = context.WithCancel(context.Background())
	return b
}

// waiting reports whether the store is away, as far as is known: then nobody else need wait for it.
func (b *backlog) waiting() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.away
}

// failed notes that the store is away. Whoever found out adds a line in the end, and with that the store is tried again.
func (b *backlog) failed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = true
}

// room fails when too many lines wait.
func (b *backlog) room() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) < maxBacklog {
		return nil
	}
	return fault.New(fault.Unavailable, "nothing was done: the store is away, and %d entries of the audit log wait for it", len(b.lines)).
		WithHint("try again when the store is back")
}

func (b *backlog) add(l *line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines, b.away = append(b.lines, l), true
	if b.writing == nil && b.closing.Err() == nil {
		b.writing = make(chan struct{})
		go b.write(b.writing)
	}
}

// write writes the lines in their order.
func (b *backlog) write(done chan struct{}) {
	defer close(done)
	for {
		next, ok := b.next()
		if !ok {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), endWithin)
		err := next.write(ctx, b.entries)
		cancel()
		if !fault.Is(err, fault.Unavailable) { // it is written; or nobody ever can, as when it is there already
			b.drop()
			continue
		}
		select {
		case <-time.After(time.Second):
		case <-b.closing.Done():
			b.end()
			return
		}
	}
}

// next returns the first line; false: there is none, and the writer is to end.
func (b *backlog) next() (*line, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) == 0 {
		b.writing, b.away = nil, false
		return nil, false
	}
	return b.lines[0], true
}

func (b *backlog) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = b.lines[1:]
}

func (b *backlog) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writing = nil
}

// close lets the writer have one more try.
func (b *backlog) close(ctx context.Context) error {
	b.stop()
	b.mu.Lock()
	writing := b.writing
	b.mu.Unlock()
	if writing != nil {
		select {
		case <-writing:
		case <-ctx.Done():
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.lines); n > 0 {
		return errors.Join(ctx.Err(), fault.New(fault.Unavailable, "%d entries of the audit log could not be written and are lost", n))
	}
	return nil
}
