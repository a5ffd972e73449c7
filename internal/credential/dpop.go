package credential

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// Nonces are what servers wanted to see in proofs lately, by origin (RFC 9449 9). They are safe for concurrent use. One that is forgotten
// costs one request more.
type Nonces struct{ known sync.Map }

// DPoP returns the credential of a token that is bound to its key: each request carries a proof (RFC 9449 7.1).
func DPoP(nonces *Nonces, t token.Token) (Credential, error) {
	if !sendable(t.AccessToken) {
		return nil, unsendable("the access token")
	}
	key, err := jwt.ParseKey(t.ProofKey)
	return dpop{nonces, t.AccessToken, key}, err
}

type dpop struct {
	nonces *Nonces
	access seal.Secret
	key    jwt.Key
}

func (d dpop) Place() string { return "Authorization" }

func (d dpop) Apply(r *http.Request, show func(seal.Secret) string) error {
	nonce, _ := d.nonces.known.Load(r.URL.Scheme + "://" + r.URL.Host)
	text, _ := nonce.(string)
	proof, err := jwt.Proof(d.key, jwt.ProofFor{Method: r.Method, URL: r.URL, AccessToken: d.access, Nonce: text, Now: time.Now()})
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "DPoP "+show(d.access))
	r.Header.Set("DPoP", show(proof))
	return nil
}

// Challenged learns the nonce of every answer; one that demands it is worth a repeat.
func (d dpop) Challenged(answer *http.Response) (Credential, bool) {
	nonce := answer.Header.Get("DPoP-Nonce")
	if nonce == "" || len(nonce) > 1000 {
		return nil, false
	}
	d.nonces.known.Store(answer.Request.URL.Scheme+"://"+answer.Request.URL.Host, nonce)
	demanded := answer.StatusCode == http.StatusUnauthorized && strings.Contains(strings.Join(answer.Header.Values("WWW-Authenticate"), ","), "use_dpop_nonce")
	return d, demanded
}
