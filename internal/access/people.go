package access

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// FirstUser is the name of the administrator that [Guard.EnsureAdmin] makes.
const FirstUser = "admin"

// names are safe in HTTP Basic (no colon, RFC 7617 2), in a path and in a log.
var names = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`) }) // it takes a while, and few need it

func checkName(name string) error {
	if names().MatchString(name) {
		return nil
	}
	return fault.New(fault.Invalid, "the name %q can't be used", name).
		WithHint("use up to 64 letters, digits, '.', '_', '@' and '-', beginning with a letter or digit")
}

func checkPassword(password seal.Secret) error {
	if utf8.RuneCountInString(password.Reveal()) >= minPassword {
		return nil
	}
	return fault.New(fault.Invalid, "the password is too short").WithHint("use at least %d characters", minPassword)
}

// EnsureAdmin makes the first administrator if there is none yet, and otherwise does nothing: an existing password stays. With
// an empty password it draws one and returns it, which is the only time that it is seen.
func (g *Guard) EnsureAdmin(ctx context.Context, password seal.Secret) (generated seal.Secret, err error) {
	admins, err := g.admins(ctx)
	if err != nil || admins > 0 {
		return seal.Secret{}, err
	}
	if password.IsZero() {
		generated = newPassword()
		password = generated
	}
	_, err = g.CreateUser(ctx, FirstUser, Admin, password)
	if fault.Is(err, fault.Conflict) { // another process that started at the same time was faster
		return seal.Secret{}, nil
	}
	if err != nil {
		return seal.Secret{}, err
	}
	return generated, nil
}

// CreateUser makes a user. fault.Conflict if the name is taken, fault.Invalid for a bad name, role or password.
func (g *Guard) CreateUser(ctx context.Context, name string, role Role, password seal.Secret) (User, error) {
	if err := cmp.Or(checkName(name), role.Check(), checkPassword(password)); err != nil {
		return User{}, err
	}
	user := User{Name: name, Role: role, Password: hash(password), Stamp: letters(16), Created: time.Now().UTC()}
	_, err := g.users.Put(ctx, name, user, 0)
	if fault.Is(err, fault.Conflict) {
		return User{}, fault.New(fault.Conflict, "user %q already exists", name).WithHint("choose another name, or set the user's password")
	}
	return user, err
}

// Users returns all users by name.
func (g *Guard) Users(ctx context.Context) ([]User, error) { return all(ctx, g.users) }

// SetPassword gives a user a new password, which ends the user's sessions.
func (g *Guard) SetPassword(ctx context.Context, name string, password seal.Secret) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	user, revision, err := g.users.Get(ctx, name)
	if err != nil {
		return missing(err, "user", name)
	}
	user.Password, user.Stamp = hash(password), letters(16)
	_, err = g.users.Put(ctx, name, user, revision)
	return err
}

// DeleteUser deletes a user, whose sessions end. The last administrator can't be deleted: fault.Conflict.
func (g *Guard) DeleteUser(ctx context.Context, name string) error {
	g.deleting.Lock()
	defer g.deleting.Unlock()
	user, revision, err := g.users.Get(ctx, name)
	if err != nil {
		return missing(err, "user", name)
	}
	admins, err := g.admins(ctx)
	if err != nil {
		return err
	}
	if user.Role == Admin && !user.Disabled && admins < 2 {
		return lastAdmin(name)
	}
	if err := g.users.Delete(ctx, name, revision); err != nil {
		return missing(err, "user", name)
	}
	if user.Role != Admin {
		return nil
	}
	// Another process may have deleted the other administrator at the same time: then both come back.
	ctx = context.WithoutCancel(ctx)
	if admins, err = g.admins(ctx); err != nil || admins > 0 {
		return err
	}
	if _, err := g.users.Put(ctx, name, user, 0); err != nil {
		return err
	}
	return lastAdmin(name)
}

// DisableUser keeps a user from signing in, and ends the user's sessions, or lets the user in again. The last administrator can't be
// disabled: fault.Conflict.
func (g *Guard) DisableUser(ctx context.Context, name string, disabled bool) error {
	g.deleting.Lock()
	defer g.deleting.Unlock()
	user, revision, err := g.users.Get(ctx, name)
	if err != nil {
		return missing(err, "user", name)
	}
	admins, err := g.admins(ctx)
	if err != nil {
		return err
	}
	if disabled && user.Role == Admin && !user.Disabled && admins < 2 {
		return lastAdmin(name)
	}
	user.Disabled, user.Stamp = disabled, letters(16)
	if revision, err = g.users.Put(ctx, name, user, revision); err != nil || !disabled || user.Role != Admin {
		return err
	}
	// Another process may have disabled the other administrator at the same time: then both come back.
	ctx = context.WithoutCancel(ctx)
	if admins, err = g.admins(ctx); err != nil || admins > 0 {
		return err
	}
	user.Disabled = false
	if _, err := g.users.Put(ctx, name, user, revision); err != nil {
		return err
	}
	return lastAdmin(name)
}

// DisableAccount ends a service account's access tokens and gives it no more, or gives it some again.
func (g *Guard) DisableAccount(ctx context.Context, name string, disabled bool) error {
	account, revision, err := g.accounts.Get(ctx, name)
	if err != nil {
		return missing(err, "service account", name)
	}
	account.Disabled, account.Stamp = disabled, letters(16)
	_, err = g.accounts.Put(ctx, name, account, revision)
	return err
}

// RotateAccount gives a service account a new secret and returns it, which is the only time that it is seen. What the old one got is over.
func (g *Guard) RotateAccount(ctx context.Context, name string) (Account, seal.Secret, error) {
	account, revision, err := g.accounts.Get(ctx, name)
	if err != nil {
		return Account{}, seal.Secret{}, missing(err, "service account", name)
	}
	secret := newText()
	account.Secret, account.Stamp = hash(secret), letters(16)
	if _, err := g.accounts.Put(ctx, name, account, revision); err != nil {
		return Account{}, seal.Secret{}, err
	}
	return account, secret, nil
}

func lastAdmin(name string) error {
	return fault.New(fault.Conflict, "%q is the last administrator", name).WithHint("make another administrator first")
}

// admins counts the administrators.
func (g *Guard) admins(ctx context.Context) (n int, err error) {
	for user, err := range g.users.All(ctx, "") {
		if err != nil {
			return 0, err
		}
		if user.Value.Role == Admin && !user.Value.Disabled {
			n++
		}
	}
	return n, nil
}

// CreateAccount makes a service account and returns its secret, which is the only time that it is seen.
func (g *Guard) CreateAccount(ctx context.Context, name string, role Role) (Account, seal.Secret, error) {
	if err := cmp.Or(checkName(name), role.Check()); err != nil {
		return Account{}, seal.Secret{}, err
	}
	secret := newText()
	account := Account{Name: name, Role: role, ClientID: name + "." + letters(8), Secret: hash(secret), Created: time.Now().UTC()}
	_, err := g.accounts.Put(ctx, name, account, 0)
	if fault.Is(err, fault.Conflict) {
		err = fault.New(fault.Conflict, "service account %q already exists", name).WithHint("choose another name, or delete it first")
	}
	if err != nil {
		return Account{}, seal.Secret{}, err
	}
	return account, secret, nil
}

// Accounts returns all service accounts by name.
func (g *Guard) Accounts(ctx context.Context) ([]Account, error) { return all(ctx, g.accounts) }

// DeleteAccount deletes a service account. Its access tokens end with it.
func (g *Guard) DeleteAccount(ctx context.Context, name string) error {
	return missing(g.accounts.Delete(ctx, name, 0), "service account", name)
}

// missing names what there is none of.
func missing(err error, what, name string) error {
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	return fault.New(fault.NotFound, "%s %q does not exist", what, name).WithHint("list what there is")
}

func all[T any](ctx context.Context, from Collection[T]) ([]T, error) {
	values := []T{}
	for entry, err := range from.All(ctx, "") {
		if err != nil {
			return nil, err
		}
		values = append(values, entry.Value)
	}
	return slices.Clip(values), nil
}
