// Package store keeps everything that Carnet remembers: typed collections over a small driver. It seals secrets on their way to
// the driver and opens them on their way back; what the values mean is the business of the packages that they come from.
package store

import (
	"context"
	"crypto/rand"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/audit"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/token"
)

// Schema is the version of what is stored. Data of a newer one is refused.
const Schema = 1

// A Store is safe for concurrent use. Several stores, in one process or more, may be open on the same data.
type Store struct {
	Integrations *Collection[integration.Integration] // by name
	Tokens       *Collection[token.Record]            // by record id
	Users        *Collection[access.User]             // by name
	Accounts     *Collection[access.Account]          // by name
	Sessions     *Collection[access.Session]          // by digest of the session's text
	Connections  *Collection[integration.Connection]  // by digest of their state
	Notices      *Collection[integration.Notice]      // by what they are of
	Audit        *Collection[audit.Entry]             // the newest first

	driver *breaker
	keys   *seal.Keyring
	models *Collection[model.Model]
}

// Open returns a store over the driver, which it closes in the end, also if Open fails. fault.Invalid if the data was written by
// a newer Carnet, or sealed with another key.
func Open(ctx context.Context, d driver.Driver, keys *seal.Keyring) (*Store, error) {
	s := &Store{driver: &breaker{Driver: d}, keys: keys}
	s.Integrations = collection[integration.Integration](s, "integration")
	s.Tokens = collection[token.Record](s, "token")
	s.Users = collection[access.User](s, "user")
	s.Accounts = collection[access.Account](s, "account")
	s.Sessions = collection[access.Session](s, "session")
	s.Connections = collection[integration.Connection](s, "connection")
	s.Notices = collection[integration.Notice](s, "notice")
	s.Audit = collection[audit.Entry](s, "audit")
	s.models = collection[model.Model](s, "model")
	if err := s.check(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return s, nil
}

// Close releases the driver.
func (s *Store) Close() error { return s.driver.Close() }

// Ping reports whether the driver can be read.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.driver.Get(ctx, metaKind, schemaID)
	return err
}

// version is what a store says of all its data. It is read before the canary is opened, for a newer Carnet may seal otherwise.
type version struct {
	Schema int    `json:"schema"`
	Data   string `json:"data,omitzero"` // drawn once: copies of the same data have the same
}

// canary tells whether a key fits the data.
type canary struct {
	version
	Canary seal.Secret `json:"canary"`
}

// check reads the schema version, and writes it where there is none yet.
func (s *Store) check(ctx context.Context) error {
	if err := complete(ctx, s.driver); err != nil {
		return err
	}
	versions, canaries := collection[version](s, metaKind), collection[canary](s, metaKind)
	v, _, err := versions.Get(ctx, schemaID)
	if fault.Is(err, fault.NotFound) {
		_, err = canaries.Put(ctx, schemaID, canary{version{Schema, rand.Text()}, seal.NewSecret("canary")}, 0)
		if err == nil || !fault.Is(err, fault.Conflict) {
			return err
		}
		v, _, err = versions.Get(ctx, schemaID) // another process was faster
	}
	if err != nil {
		return err
	}
	if err := v.known(); err != nil {
		return err
	}
	if _, _, err := canaries.Get(ctx, schemaID); fault.Is(err, fault.Unavailable) {
		return err
	} else if err != nil {
		return fault.Wrap(fault.Invalid, err, "the key does not fit the data").
			WithHint("the database and the key file belong together: put back the key file that it was made with")
	}
	return nil
}

// known refuses the data of a newer Carnet.
func (v version) known() error {
	if v.Schema <= Schema {
		return nil
	}
	return fault.New(fault.Invalid, "the data was written by a newer Carnet (schema %d; this one knows %d)", v.Schema, Schema).
		WithHint("use that version, or another data directory; nothing was changed")
}
