package store_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mem"
	"carnet.dev/carnet/internal/token"
)

func check(t testing.TB, s *store.Store) store.CheckReport {
	t.Helper()
	report, err := s.Check(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestSoundDataHasNoFindings(t *testing.T) {
	keys := newKeys(t)
	d := mem.New().Open()
	s := furnished(t, d, keys)
	large := document("Large:1", 40, 40_000)
	if _, err := s.PutModel(t.Context(), large, 0); err != nil {
		t.Fatal(err)
	}
	before := contents(t, d)
	last := map[string]store.Progress{}
	report, err := s.Check(t.Context(), func(p store.Progress) { last[p.Kind] = p })
	if err != nil || len(report.Findings) > 0 || report.Broken() {
		t.Errorf("%v: %+v", err, report.Findings)
	}
	if got := report.Keys[keys.Primary()].Records; got != 16 || len(report.Keys) != 1 {
		t.Errorf("keys: %v", report.Keys)
	}
	total := 0
	for _, k := range report.Kinds {
		total += k.Records
		if p := last[k.Kind]; p.Done != k.Records || p.Total != k.Records {
			t.Errorf("of %s there are %d, and the progress is %v", k.Kind, k.Records, p)
		}
	}
	if total != len(before) || len(report.Kinds) != len(store.Kinds()) {
		t.Errorf("%d of %d records were looked at: %v", total, len(before), report.Kinds)
	}
	if !cmp.Equal(before, contents(t, d), cmp.Comparer(bytes.Equal)) {
		t.Error("it changed something")
	}
}

// TestWhatIsWrongIsFound damages one thing at a time.
func TestWhatIsWrongIsFound(t *testing.T) {
	keys := newKeys(t)
	digest := document("Zoom API:2.0.0", 3, 10).Model.Digest
	type change = func(t *testing.T, s *store.Store, d driver.Driver)
	swap := func(kind, id, with string) change { // the body of another record
		return func(t *testing.T, _ *store.Store, d driver.Driver) {
			other, err := d.Get(t.Context(), kind, with)
			if err != nil {
				t.Fatal(err)
			}
			rewrite(t, d, kind, id, func([]byte) []byte { return other.Body })
		}
	}
	text := func(kind, id, old, new string) change {
		return func(t *testing.T, _ *store.Store, d driver.Driver) {
			rewrite(t, d, kind, id, func(body []byte) []byte {
				changed := strings.Replace(string(body), old, new, 1)
				if changed == string(body) {
					t.Fatalf("there is no %q in %s", old, body)
				}
				return []byte(changed)
			})
		}
	}
	drop := func(kind, id string) change {
		return func(t *testing.T, _ *store.Store, d driver.Driver) {
			if err := d.Delete(t.Context(), kind, id, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		change   change
		kind, id string
		what     string
		leftover bool
	}{
		"no JSON":                {text("user", "name-001", "{", "["), "user", "name-001", "can't be decoded", false},
		"a moved secret":         {swap("user", "name-001", "name-000"), "user", "name-001", "or moved", false},
		"a secret in the clear":  {text("account", "name-001", "sealed:v1:", "plain:"), "account", "name-001", "is not sealed", false},
		"a damaged audit entry":  {text("audit", "entry", `"id"`, `"id":1,"id"`), "audit", "entry", "can't be decoded", false},
		"an unknown model":       {text("integration", "name-001", "Zoom API:2.0.0", "Nobody's:1"), "integration", "name-001", `model "Nobody's:1" is not there`, false},
		"an altered model":       {text("model", "Zoom API:2.0.0", `"operations":3`, `"operations":4`), "model", "Zoom API:2.0.0", "has 3 operations, not 4", false},
		"no index":               {drop("part", digest+"/index"), "model", "Zoom API:2.0.0", "part index is missing", false},
		"no head":                {drop("part", digest+"/buckets"), "model", "Zoom API:2.0.0", "part buckets is missing", false},
		"no document":            {drop("part", digest+"/document/0"), "model", "Zoom API:2.0.0", "part document/0 is missing", false},
		"no operations":          {drop("part", digest+"/operation/0"), "model", "Zoom API:2.0.0", "operation/0 is missing", false},
		"no schemas":             {drop("part", digest+"/schema/0"), "model", "Zoom API:2.0.0", "schema/0 is missing", false},
		"another document":       {swap("part", digest+"/document/0", digest+"/schema/0"), "model", "Zoom API:2.0.0", "its document has the digest", false},
		"the wrong operations":   {swap("part", digest+"/operation/0", digest+"/document/0"), "model", "Zoom API:2.0.0", "0 operations are in its parts", false},
		"a token of nobody":      {putToken("gone/uid-gone/OAuth"), "token", "gone/uid-gone/OAuth", "of no integration", true},
		"a session of nobody":    {drop("user", "name-000"), "session", "digest", `user "name-000" is gone`, true},
		"a part of nobody":       {putPart("0abc/index"), "part", "0abc/index", "of no model", true},
		"sealed with who knows?": {foreign, "user", "foreign", "which is not in the key file", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := mem.New().Open()
			s := furnished(t, d, keys)
			test.change(t, s, d)
			report := check(t, s)
			var found []store.Finding
			for _, f := range report.Findings {
				if f.Kind == test.kind && f.ID == test.id {
					found = append(found, f)
				}
			}
			if len(found) != 1 || len(report.Findings) != 1 {
				t.Fatalf("findings: %+v", report.Findings)
			}
			f := found[0]
			if !strings.Contains(f.What, test.what) || f.Hint == "" || f.Leftover != test.leftover || report.Broken() == test.leftover {
				t.Errorf("found %+v, broken: %v", f, report.Broken())
			}
		})
	}
}

// rewrite changes a body behind the store's back.
func rewrite(t *testing.T, d driver.Driver, kind, id string, f func([]byte) []byte) {
	t.Helper()
	r, err := d.Get(t.Context(), kind, id)
	if err != nil {
		t.Fatal(err)
	}
	old := r.Revision
	r.Revision, r.Body = 7, f(r.Body)
	if err := d.Put(t.Context(), r, old); err != nil {
		t.Fatal(err)
	}
}

func putToken(id string) func(*testing.T, *store.Store, driver.Driver) {
	return func(t *testing.T, s *store.Store, _ driver.Driver) {
		if _, err := s.Tokens.Put(t.Context(), id, token.Record{}, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func putPart(id string) func(*testing.T, *store.Store, driver.Driver) {
	return func(t *testing.T, _ *store.Store, d driver.Driver) {
		r, err := d.List(t.Context(), "part", driver.Page{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Put(t.Context(), driver.Record{Kind: "part", ID: id, Revision: 7, Body: r[0].Body}, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// foreign puts a user that was sealed with the key of other data.
func foreign(t *testing.T, _ *store.Store, d driver.Driver) {
	elsewhere := mem.New().Open()
	if _, err := open(t, elsewhere, newKeys(t)).Users.Put(t.Context(), "foreign", access.User{Name: "foreign", Password: full("").Settings.TLS.Key}, 0); err != nil {
		t.Fatal(err)
	}
	r, err := elsewhere.Get(t.Context(), "user", "foreign")
	if err == nil {
		err = d.Put(t.Context(), r, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestACheckAmidWritesFindsNothing runs it while integrations come and go, tokens and models with them.
func TestACheckAmidWritesFindsNothing(t *testing.T) {
	keys, data := newKeys(t), mem.New()
	s := furnished(t, data.Open(), keys)
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		busy, err := store.Open(t.Context(), data.Open(), keys)
		for i := 0; err == nil; i++ {
			select {
			case <-stop:
				ended <- nil
				return
			default:
				err = comeAndGo(t, busy, i)
			}
		}
		ended <- err
	}()
	for range 50 {
		if report := check(t, s); report.Broken() {
			t.Errorf("findings: %+v", report.Findings)
		}
	}
	close(stop)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func comeAndGo(t *testing.T, s *store.Store, i int) error {
	name := fmt.Sprintf("busy-%d", i%7)
	_, e1 := s.PutModel(t.Context(), document(name+":1", 2, 50), 0)
	_, e2 := s.Integrations.Put(t.Context(), name, integration.Integration{UID: name, Name: name, Model: name + ":1"}, 0)
	_, e3 := s.Tokens.Put(t.Context(), name+"/"+name+"/OAuth", token.Record{}, 0)
	e4 := s.Integrations.Delete(t.Context(), name, 0)
	e5 := s.Tokens.Delete(t.Context(), name+"/"+name+"/OAuth", 0)
	e6 := s.DeleteModel(t.Context(), name+":1")
	for _, err := range []error{e1, e2, e3, e4, e5, e6} {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestACheckSaysWhenTheStoreIsAway(t *testing.T) {
	s := furnished(t, mem.New().Open(), newKeys(t))
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Check(ended, nil); err == nil || fault.Is(err, fault.Invalid) {
		t.Errorf("checked: %v", err)
	}
}
