package access_test

import (
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
)

// TestDisable: who is disabled is signed out and can't sign in; the last administrator can't be.
func TestDisable(t *testing.T) {
	h, ctx := newHouse(), t.Context()
	if _, err := h.EnsureAdmin(ctx, secret("password-1")); err != nil {
		t.Fatal(err)
	}
	wants(t, h.DisableUser(ctx, "admin", true), fault.Conflict)
	must[access.User](t)(h.CreateUser(ctx, "ann", access.Admin, secret("password-2")))
	session, _, err := h.Login(ctx, "ann", secret("password-2"))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.DisableUser(ctx, "ann", true); err != nil {
		t.Fatal(err)
	}
	_, err = h.Session(ctx, session)
	wants(t, err, fault.Unauthenticated)
	_, _, err = h.Login(ctx, "ann", secret("password-2"))
	wants(t, err, fault.Unauthenticated)
	wants(t, h.DisableUser(ctx, "admin", true), fault.Conflict)
	wants(t, h.DeleteUser(ctx, "admin"), fault.Conflict)
	wants(t, h.DisableUser(ctx, "nobody", true), fault.NotFound)
	if err := h.DisableUser(ctx, "ann", false); err != nil {
		t.Fatal(err)
	}
	if _, _, err = h.Login(ctx, "ann", secret("password-2")); err != nil {
		t.Error(err)
	}
	_, err = h.Session(ctx, session) // it does not come back
	wants(t, err, fault.Unauthenticated)
}

// TestRotate: a new secret ends the old one and what it got; so does disabling.
func TestRotate(t *testing.T) {
	h, ctx := newHouse(), t.Context()
	account, old, err := h.CreateAccount(ctx, "ci", access.Operator)
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := h.AccountToken(ctx, account.ClientID, old)
	if err != nil {
		t.Fatal(err)
	}
	rotated, fresh, err := h.RotateAccount(ctx, "ci")
	if err != nil || rotated.ClientID != account.ClientID || fresh.Equal(old) {
		t.Fatalf("rotated to %+v: %v", rotated, err)
	}
	_, err = h.Session(ctx, token)
	wants(t, err, fault.Unauthenticated)
	_, _, err = h.AccountToken(ctx, account.ClientID, old)
	wants(t, err, fault.Unauthenticated)
	if token, _, err = h.AccountToken(ctx, account.ClientID, fresh); err != nil {
		t.Fatal(err)
	}
	if err := h.DisableAccount(ctx, "ci", true); err != nil {
		t.Fatal(err)
	}
	_, err = h.Session(ctx, token)
	wants(t, err, fault.Unauthenticated)
	_, _, err = h.AccountToken(ctx, account.ClientID, fresh)
	wants(t, err, fault.Unauthenticated)
	if err := h.DisableAccount(ctx, "ci", false); err != nil {
		t.Fatal(err)
	}
	if _, _, err = h.AccountToken(ctx, account.ClientID, fresh); err != nil {
		t.Error(err)
	}
}

// TestEndSession: sessions are listed while they live, and the one that is ended is over.
func TestEndSession(t *testing.T) {
	h, ctx := newHouse(), t.Context()
	must[access.User](t)(h.CreateUser(ctx, "ann", access.Viewer, secret("password-1")))
	first, _, err := h.Login(ctx, "ann", secret("password-1"))
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := h.Login(ctx, "ann", secret("password-1"))
	if err != nil {
		t.Fatal(err)
	}
	list := must[[]access.Living](t)(h.Sessions(ctx))
	if len(list) != 2 || list[0].Name != "ann" || list[0].Created.IsZero() {
		t.Fatalf("sessions are %+v", list)
	}
	if err := h.EndSession(ctx, list[0].ID); err != nil {
		t.Fatal(err)
	}
	_, err1 := h.Session(ctx, first)
	_, err2 := h.Session(ctx, second)
	if (err1 == nil) == (err2 == nil) {
		t.Errorf("of two sessions one was ended: %v, %v", err1, err2)
	}
	for _, id := range []string{list[0].ID, "", "0", "0000000000000000"} {
		wants(t, h.EndSession(ctx, id), fault.NotFound)
	}
}
