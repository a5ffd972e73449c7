package jwt

import (
	"crypto/x509"
	"strings"

	"carnet.dev/carnet/fault"
)

// A block of PEM (RFC 7468 2).
type block struct {
	label     string
	der       []byte // nil if it is damaged
	encrypted bool
}

// lineBreaks undoes what happens to line breaks in environment variables and JSON that was quoted twice.
var lineBreaks = strings.NewReplacer(`\\r`, "", `\\n`, "\n", `\r`, "", `\n`, "\n")

// blocks finds the blocks of a text. encoding/pem wants each line in its place; here line breaks may be lost, doubled, or blanks.
func blocks(text string) (found []block) {
	rest := lineBreaks.Replace(text)
	for {
		_, after, ok := strings.Cut(rest, "-----BEGIN ")
		if !ok {
			return found
		}
		label, after, _ := strings.Cut(after, "-----")
		body, end, _ := strings.Cut(after, "-----")
		if strings.HasPrefix(end, "END "+label+"-----") {
			found, rest = append(found, newBlock(label, body)), end
		} else {
			found, rest = append(found, block{label: label}), after
		}
	}
}

// newBlock decodes a block's body. The old encryption shows in a header (RFC 1421 4.6.1.1), the new one in the label.
func newBlock(label, body string) block {
	b := block{label: label, encrypted: strings.HasPrefix(label, "ENCRYPTED ") || strings.Contains(body, "ENCRYPTED")}
	if der, err := decodeBase64(body); err == nil {
		b.der = der
	}
	return b
}

// parsePEM reads the first private key.
func parsePEM(text string) (Key, error) {
	all := blocks(text)
	for _, b := range all {
		if strings.HasSuffix(b.label, "PRIVATE KEY") {
			return b.key()
		}
	}
	return Key{}, notPrivate(all)
}

func (b block) key() (Key, error) {
	if b.encrypted {
		return Key{}, fault.New(fault.Invalid, "the private key is encrypted").
			WithHint("decrypt it first: openssl pkey -in encrypted.pem -out plain.pem; Carnet seals what it keeps")
	}
	if strings.HasPrefix(b.label, "OPENSSH ") {
		return Key{}, fault.New(fault.Invalid, "the private key is in OpenSSH's format").
			WithHint("convert it: ssh-keygen -p -m PKCS8 -N '' -f FILE")
	}
	private, ok := parseDER(b.der)
	if !ok {
		return Key{}, fault.New(fault.Invalid, "the private key is damaged, or of a sort that is not known").
			WithHint("copy all of it, from -----BEGIN to -----END; " + hintSorts)
	}
	return newKey(private, "", "")
}

// parseDER reads a private key in whichever encoding: labels don't always say the true one.
func parseDER(der []byte) (any, bool) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, true
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, true
	}
	key, err := x509.ParseECPrivateKey(der)
	return key, err == nil
}

// notPrivate says what the blocks are, when there is no private key.
func notPrivate(all []block) error {
	for _, b := range all {
		switch {
		case strings.HasSuffix(b.label, "PUBLIC KEY"):
			return fault.New(fault.Invalid, "this is a public key, and only the private key signs").WithHint(hintKey)
		case strings.HasSuffix(b.label, "CERTIFICATE"):
			return fault.New(fault.Invalid, "this is a certificate, and only its private key signs").WithHint(hintKey)
		}
	}
	if len(all) > 0 {
		return fault.New(fault.Invalid, "the PEM text holds no private key").WithHint(hintKey)
	}
	return fault.New(fault.Invalid, "the private key is neither PEM nor a JWK").WithHint(hintKey)
}
