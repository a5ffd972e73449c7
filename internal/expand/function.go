package expand

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/seal"
)

// A function of texts. Digests give their bytes, for hex and base64 to write; apply must not keep the arguments.
type function struct {
	least, most int // arguments
	apply       func(s Scope, args []string) (string, error)
}

func (f function) takes() string {
	switch {
	case f.most == 0:
		return "no argument"
	case f.least != f.most:
		return fmt.Sprintf("%d to %d arguments", f.least, f.most)
	case f.most == 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", f.most)
}

var functions = map[string]function{
	"base64":      of(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
	"base64url":   of(func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }),
	"hex":         of(func(s string) string { return hex.EncodeToString([]byte(s)) }),
	"sha256":      digest(sha256.New),
	"sha1":        digest(sha1.New), // what some services want; it protects nothing here
	"md5":         digest(md5.New),
	"hmac_sha256": keyed(sha256.New),
	"hmac_sha1":   keyed(sha1.New),
	"urlencode":   of(url.QueryEscape),
	"upper":       of(strings.ToUpper),
	"lower":       of(strings.ToLower),
	"left":        {2, 2, left},
	"fingerprint": {1, 1, fingerprint},
	"uuid":        {0, 0, func(s Scope, _ []string) (string, error) { return s.UUID, nil }},
	"now":         {0, 1, now},
}

func names() []string { return slices.Sorted(maps.Keys(functions)) }

func of(f func(string) string) function {
	return function{1, 1, func(_ Scope, args []string) (string, error) { return f(args[0]), nil }}
}

func digest(algorithm func() hash.Hash) function {
	return of(func(text string) string {
		h := algorithm()
		h.Write([]byte(text))
		return string(h.Sum(nil))
	})
}

// keyed takes the key first.
func keyed(algorithm func() hash.Hash) function {
	return function{2, 2, func(_ Scope, args []string) (string, error) {
		h := hmac.New(algorithm, []byte(args[0]))
		h.Write([]byte(args[1]))
		return string(h.Sum(nil)), nil
	}}
}

// left is the first characters of a text.
func left(_ Scope, args []string) (string, error) {
	n, err := strconv.Atoi(args[1])
	if err != nil || n < 0 {
		return "", fault.New(fault.Invalid, "left takes a text and a number of characters")
	}
	runes := []rune(args[0])
	return string(runes[:min(n, len(runes))]), nil
}

// fingerprint is the SHA-256 of a private key's public half, as bytes.
func fingerprint(_ Scope, args []string) (string, error) {
	key, err := jwt.ParseKey(seal.NewSecret(args[0]))
	if err != nil {
		return "", err
	}
	sum, err := jwt.Fingerprint(key)
	return string(sum[:]), err
}

// now is the time of the request in UTC: ISO 8601 to the second, 'unix' or 'unixms', or by a layout of YYYY MM DD HH mm ss SSS.
func now(s Scope, args []string) (string, error) {
	at := s.Now.UTC()
	switch {
	case len(args) == 0 || args[0] == "iso":
		return at.Format(time.RFC3339), nil
	case args[0] == "unix":
		return strconv.FormatInt(at.Unix(), 10), nil
	case args[0] == "unixms":
		return strconv.FormatInt(at.UnixMilli(), 10), nil
	}
	return strings.NewReplacer("YYYY", at.Format("2006"), "MM", at.Format("01"), "DD", at.Format("02"), "HH", at.Format("15"),
		"mm", at.Format("04"), "ss", at.Format("05"), "SSS", fmt.Sprintf("%03d", at.Nanosecond()/1e6)).Replace(args[0]), nil
}

func (c call) value(s Scope) (Value, error) {
	texts, all := make([]string, len(c.args)), Value{}
	for i, arg := range c.args {
		v, err := arg.value(s)
		if err != nil {
			return Value{}, err
		}
		texts[i], all = v.Reveal(), all.Join(v)
	}
	text, err := functions[c.name].apply(s, texts)
	if err != nil {
		return Value{}, err
	}
	if len(text) > maxText {
		return Value{}, errLong()
	}
	return all.of(text), nil
}
