package credential

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"carnet.dev/carnet/internal/seal"
)

// A challenge of digest authentication (RFC 7616 3.3). It does not change, but for the count of its answers.
type challenge struct {
	realm, nonce, opaque string
	hasOpaque            bool
	algorithm            string // as the server spells it; "" if it does not say
	hash                 func() hash.Hash
	strength             int // of the hash; less is stronger
	session              bool
	qop                  string // "auth", "auth-int", or "" as in RFC 2069
	utf8, userhash       bool
	first                string // the nonce that a session began with
	cnonce               string // of a session
	count                atomic.Uint32
}

// algorithms are the known ones, the strongest first. SHA-512-256 is the SHA-512/256 of FIPS 180-4. The example in RFC 7616 3.9.2
// cuts off a SHA-512 instead, by mistake (erratum 4897).
var algorithms = []struct {
	name string
	hash func() hash.Hash
}{
	{"SHA-512-256", sha512.New512_256},
	{"SHA-256", sha256.New},
	{"MD5", md5.New},
}

// strongest returns the challenge with the strongest algorithm, the first of several; nil if there is none that can be answered.
func strongest(headers []string) *challenge {
	var best *challenge
	for _, text := range headers {
		for _, s := range schemes(text) {
			if c := newChallenge(s); c != nil && (best == nil || c.strength < best.strength) {
				best = c
			}
		}
	}
	return best
}

// newChallenge reads a challenge; nil if it is not one of digest authentication that can be answered.
func newChallenge(s scheme) *challenge {
	p := s.parameters
	c := &challenge{
		realm: p["realm"], nonce: p["nonce"], opaque: p["opaque"], algorithm: p["algorithm"], first: p["nonce"],
		utf8: strings.EqualFold(p["charset"], "UTF-8"), userhash: strings.EqualFold(p["userhash"], "true"),
	}
	_, c.hasOpaque = p["opaque"]
	if s.name != "digest" || c.nonce == "" || !sendable(seal.NewSecret(c.realm+c.nonce+c.opaque)) {
		return nil
	}
	if !c.knowsAlgorithm() || !c.choosesProtection(p["qop"]) {
		return nil
	}
	return c
}

// knowsAlgorithm finds the hash; MD5 where the server names none (RFC 7616 3.3).
func (c *challenge) knowsAlgorithm() bool {
	name := strings.ToUpper(c.algorithm)
	if name == "" {
		name = "MD5"
	}
	name, c.session = strings.CutSuffix(name, "-SESS")
	for i, known := range algorithms {
		if known.name == name {
			c.hash, c.strength = known.hash, i
			return true
		}
	}
	return false
}

// choosesProtection prefers auth, which need not read the body.
func (c *challenge) choosesProtection(offered string) bool {
	options := strings.FieldsFunc(strings.ToLower(offered), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	for _, option := range []string{"auth", "auth-int"} {
		if slices.Contains(options, option) {
			c.qop = option
			return true
		}
	}
	return len(options) == 0
}

// following is the same challenge with another nonce.
func (c *challenge) following(nonce string) *challenge {
	return &challenge{
		realm: c.realm, nonce: nonce, opaque: c.opaque, hasOpaque: c.hasOpaque, algorithm: c.algorithm, hash: c.hash,
		strength: c.strength, session: c.session, qop: c.qop, utf8: c.utf8, userhash: c.userhash, first: c.first, cnonce: c.cnonce,
	}
}

// nonceOf is the nonce that a request has used; "" if none.
func nonceOf(r *http.Request) string {
	for _, s := range schemes(r.Header.Get("Authorization")) {
		if s.name == "digest" {
			return s.parameters["nonce"]
		}
	}
	return ""
}

// nextNonce reads Authentication-Info, which has parameters and no scheme (RFC 7616 3.5).
func nextNonce(headers []string) string {
	for _, text := range headers {
		for _, s := range schemes("info " + text) {
			if next := s.parameters["nextnonce"]; next != "" {
				return next
			}
		}
	}
	return ""
}
