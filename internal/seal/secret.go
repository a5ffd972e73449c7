package seal

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Mask is what a secret that is set looks like wherever it is shown. Writing it back leaves the stored value alone.
const Mask = "********"

// A Secret is a text that does not print: fmt, log/slog and JSON all show [Mask], or nothing if it is empty. Only
// [Secret.Reveal] gives the text. The text sits behind a pointer, so that printing a struct with an unexported Secret, whose
// methods fmt can't call, shows an address. The zero value is the empty secret.
type Secret struct{ text *string }

// NewSecret returns text as a secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text. Every call is a place where a secret may leak.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty; `omitzero` in JSON asks it.
func (s Secret) IsZero() bool { return s.text == nil }

// IsMask reports whether the text is [Mask]: a masked answer that was written back.
func (s Secret) IsMask() bool { return s.Reveal() == Mask }

// Equal compares in constant time for texts of equal length, and makes no copies.
func (s Secret) Equal(other Secret) bool {
	if s.text == other.text {
		return true
	}
	a, b := s.Reveal(), other.Reveal()
	if len(a) != len(b) {
		return false
	}
	var differ byte
	for i := range len(a) {
		differ |= a[i] ^ b[i]
	}
	return subtle.ConstantTimeByteEq(differ, 0) == 1
}

// String returns [Mask], or "" for the empty secret.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return Mask
}

// Format prints [Secret.String] whatever the verb: without it, %d would show the text.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue shows [Secret.String] in a structured log.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText encodes [Secret.String]: a secret leaves as its mask unless the store seals it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the text as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
