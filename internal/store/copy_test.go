package store_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/audit"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mem"
	"carnet.dev/carnet/internal/store/sqlite"
	"carnet.dev/carnet/internal/token"
)

func newSQLite(t testing.TB) driver.Driver {
	t.Helper()
	d, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "carnet.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// furnished is data with something of every kind.
func furnished(t testing.TB, d driver.Driver, keys *seal.Keyring) *store.Store {
	t.Helper()
	s := open(t, d, keys)
	furnish(t, s, 3)
	if _, err := s.PutModel(t.Context(), document("Zoom API:2.0.0", 3, 10), 0); err != nil {
		t.Fatal(err)
	}
	return s
}

// contents are all records but the marker's.
func contents(t testing.TB, d driver.Driver) (all []driver.Record) {
	t.Helper()
	for _, kind := range store.Kinds() {
		records, err := d.List(t.Context(), kind, driver.Page{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, records...)
	}
	return all
}

func equal(t testing.TB, from, to driver.Driver) {
	t.Helper()
	utc := cmp.Transformer("utc", func(t time.Time) time.Time { return t.UTC() })
	if diff := cmp.Diff(contents(t, from), contents(t, to), utc); diff != "" {
		t.Errorf("the copy differs (-source +destination):\n%s", diff)
	}
}

func TestACopyIsTheSame(t *testing.T) {
	for name, pair := range map[string]func() (driver.Driver, driver.Driver){
		"sqlite to mem": func() (driver.Driver, driver.Driver) { return newSQLite(t), mem.New().Open() },
		"mem to sqlite": func() (driver.Driver, driver.Driver) { return mem.New().Open(), newSQLite(t) },
	} {
		t.Run(name, func(t *testing.T) {
			from, to := pair()
			keys := newKeys(t)
			furnished(t, from, keys)
			last := map[string]store.Progress{}
			report, err := store.Copy(t.Context(), from, to, store.CopyOptions{Progress: func(p store.Progress) { last[p.Kind] = p }})
			if err != nil {
				t.Fatal(err)
			}
			equal(t, from, to)
			for kind, p := range last {
				if p.Done != p.Total {
					t.Errorf("the progress in %s ends with %v", kind, p)
				}
			}
			for _, c := range report.Kinds {
				if c.Written == 0 || c.Same+c.Deleted+c.Kept > 0 {
					t.Errorf("of a first copy it says %+v", c)
				}
			}
			if len(report.Kinds) != len(store.Kinds()) {
				t.Errorf("kinds in the report: %+v", report.Kinds)
			}
			got, _, err := open(t, to, keys).Integrations.Get(t.Context(), "name-001")
			if err != nil || got.Settings.Authentication["Key"].Value.Reveal() != "hidden value" {
				t.Errorf("read %v: %v", got, err)
			}
			report, err = store.Copy(t.Context(), from, to, store.CopyOptions{})
			for _, c := range report.Kinds {
				if err != nil || c.Same == 0 || c.Written+c.Deleted+c.Kept > 0 {
					t.Errorf("of a second copy it says %+v: %v", c, err)
				}
			}
		})
	}
}

// TestACopyFollowsTheSource repeats it after the source has changed, and after its key was replaced.
func TestACopyFollowsTheSource(t *testing.T) {
	path, reopen := keyFile(t)
	keys := reopen()
	from, to := mem.New().Open(), newSQLite(t)
	s := furnished(t, from, keys)
	if _, err := store.Copy(t.Context(), from, to, store.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	value, revision, err := s.Users.Get(t.Context(), "name-001")
	if err != nil {
		t.Fatal(err)
	}
	value.Role = "admin"
	_, e1 := s.Users.Put(t.Context(), "name-001", value, revision)
	e2 := s.Users.Delete(t.Context(), "name-000", 0)
	_, e3 := s.Users.Put(t.Context(), "name-0000", access.User{}, 0)
	e4 := s.Integrations.Delete(t.Context(), "name-002", 0)
	e5 := s.Tokens.Delete(t.Context(), "name-002/uid-name-002/OAuth", 0)
	e6 := s.DeleteModel(t.Context(), "Zoom API:2.0.0")
	newPrimary(t, path)
	e7 := keys.Reload()
	_, e8 := s.Reseal(t.Context(), nil)
	for _, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Copy(t.Context(), from, to, store.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	equal(t, from, to)
	open(t, to, reopen())
}

// A failing driver does n more writes, and then none; the last one may happen although it says that it did not.
type failing struct {
	driver.Driver
	writes  int
	doubted bool
}

func (d *failing) spend(write func() error) error {
	if d.writes--; d.writes >= 0 {
		return write()
	}
	if d.doubted && d.writes == -1 {
		write()
	}
	return fault.New(fault.Unavailable, "cut off")
}

func (d *failing) Put(ctx context.Context, r driver.Record, replaces int64) error {
	return d.spend(func() error { return d.Driver.Put(ctx, r, replaces) })
}

func (d *failing) Delete(ctx context.Context, kind, id string, revision int64) error {
	return d.spend(func() error { return d.Driver.Delete(ctx, kind, id, revision) })
}

// TestACopyGoesOnWhereItWas cuts it off after every number of writes: then no store opens on it, and the next run ends it.
func TestACopyGoesOnWhereItWas(t *testing.T) {
	keys := newKeys(t)
	from := mem.New().Open()
	furnished(t, from, keys)
	for _, doubted := range []bool{false, true} {
		for n := 0; ; n++ {
			data := mem.New()
			to := &failing{Driver: data.Open(), writes: n, doubted: doubted}
			report, err := store.Copy(t.Context(), from, to, store.CopyOptions{})
			if err == nil {
				if n < 20 {
					t.Errorf("the copy took %d writes only: %+v", n, report)
				}
				break
			}
			if !fault.Is(err, fault.Unavailable) {
				t.Fatalf("cut off after %d writes: %v", n, err)
			}
			if n > 3 { // a probe comes, twice goes, and then the marker comes
				if _, err := store.Open(t.Context(), data.Open(), keys); !fault.Is(err, fault.Conflict) && !whole(t, from, data.Open()) {
					t.Errorf("after %d writes a store is opened: %v", n, err)
				}
			}
			if _, err := store.Copy(t.Context(), from, data.Open(), store.CopyOptions{}); err != nil {
				t.Fatalf("again after %d writes: %v", n, err)
			}
			if !whole(t, from, data.Open()) {
				equal(t, from, data.Open())
			}
			open(t, data.Open(), keys)
		}
	}
}

// whole reports whether the copy has what the source has, but for a probe that nobody could delete.
func whole(t testing.TB, from, to driver.Driver) bool {
	left := slices.DeleteFunc(contents(t, to), func(r driver.Record) bool { return r.ID == "probe" })
	return cmp.Equal(contents(t, from), left)
}

func TestACopyThatIsInterrupted(t *testing.T) {
	keys := newKeys(t)
	from, data := mem.New().Open(), mem.New()
	furnished(t, from, keys)
	ctx, stop := context.WithCancel(t.Context())
	_, err := store.Copy(ctx, from, data.Open(), store.CopyOptions{Progress: func(p store.Progress) {
		if p.Kind == "user" {
			stop()
		}
	}})
	if err == nil {
		t.Fatal("it was not interrupted")
	}
	_, err = store.Open(t.Context(), data.Open(), keys)
	if !fault.Is(err, fault.Conflict) || fault.HintOf(err) == "" {
		t.Errorf("half a copy is opened: %v", err)
	}
	if _, err := store.Copy(t.Context(), data.Open(), mem.New().Open(), store.CopyOptions{}); !fault.Is(err, fault.Conflict) {
		t.Errorf("half a copy is copied: %v", err)
	}
	if _, err := store.Copy(t.Context(), from, data.Open(), store.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	equal(t, from, data.Open())
}

func TestADestinationThatIsRefused(t *testing.T) {
	keys := newKeys(t)
	from, other := mem.New(), mem.New()
	furnished(t, from.Open(), keys)
	furnished(t, other.Open(), keys)
	half := mem.New()
	if _, err := store.Copy(t.Context(), other.Open(), &failing{Driver: half.Open(), writes: 9}, store.CopyOptions{}); err == nil {
		t.Fatal("it was not cut off")
	}
	stray := mem.New()
	if err := stray.Open().Put(t.Context(), driver.Record{Kind: "user", ID: "x", Revision: 1, Body: []byte("{}")}, 0); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		from, to *mem.Data
		kind     fault.Kind
	}{
		"other data":         {from, other, fault.Conflict},
		"half of other data": {from, half, fault.Conflict},
		"some record":        {from, stray, fault.Conflict},
		"itself":             {from, from, fault.Invalid},
		"from nothing":       {mem.New(), mem.New(), fault.NotFound},
	} {
		before := contents(t, test.to.Open())
		_, err := store.Copy(t.Context(), test.from.Open(), test.to.Open(), store.CopyOptions{})
		if !fault.Is(err, test.kind) {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(before, contents(t, test.to.Open())); diff != "" {
			t.Errorf("%s: it was changed:\n%s", name, diff)
		}
	}
}

// TestASpentRefreshTokenDoesNotComeBack copies again after the destination has been used (failure mode 15).
func TestASpentRefreshTokenDoesNotComeBack(t *testing.T) {
	keys := newKeys(t)
	from, to := mem.New().Open(), newSQLite(t)
	furnished(t, from, keys)
	if _, err := store.Copy(t.Context(), from, to, store.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	used := open(t, to, keys)
	const id = "name-001/uid-name-001/OAuth"
	r, revision, err := used.Tokens.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	r.Generation, r.Token.RefreshToken = 2, seal.NewSecret("its successor")
	_, e1 := used.Tokens.Put(t.Context(), id, r, revision)
	_, e2 := used.Tokens.Put(t.Context(), "name-002/uid-name-002/Second", token.Record{Generation: 1}, 0)
	_, e3 := used.Tokens.Put(t.Context(), "unknown/uid-unknown/OAuth", token.Record{Generation: 7}, 0)
	_, e4 := used.Audit.Put(t.Context(), "a newer entry", audit.Entry{}, 0)
	if e1 != nil || e2 != nil || e3 != nil || e4 != nil {
		t.Fatal(e1, e2, e3, e4)
	}
	before := contents(t, to)
	if _, err := store.Copy(t.Context(), from, to, store.CopyOptions{}); !fault.Is(err, fault.Conflict) || fault.HintOf(err) == "" {
		t.Errorf("what was done in the destination is lost: %v", err)
	}
	if diff := cmp.Diff(before, contents(t, to)); diff != "" {
		t.Errorf("it was changed:\n%s", diff)
	}
	report, err := store.Copy(t.Context(), from, to, store.CopyOptions{Overwrite: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]store.KeptToken{
		{Integration: "name-001", Scheme: "OAuth", Here: 1, There: 2},
		{Integration: "name-002", Scheme: "Second", Here: 0, There: 1},
	}, report.Kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if r, _, err := used.Tokens.Get(t.Context(), id); err != nil || r.Token.RefreshToken.Reveal() != "its successor" {
		t.Errorf("the refresh token is %q: %v", r.Token.RefreshToken.Reveal(), err)
	}
	if _, _, err := used.Tokens.Get(t.Context(), "unknown/uid-unknown/OAuth"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a token of no integration stayed: %v", err)
	}
}

// TestABackupIsRenewedAfterTheAuditLogWasSwept copies again when the source has dropped all entries that the copy has.
func TestABackupIsRenewedAfterTheAuditLogWasSwept(t *testing.T) {
	keys := newKeys(t)
	from, to := mem.New().Open(), mem.New().Open()
	s := furnished(t, from, keys)
	if _, err := store.Copy(t.Context(), from, to, store.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	_, e1 := s.Audit.Put(t.Context(), "a newer entry", audit.Entry{}, 0) // keys of newer ones come first
	e2 := s.Audit.Delete(t.Context(), "entry", 0)
	if e1 != nil || e2 != nil {
		t.Fatal(e1, e2)
	}
	if _, err := store.Copy(t.Context(), from, to, store.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	equal(t, from, to)
}
