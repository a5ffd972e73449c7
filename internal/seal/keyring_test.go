package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

const secret = "s3cret text, häßlich \x00 too"

func sealed(t *testing.T, k *seal.Keyring, text, place string) string {
	t.Helper()
	s, err := k.Seal(text, place)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fresh(t *testing.T) *seal.Keyring {
	t.Helper()
	k, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Failure mode 33: a leaked database.
func TestSealedOpensInItsPlaceOnly(t *testing.T) {
	k := fresh(t)
	s := sealed(t, k, secret, "here")
	if got, err := k.Open(s, "here"); err != nil || got != secret {
		t.Errorf("opened %q: %v", got, err)
	}
	if !strings.HasPrefix(s, "sealed:v1:") || strings.Contains(s, secret[:6]) {
		t.Errorf("sealed is %q", s)
	}
	if sealed(t, k, secret, "here") == s {
		t.Error("the same text is sealed alike twice")
	}
	damaged := []byte(s)
	damaged[len(damaged)-5] ^= 1
	for name, test := range map[string]struct {
		keys        *seal.Keyring
		text, place string
	}{
		"another place": {k, s, "there"},
		"another key":   {fresh(t), s, "here"},
		"damaged":       {k, string(damaged), "here"},
		"cut off":       {k, s[:len(s)-4], "here"},
		"no base64":     {k, "sealed:v1:%%%", "here"},
		"nothing":       {k, "sealed:v1:", "here"},
		"never sealed":  {k, secret, "here"},
		"empty":         {k, "", "here"},
	} {
		got, err := test.keys.Open(test.text, test.place)
		if !fault.Is(err, fault.Invalid) || got != "" {
			t.Errorf("%s: opened %q: %v", name, got, err)
			continue
		}
		if !strings.Contains(err.Error(), test.place) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error is %q", name, err)
		}
	}
}

func TestKeyFileIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	keyrings := make([]*seal.Keyring, 16)
	var work sync.WaitGroup
	for i := range keyrings { // at once, as processes that start together
		work.Go(func() {
			k, err := seal.OpenKeyring(path)
			if err != nil {
				t.Error(err)
			}
			keyrings[i] = k
		})
	}
	work.Wait()
	if t.Failed() {
		return
	}
	s := sealed(t, keyrings[0], secret, "here")
	again, err := seal.OpenKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range append(keyrings, again) {
		if got, err := k.Open(s, "here"); err != nil || got != secret {
			t.Errorf("keyring %d opened %q: %v", i, got, err)
		}
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v: %v", files, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file is %v: %v", info.Mode(), err)
	}
}

func TestKeyFileThatIsRefused(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good")
	if _, err := seal.OpenKeyring(good); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text string
		mode os.FileMode
		kind fault.Kind
	}{
		"readable by the group": {string(whole), 0o640, fault.Invalid},
		"readable by all":       {string(whole), 0o604, fault.Invalid},
		"empty":                 {"", 0o600, fault.Invalid},
		"cut off":               {string(whole[:len(whole)/2]), 0o600, fault.Invalid},
		"something else":        {"-----BEGIN PRIVATE KEY-----\n", 0o600, fault.Invalid},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.mode); err != nil { // umask aside
			t.Fatal(err)
		}
		_, err := seal.OpenKeyring(path)
		if !fault.Is(err, test.kind) || fault.HintOf(err) == "" {
			t.Errorf("%s: %v (hint %q)", name, err, fault.HintOf(err))
		}
		if now, _ := os.ReadFile(path); string(now) != test.text {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if _, err := seal.OpenKeyring(filepath.Join(t.TempDir(), "none", "key")); !fault.Is(err, fault.Unavailable) || fault.HintOf(err) == "" {
		t.Errorf("no folder: %v", err)
	}
}
