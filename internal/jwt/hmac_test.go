package jwt_test

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/seal"
)

func TestHMACKeyDecodes(t *testing.T) {
	secret := "\xfb\xef\xff secret? ~~~ not a text alone" // its base64 has both letters that differ between the alphabets
	tests := map[string]struct{ text, encoding, secret string }{
		"a text":                   {"pass wort ", "", "pass wort "},
		"a text, said so":          {"deadbeef", "text", "deadbeef"},
		"hex":                      {hex.EncodeToString([]byte(secret)), "hex", secret},
		"hex in capitals":          {strings.ToUpper(hex.EncodeToString([]byte(secret))), "hex", secret},
		"hex with a line break":    {"6465\n6164 ", "hex", "dead"},
		"base64":                   {base64.StdEncoding.EncodeToString([]byte(secret)), "base64", secret},
		"base64, no padding":       {base64.RawStdEncoding.EncodeToString([]byte(secret)), "base64", secret},
		"base64 of URLs":           {base64.URLEncoding.EncodeToString([]byte(secret)), "base64", secret},
		"base64 of URLs, bare":     {base64.RawURLEncoding.EncodeToString([]byte(secret)), "base64", secret},
		"base64 with a line break": {"c2Vj\r\ncmV0\n", "base64", "secret"},
		"one letter":               {"x", "", "x"},
		"as long as a block":       {strings.Repeat("k", 64), "", strings.Repeat("k", 64)},
		"longer than a block":      {strings.Repeat("k", 200), "", strings.Repeat("k", 200)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			key, err := jwt.HMACKey(seal.NewSecret(test.text), test.encoding)
			if err != nil {
				t.Fatal(err)
			}
			for _, alg := range []string{"HS256", "HS384", "HS512"} {
				token, err := jwt.Sign(key, alg, nil, []byte(`{}`))
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := verify(token.Reveal(), alg, []byte(test.secret)); err != nil {
					t.Errorf("%s: %v", alg, err)
				}
			}
		})
	}
}

func TestHMACKeyRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, encoding, want string }{
		"empty":               {"", "", "the shared secret is empty"},
		"blanks as hex":       {" \n", "hex", "the shared secret is empty"},
		"padding as base64":   {"==", "base64", "the shared secret is empty"},
		"not hex":             {"hunter2-hunter2", "hex", "the shared secret is not hex"},
		"half a byte":         {"deadbeef0", "hex", "the shared secret is not hex"},
		"not base64":          {"hunter2:hunter2", "base64", "the shared secret is not base64"},
		"a letter too many":   {"aHVudGVyM", "base64", "the shared secret is not base64"},
		"an unknown encoding": {"hunter2hunter2", "base32", `the encoding "base32" of the shared secret is not known`},
	} {
		key, err := jwt.HMACKey(seal.NewSecret(test.text), test.encoding)
		if err == nil || err.Error() != test.want || !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" || key != (jwt.Key{}) {
			t.Errorf("%s: the error is %v with the hint %q", name, err, fault.HintOf(err))
		}
		if quoted := quotes(err, test.text); quoted != "" {
			t.Errorf("%s: %v quotes %q", name, err, quoted)
		}
	}
}

// What needs two halves of a key says so.
func TestASharedSecretHasNoPublicKey(t *testing.T) {
	key := must(jwt.HMACKey(seal.NewSecret("secret"), ""))
	for _, k := range []jwt.Key{key, {}} {
		_, jwk := jwt.PublicJWK(k)
		_, thumb := jwt.Thumbprint(k)
		_, finger := jwt.Fingerprint(k)
		_, proof := jwt.Proof(k, jwt.ProofFor{})
		for what, err := range map[string]error{"JWK": jwk, "thumbprint": thumb, "fingerprint": finger, "proof": proof,
			"certificate": jwt.Matches(k, certificate(t, rsaKey()))} {
			if !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" {
				t.Errorf("%s of %v: %v", what, k, err)
			}
		}
	}
}
