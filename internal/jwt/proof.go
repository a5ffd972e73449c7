package jwt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// ProofFor is the request that a DPoP proof is for.
type ProofFor struct {
	Method      string
	URL         *url.URL
	AccessToken seal.Secret // the one that is sent beside; none at the token endpoint
	Nonce       string      // what the server's DPoP-Nonce said last; may be empty
	Now         time.Time
	ID          string // different for each proof; a random one if empty
}

// NewProofKey makes a key for DPoP proofs: P-256, which every server knows, as the text of a JWK.
func NewProofKey() seal.Secret {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // it has no other cause than rand.Reader, which never fails
	}
	text, err := jose.JSONWebKey{Key: key}.MarshalJSON()
	if err != nil {
		panic(err) // a key that was just made is a JWK
	}
	return seal.NewSecret(string(text))
}

// Proof makes a DPoP proof (RFC 9449 4.2).
func Proof(k Key, p ProofFor) (seal.Secret, error) {
	public, err := PublicJWK(k)
	if err != nil {
		return seal.Secret{}, err
	}
	header, err := json.Marshal(map[string]any{"typ": "dpop+jwt", "jwk": public, "kid": nil})
	if err != nil {
		return seal.Secret{}, fault.Wrap(fault.Internal, err, "writing the header of a DPoP proof")
	}
	claims, err := p.claims()
	if err != nil {
		return seal.Secret{}, fault.Wrap(fault.Invalid, err, "writing the claims of a DPoP proof") // bytes that are no text
	}
	return Sign(k, "", header, claims)
}

func (p ProofFor) claims() (jsontext.Value, error) {
	if p.ID == "" {
		p.ID = rand.Text()
	}
	return json.Marshal(struct {
		ID     string `json:"jti"`
		Method string `json:"htm"`
		URL    string `json:"htu"`
		Issued int64  `json:"iat"`
		Hash   string `json:"ath,omitzero"`
		Nonce  string `json:"nonce,omitzero"`
	}{p.ID, p.Method, target(p.URL), p.Now.Unix(), hash(p.AccessToken), p.Nonce})
}

// hash is the claim ath; "" without a token.
func hash(token seal.Secret) string {
	if token.IsZero() {
		return ""
	}
	sum := sha256.Sum256([]byte(token.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// target is the claim htu: the URL without query and fragment, normalized (RFC 3986 6.2.2, 6.2.3). Servers should compare
// normalized URLs (RFC 9449 4.3); some compare the text with that of their own.
func target(u *url.URL) string {
	usual := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	host := strings.TrimSuffix(strings.ToLower(u.Host), usual)
	t := url.URL{Scheme: u.Scheme, Host: host, Path: u.Path, RawPath: u.RawPath}
	if t.Path == "" {
		t.Path = "/"
	}
	return t.String()
}
