package catalogue

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Keys are the keys that users of the services would have made. Making them takes a moment, so that many servers share one.
type Keys struct {
	rsa, otherRSA *rsa.PrivateKey
	ec, otherEC   *ecdsa.PrivateKey
	ca            *x509.Certificate
	server        tls.Certificate
	client        tls.Certificate
}

// NewKeys makes RSA and P-256 keys, a certificate authority, and certificates for the servers and for a client.
func NewKeys() (*Keys, error) {
	k := &Keys{}
	for _, key := range []**rsa.PrivateKey{&k.rsa, &k.otherRSA} {
		made, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		*key = made
	}
	for _, key := range []**ecdsa.PrivateKey{&k.ec, &k.otherEC} {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		*key = made
	}
	return k, k.certify()
}

// certify makes the authority and has it sign the certificates of the servers and the client.
func (k *Keys) certify() error {
	authority, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "catalogue authority"}, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(240 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, authority.Public(), authority)
	if err != nil {
		return err
	}
	if k.ca, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	if k.server, err = k.certificate(2, "catalogue server", authority, k.ec, x509.ExtKeyUsageServerAuth); err != nil {
		return err
	}
	k.client, err = k.certificate(3, "catalogue client", authority, k.rsa, x509.ExtKeyUsageClientAuth)
	return err
}

func (k *Keys) certificate(
	serial int64, name string, authority, key crypto.Signer, use x509.ExtKeyUsage,
) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: k.ca.NotBefore, NotAfter: k.ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{use},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, k.ca, key.Public(), authority)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func certificatePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func privatePEM(key crypto.Signer) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}

// fingerprint is the digest of the public half of a private key as PEM: base64 of the SHA-256 of its SubjectPublicKeyInfo.
func fingerprint(text string) (string, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return "", errors.New("fingerprint: not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return "", fmt.Errorf("fingerprint: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.(crypto.Signer).Public())
	if err != nil {
		return "", fmt.Errorf("fingerprint: %w", err)
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}
