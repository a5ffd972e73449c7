package jwt_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/jwt"
)

// certificate is a fresh one of the key, signed by itself.
func certificate(t *testing.T, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"},
		NotBefore: time.Unix(946684800, 0), NotAfter: time.Unix(4102444800, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return armour("CERTIFICATE", der)
}

func TestThumbprintsOfTheFirstCertificate(t *testing.T) {
	first, second := certificate(t, p256()), certificate(t, rsaKey())
	block, _ := pem.Decode([]byte(first))
	sum256, sum1 := sha256.Sum256(block.Bytes), sha1.Sum(block.Bytes)
	want256, want1 := base64.RawURLEncoding.EncodeToString(sum256[:]), base64.RawURLEncoding.EncodeToString(sum1[:])
	for name, text := range map[string]string{
		"one": first, "a chain": first + second, "after the key": pkcs8(p256()) + first,
		"line breaks lost": strings.ReplaceAll(first+second, "\n", ""), `line breaks are \n`: strings.ReplaceAll(first, "\n", `\n`),
		"an old label": strings.ReplaceAll(first, " CERTIFICATE", " X509 CERTIFICATE"),
	} {
		if got, err := jwt.CertificateThumbprint(text); err != nil || got != want256 {
			t.Errorf("%s: x5t#S256 is %s, want %s: %v", name, got, want256, err)
		}
		if got, err := jwt.CertificateThumbprintSHA1(text); err != nil || got != want1 {
			t.Errorf("%s: x5t is %s, want %s: %v", name, got, want1, err)
		}
		if err := jwt.Matches(parse(t, pkcs8(p256())), text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMatches(t *testing.T) {
	const apart = "the certificate and the private key don't belong together"
	keys := map[string]crypto.Signer{"RSA": rsaKey(), "P-256": p256(), "P-384": p384(), "Ed25519": ed()}
	for name, key := range keys {
		for owner, certified := range keys {
			err := jwt.Matches(parse(t, pkcs8(key)), certificate(t, certified)+certificate(t, key))
			if name == owner && err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if name != owner && (!fault.Is(err, fault.Invalid) || err.Error() != apart) {
				t.Errorf("%s with the certificate of %s: %v", name, owner, err)
			}
		}
	}
}

func TestBrokenCertificates(t *testing.T) {
	whole := certificate(t, p256())
	const none, damaged = "the text holds no certificate", "the certificate is damaged"
	for name, test := range map[string]struct{ text, want string }{
		"empty":             {"", none},
		"no PEM":            {"hunter2hunter2", none},
		"a key":             {pkcs8(p256()), none},
		"a request":         {strings.ReplaceAll(whole, " CERTIFICATE", " CERTIFICATE REQUEST"), none},
		"OpenSSL's trusted": {strings.ReplaceAll(whole, " CERTIFICATE", " TRUSTED CERTIFICATE"), none},
		"half":              {whole[:len(whole)/2], damaged},
		"half, then whole":  {whole[:len(whole)/2] + whole, damaged},
		"a key so labelled": {strings.ReplaceAll(pkcs8(p256()), "PRIVATE KEY", "CERTIFICATE"), damaged},
		"trailing bytes":    {strings.Replace(whole, "-----END", "AAAA-----END", 1), damaged},
	} {
		_, x5t256 := jwt.CertificateThumbprint(test.text)
		_, x5t := jwt.CertificateThumbprintSHA1(test.text)
		for _, err := range []error{x5t256, x5t, jwt.Matches(parse(t, pkcs8(p256())), test.text)} {
			if err == nil || err.Error() != test.want || !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" {
				t.Errorf("%s: the error is %v with the hint %q", name, err, fault.HintOf(err))
			}
			if quoted := quotes(err, strings.ReplaceAll(test.text, "CERTIFICATE", "")); quoted != "" {
				t.Errorf("%s: %v quotes %q", name, err, quoted)
			}
		}
	}
}

func TestFingerprint(t *testing.T) {
	for name, key := range map[string]crypto.Signer{"RSA": rsaKey(), "P-256": p256(), "Ed25519": ed()} {
		want := sha256.Sum256(must(x509.MarshalPKIXPublicKey(key.Public())))
		if got, err := jwt.Fingerprint(parse(t, pkcs8(key))); err != nil || got != want {
			t.Errorf("%s: the fingerprint is %x, want %x: %v", name, got, want, err)
		}
	}
}
