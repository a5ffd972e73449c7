package access

import (
	"context"
	"iter"
	"time"

	"carnet.dev/carnet/internal/seal"
)

// A User is a person who signs in with a password. It is stored under its name.
type User struct {
	Name     string      `json:"name"`
	Role     Role        `json:"role"`
	Password seal.Secret `json:"password"` // its argon2id hash
	// Stamp is drawn with every password. A session of another stamp is over: a new password signs out whoever had the old
	// one, and so does a user deleted and made again.
	Stamp    string    `json:"stamp"`
	Disabled bool      `json:"disabled,omitzero"` // can't sign in
	Created  time.Time `json:"created"`
}

// An Account is a service account, which signs in at /oauth/token. It is stored under its name.
type Account struct {
	Name     string      `json:"name"`
	Role     Role        `json:"role"`
	ClientID string      `json:"client_id"` // the name, a dot, and a few letters drawn when it was made
	Secret   seal.Secret `json:"secret"`    // its argon2id hash
	// Stamp is drawn when the secret is replaced: an access token of another is over. Empty before the first time.
	Stamp    string    `json:"stamp,omitzero"`
	Disabled bool      `json:"disabled,omitzero"` // gets no access token
	Created  time.Time `json:"created"`
}

// A Session is a user's or an account's, for a while. It is stored under the SHA-256 of its text, so that whoever reads the
// store can't use it. The caller's role is not kept in it: it is read from the user or account every time.
type Session struct {
	Kind    string    `json:"kind"` // KindUser, KindAccount
	Name    string    `json:"name"`
	Stamp   string    `json:"stamp"` // the user's Stamp, or the account's ClientID and Stamp
	Created time.Time `json:"created,omitzero"`
	Expires time.Time `json:"expires"`
}

// Due is when the session can be swept.
func (s Session) Due() time.Time { return s.Expires }

// An Entry is a stored value with its id and revision: the store's own type, which this package can't import.
type Entry[T any] = struct {
	ID       string
	Revision int64
	Value    T
}

// A Collection keeps values by their ids, as *store.Collection does: by compare-and-swap on a revision. Get answers
// fault.NotFound; Put and Delete answer fault.Conflict if the value has another revision.
type Collection[T any] interface {
	Get(ctx context.Context, id string) (T, int64, error)
	Put(ctx context.Context, id string, value T, replaces int64) (int64, error)
	Delete(ctx context.Context, id string, revision int64) error
	All(ctx context.Context, prefix string) iter.Seq2[Entry[T], error]
}
