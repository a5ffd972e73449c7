package jwt_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"

	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/seal"
)

// Making an RSA key takes long: one per test binary.
var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	p256   = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	p384   = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)) })
	p521   = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)) })
	ed     = sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed([]byte("a seed of thirty-two bytes, says")) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// pkcs8 is a key as PEM.
func pkcs8(key any) string { return armour("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))) }

func armour(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func parse(t *testing.T, text string) jwt.Key {
	t.Helper()
	key, err := jwt.ParseKey(seal.NewSecret(text))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var hashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

// verify checks a token with nothing but the standard library, and returns its header and claims.
func verify(token, alg string, public any) (header, claims []byte, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, errors.New("not three parts")
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return nil, nil, err
		}
	}
	var said struct{ Alg string }
	if err := json.Unmarshal(decoded[0], &said); err != nil || said.Alg != alg {
		return nil, nil, fmt.Errorf("the header says alg %q: %w", said.Alg, err)
	}
	return decoded[0], decoded[1], verifySignature(alg, public, []byte(parts[0]+"."+parts[1]), decoded[2])
}

func verifySignature(alg string, public any, signed, signature []byte) error {
	if edKey, ok := public.(ed25519.PublicKey); ok {
		return ed25519.VerifyWithOptions(edKey, signed, signature, &ed25519.Options{})
	}
	hash := hashes[alg[2:]]
	h := hash.New()
	h.Write(signed)
	sum, good := h.Sum(nil), false
	switch alg[:2] {
	case "RS":
		return rsa.VerifyPKCS1v15(public.(*rsa.PublicKey), hash, sum, signature)
	case "PS": // the salt is as long as the hash (RFC 7518 3.5)
		return rsa.VerifyPSS(public.(*rsa.PublicKey), hash, sum, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case "ES": // both numbers are as long as the curve's (RFC 7518 3.4)
		key, half := public.(*ecdsa.PublicKey), len(signature)/2
		good = len(signature) == 2*((key.Params().BitSize+7)/8) &&
			ecdsa.Verify(key, sum, new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]))
	case "HS":
		mac := hmac.New(hash.New, public.([]byte))
		mac.Write(signed)
		good = hmac.Equal(signature, mac.Sum(nil))
	}
	if !good {
		return errors.New("the signature is wrong")
	}
	return nil
}
