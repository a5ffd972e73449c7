package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/audit"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mem"
	"carnet.dev/carnet/internal/token"
)

// keyFile makes a key file, and returns it with what opens it.
func keyFile(t testing.TB) (path string, reopen func() *seal.Keyring) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "carnet.key")
	reopen = func() *seal.Keyring {
		keys, err := seal.OpenKeyring(path)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	reopen()
	return path, reopen
}

// newPrimary adds a key to the file and makes it primary.
func newPrimary(t testing.TB, path string) uint32 {
	t.Helper()
	id, err := seal.AddKey(path)
	if err == nil {
		err = seal.SetPrimary(path, id)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// furnish writes n records of each kind that holds secrets, and one of each other.
func furnish(t testing.TB, s *store.Store, n int) {
	t.Helper()
	hidden := seal.NewSecret("hidden")
	for i := range n {
		name := fmt.Sprintf("name-%03d", i)
		value := full(name)
		value.UID = "uid-" + name
		_, e1 := s.Integrations.Put(t.Context(), name, value, 0)
		_, e2 := s.Tokens.Put(t.Context(), name+"/"+value.UID+"/OAuth", token.Record{ID: name + "/" + value.UID + "/OAuth", Generation: 1, Token: token.Token{RefreshToken: hidden}}, 0)
		_, e3 := s.Users.Put(t.Context(), name, access.User{Name: name, Password: hidden, Stamp: "stamp"}, 0)
		_, e4 := s.Accounts.Put(t.Context(), name, access.Account{Name: name, Secret: hidden}, 0)
		pending := integration.Connection{Integration: name, UID: value.UID, Scheme: "OAuth", Verifier: hidden, Expires: when.Add(time.Hour)}
		_, e5 := s.Connections.Put(t.Context(), "state of "+name, pending, 0)
		for _, err := range []error{e1, e2, e3, e4, e5} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	_, e1 := s.Sessions.Put(t.Context(), "digest", access.Session{Kind: access.KindUser, Name: "name-000", Stamp: "stamp", Expires: when.Add(time.Hour)}, 0)
	_, e2 := s.Audit.Put(t.Context(), "entry", audit.Entry{ID: "entry"}, 0)
	_, e3 := s.Notices.Put(t.Context(), "notice", integration.Notice{At: when}, 0)
	if e1 != nil || e2 != nil || e3 != nil {
		t.Fatal(e1, e2, e3)
	}
}

func sealedWith(t testing.TB, s *store.Store) map[uint32]store.Sealed {
	t.Helper()
	all, err := s.Sealed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestResealLeavesNothingUnderTheOldKey(t *testing.T) {
	path, reopen := keyFile(t)
	data := mem.New()
	keys := reopen()
	s := open(t, data.Open(), keys)
	furnish(t, s, 3)
	before := sealedWith(t, s)
	old := keys.Primary()
	if len(before) != 1 || before[old].Records != 5*3+1 {
		t.Fatalf("sealed: %v", before)
	}
	id := newPrimary(t, path)
	if err := keys.Reload(); err != nil {
		t.Fatal(err)
	}
	last := map[string]store.Progress{}
	written, err := s.Reseal(t.Context(), func(p store.Progress) { last[p.Kind] = p })
	if err != nil || written != 16 {
		t.Errorf("%d records were written: %v", written, err)
	}
	for kind, p := range last {
		if p.Done != p.Total || p.Total == 0 {
			t.Errorf("the progress in %s ends with %v", kind, p)
		}
	}
	after := sealedWith(t, s)
	if len(after) != 1 || after[id] != before[old] {
		t.Errorf("sealed: %v, before %v", after, before)
	}
	if written, err := s.Reseal(t.Context(), nil); written != 0 || err != nil {
		t.Errorf("a second pass wrote %d: %v", written, err)
	}
	if got, _, err := open(t, data.Open(), reopen()).Integrations.Get(t.Context(), "name-001"); err != nil || !got.Settings.Authentication["Key"].Value.Equal(seal.NewSecret("hidden value")) {
		t.Errorf("read %v: %v", got.Settings.Authentication["Key"].Value, err)
	}
}

// TestResealGoesOnWhereItWas interrupts it after every number of writes.
func TestResealGoesOnWhereItWas(t *testing.T) {
	path, reopen := keyFile(t)
	data := mem.New()
	keys := reopen()
	furnish(t, open(t, data.Open(), keys), 1)
	newPrimary(t, path)
	total := 0
	for range 10 {
		ctx, stop := context.WithCancel(t.Context())
		d := &tampered{Driver: data.Open()}
		d.put = func(r driver.Record, replaces int64) error {
			stop()
			return d.Driver.Put(t.Context(), r, replaces)
		}
		written, err := open(t, d, reopen()).Reseal(ctx, nil)
		total += written
		stop()
		if err == nil {
			break
		}
		if written != 1 {
			t.Fatalf("%d records were written before it stopped: %v", written, err)
		}
	}
	if total != 6 {
		t.Errorf("%d records were written in all, want 6", total)
	}
}

func TestADamagedRecordKeepsNoOtherFromBeingResealed(t *testing.T) {
	path, reopen := keyFile(t)
	data := mem.New()
	keys := reopen()
	s := open(t, data.Open(), keys)
	furnish(t, s, 2)
	r, err := data.Open().Get(t.Context(), "user", "name-000")
	if err != nil {
		t.Fatal(err)
	}
	old := keys.Primary()
	moved := driver.Record{Kind: "user", ID: "moved", Revision: 1, Body: r.Body}
	if err := data.Open().Put(t.Context(), moved, 0); err != nil {
		t.Fatal(err)
	}
	newPrimary(t, path)
	keys.Reload()
	written, err := s.Reseal(t.Context(), nil)
	if written != 11 || !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" || len(fault.ProblemsOf(err)) != 1 {
		t.Errorf("%d were written: %v, %v", written, err, fault.ProblemsOf(err))
	}
	if left := sealedWith(t, s)[old]; left != (store.Sealed{Records: 1, Values: 1}) {
		t.Errorf("under the old key are %v", left)
	}
}

// TestServersGoOnWhileTheKeyIsReplaced runs writers and a reader, each with a keyring of its own on the same file.
func TestServersGoOnWhileTheKeyIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path, reopen := keyFile(t)
		data := mem.New()
		furnish(t, open(t, data.Open(), reopen()), 20)
		stop, stopped := context.WithCancel(t.Context())
		writer, maker, reader := open(t, data.Open(), reopen()), open(t, data.Open(), reopen()), open(t, data.Open(), reopen())
		ended := make(chan int, 3)
		loop := func(pause time.Duration, f func(i int)) {
			n := 0
			for ; stop.Err() == nil; n++ {
				f(n)
				time.Sleep(pause)
			}
			ended <- n
		}
		go loop(27*time.Millisecond, func(i int) {
			name := fmt.Sprintf("name-%03d", i%20)
			value, revision, err := writer.Integrations.Get(stop, name)
			if err == nil {
				value.Settings.Variables["n"] = fmt.Appendf(nil, "%d", i)
				_, err = writer.Integrations.Put(stop, name, value, revision)
			}
			if err != nil && !fault.Is(err, fault.Conflict) && stop.Err() == nil {
				t.Error(err)
			}
		})
		go loop(31*time.Millisecond, func(i int) { // reads nothing, and so learns of the new key only from the file
			if _, err := maker.Users.Put(stop, fmt.Sprintf("new-%d", i), access.User{Password: seal.NewSecret("hidden")}, 0); err != nil && stop.Err() == nil {
				t.Error(err)
			}
		})
		go loop(111*time.Millisecond, func(int) {
			for _, err := range reader.Integrations.All(stop, "") {
				if err != nil && stop.Err() == nil {
					t.Error(err)
				}
			}
			for _, err := range reader.Users.All(stop, "") {
				if err != nil && stop.Err() == nil {
					t.Error(err)
				}
			}
		})
		time.Sleep(3 * seal.LookEvery / 2) // the maker has just looked at the file
		keys := reopen()
		s := open(t, data.Open(), keys)
		old := keys.Primary()
		id := newPrimary(t, path)
		keys.Reload()
		first, err := s.Reseal(t.Context(), nil)
		if err != nil || first < 81 {
			t.Errorf("the first pass wrote %d: %v", first, err)
		}
		time.Sleep(2 * seal.LookEvery)
		second, err := s.Reseal(t.Context(), nil)
		if err != nil || second == 0 {
			t.Errorf("the second pass wrote %d: %v; the maker went on under the old key until it looked", second, err)
		}
		time.Sleep(3 * seal.LookEvery)
		if all := sealedWith(t, s); all[old].Records != 0 || all[id].Records < 100 {
			t.Errorf("sealed: %v, the new key is %d", all, id)
		}
		if err := seal.DropKeys(path, []uint32{old}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * seal.LookEvery)
		stopped()
		t.Logf("%d, %d and %d rounds; %d records in the first pass, %d in the second", <-ended, <-ended, <-ended, first, second)
		for _, err := range open(t, data.Open(), reopen()).Users.All(t.Context(), "") {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// TestEveryKindThatHoldsSecretsIsResealed looks for secrets in the types of all collections.
func TestEveryKindThatHoldsSecretsIsResealed(t *testing.T) {
	path, reopen := keyFile(t)
	keys := reopen()
	var seen []string
	d := &tampered{Driver: mem.New().Open()}
	s := open(t, d, keys)
	furnish(t, s, 1)
	d.put = func(r driver.Record, replaces int64) error {
		seen = append(seen, r.Kind)
		return d.Driver.Put(t.Context(), r, replaces)
	}
	newPrimary(t, path)
	keys.Reload()
	if _, err := s.Reseal(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	collections := reflect.TypeFor[store.Store]()
	for i := range collections.NumField() {
		f := collections.Field(i)
		if get, ok := f.Type.MethodByName("Get"); ok && f.IsExported() {
			value, kind := get.Type.Out(0), strings.ToLower(strings.TrimSuffix(f.Name, "s"))
			if holds := holdsSecret(value, nil); holds != slices.Contains(seen, kind) {
				t.Errorf("%s holds secrets: %v, but resealed were %v", kind, holds, seen)
			}
		}
	}
	if holdsSecret(reflect.TypeFor[model.Model](), nil) {
		t.Error("models hold secrets")
	}
}

func holdsSecret(t reflect.Type, above []reflect.Type) bool {
	if t == reflect.TypeFor[seal.Secret]() {
		return true
	}
	if slices.Contains(above, t) {
		return false
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return holdsSecret(t.Elem(), above)
	case reflect.Map:
		return holdsSecret(t.Elem(), above) || holdsSecret(t.Key(), above)
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsSecret(t.Field(i).Type, above) {
				return true
			}
		}
	}
	return false
}
