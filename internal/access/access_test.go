package access_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/seal"
)

// house is a guard and what it guards.
type house struct {
	*access.Guard
	users    *shelf[access.User]
	accounts *shelf[access.Account]
	sessions *shelf[access.Session]
}

func newHouse() house {
	h := house{users: newShelf[access.User](), accounts: newShelf[access.Account](), sessions: newShelf[access.Session]()}
	h.Guard = access.NewGuard(h.users, h.accounts, h.sessions)
	return h
}

func secret(text string) seal.Secret { return seal.NewSecret(text) }

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func wants(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("error is %v, want the kind %v", err, kind)
	}
}

// TestAllow walks every action and role: a row says the least role that may.
func TestAllow(t *testing.T) {
	least := map[access.Role]string{
		access.Viewer:   "model.read integration.read operation.read token.read session.create session.delete",
		access.Operator: "model.validate operation.run integration.test token.renew",
		access.Admin: "model.import model.update model.delete integration.create integration.update integration.delete token.clear token.connect token.set " +
			"audit.read user.create user.read user.password user.delete user.disable user.enable account.create account.read account.delete " +
			"account.rotate account.disable account.enable session.read session.end",
	}
	seen := 0
	for i, role := range access.Roles() {
		for _, action := range strings.Fields(least[role]) {
			seen++
			for j, caller := range access.Roles() {
				err := access.Caller{Kind: access.KindUser, Name: "x", Role: caller}.Allow(access.Action(action))
				if (err == nil) != (j >= i) {
					t.Errorf("%s doing %s: %v", caller, action, err)
				}
				if err != nil {
					wants(t, err, fault.Denied)
				}
			}
			wants(t, access.Caller{}.Allow(access.Action(action)), fault.Denied)
			wants(t, access.Caller{Kind: "user", Name: "x", Role: "root"}.Allow(access.Action(action)), fault.Denied)
			if err := access.Local("root").Allow(access.Action(action)); err != nil {
				t.Error(err)
			}
		}
	}
	if seen != len(access.Actions()) {
		t.Errorf("the table has %d actions, there are %d", seen, len(access.Actions()))
	}
	wants(t, access.Local("root").Allow("model.invent"), fault.Denied)
}

func TestFirstStart(t *testing.T) {
	h, ctx := newHouse(), t.Context()
	password := must[seal.Secret](t)(h.EnsureAdmin(ctx, seal.Secret{}))
	if !regexp.MustCompile(`^[0-9a-z]{5}(-[0-9a-z]{5}){3}$`).MatchString(password.Reveal()) {
		t.Errorf("the password is not readable: %q", password.Reveal())
	}
	caller := must[access.Caller](t)(h.Password(ctx, "admin", password))
	if caller.String() != "user admin" || caller.Role != access.Admin {
		t.Errorf("caller is %+v", caller)
	}
	if again := must[seal.Secret](t)(h.EnsureAdmin(ctx, secret("another password"))); !again.IsZero() {
		t.Error("a second start made a password")
	}
	must[access.Caller](t)(h.Password(ctx, "admin", password))
	stored := fmt.Sprint(h.users.entries["admin"].Value.Password.Reveal())
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=4,p=1$") || strings.Contains(stored, password.Reveal()) {
		t.Errorf("stored as %q", stored)
	}
}

func TestWrongPassword(t *testing.T) {
	h, ctx := newHouse(), t.Context()
	must[access.User](t)(h.CreateUser(ctx, "ann", access.Viewer, secret("correct horse")))
	for _, try := range []struct{ name, password string }{{"ann", "wrong"}, {"ann", ""}, {"bob", "correct horse"}, {"", ""}, {strings.Repeat("x", 4000), "y"}, {"a:\x00\xff", "z"}} {
		_, err := h.Password(ctx, try.name, secret(try.password))
		wants(t, err, fault.Unauthenticated)
		if strings.Contains(fmt.Sprint(err), "correct horse") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestDamagedHash(t *testing.T) {
	h, ctx := newHouse(), t.Context()
	must[access.User](t)(h.CreateUser(ctx, "ann", access.Viewer, secret("correct horse")))
	for _, damaged := range []string{"x", "$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=0,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=1,p=1$AAAA$"} {
		e := h.users.entries["ann"]
		e.Value.Password, e.Revision = secret(damaged), e.Revision+100
		h.users.entries["ann"] = e
		_, err := h.Password(ctx, "ann", secret("correct horse"))
		wants(t, err, fault.Internal)
	}
}

// TestSlowsDown: guesses cost more and more, up to a second, the right one too; nobody is locked out, and a caller who goes
// away does not wait.
func TestSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		must[access.User](t)(h.CreateUser(t.Context(), "ann", access.Viewer, secret("correct horse")))
		took := func(password string) time.Duration {
			start := time.Now()
			h.Password(t.Context(), "ann", secret(password))
			return time.Since(start)
		}
		var all []time.Duration
		for range 8 {
			all = append(all, took("guess"))
		}
		want := []time.Duration{0, 62500 * time.Microsecond, 125 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, time.Second, time.Second}
		for i := range want {
			if all[i] != want[i] {
				t.Errorf("guess %d took %v, want %v", i+1, all[i], want[i])
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := h.Password(ctx, "ann", secret("guess"))
		wants(t, err, fault.Unavailable)
		if d := took("correct horse"); d != time.Second {
			t.Errorf("the right password took %v", d)
		}
		if d := took("guess"); d != 0 {
			t.Errorf("after a success a guess took %v", d)
		}
		time.Sleep(time.Hour) // in the bubble
		if d := took("guess"); d != 0 {
			t.Errorf("an hour later a guess took %v", d)
		}
	})
}

// TestRemembers: Basic with every request costs one hash, until the record changes.
func TestRemembers(t *testing.T) {
	h, ctx := newHouse(), t.Context()
	must[access.User](t)(h.CreateUser(ctx, "ann", access.Viewer, secret("correct horse")))
	must[access.Caller](t)(h.Password(ctx, "ann", secret("correct horse")))
	start := time.Now()
	for range 500 {
		must[access.Caller](t)(h.Password(ctx, "ann", secret("correct horse")))
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("500 known passwords took %v", d)
	}
	if err := h.SetPassword(ctx, "ann", secret("battery staple")); err != nil {
		t.Fatal(err)
	}
	_, err := h.Password(ctx, "ann", secret("correct horse"))
	wants(t, err, fault.Unauthenticated)
}

func TestSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ctx := newHouse(), t.Context()
		must[access.User](t)(h.CreateUser(ctx, "ann", access.Operator, secret("correct horse")))
		login := func() seal.Secret {
			t.Helper()
			text, caller, err := h.Login(ctx, "ann", secret("correct horse"))
			if err != nil || caller.Role != access.Operator {
				t.Fatal(caller, err)
			}
			return text
		}
		one, two := login(), login()
		if one.Equal(two) || len(one.Reveal()) != 43 {
			t.Errorf("sessions %q and %q", one.Reveal(), two.Reveal())
		}
		if data, _ := json.Marshal(h.sessions.entries); strings.Contains(string(data), one.Reveal()) {
			t.Error("the store has the session's text")
		}
		must[access.Caller](t)(h.Session(ctx, one))
		for range 2 { // twice is no error
			if err := h.Logout(ctx, one); err != nil {
				t.Fatal(err)
			}
		}
		_, err := h.Session(ctx, one)
		wants(t, err, fault.Unauthenticated)

		time.Sleep(access.SessionLife - time.Second)
		must[access.Caller](t)(h.Session(ctx, two))
		time.Sleep(time.Second)
		_, err = h.Session(ctx, two)
		wants(t, err, fault.Unauthenticated)
		three := login()
		if n := must[int](t)(h.Sweep(ctx)); n != 1 || len(h.sessions.entries) != 1 {
			t.Errorf("swept %d, left %d", n, len(h.sessions.entries))
		}

		must[access.Caller](t)(h.Session(ctx, three))
		if err := h.SetPassword(ctx, "ann", secret("correct horse")); err != nil {
			t.Fatal(err)
		}
		_, err = h.Session(ctx, three)
		wants(t, err, fault.Unauthenticated)
		_, err = h.Session(ctx, secret("made up"))
		wants(t, err, fault.Unauthenticated)
	})
}

func TestAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ctx := newHouse(), t.Context()
		account, password, err := h.CreateAccount(ctx, "ci.build", access.Operator)
		if err != nil {
			t.Fatal(err)
		}
		token, life, err := h.AccountToken(ctx, account.ClientID, password)
		if err != nil || life != time.Hour {
			t.Fatal(life, err)
		}
		caller := must[access.Caller](t)(h.Session(ctx, token))
		if caller.String() != "account ci.build" || caller.Role != access.Operator {
			t.Errorf("caller is %+v", caller)
		}
		for _, id := range []string{"ci.build", "ci", "", "ci.build.00000000"} {
			_, _, err = h.AccountToken(ctx, id, password)
			wants(t, err, fault.Unauthenticated)
		}
		_, _, err = h.AccountToken(ctx, account.ClientID, secret("wrong"))
		wants(t, err, fault.Unauthenticated)
		_, err = h.Password(ctx, "ci.build", password)
		wants(t, err, fault.Unauthenticated) // an account is no user

		_, _, err = h.CreateAccount(ctx, "ci.build", access.Viewer)
		wants(t, err, fault.Conflict)
		if err := h.DeleteAccount(ctx, "ci.build"); err != nil {
			t.Fatal(err)
		}
		wants(t, h.DeleteAccount(ctx, "ci.build"), fault.NotFound)
		_, _, err = h.CreateAccount(ctx, "ci.build", access.Admin)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.Session(ctx, token) // of the account before
		wants(t, err, fault.Unauthenticated)
	})
}

func TestUsers(t *testing.T) {
	h, ctx := newHouse(), t.Context()
	good := secret("long enough")
	for _, bad := range []struct {
		name, role, password string
	}{{"", "admin", "long enough"}, {"a b", "admin", "long enough"}, {"a:b", "admin", "long enough"}, {"a", "king", "long enough"}, {"a", "admin", "short"}, {strings.Repeat("a", 65), "admin", "long enough"}} {
		_, err := h.CreateUser(ctx, bad.name, access.Role(bad.role), secret(bad.password))
		wants(t, err, fault.Invalid)
	}
	must[access.User](t)(h.CreateUser(ctx, "zoe", access.Admin, good))
	must[access.User](t)(h.CreateUser(ctx, "ann", access.Viewer, good))
	_, err := h.CreateUser(ctx, "ann", access.Admin, good)
	wants(t, err, fault.Conflict)
	if !strings.Contains(err.Error(), "already exists") {
		t.Error(err)
	}
	if users := must[[]access.User](t)(h.Users(ctx)); len(users) != 2 || users[0].Name != "ann" {
		t.Errorf("users are %v", users)
	}
	wants(t, h.DeleteUser(ctx, "zoe"), fault.Conflict)
	wants(t, h.DeleteUser(ctx, "bob"), fault.NotFound)
	wants(t, h.SetPassword(ctx, "bob", good), fault.NotFound)
	wants(t, h.SetPassword(ctx, "ann", secret("short")), fault.Invalid)
	if err := h.DeleteUser(ctx, "ann"); err != nil {
		t.Error(err)
	}
}

// TestLastAdmin: while one process deletes an administrator, another deletes the only other one.
func TestLastAdmin(t *testing.T) {
	h, ctx := newHouse(), t.Context()
	for _, name := range []string{"a", "b"} {
		must[access.User](t)(h.CreateUser(ctx, name, access.Admin, secret("long enough")))
	}
	other := access.NewGuard(h.users, h.accounts, h.sessions)
	h.users.meanwhile = func() {
		if err := other.DeleteUser(ctx, "b"); err != nil {
			t.Error(err)
		}
	}
	wants(t, h.DeleteUser(ctx, "a"), fault.Conflict)
	must[access.Caller](t)(h.Password(ctx, "a", secret("long enough")))
}

func BenchmarkHash(b *testing.B) {
	h := newHouse()
	h.CreateUser(b.Context(), "ann", access.Viewer, secret("correct horse"))
	for b.Loop() {
		other := access.NewGuard(h.users, h.accounts, h.sessions) // remembers nothing
		other.Password(b.Context(), "ann", secret("correct horse"))
	}
}
