package jwt_test

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/seal"
)

// Whatever the text: no panic, an error of the user's that does not quote it, or a key that signs what it verifies.
func FuzzParseKey(f *testing.F) {
	sec1 := armour("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(p256())))
	for _, seed := range []string{"", "{}", rfcRSA, rfcEC, rfcEd, `{"kty":"RSA","n":"_w","e":"AQAB","d":"Aw"}`,
		sec1, pkcs8(ed()), pkcs8(rsaKey()), strings.ReplaceAll(pkcs8(ed()), "\n", `\n`),
		armour("CERTIFICATE", []byte("x")), armour("ENCRYPTED PRIVATE KEY", []byte("x"))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := jwt.ParseKey(seal.NewSecret(text))
		if err != nil {
			if quoted := quotes(err, text); quoted != "" || !fault.Is(err, fault.Invalid) {
				t.Errorf("%v (%s) quotes %q", err, fault.KindOf(err), quoted)
			}
			return
		}
		token, err := jwt.Sign(key, "", nil, []byte(`{"sub":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		public := publicOf(t, string(must(jwt.PublicJWK(key))))
		if _, _, err := verify(token.Reveal(), key.Algorithm(), public); err != nil {
			t.Error(err)
		}
	})
}

// Whatever header and claims: an error of the user's, or a token of exactly these claims that the key verifies, and no other algorithm.
func FuzzSign(f *testing.F) {
	for _, seed := range [][3]string{{"", `{"sub":"x"}`, ""}, {`{"kid":null,"typ":"at+jwt"}`, `{"n":12345678901234567890}`, "ES256"},
		{`{"alg":"none"}`, `{}`, ""}, {`{"b64":false,"crit":["b64"]}`, `{}`, ""}, {`{"jwk":{}}`, ` {"a":1} `, "RS256"}, {`{"alg":1}`, `[]`, "HS256"},
		{`{"crit":["x"],"x":1}`, `{"a":1}`, ""}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	key := must(jwt.ParseKey(seal.NewSecret(pkcs8(p256()))))
	public := p256().Public()
	f.Fuzz(func(t *testing.T, header, claims, alg string) {
		token, err := jwt.Sign(key, alg, []byte(header), []byte(claims))
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%v (%s)", err, fault.KindOf(err))
			}
			return
		}
		_, signed, err := verify(token.Reveal(), "ES256", public)
		if err != nil || string(signed) != claims {
			t.Errorf("signed %q as %q: %v", claims, signed, err)
		}
	})
}

// Whatever the text: no panic, and an error of the user's that does not quote it; it may be the private key.
func FuzzCertificate(f *testing.F) {
	key := must(jwt.ParseKey(seal.NewSecret(pkcs8(p256()))))
	empty := jwt.Matches(key, "")
	for _, seed := range []string{"", "x", armour("CERTIFICATE", []byte("x")), pkcs8(ed()), pkcs8(p256())} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, err := range []error{thrown(jwt.CertificateThumbprint(text)), thrown(jwt.CertificateThumbprintSHA1(text)), jwt.Matches(key, text)} {
			if err == nil {
				continue
			}
			quoted := quotes(err, text) // but for the words of the error itself
			if quoted != "" && !strings.Contains(fmt.Sprint(empty, fault.HintOf(empty)), quoted) || !fault.Is(err, fault.Invalid) {
				t.Errorf("%v (%s) quotes %q", err, fault.KindOf(err), quoted)
			}
		}
	})
}

func thrown(_ string, err error) error { return err }
