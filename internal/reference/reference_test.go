package reference_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/reference"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{"SHOP_SECRET": "hunter2", "SHOP_EMPTY": "", "OTHER": "hunter3", "CARNET_PASSWORD": "hunter4", "ONE": "hunter5"} {
		t.Setenv(name, value)
	}
	allowed := reference.Allowed{Env: []string{"SHOP_*", "ONE", "CARNET_PASSWORD", "CARNET_*"}}
	for text, want := range map[string]string{
		"${env:SHOP_SECRET}": "hunter2", "${env:ONE}": "hunter5",
		"${env:SHOP_EMPTY}": "is empty", "${env:SHOP_UNSET}": "is not set", "${env:OTHER}": "is not allowed here", "${env:ONE_MORE}": "is not allowed here",
		"${env:CARNET_PASSWORD}": "is not allowed here", "${env:}": "is no reference", "env:ONE": "is no reference", "a ${env:ONE}": "is no reference",
		"${env:ONE}${env:ONE}": "is no reference", "${vault:ONE}": "is no reference",
	} {
		got, err := allowed.Read(text)
		if err == nil && got.Reveal() == want {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), text+" "+want) || strings.Contains(err.Error()+fault.HintOf(err), "hunter") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := (reference.Allowed{}).Read("${env:ONE}"); !fault.Is(err, fault.Denied) || !strings.Contains(fault.HintOf(err), "--allow-env ONE") {
		t.Errorf("nothing is allowed: %v, %s", err, fault.HintOf(err))
	}
}

// TestFiles: only files in an allowed directory are read, wherever links lead, and nothing is told of others.
func TestFiles(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, filepath.Join(outside, "key"), "hunter2")
	if err := os.Mkdir(in("..data"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, in("..data/token"), "rotating\n")
	link(t, "..data/token", in("token")) // as Kubernetes mounts secrets
	link(t, in("..data/token"), in("absolute"))
	link(t, filepath.Join(outside, "key"), in("escape"))
	link(t, outside, in("escapes"))
	write(t, in("plain"), "hunter1\r\n\n")
	write(t, in("large"), strings.Repeat("x", 256<<10+1))
	write(t, in("binary"), "a\x00b")
	write(t, in("latin"), "caf\xe9")
	write(t, in("empty"), "\n")
	through := filepath.Join(t.TempDir(), "mount")
	link(t, dir, through)
	allowed := reference.Allowed{Files: []string{through}}
	for path, want := range map[string]string{
		in("plain"): "hunter1\r\n", in("token"): "rotating", in("absolute"): "rotating", in("..data/token"): "rotating",
		filepath.Join(through, "token"): "rotating", in("x/../plain"): "hunter1\r\n",
		in("escape"): "is not allowed here", in("escapes/key"): "is not allowed here", filepath.Join(outside, "key"): "is not allowed here",
		filepath.Join(outside, "nothing"): "is not allowed here", in("../" + filepath.Base(outside) + "/key"): "is not allowed here", dir: "is not allowed here",
		filepath.Join(through, "nothing"): "can't be read: no such file", in("..data"): "can't be read: it is no regular file",
		in("large"): "can't be read: it is larger than", in("binary"): "is no text", in("latin"): "is no text", in("empty"): "is empty",
		"relative": "is no reference", "": "is no reference",
	} {
		text := "${file:" + path + "}"
		got, err := allowed.Read(text)
		if err == nil && got.Reveal() == want {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), text+" "+want) || strings.Contains(err.Error()+fault.HintOf(err), "hunter") {
			t.Errorf("%s: %q, %v; want %q", path, got.Reveal(), err, want)
		}
	}
	for path, want := range map[string]bool{in("plain"): true, in("yet to come"): true, filepath.Join(through, "x"): true, in("escape"): true,
		filepath.Join(outside, "key"): false, filepath.Join(outside, "nothing", "key"): false} {
		if allowed.Covers(path) != want {
			t.Errorf("Covers(%s) is %v", path, !want)
		}
	}
}

func TestWhatCanBeAllowed(t *testing.T) {
	for _, test := range []struct {
		allowed reference.Allowed
		ok      bool
	}{
		{reference.Allowed{}, true},
		{reference.Allowed{Env: []string{"A", "SHOP_*"}, Files: []string{"/run/secrets"}}, true},
		{reference.Allowed{Env: []string{"*"}}, false},
		{reference.Allowed{Env: []string{"A*B"}}, false},
		{reference.Allowed{Env: []string{""}}, false},
		{reference.Allowed{Env: []string{"CARNET_KEY"}}, false},
		{reference.Allowed{Files: []string{"secrets"}}, false},
		{reference.Allowed{Files: []string{"/"}}, false},
		{reference.Allowed{Files: []string{"/run/.."}}, false},
	} {
		if err := test.allowed.Check(); (err == nil) != test.ok {
			t.Errorf("%+v: %v", test.allowed, err)
		}
	}
}
