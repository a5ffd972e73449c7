package jwt

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// HMACKey makes a key of a shared secret. encoding says what the text is: the secret itself ("" or "text"), "hex" or "base64",
// which may be in the alphabet for URLs, and lack its padding. An error never quotes the text.
func HMACKey(text seal.Secret, encoding string) (Key, error) {
	secret, err := decode(text.Reveal(), encoding)
	if err != nil {
		return Key{}, err
	}
	if len(secret) == 0 {
		return Key{}, fault.New(fault.Invalid, "the shared secret is empty").
			WithHint("give the secret that the service shares with you")
	}
	return newKey(pad(secret), "", "")
}

// decode undoes the encoding of a shared secret.
func decode(text, encoding string) (secret []byte, err error) {
	switch encoding {
	case "", "text":
		return []byte(text), nil
	case "hex":
		secret, err = hex.DecodeString(unbroken(text))
	case "base64":
		secret, err = decodeBase64(alphabet.Replace(text))
	default:
		return nil, fault.New(fault.Invalid, "the encoding %q of the shared secret is not known", encoding).
			WithHint("it is text, hex or base64")
	}
	if err != nil { // not wrapped: its text quotes the secret's
		return nil, fault.New(fault.Invalid, "the shared secret is not %s", encoding).
			WithHint("correct the secret, or how it is said to be encoded: text, hex or base64")
	}
	return secret, nil
}

// pad fills a short secret with zeros up to a block of SHA-256. HMAC does so itself (RFC 2104 2): the signatures stay the same.
// The signer wants secrets as long as the hash (RFC 7518 3.2), and services hand out shorter ones.
func pad(secret []byte) []byte {
	missing := max(sha256.BlockSize-len(secret), 0)
	return slices.Concat(secret, make([]byte, missing))
}

// alphabet turns base64 of RFC 4648 5 into that of section 4.
var alphabet = strings.NewReplacer("-", "+", "_", "/")

// decodeBase64 is lenient about line breaks and missing padding.
func decodeBase64(text string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(unbroken(text), "="))
}

// unbroken is the text without blanks and line breaks.
func unbroken(text string) string { return strings.Join(strings.Fields(text), "") }
