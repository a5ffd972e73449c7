package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"carnet.dev/carnet/internal/seal"
)

// most bounds what is remembered of names, which are whatever callers send.
const most = 1000

// A memory knows passwords that were verified lately, so that a script that sends one with every request pays for one hash.
// It keeps a MAC under a key of this process, and forgets a pair when the record that it was verified against changes.
type memory struct {
	key   []byte
	mutex sync.Mutex
	pairs map[[sha256.Size]byte]int64 // MAC of name and text → revision of the record
}

func newMemory() *memory {
	key := make([]byte, 32)
	rand.Read(key)
	return &memory{key: key, pairs: map[[sha256.Size]byte]int64{}}
}

func (m *memory) mac(who string, text seal.Secret) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(who + "\x00" + text.Reveal()))
	h.Sum(sum[:0])
	return sum
}

func (m *memory) knows(who string, text seal.Secret, revision int64) bool {
	sum := m.mac(who, text)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	known, ok := m.pairs[sum]
	return ok && known == revision
}

func (m *memory) learn(who string, text seal.Secret, revision int64) {
	sum := m.mac(who, text)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	makeRoom(m.pairs)
	m.pairs[sum] = revision
}

// How failures slow down: the first is free, the second waits this long, each further one twice as long, up to slowest. They
// are forgotten after a while without a failure.
const (
	slow    = 62500 * time.Microsecond
	slowest = time.Second
	forgive = 15 * time.Minute
)

// A brake slows down whoever guesses passwords, by name.
type brake struct {
	mutex  sync.Mutex
	counts map[string]count
}

type count struct {
	failures int
	last     time.Time
}

func newBrake() *brake { return &brake{counts: map[string]count{}} }

// delay is how long the next attempt waits after so many failures in a row.
func delay(failures int) time.Duration {
	if failures < 1 {
		return 0
	}
	return min(slow<<min(failures-1, 10), slowest)
}

// wait waits before an attempt, or until ctx ends. The wait comes first, so that not even the absence of an answer tells a
// right password from a wrong one sooner.
func (b *brake) wait(ctx context.Context, who string) error {
	b.mutex.Lock()
	c := b.counts[who]
	if time.Since(c.last) > forgive {
		delete(b.counts, who)
		c = count{}
	}
	b.mutex.Unlock()
	if c.failures == 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(delay(c.failures)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *brake) failed(who string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	c := b.counts[who]
	if c.failures == 0 {
		makeRoom(b.counts)
	}
	b.counts[who] = count{c.failures + 1, time.Now()}
}

func (b *brake) passed(who string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	delete(b.counts, who)
}

// makeRoom forgets an entry, whichever, if there are too many. At random is good enough: what is forgotten costs one more hash,
// or one delay less.
func makeRoom[K comparable, V any](m map[K]V) {
	for key := range m {
		if len(m) < most {
			return
		}
		delete(m, key)
	}
}
