package jwt

import (
	"crypto"
	"crypto/rsa"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// A Key signs. It does not print: fmt, log/slog and JSON show what they show of a [seal.Secret]. Everything sits behind a pointer
// to a pointer, so that printing a struct with an unexported Key, whose methods fmt can't call, shows an address. A pointer to a
// struct would not do: fmt follows it for a verb that does not fit, such as %s. The zero Key signs nothing.
type Key struct{ content **content }

type content struct {
	private any    // *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey, or []byte for HMAC
	id      string // the JWK's kid
	alg     string // what it signs with unless told otherwise
}

const (
	mostText = 32 << 10 // room for the largest key and a chain of certificates
	leastRSA = 2048     // bits (RFC 7518 3.3)
	mostRSA  = 16384    // bits, as for OpenSSL: a signature takes a second, and eight with twice the bits

	hintKey = "give a private key as PEM, which begins with -----BEGIN PRIVATE KEY-----, or as a JWK, a JSON object with kty"
)

// ParseKey reads a private key to sign with, RSA, EC or Ed25519: PEM (PKCS #8, PKCS #1, SEC 1) or a JWK (RFC 7517). Of several
// PEM blocks the first private key counts. An error never quotes the text.
func ParseKey(text seal.Secret) (Key, error) {
	t := strings.TrimSpace(text.Reveal())
	switch {
	case t == "":
		return Key{}, errNoKey()
	case len(t) > mostText:
		return Key{}, fault.New(fault.Invalid, "the private key is longer than %d bytes", mostText).WithHint(hintKey)
	case strings.HasPrefix(t, "{"):
		return parseJWK([]byte(t))
	default:
		return parsePEM(t)
	}
}

// newKey takes a private key if it is of a sort that signs, and strong enough.
func newKey(private any, id, alg string) (Key, error) {
	k := keyOf(content{private, id, alg})
	if key, ok := private.(*rsa.PrivateKey); ok && (key.N.BitLen() < leastRSA || key.N.BitLen() > mostRSA) {
		return Key{}, fault.New(fault.Invalid, "an RSA key to sign with has %d to %d bits, and this one %d",
			leastRSA, mostRSA, key.N.BitLen()).WithHint("make another, and register its public key with the service")
	}
	fit := k.algorithms()
	if len(fit) == 0 {
		return Key{}, fault.New(fault.Invalid, "a private key of this sort can't sign a JWT").WithHint(hintSorts)
	}
	if alg == "" {
		return keyOf(content{private, id, fit[0]}), nil
	}
	if k.Supports(alg) != nil { // not wrapped: its text quotes the JWK
		return Key{}, fault.New(fault.Invalid, "the JWK's alg is not one that its key signs with").
			WithHint("remove alg from the JWK, or give a key that is for signing")
	}
	return k, nil
}

func keyOf(c content) Key {
	behind := &c
	return Key{&behind}
}

func (k Key) get() content {
	if k.content == nil {
		return content{}
	}
	return **k.content
}

// ID is the JWK's kid; "" if there is none.
func (k Key) ID() string { return k.get().id }

// public is the other half of a pair of keys.
func (k Key) public() (crypto.PublicKey, error) {
	switch private := k.get().private.(type) {
	case crypto.Signer:
		return private.Public(), nil
	case nil:
		return nil, errNoKey()
	default:
		return nil, fault.New(fault.Invalid, "a shared secret has no public key").WithHint(hintKey)
	}
}

// errNoKey is said of the zero Key, too.
func errNoKey() error { return fault.New(fault.Invalid, "there is no private key").WithHint(hintKey) }

// String returns [seal.Mask], or "" for the zero Key.
func (k Key) String() string {
	if k.content == nil {
		return ""
	}
	return seal.Mask
}

// Format prints [Key.String] whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }

// LogValue shows [Key.String] in a structured log.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText encodes [Key.String].
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
