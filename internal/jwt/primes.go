package jwt

import (
	"crypto/rsa"
	"encoding/base64"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

// withoutPrimes makes an RSA key of a JWK that has n, e and d only. RFC 7518 6.3.2 allows it, and the JWK library does not.
func withoutPrimes(modulus, exponent, private string) (*rsa.PrivateKey, bool) {
	n, e, d := number(modulus), number(exponent), number(private)
	if n.BitLen() > jose.MaxRSAModulusBits || d.Cmp(n) >= 0 || e.BitLen() > 31 {
		return nil, false // before it costs time
	}
	p := factor(n, e, d)
	if p == nil {
		return nil, false
	}
	q := new(big.Int).Div(n, p)
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d, Primes: []*big.Int{p, q}}
	key.Precompute()
	return key, key.Validate() == nil
}

// number decodes a number (RFC 7518 2, Base64urlUInt). Damaged ones are 0, which fits no key.
func number(text string) *big.Int {
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return new(big.Int)
	}
	return new(big.Int).SetBytes(bytes)
}

// factor finds a prime factor of n (NIST SP 800-56B, appendix C.2): with k = e·d-1, g to the power of k is 1 for every g. The
// square roots of 1 on the way are 1, -1, and for half of all g one that leads to the factor. It returns nil if e and d are not
// those of n.
func factor(n, e, d *big.Int) *big.Int {
	one := big.NewInt(1)
	k := new(big.Int).Mul(e, d)
	if k.Sub(k, one).Sign() <= 0 {
		return nil
	}
	twos := k.TrailingZeroBits()
	odd, minusOne := new(big.Int).Rsh(k, twos), new(big.Int).Sub(n, one)
	for g := int64(2); g < 64; g++ {
		root := new(big.Int).Exp(big.NewInt(g), odd, n)
		for range twos {
			square := new(big.Int).Exp(root, big.NewInt(2), n)
			if square.Cmp(one) == 0 && root.Cmp(one) != 0 && root.Cmp(minusOne) != 0 {
				return new(big.Int).GCD(nil, nil, root.Sub(root, one), n)
			}
			root = square
		}
		if root.Cmp(one) != 0 {
			return nil // another g would not mend it
		}
	}
	return nil
}
