package access

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// How long sessions last from the moment they are made. They are not prolonged by use.
const (
	SessionLife = 12 * time.Hour // a user's
	AccountLife = time.Hour      // a service account's access token
)

// A Guard finds out who a caller is. It is safe for concurrent use, and several processes may guard the same collections.
type Guard struct {
	users    *known[User]
	accounts *known[Account]
	sessions *known[Session]
	verified *memory       // passwords that were right
	failures *brake        // slows down who guesses
	hashing  chan struct{} // a hash takes 19 MiB: a few at once
	decoy    func() seal.Secret
	deleting sync.Mutex // of users
}

// NewGuard returns a guard over the collections of the store.
func NewGuard(users Collection[User], accounts Collection[Account], sessions Collection[Session]) *Guard {
	return &Guard{
		users:    remembering(users),
		accounts: remembering(accounts),
		sessions: remembering(sessions),
		verified: newMemory(),
		failures: newBrake(),
		hashing:  make(chan struct{}, 4),
		decoy:    sync.OnceValue(func() seal.Secret { return hash(seal.NewSecret(rand.Text())) }),
	}
}

// refused is the one answer to a wrong name and to a wrong password.
func refused() error {
	return fault.New(fault.Unauthenticated, "unknown name or wrong password").
		WithHint("check both; an administrator can set a new password (carnet user password)")
}

// Password returns the user of that name and password, or fault.Unauthenticated. A wrong name costs as much time as a wrong
// password, and repeated failures cost more, up to a second each; nobody is locked out.
func (g *Guard) Password(ctx context.Context, name string, password seal.Secret) (Caller, error) {
	user, err := g.password(ctx, name, password)
	if err != nil {
		return Caller{}, err
	}
	return user.caller(), nil
}

func (g *Guard) password(ctx context.Context, name string, password seal.Secret) (User, error) {
	user, revision, err := find(ctx, g.users, name)
	if err != nil {
		return User{}, err
	}
	if user.Disabled { // it is nobody, and costs the same
		user.Password = seal.Secret{}
	}
	return user, g.check(ctx, identity(KindUser, name), user.Password, revision, password)
}

// Login signs a user in and returns the text of a new session.
func (g *Guard) Login(ctx context.Context, name string, password seal.Secret) (seal.Secret, Caller, error) {
	user, err := g.password(ctx, name, password)
	if err != nil {
		return seal.Secret{}, Caller{}, err
	}
	text, err := g.open(ctx, Session{Kind: KindUser, Name: name, Stamp: user.Stamp}, SessionLife)
	return text, user.caller(), err
}

// AccountToken returns a new access token of the service account, and for how long it lives (RFC 6749 4.4).
// fault.Unauthenticated if the client's id or secret is wrong.
func (g *Guard) AccountToken(ctx context.Context, clientID string, secret seal.Secret) (seal.Secret, time.Duration, error) {
	account, revision, err := g.account(ctx, clientID)
	if err != nil {
		return seal.Secret{}, 0, err
	}
	if err := g.check(ctx, identity(KindAccount, clientID), account.Secret, revision, secret); err != nil {
		return seal.Secret{}, 0, err
	}
	text, err := g.open(ctx, Session{Kind: KindAccount, Name: account.Name, Stamp: account.stamp()}, AccountLife)
	return text, AccountLife, err
}

// account returns the account of a client id; the zero Account if there is none.
func (g *Guard) account(ctx context.Context, clientID string) (Account, int64, error) {
	name := clientID
	if dot := strings.LastIndexByte(clientID, '.'); dot >= 0 {
		name = clientID[:dot]
	}
	account, revision, err := find(ctx, g.accounts, name)
	if account.ClientID != clientID || account.Disabled {
		return Account{}, 0, err
	}
	return account, revision, err
}

// find returns what is stored under a name, the zero value if nothing is or could be.
func find[T any](ctx context.Context, in *known[T], name string) (value T, revision int64, err error) {
	if !names().MatchString(name) {
		return value, 0, nil
	}
	value, revision, err = in.recent(ctx, name)
	if fault.Is(err, fault.NotFound) {
		return value, 0, nil
	}
	return value, revision, err
}

// identity is what failures are counted by. All names that nobody can have count as one, for they may be of any length.
func identity(kind, name string) string {
	if !names().MatchString(name) {
		return kind
	}
	return kind + " " + name
}

// check compares a text with a hash; an empty hash is of nobody, and costs the same.
func (g *Guard) check(ctx context.Context, who string, hashed seal.Secret, revision int64, text seal.Secret) error {
	if !hashed.IsZero() && g.verified.knows(who, text, revision) {
		return nil
	}
	if err := g.failures.wait(ctx, who); err != nil {
		return err
	}
	select {
	case g.hashing <- struct{}{}:
		defer func() { <-g.hashing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	nobody := hashed.IsZero()
	if nobody {
		hashed = g.decoy()
	}
	right, err := verify(hashed, text)
	if err != nil {
		return err
	}
	if nobody || !right {
		g.failures.failed(who)
		return refused()
	}
	g.failures.passed(who)
	g.verified.learn(who, text, revision)
	return nil
}

func (u User) caller() Caller { return Caller{Kind: KindUser, Name: u.Name, Role: u.Role} }

// stamp is that of the account's access tokens.
func (a Account) stamp() string { return a.ClientID + a.Stamp }

func (a Account) caller() Caller { return Caller{Kind: KindAccount, Name: a.Name, Role: a.Role} }
