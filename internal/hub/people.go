package hub

import (
	"context"
	"slices"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/audit"
	"carnet.dev/carnet/internal/seal"
)

// EnsureAdmin makes the first user, admin, where there is none. Without a password it makes one and returns it, to be shown
// once; otherwise what it returns is empty.
func (h *Hub) EnsureAdmin(ctx context.Context, password seal.Secret) (seal.Secret, error) {
	return h.guard.EnsureAdmin(ctx, password)
}

// CreateUser makes a user, who signs in with a password.
func (h *Hub) CreateUser(ctx context.Context, c access.Caller, u api.User) (api.User, error) {
	return act(ctx, h, c, access.UserCreate, u.Name, func() (api.User, error) {
		made, err := h.guard.CreateUser(ctx, u.Name, access.Role(u.Role), seal.NewSecret(u.Password))
		return viewUser(made), err
	})
}

// Users lists the users.
func (h *Hub) Users(ctx context.Context, c access.Caller) (api.UserList, error) {
	list := api.UserList{Users: []api.User{}}
	if err := c.Allow(access.UserRead); err != nil {
		return list, err
	}
	users, err := h.guard.Users(ctx)
	for _, u := range users {
		list.Users = append(list.Users, viewUser(u))
	}
	return list, err
}

// DeleteUser deletes a user, but never the last admin.
func (h *Hub) DeleteUser(ctx context.Context, c access.Caller, name string) error {
	return doing(ctx, h, c, access.UserDelete, name, func() error { return h.guard.DeleteUser(ctx, name) })
}

// SetPassword changes a user's password. Everyone may change their own.
func (h *Hub) SetPassword(ctx context.Context, c access.Caller, name string, password seal.Secret) error {
	change := func() error { return h.guard.SetPassword(ctx, name, password) }
	if !c.IsUser(name) {
		return doing(ctx, h, c, access.UserPassword, name, change)
	}
	_, err := audited(ctx, h, c.String(), access.UserPassword, name, func() (struct{}, error) { return struct{}{}, change() })
	return err
}

// CreateAccount makes a service account; its secret is in the answer and never shown again.
func (h *Hub) CreateAccount(ctx context.Context, c access.Caller, a api.Account) (api.Account, error) {
	return act(ctx, h, c, access.AccountCreate, a.Name, func() (api.Account, error) {
		made, secret, err := h.guard.CreateAccount(ctx, a.Name, access.Role(a.Role))
		view := viewAccount(made)
		view.ClientSecret = secret.Reveal()
		return view, err
	})
}

// Accounts lists the service accounts.
func (h *Hub) Accounts(ctx context.Context, c access.Caller) (api.AccountList, error) {
	list := api.AccountList{Accounts: []api.Account{}}
	if err := c.Allow(access.AccountRead); err != nil {
		return list, err
	}
	accounts, err := h.guard.Accounts(ctx)
	for _, a := range accounts {
		list.Accounts = append(list.Accounts, viewAccount(a))
	}
	return list, err
}

// DeleteAccount deletes a service account; its access tokens end with it.
func (h *Hub) DeleteAccount(ctx context.Context, c access.Caller, name string) error {
	return doing(ctx, h, c, access.AccountDelete, name, func() error { return h.guard.DeleteAccount(ctx, name) })
}

// DisableUser keeps a user from signing in, and ends the user's sessions; never the last admin.
func (h *Hub) DisableUser(ctx context.Context, c access.Caller, name string) error {
	return doing(ctx, h, c, access.UserDisable, name, func() error { return h.guard.DisableUser(ctx, name, true) })
}

// EnableUser lets a user sign in again.
func (h *Hub) EnableUser(ctx context.Context, c access.Caller, name string) error {
	return doing(ctx, h, c, access.UserEnable, name, func() error { return h.guard.DisableUser(ctx, name, false) })
}

// DisableAccount ends a service account's access tokens, and gives it no more.
func (h *Hub) DisableAccount(ctx context.Context, c access.Caller, name string) error {
	return doing(ctx, h, c, access.AccountDisable, name, func() error { return h.guard.DisableAccount(ctx, name, true) })
}

// EnableAccount gives a service account access tokens again.
func (h *Hub) EnableAccount(ctx context.Context, c access.Caller, name string) error {
	return doing(ctx, h, c, access.AccountEnable, name, func() error { return h.guard.DisableAccount(ctx, name, false) })
}

// RotateAccount gives a service account a new secret, which is in the answer and never shown again. What the old one got ends.
func (h *Hub) RotateAccount(ctx context.Context, c access.Caller, name string) (api.Account, error) {
	return act(ctx, h, c, access.AccountRotate, name, func() (api.Account, error) {
		account, secret, err := h.guard.RotateAccount(ctx, name)
		view := viewAccount(account)
		view.ClientSecret = secret.Reveal()
		return view, err
	})
}

// Sessions lists who is signed in; for whoever is no admin, only their own sessions.
func (h *Hub) Sessions(ctx context.Context, c access.Caller) (api.SessionList, error) {
	list := api.SessionList{Sessions: []api.Session{}}
	all, err := h.guard.Sessions(ctx)
	for _, s := range all {
		if own := c.Kind == s.Kind && c.Name == s.Name; own || c.Allow(access.SessionRead) == nil {
			list.Sessions = append(list.Sessions, api.Session{ID: s.ID, Caller: access.Caller{Kind: s.Kind, Name: s.Name}.String(), Created: s.Created, Expires: s.Expires, Own: own})
		}
	}
	return list, err
}

// EndSession signs somebody out. Everyone may end their own sessions.
func (h *Hub) EndSession(ctx context.Context, c access.Caller, id string) error {
	end := func() error { return h.guard.EndSession(ctx, id) }
	list, err := h.Sessions(ctx, c)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list.Sessions, func(s api.Session) bool { return s.ID == id && s.Own }) {
		_, err := audited(ctx, h, c.String(), access.SessionEnd, id, func() (struct{}, error) { return struct{}{}, end() })
		return err
	}
	return doing(ctx, h, c, access.SessionEnd, id, end)
}

// Login opens a session and returns its token.
func (h *Hub) Login(ctx context.Context, name string, password seal.Secret) (seal.Secret, error) {
	return audited(ctx, h, stranger(access.KindUser, name), access.SessionCreate, "", func() (seal.Secret, error) {
		session, _, err := h.guard.Login(ctx, name, password)
		return session, err
	})
}

// Logout ends a session. One that has ended already is no error.
func (h *Hub) Logout(ctx context.Context, session seal.Secret) error {
	return h.guard.Logout(ctx, session)
}

// AccountToken gives a service account its access token (RFC 6749 4.4).
func (h *Hub) AccountToken(ctx context.Context, id string, secret seal.Secret) (api.AccessToken, error) {
	return audited(ctx, h, stranger(access.KindAccount, id), access.SessionCreate, "", func() (api.AccessToken, error) {
		t, life, err := h.guard.AccountToken(ctx, id, secret)
		if err != nil {
			return api.AccessToken{}, err
		}
		return api.AccessToken{AccessToken: t.Reveal(), TokenType: "Bearer", ExpiresIn: int(life.Seconds())}, nil
	})
}

// stranger is how the audit log names who has yet to prove who they are: by what they say, which may be anything.
func stranger(kind, name string) string {
	const most = 64
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most]) + "..."
	}
	return access.Caller{Kind: kind, Name: name}.String()
}

// CallerByPassword returns the user of that name and password.
func (h *Hub) CallerByPassword(ctx context.Context, name string, password seal.Secret) (access.Caller, error) {
	return h.guard.Password(ctx, name, password)
}

// CallerBySession returns whose session or access token it is.
func (h *Hub) CallerBySession(ctx context.Context, session seal.Secret) (access.Caller, error) {
	return h.guard.Session(ctx, session)
}

// AuditEntries lists who did what, the newest first.
func (h *Hub) AuditEntries(ctx context.Context, c access.Caller, q api.AuditQuery) (api.AuditList, error) {
	list := api.AuditList{Entries: []api.AuditEntry{}}
	if err := c.Allow(access.AuditRead); err != nil {
		return list, err
	}
	entries, next, err := h.audit.Entries(ctx, audit.Query(q))
	list.Next = next
	for _, e := range entries {
		list.Entries = append(list.Entries, api.AuditEntry(e))
	}
	return list, err
}

func viewUser(u access.User) api.User {
	return api.User{Name: u.Name, Role: string(u.Role), Created: u.Created, Disabled: u.Disabled}
}

func viewAccount(a access.Account) api.Account {
	return api.Account{Name: a.Name, Role: string(a.Role), ClientID: a.ClientID, Created: a.Created, Disabled: a.Disabled}
}
