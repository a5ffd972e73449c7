package jwt

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
)

// PublicJWK is the public key with the members that make the key, and no others: neither id nor algorithm.
func PublicJWK(k Key) (jsontext.Value, error) {
	public, err := k.public()
	if err != nil {
		return nil, err
	}
	jwk, err := jose.JSONWebKey{Key: public}.MarshalJSON()
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "writing a public key as a JWK")
	}
	return jwk, nil
}

// Thumbprint is the public key's (RFC 7638 3), of SHA-256 and in base64url: DPoP's jkt (RFC 9449 6.1).
func Thumbprint(k Key) (string, error) {
	public, err := k.public()
	if err != nil {
		return "", err
	}
	sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "taking the thumbprint of a key")
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// Fingerprint is the SHA-256 of the public key's SubjectPublicKeyInfo (RFC 5280 4.1.2.7) in DER. Services want it as hex, or as
// "SHA256:" and base64.
func Fingerprint(k Key) ([sha256.Size]byte, error) {
	public, err := k.public()
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return [sha256.Size]byte{}, fault.Wrap(fault.Internal, err, "encoding a public key")
	}
	return sha256.Sum256(der), nil
}
