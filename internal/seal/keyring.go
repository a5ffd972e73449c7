// Package seal keeps secrets from being seen: [Secret] is a text that does not print, and a [Keyring] seals texts for the store.
// Where the key comes from beside a file, and where sealed texts are kept, is not its business.
package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"carnet.dev/carnet/fault"
)

// prefix begins every sealed text, so that a text that was never sealed is not taken for one that was.
const prefix = "sealed:v1:"

// A Keyring seals and opens with AES-256-GCM (Tink). It is safe for concurrent use.
type Keyring struct{ aead tink.AEAD }

// NewKeyring returns a keyring of a fresh key that is kept in memory only.
func NewKeyring() (*Keyring, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "no key could be made")
	}
	return keyring(h)
}

func keyring(h *keyset.Handle) (*Keyring, error) {
	a, err := aead.New(h)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the key is not of a kind that seals")
	}
	return &Keyring{a}, nil
}

// Seal returns the text sealed and bound to a place: it opens nowhere else.
func (k *Keyring) Seal(text, place string) (string, error) {
	sealed, err := k.aead.Encrypt([]byte(text), []byte(place))
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "%s could not be sealed", place)
	}
	return prefix + base64.RawStdEncoding.EncodeToString(sealed), nil
}

// Open returns the text that was sealed for that place; fault.Invalid if it was not, or with another key.
func (k *Keyring) Open(sealed, place string) (string, error) {
	encoded, ok := strings.CutPrefix(sealed, prefix)
	if !ok {
		return "", fault.New(fault.Invalid, "the stored secret at %s is not sealed", place)
	}
	cipher, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return "", fault.New(fault.Invalid, "the stored secret at %s is damaged", place)
	}
	text, err := k.aead.Decrypt(cipher, []byte(place))
	if err != nil {
		return "", fault.New(fault.Invalid, "the stored secret at %s can't be opened: it was sealed with another key, or moved", place)
	}
	return string(text), nil
}

// OpenKeyring reads the key file at path, and makes it first if there is none: of several processes that do so at once one
// wins, and all read its key. A file that others may read is refused, and so is one that is not a key file.
func OpenKeyring(path string) (*Keyring, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(path); err != nil {
			return nil, err
		}
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the key file can't be read").
			WithHint("without it the stored secrets are lost: check who owns %s", path)
	}
	if err := private(path); err != nil {
		return nil, err
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(data)))
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s is not a key file, or is damaged", path).
			WithHint("put the file back from a backup; without it the stored secrets are lost")
	}
	return keyring(h)
}

// private refuses a key file that others than its owner may read.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the key file can't be read")
	}
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
