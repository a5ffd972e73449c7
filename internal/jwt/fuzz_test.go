package jwt_test

import (
	"crypto/x509"
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
