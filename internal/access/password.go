package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// Cost of a hash made now: the memory that OWASP recommends for argon2id, and twice the passes of its least, which is about
// 50 ms. An older hash says its own.
const (
	hashMemory  = 19 << 10 // KiB
	hashPasses  = 4
	hashThreads = 1
	hashSalt    = 16 // bytes
	hashKey     = 32 // bytes
)

// Limits of what a stored hash may ask for, so that a damaged one can't take the machine's memory.
const (
	maxMemory = 1 << 20 // KiB
	maxPasses = 64
)

const minPassword = 8 // characters

// phc is the form of a hash (the PHC string format), with Go's own base64 without padding.
const phc = "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s"

// hash returns the argon2id hash of a text under a new salt, in the PHC string format.
func hash(text seal.Secret) seal.Secret {
	salt := make([]byte, hashSalt)
	rand.Read(salt) // never fails (crypto/rand)
	key := argon2.IDKey([]byte(text.Reveal()), salt, hashPasses, hashMemory, hashThreads, hashKey)
	return seal.NewSecret(fmt.Sprintf(phc, argon2.Version, hashMemory, hashPasses, hashThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)))
}

// verify reports whether the text is the one that was hashed, at the cost that the hash states. An error is a damaged hash.
func verify(hashed, text seal.Secret) (bool, error) {
	damaged := fault.New(fault.Internal, "a stored password hash is damaged")
	part := strings.Split(hashed.Reveal(), "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, damaged
	}
	var memory, passes uint32
	var threads uint8
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil {
		return false, damaged
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(part[4])
	key, err2 := base64.RawStdEncoding.DecodeString(part[5])
	if err1 != nil || err2 != nil || len(key) == 0 || threads == 0 || passes == 0 || passes > maxPasses || memory > maxMemory {
		return false, damaged
	}
	got := argon2.IDKey([]byte(text.Reveal()), salt, passes, memory, threads, uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

// letters draws n random letters. 32 letters make five bits of a byte an unbiased choice.
func letters(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = crockford[b[i]&31]
	}
	return string(b)
}

// crockford is Crockford's base32 alphabet in lower case: no i, l, o or u, which are misread.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// newPassword draws a password that a person can copy from paper: four groups of five letters, 100 bits.
func newPassword() seal.Secret {
	return seal.NewSecret(strings.Join([]string{letters(5), letters(5), letters(5), letters(5)}, "-"))
}

// newText draws a session's text, 256 bits.
func newText() seal.Secret {
	b := make([]byte, 32)
	rand.Read(b)
	return seal.NewSecret(base64.RawURLEncoding.EncodeToString(b))
}

// sessionID is what a session of that text is stored under. The text has 256 random bits, so a plain digest hides it.
func sessionID(text seal.Secret) string {
	sum := sha256.Sum256([]byte(text.Reveal()))
	return hex.EncodeToString(sum[:])
}
