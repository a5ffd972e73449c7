package sqlite_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/drivertest"
	"carnet.dev/carnet/internal/store/sqlite"
)

func TestDriver(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) drivertest.Data {
		// Some of them only wait, until the driver's patience ends.
		t.Parallel()
		path := filepath.Join(t.TempDir(), "a b%3f?#é.db") // what a URI would take for something else
		return drivertest.Data{
			Open: func() (driver.Driver, error) { return sqlite.Open(context.Background(), path) },
			Away: func() (back func()) { return hold(t, path) },
		}
	})
}

// hold takes the write lock, as a process would that writes for very long.
func hold(t *testing.T, path string) (release func()) {
	t.Helper()
	name := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: "_pragma=busy_timeout(10000)"}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // the lock is a connection's
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := db.Exec("ROLLBACK"); err != nil {
			t.Error(err)
		}
		db.Close()
	}
}

func open(t testing.TB, path string) driver.Driver {
	t.Helper()
	d, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	dir := t.TempDir()
	d := open(t, filepath.Join(dir, "carnet.db"))
	if err := d.Put(t.Context(), driver.Record{Kind: "thing", ID: "one", Revision: 1}, 0); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", file.Name(), info.Mode())
		}
		names = append(names, file.Name())
	}
	if got := strings.Join(names, " "); got != "carnet.db carnet.db-shm carnet.db-wal" {
		t.Errorf("the files are %s", got)
	}
}

func TestWhatCanNotBeOpenedSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, test := range map[string]struct {
		path string
		kind fault.Kind
	}{
		"text":      {write("text", strings.Repeat("this is no database\n", 500)), fault.Invalid},
		"damaged":   {write("damaged", "SQLite format 3\x00"+strings.Repeat("\xff", 8192)), fault.Invalid},
		"folder":    {dir, fault.Unavailable},
		"no folder": {filepath.Join(dir, "none", "carnet.db"), fault.Unavailable},
		"in a file": {filepath.Join(dir, "text", "carnet.db"), fault.Unavailable},
	} {
		d, err := sqlite.Open(t.Context(), test.path)
		if err == nil {
			d.Close()
		}
		if !fault.Is(err, test.kind) || fault.HintOf(err) == "" {
			t.Errorf("%s: %v (hint %q)", name, err, fault.HintOf(err))
		}
	}
}

func TestAClosedDriverRefusesWrites(t *testing.T) {
	d, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "carnet.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Put(t.Context(), driver.Record{Kind: "thing", ID: "one", Revision: 1}, 0); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the error is %v", err)
	}
}
