// Package sqlite keeps records in one SQLite file. Several processes may use it at once: the file is in WAL mode, so readers
// don't wait, and writers of all processes take turns.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
)

const schema = `
CREATE TABLE IF NOT EXISTS record (
	kind     TEXT    NOT NULL,
	id       TEXT    NOT NULL,
	revision INTEGER NOT NULL,
	due      INTEGER, -- milliseconds since the epoch
	body     BLOB    NOT NULL,
	PRIMARY KEY (kind, id)
);
CREATE INDEX IF NOT EXISTS record_due ON record (kind, due) WHERE due IS NOT NULL;`

// patience is how long to wait for other processes.
const patience = 10 * time.Second

// pragmas hold for every connection. FULL makes a commit durable before it returns.
var pragmas = []string{fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)"}

// connections that are open at once, the writer's among them. A new one costs some pragmas, so they are kept.
const connections = 8

type file struct {
	db     *sql.DB
	writer *writer
}

// Open opens the file at path, and makes it first if there is none, readable by its owner only. fault.Invalid if it is not a
// database, fault.Unavailable if it can't be opened.
func Open(ctx context.Context, path string) (driver.Driver, error) {
	if err := create(path); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the database can't be opened").
			WithHint("check that %s exists and that you may write there", filepath.Dir(path))
	}
	query := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: escape(path), RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, explain(err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := prepare(ctx, db); err != nil {
		db.Close()
		return nil, explain(err)
	}
	return &file{db: db, writer: newWriter(db)}, nil
}

// create makes an empty file that its owner alone may read, unless there is one; SQLite gives its other files the same rights.
// A file that is there is left alone, and a new one closed before it gets its name: closing it drops every lock that this
// process has on it, also those of a database that is open (https://www.sqlite.org/howtocorrupt.html, 2.2).
func create(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".database-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// escape keeps what means something in a URI filename out of the path.
func escape(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// prepare has the file in WAL mode, with its table. SQLite does not wait where two processes that make a file at once both switch
// it to WAL: the second is told that the file is busy, and looks again.
func prepare(ctx context.Context, db *sql.DB) error {
	for until := time.Now().Add(patience); ; {
		err := tables(ctx, db)
		if !busy(err) || time.Now().After(until) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(10 * time.Millisecond)):
		}
	}
}

// tables makes the table where there is none: looking costs no write lock.
func tables(ctx context.Context, db *sql.DB) error {
	var there int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name IN ('record', 'record_due')`).Scan(&there)
	if err == nil && there < 2 {
		_, err = db.ExecContext(ctx, schema)
	}
	return err
}

// Close implements driver.Driver.
func (f *file) Close() error {
	f.writer.close()
	return explain(f.db.Close())
}

// Get implements driver.Driver.
func (f *file) Get(ctx context.Context, kind, id string) (driver.Record, error) {
	r := driver.Record{Kind: kind, ID: id}
	var due sql.NullInt64
	err := f.db.QueryRowContext(ctx, `SELECT revision, due, body FROM record WHERE kind = ? AND id = ?`, kind, id).
		Scan(&r.Revision, &due, &r.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fault.New(fault.NotFound, "there is no %s %q", kind, id)
	}
	r.Due = moment(due)
	return r, explain(err)
}

// List implements driver.Driver.
func (f *file) List(ctx context.Context, kind string, p driver.Page) ([]driver.Record, error) {
	// Ids are compared byte by byte (BINARY collation), so those with the prefix stand together, and end before 0xff, which no
	// UTF-8 text holds.
	return f.query(ctx, `SELECT id, revision, due, body FROM record WHERE kind = ? AND id >= ? AND id < ? AND id > ? ORDER BY id LIMIT ? OFFSET ?`,
		kind, p.Prefix, p.Prefix+"\xff", p.After, p.Limit, p.Skip)
}

// Count implements driver.Driver.
func (f *file) Count(ctx context.Context, kind string) (n int, err error) {
	err = f.db.QueryRowContext(ctx, `SELECT count(*) FROM record WHERE kind = ?`, kind).Scan(&n)
	return n, explain(err)
}

// Due implements driver.Driver.
func (f *file) Due(ctx context.Context, kind string, t time.Time, limit int) ([]driver.Record, error) {
	return f.query(ctx, `SELECT id, revision, due, body FROM record WHERE kind = ? AND due <= ? ORDER BY due LIMIT ?`,
		kind, t.UnixMilli(), limit)
}

func (f *file) query(ctx context.Context, text string, kind string, args ...any) ([]driver.Record, error) {
	rows, err := f.db.QueryContext(ctx, text, append([]any{kind}, args...)...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var records []driver.Record
	for rows.Next() {
		r := driver.Record{Kind: kind}
		var due sql.NullInt64
		if err := rows.Scan(&r.ID, &r.Revision, &due, &r.Body); err != nil {
			return nil, explain(err)
		}
		r.Due = moment(due)
		records = append(records, r)
	}
	return records, explain(rows.Err())
}

func moment(due sql.NullInt64) time.Time {
	if !due.Valid {
		return time.Time{}
	}
	return time.UnixMilli(due.Int64)
}

// Put implements driver.Driver.
func (f *file) Put(ctx context.Context, r driver.Record, replaces int64) error {
	if r.Body == nil {
		r.Body = []byte{} // NULL otherwise
	}
	due := sql.NullInt64{Int64: r.Due.UnixMilli(), Valid: !r.Due.IsZero()}
	return f.writer.do(ctx, func(tx *sql.Tx) error {
		var done sql.Result
		var err error
		if replaces == 0 {
			done, err = tx.Exec(`INSERT INTO record (kind, id, revision, due, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				r.Kind, r.ID, r.Revision, due, r.Body)
		} else {
			done, err = tx.Exec(`UPDATE record SET revision = ?, due = ?, body = ? WHERE kind = ? AND id = ? AND revision = ?`,
				r.Revision, due, r.Body, r.Kind, r.ID, replaces)
		}
		if err != nil {
			return err
		}
		if n, _ := done.RowsAffected(); n == 0 {
			return fault.New(fault.Conflict, "%s %q was changed by somebody else", r.Kind, r.ID)
		}
		return nil
	})
}

// Delete implements driver.Driver.
func (f *file) Delete(ctx context.Context, kind, id string, revision int64) error {
	return f.writer.do(ctx, func(tx *sql.Tx) error {
		done, err := tx.Exec(`DELETE FROM record WHERE kind = ? AND id = ? AND (revision = ? OR ? = 0)`, kind, id, revision, revision)
		if err != nil {
			return err
		}
		if n, _ := done.RowsAffected(); n > 0 {
			return nil
		}
		var there bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM record WHERE kind = ? AND id = ?)`, kind, id).Scan(&there); err != nil {
			return err
		}
		if !there {
			return fault.New(fault.NotFound, "there is no %s %q", kind, id)
		}
		return fault.New(fault.Conflict, "%s %q was changed by somebody else", kind, id)
	})
}
