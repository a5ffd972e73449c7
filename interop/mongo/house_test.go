package mongo_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/openapi"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mongo"
	"carnet.dev/carnet/internal/store/sqlite"
	"carnet.dev/carnet/internal/token"
)

// TestMovingHouse takes data from SQLite to MongoDB, interrupted on the way, replaces the key there, and takes it back.
func TestMovingHouse(t *testing.T) {
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "carnet.key")
	keys, err := seal.OpenKeyring(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	open := func(name string) driver.Driver {
		d, err := sqlite.Open(t.Context(), filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	furnish(t, open("carnet.db"), keys)
	source, back := open("carnet.db"), open("back.db")
	uri := seal.NewSecret(database(t))
	in, err := mongo.Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	if _, err := store.Copy(ctx, source, in, store.CopyOptions{Progress: func(p store.Progress) {
		if p.Kind == "token" {
			stop()
		}
	}}); err == nil {
		t.Fatal("the copy was not interrupted")
	}
	again, err := mongo.Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := store.Open(t.Context(), again, keys); err == nil {
		s.Close()
		t.Error("half a copy is opened")
	}
	if _, err := store.Copy(t.Context(), source, in, store.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	same(t, source, in)

	id, err := seal.AddKey(keyFile)
	if err == nil {
		err = seal.SetPrimary(keyFile, id)
	}
	if err == nil {
		err = keys.Reload()
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), in, keys)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n, err := s.Reseal(t.Context(), nil); err != nil || n != 31 {
		t.Errorf("%d records were sealed anew: %v", n, err)
	}
	report, err := s.Check(t.Context(), nil)
	if err != nil || len(report.Findings) > 0 || len(report.Keys) != 1 || report.Keys[id].Records != 31 {
		t.Errorf("%v: %+v", err, report)
	}
	if _, err := store.Copy(t.Context(), in, back, store.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	same(t, in, back)
}

// furnish writes ten integrations with their tokens and users, and a model.
func furnish(t *testing.T, d driver.Driver, keys *seal.Keyring) {
	t.Helper()
	s, err := store.Open(t.Context(), d, keys)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	document, err := openapi.Read([]byte(`{"openapi":"3.0.3","info":{"title":"T","version":"1"},"paths":{"/x":{"get":{"operationId":"x","responses":{"200":{"description":"fine"}}}}}}`), "")
	if err == nil {
		_, err = s.PutModel(t.Context(), document, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	hidden := seal.NewSecret("hidden")
	for n := range 10 {
		name := fmt.Sprintf("name-%d", n)
		settings := integration.Settings{Authentication: map[string]integration.Authentication{"oauth2.0": {ClientSecret: hidden}}}
		_, e1 := s.Integrations.Put(t.Context(), name, integration.Integration{UID: name, Name: name, Model: "T:1", Settings: settings}, 0)
		_, e2 := s.Tokens.Put(t.Context(), name+"/"+name+"/oauth2.0", token.Record{Generation: 1, Token: token.Token{RefreshToken: hidden}}, 0)
		_, e3 := s.Users.Put(t.Context(), name, access.User{Name: name, Password: hidden}, 0)
		if e1 != nil || e2 != nil || e3 != nil {
			t.Fatal(e1, e2, e3)
		}
	}
}

func same(t *testing.T, a, b driver.Driver) {
	t.Helper()
	for _, kind := range store.Kinds() {
		of := func(d driver.Driver) []driver.Record {
			records, err := d.List(t.Context(), kind, driver.Page{Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			for i := range records {
				records[i].Due = records[i].Due.UTC()
			}
			return append([]driver.Record{}, records...)
		}
		if !reflect.DeepEqual(of(a), of(b)) {
			t.Errorf("%s differs:\n%v\n%v", kind, of(a), of(b))
		}
	}
}
