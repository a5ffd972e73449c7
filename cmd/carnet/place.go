package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/cli"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mongo"
	"carnet.dev/carnet/internal/store/sqlite"
)

// A house is where a store and its key are.
type house struct {
	place seal.Secret
	key   string // the key file
}

// locate finds the store and the key file that the options name.
func locate(at cli.Options) (house, error) {
	where, err := place(at, os.Getenv, os.Stderr)
	if err != nil {
		return house{}, err
	}
	if at.Data == "" && (at.Key == "" || !shared(where)) {
		return house{}, fault.New(fault.Invalid, "there is no data directory: the environment has no home directory").
			WithHint("name one with --data or CARNET_DATA")
	}
	if at.Key != "" {
		return house{where, at.Key}, nil
	}
	return house{where, filepath.Join(at.Data, "carnet.key")}, nil
}

// place is where the store is: what --store says, or the environment, or the database in the data directory. A connection string
// may hold a password, so it can also stand in a file.
func place(o cli.Options, getenv func(string) string, warn io.Writer) (seal.Secret, error) {
	text := o.Store
	switch {
	case strings.HasPrefix(text, "@"):
		return fileText("--store", text[1:])
	case text != "":
		if u, err := url.Parse(text); err == nil && u.User != nil {
			if _, secret := u.User.Password(); secret {
				fmt.Fprintln(warn, "carnet: the store's password is on the command line, where ps and the shell's history show it; --store @file reads it, and so does CARNET_STORE_FILE")
			}
		}
		return seal.NewSecret(text), nil
	case getenv("CARNET_STORE") != "":
		return seal.NewSecret(getenv("CARNET_STORE")), nil
	case getenv("CARNET_STORE_FILE") != "":
		return fileText("CARNET_STORE_FILE", getenv("CARNET_STORE_FILE"))
	}
	return seal.NewSecret(filepath.Join(o.Data, "carnet.db")), nil
}

func fileText(who, path string) (seal.Secret, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return seal.Secret{}, fault.Wrap(fault.Invalid, err, "the file that %s names can't be read", who)
	}
	text := seal.NewSecret(strings.TrimSpace(string(data)))
	if text.IsZero() {
		return text, fault.New(fault.Invalid, "the file that %s names is empty", who)
	}
	return text, nil
}

// shared reports whether a place is a server's, which other machines use too.
func shared(place seal.Secret) bool {
	return strings.HasPrefix(place.Reveal(), "mongodb:") || strings.HasPrefix(place.Reveal(), "mongodb+srv:")
}

// openDriver opens a place: a connection string of MongoDB's, or a file of SQLite's.
func openDriver(ctx context.Context, place seal.Secret) (driver.Driver, error) {
	if shared(place) {
		return mongo.Open(ctx, place)
	}
	path := strings.TrimPrefix(place.Reveal(), "sqlite:")
	if scheme, _, found := strings.Cut(path, "://"); found {
		return nil, fault.New(fault.Invalid, "there is no store of the kind %q", scheme).WithHint("use a file, or mongodb://host/database")
	}
	return sqlite.Open(ctx, path)
}

// existing opens a place only if there is something already.
func existing(ctx context.Context, place seal.Secret) (driver.Driver, error) {
	if path := strings.TrimPrefix(place.Reveal(), "sqlite:"); !shared(place) && !strings.Contains(path, "://") {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.NotFound, "there is no database %s", path).WithHint("name the store with --store, or the data directory with --data")
		}
	}
	d, err := openDriver(ctx, place)
	if err != nil {
		return nil, err
	}
	some, err := d.List(ctx, "meta", driver.Page{Limit: 1})
	if err == nil && len(some) == 0 {
		err = fault.New(fault.NotFound, "the store holds nothing yet").WithHint("name the store with --store, or the data directory with --data")
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// enter opens a store that is there already, and its key file.
func (h house) enter(ctx context.Context) (*store.Store, *seal.Keyring, error) {
	d, err := existing(ctx, h.place)
	if err != nil {
		return nil, nil, err
	}
	keys, err := openKeyring(ctx, h.key, d)
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	s, err := store.Open(ctx, d, keys) // which closes the driver if it fails
	return s, keys, err
}

// openKeyring reads the key file. Where there is none yet one is made, but never for data that is there already: another replica
// has the key of that.
func openKeyring(ctx context.Context, path string, d driver.Driver) (*seal.Keyring, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		some, err := d.List(ctx, "meta", driver.Page{Limit: 1})
		if err != nil {
			return nil, err
		}
		_, missing := os.Stat(path) // another process may have made both meanwhile
		if len(some) > 0 && missing != nil {
			return nil, fault.New(fault.Invalid, "there is no key file %s, and the store holds data that was sealed with one", path).
				WithHint("copy carnet.key from another replica or from a backup, or name it with --key")
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fault.Wrap(fault.Unavailable, err, "the directory of the key file can't be made")
		}
	}
	return seal.OpenKeyring(path)
}
