package audit

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
)

// A clock makes ids that grow with time, and never repeat or go back within a process.
type clock struct {
	mutex sync.Mutex
	last  uint64 // milliseconds since the epoch in the upper 48 bits, the fraction of one in 1/4096 below
}

// next returns an id, a UUID of version 7 whose rand_a is a fraction of a millisecond (RFC 9562 5.7 and 6.2, method 3), and
// the key that its entry is stored under: a key sorts the other way round, so that a list begins with the newest entry.
func (c *clock) next(now time.Time) (id, key string) {
	at := c.tick(uint64(now.UnixMilli())<<12 | uint64(now.Nanosecond()%1e6)*4096/1e6)
	var b [16]byte
	rand.Read(b[8:]) // never fails (crypto/rand)
	binary.BigEndian.PutUint64(b[:8], at>>12<<16|7<<12|at&0xfff)
	b[8] = b[8]&0x3f | 0x80 // variant 10
	text := hex.EncodeToString(b[:])
	id = text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
	binary.BigEndian.PutUint64(b[:8], math.MaxUint64-at)
	return id, hex.EncodeToString(b[:])
}

func (c *clock) tick(at uint64) uint64 {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.last = max(at, c.last+1)
	return c.last
}

// keyOf is the key of the entry with that id; "" if it is no id of ours.
func keyOf(id string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(b) != 16 {
		return ""
	}
	at := binary.BigEndian.Uint64(b[:8])
	binary.BigEndian.PutUint64(b[:8], math.MaxUint64-(at>>16<<12|at&0xfff))
	return hex.EncodeToString(b)
}

// keyAt is behind the keys of all entries since a time; of the zero time, behind all.
func keyAt(t time.Time) string {
	if t.IsZero() {
		return "g"
	}
	return fmt.Sprintf("%016x", math.MaxUint64-uint64(t.UnixMilli())<<12) + "g"
}
