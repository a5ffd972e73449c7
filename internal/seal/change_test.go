package seal_test

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// keyFile makes a key file and returns its path and a keyring on it.
func keyFile(t *testing.T) (string, *seal.Keyring) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	return path, reopen(t, path)
}

func reopen(t *testing.T, path string) *seal.Keyring {
	t.Helper()
	k, err := seal.OpenKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// wants checks that a keyring opens a text.
func wants(t *testing.T, k *seal.Keyring, text string) {
	t.Helper()
	if got, err := k.Open(text, "here"); err != nil || got != secret {
		t.Errorf("opened %q: %v", got, err)
	}
}

func sealedWith(t *testing.T, k *seal.Keyring) uint32 {
	t.Helper()
	id, ok := seal.KeyOf(sealed(t, k, secret, "here"))
	if !ok {
		t.Fatal("a sealed text names no key")
	}
	return id
}

func TestAKeyIsReplacedUnderAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path, server := keyFile(t)
		first := sealedWith(t, server)
		old := sealed(t, server, secret, "here")
		id, err := seal.AddKey(path)
		if err != nil || id == first {
			t.Fatalf("key %d was added to %d: %v", id, first, err)
		}
		time.Sleep(seal.LookEvery)
		if got := sealedWith(t, server); got != first || len(server.Keys()) != 2 {
			t.Errorf("an added key is sealed with before it is primary: %d, %v", got, server.Keys())
		}
		if err := seal.SetPrimary(path, id); err != nil {
			t.Fatal(err)
		}
		if got := sealedWith(t, server); got != first {
			t.Error("the file is looked at more often than said")
		}
		time.Sleep(seal.LookEvery)
		if got := sealedWith(t, server); got != id || server.Primary() != id {
			t.Errorf("sealed with %d after %d was made primary", got, id)
		}
		wants(t, server, old)
		if err := seal.DropKeys(path, []uint32{first}); err != nil {
			t.Fatal(err)
		}
		if _, err := reopen(t, path).Open(old, "here"); !fault.Is(err, fault.Invalid) {
			t.Errorf("a dropped key opens: %v", err)
		}
	})
}

// TestAReaderLearnsOfANewKeyByWhatItReads needs no time to pass: another replica seals with a key that came since.
func TestAReaderLearnsOfANewKeyByWhatItReads(t *testing.T) {
	path, idle := keyFile(t)
	first := idle.Primary()
	id, err := seal.AddKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := seal.SetPrimary(path, id); err != nil {
		t.Fatal(err)
	}
	if err := seal.DropKeys(path, []uint32{first}); err != nil {
		t.Fatal(err)
	}
	wants(t, idle, sealed(t, reopen(t, path), secret, "here"))
	if got := sealedWith(t, idle); got != id {
		t.Errorf("then it seals with %d, not with %d", got, id)
	}
	if _, err := idle.Open(sealed(t, fresh(t), secret, "here"), "here"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a key that is in no file opens: %v", err)
	}
}

func TestAForeignKeyFileSealsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path, server := keyFile(t)
		ours := sealed(t, server, secret, "here")
		other, _ := keyFile(t)
		if err := os.Rename(path, path+".kept"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(seal.LookEvery)
		wants(t, server, sealed(t, server, secret, "here")) // without a file it goes on
		if err := os.Rename(other, path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(seal.LookEvery)
		if _, err := server.Seal(secret, "here"); !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" {
			t.Errorf("sealed with the key of other data: %v", err)
		}
		wants(t, server, ours)
		if err := os.Rename(path+".kept", path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(seal.LookEvery)
		wants(t, server, sealed(t, server, secret, "here"))
	})
}

func TestManyAddKeysAtOnce(t *testing.T) {
	path, k := keyFile(t)
	first := k.Primary()
	var mu sync.Mutex
	added := map[uint32]bool{first: true}
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for {
				id, err := seal.AddKey(path)
				if fault.Is(err, fault.Conflict) {
					runtime.Gosched()
					continue
				}
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				added[id] = true
				mu.Unlock()
				return
			}
		})
	}
	work.Wait()
	keys := reopen(t, path).Keys()
	if len(keys) != 9 || keys[0] != (seal.Key{ID: first, Primary: true}) {
		t.Errorf("the keys are %v", keys)
	}
	for _, key := range keys {
		if !added[key.ID] {
			t.Errorf("nobody added %d", key.ID)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v: %v", files, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file is %v: %v", info.Mode(), err)
	}
}

func TestAChangeThatFailsLeavesTheFileAlone(t *testing.T) {
	path, k := keyFile(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() error{
		"an unknown key becomes primary": func() error { return seal.SetPrimary(path, k.Primary()+1) },
		"an unknown key is dropped":      func() error { return seal.DropKeys(path, []uint32{k.Primary() + 1}) },
		"the primary is dropped":         func() error { return seal.DropKeys(path, []uint32{k.Primary()}) },
		"somebody else is at it": func() error {
			defer os.Remove(path + ".next")
			if err := os.WriteFile(path+".next", nil, 0o600); err != nil {
				return err
			}
			return seal.SetPrimary(path, k.Primary())
		},
	} {
		err := change()
		if !fault.Is(err, fault.Conflict) || fault.HintOf(err) == "" {
			t.Errorf("%s: %v (hint %q)", name, err, fault.HintOf(err))
		}
		if now, _ := os.ReadFile(path); string(now) != string(before) {
			t.Errorf("%s: the file was changed", name)
		}
		if _, err := os.Stat(path + ".next"); err == nil {
			t.Errorf("%s: the lock was left", name)
		}
	}
}
