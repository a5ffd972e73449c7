package catalogue

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func checkUUID(got string) error {
	if !uuidForm.MatchString(got) {
		return errors.New("want a UUID")
	}
	return nil
}

func checkPresent(got string) error {
	if got == "" {
		return errors.New("want something")
	}
	return nil
}

// checkTime wants the time, near now: in a format of YYYY MM DD HH mm ss, as X (UNIX seconds) or x (milliseconds); without a
// format as RFC 3339.
func checkTime(format, got string, now time.Time) error {
	at, err := readTime(format, got)
	if err != nil {
		return fmt.Errorf("want a time as %q", format)
	}
	if at.Sub(now).Abs() > skew {
		return fmt.Errorf("want a time near %s", now.UTC().Format(time.RFC3339))
	}
	return nil
}

func readTime(format, got string) (time.Time, error) {
	switch format {
	case "":
		return time.Parse(time.RFC3339, got)
	case "X":
		n, err := strconv.ParseInt(got, 10, 64)
		return time.Unix(n, 0), err
	case "x":
		n, err := strconv.ParseInt(got, 10, 64)
		return time.UnixMilli(n), err
	}
	layout := strings.NewReplacer("YYYY", "2006", "MM", "01", "DD", "02", "HH", "15", "mm", "04", "ss", "05").Replace(format)
	return time.Parse(layout, got)
}

// checkVerifier wants the code verifier that belongs to a challenge (RFC 7636 4.6).
func checkVerifier(challenge string) check {
	return func(got string) error {
		sum := sha256.Sum256([]byte(got))
		if base64.RawURLEncoding.EncodeToString(sum[:]) != challenge || len(got) < 43 || len(got) > 128 {
			return fmt.Errorf("want the verifier of the challenge %q", challenge)
		}
		return nil
	}
}

var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

func checkChallenge(got string) error {
	if !challengeForm.MatchString(got) {
		return errors.New("want base64url of a SHA-256 digest")
	}
	return nil
}

var wsseForm = regexp.MustCompile(
	`^UsernameToken Username="([^"]*)", PasswordDigest="([^"]*)", Nonce="([0-9a-fA-F]{32})", Created="([^"]*)"$`)

// wsse checks a WSSE token: the digest is the base64 of the hexadecimal SHA-1 of nonce, time and password.
func (m *matcher) wsse(got string) error {
	fields := wsseForm.FindStringSubmatch(got)
	if fields == nil {
		return errors.New(`want UsernameToken Username="...", PasswordDigest="...", Nonce="32 hexadecimal digits", Created="..."`)
	}
	name, _ := m.value("credentials.username")
	password, _ := m.value("credentials.password")
	sum := sha1.Sum([]byte(fields[3] + fields[4] + password))
	want := base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:])))
	at, err := time.Parse(time.RFC3339, fields[4])
	ms, _ := m.plan.entry.Token.ExpiresInMS.Int64()
	switch {
	case fields[1] != name:
		return fmt.Errorf("want Username %q", name)
	case fields[2] != want:
		return fmt.Errorf("want PasswordDigest %q", want)
	case err != nil || at.Sub(m.now).Abs() > time.Duration(ms)*time.Millisecond:
		return fmt.Errorf("want Created near %s", m.now.UTC().Format(time.RFC3339))
	}
	return nil
}
