package web

import (
	"context"
	"net/http"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/seal"
)

func accessRoutes() []route {
	at := func(path string, serve func(*visit) error) route {
		return route{pattern: "POST " + root + "/access/" + path, serve: serve}
	}
	return []route{
		{pattern: "GET " + root + "/access", serve: showAccess},
		at("users", createUser),
		at("users/{name}/password", setPassword),
		at("users/{name}/disable", changing(Hub.DisableUser, "user-disabled")),
		at("users/{name}/enable", changing(Hub.EnableUser, "user-enabled")),
		at("users/{name}/delete", changing(Hub.DeleteUser, "user-deleted")),
		at("accounts", createAccount),
		at("accounts/{name}/rotate", rotateAccount),
		at("accounts/{name}/disable", changing(Hub.DisableAccount, "account-disabled")),
		at("accounts/{name}/enable", changing(Hub.EnableAccount, "account-enabled")),
		at("accounts/{name}/delete", changing(Hub.DeleteAccount, "account-deleted")),
		at("sessions/{name}/end", changing(Hub.EndSession, "session-ended")),
		{pattern: "GET " + root + "/account", serve: showAccount},
		{pattern: "POST " + root + "/account/password", serve: changePassword},
		{pattern: "POST " + root + "/account/sessions/{name}/end", serve: endOwn},
	}
}

// accessPage shows who may do what.
type accessPage struct {
	Users    []api.User
	Accounts []api.Account
	Sessions []api.Session
	Roles    []access.Role
	Made     *api.Account // a secret that is shown once
	Me       string
	User     api.User    // what was typed for a new one
	Account  api.Account // the same
}

func (v *visit) access() (p accessPage, err error) {
	p = accessPage{Roles: access.Roles(), Me: v.caller.Name}
	users, err := v.hub.Users(v.r.Context(), v.caller)
	if err != nil {
		return p, err
	}
	accounts, err := v.hub.Accounts(v.r.Context(), v.caller)
	if err != nil {
		return p, err
	}
	sessions, err := v.hub.Sessions(v.r.Context(), v.caller)
	p.Users, p.Accounts, p.Sessions = users.Users, accounts.Accounts, sessions.Sessions
	return p, err
}

// showAccess shows the page, with what change makes of it.
func (v *visit) showAccess(failed error, change func(*accessPage)) error {
	p, err := v.access()
	if err != nil {
		return err
	}
	if change != nil {
		change(&p)
	}
	return v.show(page{Title: "Access", Name: "access", Nav: "access", Data: p, Err: failed})
}

func showAccess(v *visit) error { return v.showAccess(nil, nil) }

// changing does something to whom the path names.
func changing(do func(h Hub, ctx context.Context, c access.Caller, name string) error, note string) func(*visit) error {
	return func(v *visit) error {
		if err := do(v.hub, v.r.Context(), v.caller, v.r.PathValue("name")); err != nil {
			return v.showAccess(err, nil)
		}
		v.to(done(root+"/access", note))
		return nil
	}
}

func createUser(v *visit) error {
	u := api.User{Name: strings.TrimSpace(v.r.PostFormValue("name")), Role: v.r.PostFormValue("role"), Password: v.r.PostFormValue("password")}
	if _, err := v.hub.CreateUser(v.r.Context(), v.caller, u); err != nil {
		return v.showAccess(err, func(p *accessPage) { p.User = api.User{Name: u.Name, Role: u.Role} })
	}
	v.to(done(root+"/access", "user-made"))
	return nil
}

func setPassword(v *visit) error {
	if err := v.hub.SetPassword(v.r.Context(), v.caller, v.r.PathValue("name"), seal.NewSecret(v.r.PostFormValue("password"))); err != nil {
		return v.showAccess(err, nil)
	}
	v.to(done(root+"/access", "password-set"))
	return nil
}

// createAccount shows the new account's secret on the page that answers: no redirect could carry it.
func createAccount(v *visit) error {
	a := api.Account{Name: strings.TrimSpace(v.r.PostFormValue("name")), Role: v.r.PostFormValue("role")}
	made, err := v.hub.CreateAccount(v.r.Context(), v.caller, a)
	if err != nil {
		return v.showAccess(err, func(p *accessPage) { p.Account = a })
	}
	return v.showAccess(nil, func(p *accessPage) { p.Made = &made })
}

func rotateAccount(v *visit) error {
	made, err := v.hub.RotateAccount(v.r.Context(), v.caller, v.r.PathValue("name"))
	if err != nil {
		return v.showAccess(err, nil)
	}
	return v.showAccess(nil, func(p *accessPage) { p.Made = &made })
}

// accountPage is a person's own.
type accountPage struct {
	Name, Role string
	Sessions   []api.Session
}

func (v *visit) showAccount(failed error) error {
	sessions, err := v.hub.Sessions(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	p := accountPage{Name: v.caller.Name, Role: string(v.caller.Role)}
	for _, s := range sessions.Sessions {
		if s.Own {
			p.Sessions = append(p.Sessions, s)
		}
	}
	return v.show(page{Title: "Your account", Name: "account", Nav: "account", Data: p, Err: failed})
}

func showAccount(v *visit) error { return v.showAccount(nil) }

func endOwn(v *visit) error {
	if err := v.hub.EndSession(v.r.Context(), v.caller, v.r.PathValue("name")); err != nil {
		return v.showAccount(err)
	}
	v.to(done(root+"/account", "session-ended"))
	return nil
}

// changePassword wants the old one too: a session that was left open is not enough. The new one ends all sessions, and begins this anew.
func changePassword(v *visit) error {
	ctx, name := v.r.Context(), v.caller.Name
	password := seal.NewSecret(v.r.PostFormValue("password"))
	if _, err := v.hub.CallerByPassword(ctx, name, seal.NewSecret(v.r.PostFormValue("old"))); err != nil {
		if fault.Is(err, fault.Unauthenticated) {
			err = fault.New(fault.Invalid, "the old password is wrong")
		}
		return v.showAccount(err)
	}
	if err := v.hub.SetPassword(ctx, v.caller, name, password); err != nil {
		return v.showAccount(err)
	}
	session, err := v.hub.Login(ctx, name, password)
	if err != nil {
		return err
	}
	http.SetCookie(v.w, v.sessionCookie(session))
	v.to(done(root+"/account", "password-set"))
	return nil
}
