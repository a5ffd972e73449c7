package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"carnet.dev/carnet/fault"
)

// AddKey adds a fresh key to the key file. Nothing is sealed with it until it is made primary.
func AddKey(path string) (id uint32, err error) {
	err = change(path, func(m *keyset.Manager) error {
		id, err = m.Add(aead.AES256GCMKeyTemplate())
		if err != nil {
			return fault.Wrap(fault.Internal, err, "no key could be made")
		}
		return nil
	})
	return id, err
}

// SetPrimary makes a key of the key file the one that is sealed with. Whoever has the file open takes it up when it seals next,
// at most [LookEvery] later.
func SetPrimary(path string, id uint32) error {
	return change(path, func(m *keyset.Manager) error {
		if m.SetPrimary(id) != nil {
			return missing(path, id)
		}
		return nil
	})
}

// DropKeys removes keys from the key file. What is still sealed with them can't be opened any more.
func DropKeys(path string, ids []uint32) error {
	return change(path, func(m *keyset.Manager) error {
		for _, id := range ids {
			if m.Delete(id) != nil { // also the primary, which Tink keeps
				return missing(path, id)
			}
		}
		return nil
	})
}

func missing(path string, id uint32) error {
	return fault.New(fault.Conflict, "the key %d of %s was dropped or made primary meanwhile", id, path).WithHint("carnet key list shows its keys")
}

// change replaces the key file, whole or not at all. The new file is written beside the old one under a name that only one
// process can have at a time: it is the lock too, and goes when it takes the old one's place.
func change(path string, edit func(*keyset.Manager) error) error {
	next := path + ".next"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, "another process is changing the key file").
			WithHint("try again; if no carnet key command is running, one was killed: delete %s", next)
	}
	if err != nil {
		return unchanged(err)
	}
	err = errors.Join(write(f, path, edit), f.Close())
	if err == nil {
		if err = os.Rename(next, path); err == nil {
			settle(filepath.Dir(path))
			return nil
		}
		err = unchanged(err)
	}
	return errors.Join(err, os.Remove(next))
}

// write writes what edit makes of the key file. It reads it under the lock.
func write(f *os.File, path string, edit func(*keyset.Manager) error) error {
	h, _, err := readKeys(path)
	if err != nil {
		return err
	}
	m := keyset.NewManagerFromHandle(h)
	if err := edit(m); err != nil {
		return err
	}
	if h, err = m.Handle(); err != nil {
		return fault.Wrap(fault.Internal, err, "the keys don't go together")
	}
	if err := errors.Join(insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(f)), f.Sync()); err != nil {
		return unchanged(err)
	}
	return nil
}

// settle makes what happened in a directory durable. Not every system can; there it has to be trusted.
func settle(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

func unchanged(err error) error {
	return fault.Wrap(fault.Unavailable, err, "the key file can't be replaced; it is as it was").
		WithHint("its directory must be writable")
}
