package interop_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// An authority issues the certificates of servers and of clients.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

var theAuthority = sync.OnceValue(func() *authority {
	key := newProofKey()
	template := template("the tests' authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	return &authority{create(template, template, key, key), key}
})

func template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		panic(err)
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func create(template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return certificate
}

// issue makes a certificate of that name, for a server on loopback or for a client.
func (a *authority) issue(name string) tls.Certificate {
	key, template := newProofKey(), template(name)
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	return pair(create(template, a.certificate, key, a.key), key)
}

// selfSigned makes a certificate that no authority knows.
func selfSigned(name string) tls.Certificate {
	key, template := newProofKey(), template(name)
	return pair(create(template, template, key, key), key)
}

func pair(certificate *x509.Certificate, key *ecdsa.PrivateKey) tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key, Leaf: certificate}
}

func pemOfCertificate(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// jwkOfCertificate is how a server is told of a self-signed certificate (RFC 8705 2.2.2).
func jwkOfCertificate(c tls.Certificate) jose.JSONWebKey {
	return jose.JSONWebKey{Key: c.Leaf.PublicKey, Certificates: []*x509.Certificate{c.Leaf}, Use: "sig"}
}

// certificateThumbprint is the member x5t#S256 of a bound token's cnf (RFC 8705 3.1).
func certificateThumbprint(c tls.Certificate) string {
	sum := sha256.Sum256(c.Leaf.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// with is a client that trusts the authority and shows the certificate, if any: whoever the server says that it trusts, as
// self-signed ones are of nobody's.
func (a *authority) with(shown ...tls.Certificate) *http.Client {
	trusted := x509.NewCertPool()
	trusted.AddCert(a.certificate)
	config := &tls.Config{RootCAs: trusted}
	for _, c := range shown {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c, nil }
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
}
