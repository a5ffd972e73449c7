package sqlite

import (
	"context"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"carnet.dev/carnet/fault"
)

// busy reports whether another connection is in the way.
func busy(err error) bool {
	failure, ok := errors.AsType[*sqlite.Error](err)
	return ok && failure.Code()&0xff == sqlite3.SQLITE_BUSY
}

// explain makes a fault of what SQLite says. Its text names files and statements, never values.
func explain(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return fault.Wrap(fault.Unavailable, err, "the database can't be used")
	}
	switch failure.Code() & 0xff { // the rest says where
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fault.Wrap(fault.Unavailable, err, "the database is busy").WithHint("another process writes for very long; try again")
	case sqlite3.SQLITE_INTERRUPT:
		return fault.Wrap(fault.Unavailable, context.Canceled, "interrupted")
	case sqlite3.SQLITE_FULL:
		return fault.Wrap(fault.Unavailable, err, "the disk is full: nothing was changed").WithHint("make room, and try again")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH:
		return fault.Wrap(fault.Unavailable, err, "the database can't be written").WithHint("check who owns the data directory and its files")
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fault.Wrap(fault.Invalid, err, "the database file is damaged, or is not a database").
			WithHint("put it back from a backup, or choose another data directory")
	}
	return fault.Wrap(fault.Unavailable, err, "the database can't be used").WithHint("check the disk of the data directory")
}
