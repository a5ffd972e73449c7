// Package seal keeps secrets from being seen: [Secret] is a text that does not print, and a [Keyring] seals texts for the store.
// Where the key comes from beside a file, and where sealed texts are kept, is not its business.
package seal

import (
	"encoding/base64"
	"encoding/binary"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"carnet.dev/carnet/fault"
)

// prefix begins every sealed text, so that a text that was never sealed is not taken for one that was.
const prefix = "sealed:v1:"

// LookEvery is how often a keyring looks whether its file has changed, at most.
const LookEvery = time.Second

// A Keyring seals with the primary key of a key file and opens with all of its keys (AES-256-GCM, by Tink). It follows the file:
// keys may be added, made primary and dropped while it is in use. It is safe for concurrent use.
type Keyring struct {
	path string // empty: the key is in memory only

	mu     sync.Mutex
	ring   *ring
	looked time.Time // when the file was last looked at
	alien  bool      // the file has none of the ring's keys
}

// A ring is what a key file held at one moment.
type ring struct {
	aead tink.AEAD
	keys []Key
	file os.FileInfo // nil: in memory
}

// A Key is one of a keyring, without the key itself.
type Key struct {
	ID      uint32
	Primary bool // it is sealed with
}

// NewKeyring returns a keyring of a fresh key that is kept in memory only.
func NewKeyring() (*Keyring, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "no key could be made")
	}
	r, err := newRing(h)
	if err != nil {
		return nil, err
	}
	return &Keyring{ring: r}, nil
}

func newRing(h *keyset.Handle) (*ring, error) {
	a, err := aead.New(h)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the key is not of a kind that seals")
	}
	return &ring{aead: a, keys: keys(h)}, nil
}

// keys lists the keys, the oldest first.
func keys(h *keyset.Handle) []Key {
	all := make([]Key, h.Len())
	for i := range all {
		if e, err := h.Entry(i); err == nil { // err: there is no such entry
			all[i] = Key{e.KeyID(), e.IsPrimary()}
		}
	}
	return all
}

func (r *ring) has(id uint32) bool {
	for _, k := range r.keys {
		if k.ID == id {
			return true
		}
	}
	return false
}

// follows reports whether the ring has a key of an older one.
func (r *ring) follows(older *ring) bool {
	for _, k := range older.keys {
		if r.has(k.ID) {
			return true
		}
	}
	return false
}

// Keys returns the keys as they were read last, the oldest first.
func (k *Keyring) Keys() []Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]Key(nil), k.ring.keys...)
}

// Primary returns the key that is sealed with, as it was read last.
func (k *Keyring) Primary() uint32 {
	for _, key := range k.Keys() {
		if key.Primary {
			return key.ID
		}
	}
	return 0 // Tink reads no key file without one
}

// Seal returns the text sealed and bound to a place: it opens nowhere else.
func (k *Keyring) Seal(text, place string) (string, error) {
	r, err := k.current()
	if err != nil {
		return "", err
	}
	sealed, err := r.aead.Encrypt([]byte(text), []byte(place))
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "%s could not be sealed", place)
	}
	return prefix + base64.RawStdEncoding.EncodeToString(sealed), nil
}

// Open returns the text that was sealed for that place; fault.Invalid if it was not, or with another key. A key that it does not
// know may have been added since: then it reads the file again.
func (k *Keyring) Open(sealed, place string) (string, error) {
	encoded, ok := strings.CutPrefix(sealed, prefix)
	if !ok {
		return "", fault.New(fault.Invalid, "the stored secret at %s is not sealed", place)
	}
	cipher, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return "", fault.New(fault.Invalid, "the stored secret at %s is damaged", place)
	}
	k.mu.Lock()
	known := k.ring
	k.mu.Unlock()
	r := known
	var unread error
	id, named := keyOf(cipher)
	if unknown := named && !r.has(id); unknown && k.path != "" {
		var again *ring
		if again, unread = readRing(k.path); unread == nil {
			r = again
		}
	}
	text, err := r.aead.Decrypt(cipher, []byte(place))
	if err != nil {
		return "", unopened(unread, place)
	}
	if r != known {
		k.learn(r)
	}
	return string(text), nil
}

func unopened(unread error, place string) error {
	if unread != nil {
		return fault.Wrap(fault.Invalid, unread, "the stored secret at %s was sealed with a key that was not known", place)
	}
	return fault.New(fault.Invalid, "the stored secret at %s can't be opened: it was sealed with another key, or moved", place)
}

// learn takes up a ring that has opened something, and so fits the data, whatever keys it has.
func (k *Keyring) learn(r *ring) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ring, k.alien = r, false
}

// KeyOf returns which key a sealed text names.
func KeyOf(sealed string) (id uint32, ok bool) {
	encoded, ok := strings.CutPrefix(sealed, prefix)
	if !ok {
		return 0, false
	}
	cipher, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return 0, false
	}
	return keyOf(cipher)
}

// keyOf reads the prefix of Tink's output: a byte 1, and the key's id (https://developers.google.com/tink/wire-format).
func keyOf(cipher []byte) (id uint32, ok bool) {
	if len(cipher) < 5 || cipher[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(cipher[1:5]), true
}
