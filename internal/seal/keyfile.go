package seal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"carnet.dev/carnet/fault"
)

// OpenKeyring reads the key file at path, and makes it first if there is none: of several processes that do so at once one
// wins, and all read its key. A file that others may read is refused, and so is one that is not a key file.
func OpenKeyring(path string) (*Keyring, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(path); err != nil {
			return nil, err
		}
	}
	r, err := readRing(path)
	if err != nil {
		return nil, err
	}
	return &Keyring{path: path, ring: r, looked: time.Now()}, nil
}

// current is the ring to seal with. It looks now and then whether the file has changed. While it can't be read the keys that are
// known go on: they fit the data. But the file of other data, put there by mistake, must not seal a thing.
func (k *Keyring) current() (*ring, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := time.Now(); k.path != "" && now.Sub(k.looked) >= LookEvery {
		k.looked = now
		k.look()
	}
	if k.alien {
		return nil, fault.New(fault.Invalid, "the key file %s was replaced by one that has none of the keys in use", k.path).
			WithHint("put back the key file that belongs to the database, or start again if it is the right one")
	}
	return k.ring, nil
}

// look reads the file again if it has changed.
func (k *Keyring) look() {
	info, err := os.Stat(k.path)
	if err != nil {
		return
	}
	r := k.ring
	if !same(info, r.file) {
		if r, err = readRing(k.path); err != nil {
			return
		}
	}
	if k.alien = !r.follows(k.ring); !k.alien {
		k.ring = r
	}
}

func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// Reload reads the file again now.
func (k *Keyring) Reload() error {
	r, err := readRing(k.path)
	if err == nil {
		k.learn(r)
	}
	return err
}

// readRing reads a key file.
func readRing(path string) (*ring, error) {
	h, info, err := readKeys(path)
	if err != nil {
		return nil, err
	}
	r, err := newRing(h)
	if err != nil {
		return nil, err
	}
	r.file = info
	return r, nil
}

func readKeys(path string) (*keyset.Handle, os.FileInfo, error) {
	info, err := os.Stat(path) // first: a file that changes while it is read is read again
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	if err := private(path, info); err != nil {
		return nil, nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(data)))
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "%s is not a key file, or is damaged", path).
			WithHint("put the file back from a backup; without it the stored secrets are lost")
	}
	return h, info, nil
}

func unreadable(path string, err error) error {
	return fault.Wrap(fault.Unavailable, err, "the key file can't be read").
		WithHint("without it the stored secrets are lost: check who owns %s", path)
}

// private refuses a key file that others than its owner may read.
func private(path string, info os.FileInfo) error {
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return fault.New(fault.Invalid, "the key file %s may be read by others (%s)", path, info.Mode().Perm()).
			WithHint("chmod 600 %s; if others may have read it, replace the secrets that it seals", path)
	}
	return nil
}

// makeKey writes a new key file unless there is one. The file appears whole: it is written beside its place and linked there,
// which fails if another process was faster.
func makeKey(path string) error {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fault.Wrap(fault.Internal, err, "no key could be made")
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // 0600
	if err != nil {
		return unwritten(err)
	}
	defer os.Remove(f.Name())
	err = errors.Join(insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(f)), f.Sync(), f.Close())
	if err != nil {
		return unwritten(err)
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return unwritten(err)
	}
	return nil
}

func unwritten(err error) error {
	return fault.Wrap(fault.Unavailable, err, "the key file can't be made").
		WithHint("the data directory must be writable, and on a file system that knows hard links")
}
