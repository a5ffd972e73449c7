package jwt

import (
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"

	"carnet.dev/carnet/fault"
)

// CertificateThumbprint is the x5t#S256 (RFC 7515 4.1.8) of the first certificate of a PEM text.
func CertificateThumbprint(pem string) (string, error) {
	certificate, err := parseCertificate(pem)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// CertificateThumbprintSHA1 is the x5t (RFC 7515 4.1.7), which some services want instead.
func CertificateThumbprintSHA1(pem string) (string, error) {
	certificate, err := parseCertificate(pem)
	if err != nil {
		return "", err
	}
	sum := sha1.Sum(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// Matches returns an error unless the first certificate of a PEM text is that of the key.
func Matches(k Key, pem string) error {
	public, err := k.public()
	if err != nil {
		return err
	}
	certificate, err := parseCertificate(pem)
	if err != nil {
		return err
	}
	if certified, ok := certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !certified.Equal(public) {
		return fault.New(fault.Invalid, "the certificate and the private key don't belong together").
			WithHint("give the certificate that was issued for this key; of a chain it comes first")
	}
	return nil
}

// parseCertificate reads the first certificate. Causes are not wrapped: a private key may have been given instead.
func parseCertificate(pem string) (*x509.Certificate, error) {
	for _, b := range blocks(pem) {
		if b.label != "CERTIFICATE" && b.label != "X509 CERTIFICATE" { // the second is what OpenSSL once wrote
			continue
		}
		certificate, err := x509.ParseCertificate(b.der)
		if err != nil {
			return nil, fault.New(fault.Invalid, "the certificate is damaged").
				WithHint("copy all of it, from -----BEGIN to -----END")
		}
		return certificate, nil
	}
	return nil, fault.New(fault.Invalid, "the text holds no certificate").
		WithHint("give it as PEM, which begins with -----BEGIN CERTIFICATE-----")
}
