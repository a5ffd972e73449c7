package catalogue

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// jwtRules is what a JWT must be: this header, these claims besides the times, and no longer a life than this.
type jwtRules struct {
	alg      string
	header   Object
	claims   Object
	lifetime time.Duration
	key      string // template; of a PEM, or of an HMAC secret
	encoding string // of an HMAC secret: hex, or text
}

// skew is how far clocks may be apart.
const skew = 5 * time.Minute

func tokenRules(e Entry) jwtRules {
	ms, _ := e.Token.ExpiresInMS.Int64()
	r := jwtRules{header: e.Token.Header, claims: e.Token.Payload, lifetime: time.Duration(ms) * time.Millisecond,
		key: e.Token.SigningKey, encoding: "hex"}
	if e.Signature != nil && e.Signature.HMACSecretEncoding != "" {
		r.encoding = "text"
	}
	return r.withAlg()
}

func assertionRules(e Entry) jwtRules {
	a := e.Assertion
	return jwtRules{header: a.Header, claims: a.Payload, lifetime: a.lifetime(), key: a.Key}.withAlg()
}

// clientRules are RFC 7523 3, unless a note has its own.
func clientRules(p *plan, s *shape) jwtRules {
	at, _, _ := strings.Cut(s.url, "?")
	r := jwtRules{header: members("alg", "RS256"), lifetime: time.Hour, key: "${privateKey}",
		claims: members("iss", "${clientId}", "sub", "${clientId}", "aud", at)}
	if assertsItself(p.entry) {
		r.claims = members("iss", "${redirectHost}", "sub", "${clientId}", "aud", "https://revolut.com")
	}
	return r.withAlg()
}

func (r jwtRules) withAlg() jwtRules {
	alg, _ := r.header.get("alg")
	r.alg, _ = alg.(string)
	return r
}

// jwt checks a JWT: its signature with the public half of the user's key, then header and claims.
func (m *matcher) jwt(rules jwtRules) check {
	return func(got string) error {
		header, claims, err := m.plan.verify(rules, got, m.value)
		if err != nil {
			return fmt.Errorf("want a JWT: %w", err)
		}
		if _, is := rules.header.get("typ"); !is {
			if typ, is := header.get("typ"); is && typ != "JWT" {
				return fmt.Errorf("want a JWT: typ is %v", typ)
			}
			header = header.without("typ")
		}
		m.object("JWT header ", rules.header, header)
		times := claims
		claims = slices.DeleteFunc(slices.Clone(claims), func(c Member) bool {
			_, listed := rules.claims.get(c.Name)
			return !listed && slices.Contains([]string{"iat", "exp", "nbf", "jti"}, c.Name)
		})
		m.object("JWT claim ", rules.claims, claims)
		return checkLife(times, rules.lifetime, m.now)
	}
}

// verify takes a JWT apart, if its signature is good.
func (p *plan) verify(rules jwtRules, got string, value func(string) (string, bool)) (header, claims Object, err error) {
	parts := strings.Split(got, ".")
	if len(parts) != 3 {
		return nil, nil, errors.New("not of three parts")
	}
	decoded := make([][]byte, 3)
	for i, part := range parts {
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return nil, nil, err
		}
	}
	if header, err = decodeObject(decoded[0]); err != nil {
		return nil, nil, err
	}
	if alg, _ := header.get("alg"); alg != rules.alg {
		return nil, nil, fmt.Errorf("alg is %v", alg)
	}
	key, err := evaluate(rules.key, value)
	if err != nil {
		return nil, nil, err
	}
	if err := p.signed(rules, key, parts[0]+"."+parts[1], decoded[2]); err != nil {
		return nil, nil, err
	}
	claims, err = decodeObject(decoded[1])
	return header, claims, err
}

var errSignature = errors.New("the signature does not fit")

// signed verifies a JWS signature (RFC 7518 3) with the standard library alone.
func (p *plan) signed(rules jwtRules, key, text string, signature []byte) error {
	digest := sha256.Sum256([]byte(text))
	switch rules.alg {
	case "RS256":
		return rsa.VerifyPKCS1v15(&p.keys.rsa.PublicKey, crypto.SHA256, digest[:], signature)
	case "ES256":
		if len(signature) != 64 {
			return errSignature
		}
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		if !ecdsa.Verify(&p.keys.ec.PublicKey, digest[:], r, s) {
			return errSignature
		}
		return nil
	case "HS256":
		secret := []byte(key)
		if rules.encoding == "hex" {
			var err error
			if secret, err = hex.DecodeString(key); err != nil {
				return err
			}
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(text))
		if !hmac.Equal(mac.Sum(nil), signature) {
			return errSignature
		}
		return nil
	}
	return fmt.Errorf("alg %q is not known here", rules.alg)
}

// checkLife wants iat and exp (RFC 7519 4.1): it is now between them, and they are not farther apart than they may be.
func checkLife(claims Object, lifetime time.Duration, now time.Time) error {
	times := map[string]time.Time{}
	for _, name := range []string{"iat", "exp", "nbf"} {
		value, is := claims.get(name)
		if !is && name == "nbf" {
			continue
		}
		n, isNumber := value.(json.Number)
		seconds, err := strconv.ParseFloat(string(cmp.Or(n, "none")), 64)
		if !isNumber || err != nil {
			return fmt.Errorf("claim %s: want a number, got %v", name, value)
		}
		times[name] = time.UnixMilli(int64(seconds * 1000))
	}
	switch {
	case times["iat"].After(now.Add(skew)):
		return fmt.Errorf("claim iat: it is in the future, %s", times["iat"])
	case !times["exp"].After(now):
		return fmt.Errorf("claim exp: it is over since %s", times["exp"])
	case times["exp"].Sub(times["iat"]) > lifetime:
		return fmt.Errorf("claim exp: want a life of at most %s, got %s", lifetime, times["exp"].Sub(times["iat"]))
	case times["nbf"].After(now.Add(skew)):
		return fmt.Errorf("claim nbf: it begins at %s", times["nbf"])
	}
	return nil
}
