package jwt

import (
	"crypto/ecdsa"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/fault"
)

// members are those of a JWK that decide what is wrong with it.
type members struct {
	Type   string `json:"kty"`
	Curve  string `json:"crv"`
	ID     string `json:"kid"`
	Alg    string `json:"alg"`
	D      string `json:"d"` // the private part, whatever the type
	N      string `json:"n"`
	E      string `json:"e"`
	P      string `json:"p"`
	Q      string `json:"q"`
	X      string `json:"x"`
	Y      string `json:"y"`
	Keys   any    `json:"keys"`        // of a JWK Set
	Google string `json:"private_key"` // of a service account's key file
}

// parseJWK reads a private key (RFC 7518 6, RFC 8037 2). Causes are not wrapped: they may quote the text.
func parseJWK(text []byte) (Key, error) {
	var m members
	if json.Unmarshal(text, &m) != nil {
		return Key{}, fault.New(fault.Invalid, "the JWK is not the JSON of one key").WithHint(hintKey)
	}
	if err := m.check(); err != nil {
		return Key{}, err
	}
	private, ok := m.private(text)
	if !ok {
		return Key{}, fault.New(fault.Invalid, "the JWK is damaged: its members don't make an %s key", m.Type).
			WithHint("copy it again; as a JWK, an RSA key has at most %d bits", jose.MaxRSAModulusBits)
	}
	return newKey(private, m.ID, m.Alg)
}

func (m members) private(text []byte) (any, bool) {
	if m.Type == "RSA" && m.P == "" && m.Q == "" {
		return withoutPrimes(m.N, m.E, m.D)
	}
	var jwk jose.JSONWebKey
	if jwk.UnmarshalJSON(text) != nil {
		return nil, false
	}
	return jwk.Key, halvesFit(jwk.Key)
}

// check says what the text is, if it is no private key to sign with.
func (m members) check() error {
	switch m.Type {
	case "RSA", "EC", "OKP":
		return m.checkMembers()
	case "oct":
		return fault.New(fault.Invalid, "this JWK is a shared secret, not a private key").
			WithHint("where a shared secret is wanted, give the JWK's k, encoded as base64")
	case "":
		return m.checkOthers()
	default:
		return errSort()
	}
}

// checkMembers says what is missing.
func (m members) checkMembers() error {
	names := map[string]string{"RSA": "ne", "EC P-256": "xy", "EC P-384": "xy", "EC P-521": "xy", "OKP Ed25519": "x"}[m.sort()]
	values := map[rune]string{'n': m.N, 'e': m.E, 'x': m.X, 'y': m.Y}
	if names == "" {
		return errSort()
	}
	for _, name := range names {
		if values[name] == "" {
			return fault.New(fault.Invalid, "the JWK lacks %c", name).WithHint("copy all of the private key")
		}
	}
	if m.D == "" {
		return fault.New(fault.Invalid, "this JWK is a public key, and only the private key signs").WithHint("copy the one that has d")
	}
	return nil
}

// sort is the type, and where it has one the curve.
func (m members) sort() string {
	if m.Type == "RSA" {
		return m.Type
	}
	return m.Type + " " + m.Curve
}

func errSort() error {
	return fault.New(fault.Invalid, "a JWK of this sort can't sign a JWT").WithHint(hintSorts)
}

// checkOthers tells JSON objects apart that are taken for keys.
func (m members) checkOthers() error {
	switch {
	case m.Keys != nil:
		return fault.New(fault.Invalid, "this is a set of JWKs").WithHint("give one private key: a member of its keys")
	case m.Google != "":
		return fault.New(fault.Invalid, "this is a service account's key file").
			WithHint("give its private_key as the private key, and its private_key_id as the key's id")
	default:
		return fault.New(fault.Invalid, "the JWK has no kty").WithHint(hintKey)
	}
}

// halvesFit holds the private part of an EC key against the public one, which the JWK says too and the parser believes.
func halvesFit(key any) bool {
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return true
	}
	private, err := ec.Bytes()
	if err != nil {
		return false
	}
	derived, err := ecdsa.ParseRawPrivateKey(ec.Curve, private)
	return err == nil && derived.PublicKey.Equal(ec.Public())
}
