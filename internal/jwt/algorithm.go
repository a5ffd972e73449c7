package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"carnet.dev/carnet/fault"
)

// Algorithm is what the key signs with unless told otherwise: the JWK's alg, or RS256, ES256, ES384, ES512, EdDSA or HS256.
func (k Key) Algorithm() string { return k.get().alg }

// Supports returns an error unless the key can sign with the algorithm; "" is the key's own. The JWK's alg does not bind: whoever
// names another knows better.
func (k Key) Supports(alg string) error {
	fit := k.algorithms()
	switch {
	case fit == nil:
		return errNoKey()
	case alg == "" || slices.Contains(fit, alg):
		return nil
	default:
		return fault.New(fault.Invalid, "the key can't sign with %q", alg).WithHint("it can with %s", strings.Join(fit, ", "))
	}
}

// hintSorts names the keys that have algorithms.
const hintSorts = "a key has to be RSA, EC on the curve P-256, P-384 or P-521, or Ed25519"

// algorithms are the JWS algorithms that the key can sign with (RFC 7518 3.1, RFC 8037 3.1, RFC 9864 2.2), the usual one first.
func (k Key) algorithms() []string {
	switch key := k.get().private.(type) {
	case *rsa.PrivateKey:
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PrivateKey:
		switch key.Params().Name {
		case "P-256":
			return []string{"ES256"}
		case "P-384":
			return []string{"ES384"}
		case "P-521":
			return []string{"ES512"}
		}
	case ed25519.PrivateKey:
		return []string{"EdDSA", ed25519Alg}
	case []byte:
		return []string{"HS256", "HS384", "HS512"}
	}
	return nil
}

// ed25519Alg is the newer name of what EdDSA does with an Ed25519 key (RFC 9864 2.2). Some servers know only one of the two.
const ed25519Alg = "Ed25519"

// signing is the key as the signer wants it. It does not know the newer name.
func (k Key) signing(alg string) any {
	if alg == ed25519Alg {
		return renamed{k.get().private.(ed25519.PrivateKey)}
	}
	return k.get().private
}

// renamed signs with Ed25519 under its newer name.
type renamed struct{ key ed25519.PrivateKey }

// Public implements jose.OpaqueSigner: nothing is added to the header.
func (renamed) Public() *jose.JSONWebKey { return nil }

// Algs implements jose.OpaqueSigner.
func (renamed) Algs() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{ed25519Alg} }

// SignPayload implements jose.OpaqueSigner.
func (r renamed) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	return r.key.Sign(nil, payload, crypto.Hash(0))
}
