package gallery

import (
	"fmt"
	"net/url"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
)

// connections are a person's consent, from its beginning to what the browser ends at.
func connections(now time.Time) []Scene {
	begin, finish := at+"token-connect/connect", at+"token-connect/connect/finish"
	login, state := url.Values{"scheme": {"login"}}, url.Values{"state": {"s"}}
	code := api.Connection{State: "s", Expires: now.Add(10 * time.Minute), Callback: true, RedirectURI: public + "/callback/token-connect",
		AuthorizationURL: "https://login.shop.example/authorize?response_type=code&client_id=carnet&state=s&redirect_uri=https%3A%2F%2Fcarnet.example%2Fcallback%2Ftoken-connect"}
	device := api.Connection{State: "s", Expires: now.Add(10 * time.Minute), UserCode: "WDJB-MJHT", VerificationURI: "https://login.shop.example/device", VerificationURIComplete: "https://login.shop.example/device?user_code=WDJB-MJHT", Interval: 5}
	refused := fault.New(fault.Upstream, "login.shop.example says access_denied: a person or a rule of the service has refused").WithHint("ask the service's administrator what the client and the account may")
	callback := "/callback/token-connect?state=s&code=c"
	return []Scene{
		{Name: "connect", Title: "a consent begins", path: begin, form: login, canned: canned{connection: &code}},
		{Name: "connect-device", Title: "a device's code", path: at + "token-device/connect", form: login, canned: canned{connection: &device}},
		{Name: "connect-waiting", Title: "nobody has consented yet", path: finish, form: state, canned: canned{standing: &api.Connected{Pending: true}}},
		{Name: "connect-waiting-cause", Title: "the service can't be asked for now", path: finish, form: state, canned: canned{standing: &api.Connected{Pending: true, Cause: "login.shop.example answered 503 Service Unavailable"}}},
		{Name: "connect-confirm", Title: "the browser shows a code", path: finish, form: state, canned: canned{standing: &api.Connected{Pending: true, Confirm: true}}},
		{Name: "connect-wrong-code", Title: "another code than the browser shows", path: finish, form: url.Values{"state": {"s"}, "confirmation": {"BBBB-BBBB"}},
			canned: canned{standing: &api.Connected{Pending: true, Confirm: true}, finish: fault.New(fault.Denied, "that is not the code that the browser shows").WithHint("type the code of the page that the browser ended at")}},
		{Name: "connect-refused", Title: "the service has refused", path: finish, form: state, canned: canned{finish: refused}},
		{Name: "connect-done", Title: "the integration is connected", path: at + "token-refresh?done=connected"},
		{Name: "callback", Title: "the browser is back, and the integration is connected", path: callback, canned: canned{arrival: &api.Arrival{Integration: "token-connect", Scheme: "login"}}},
		{Name: "callback-code", Title: "the browser is back, and nobody is signed in", path: callback, canned: canned{arrival: &api.Arrival{Integration: "token-connect", Scheme: "login", Confirmation: "BCDF-GHJK"}}, stranger: true},
		{Name: "callback-refused", Title: "the browser is back with a refusal", path: callback, canned: canned{arrive: refused}},
		{Name: "callback-internal", Title: "the browser is back, and something went wrong here", path: callback, canned: canned{arrive: unclassed{}}},
	}
}

// people are the pages about who does what.
func people(now time.Time) []Scene {
	users := []api.User{
		{Name: "admin", Role: "admin", Created: now.Add(-90 * 24 * time.Hour)}, {Name: "operator", Role: "operator", Created: now.Add(-50 * time.Hour)},
		{Name: "viewer", Role: "viewer", Disabled: true, Created: now.Add(-30 * time.Minute)},
	}
	accounts := []api.Account{{Name: "pipeline", Role: "operator", ClientID: "carnet-7f3a", Created: now.Add(-40 * time.Hour)}, {Name: "nightly", Role: "viewer", ClientID: "carnet-91cc", Disabled: true, Created: now.Add(-41 * time.Hour)}}
	sessions := []api.Session{{ID: "a1", Caller: "user admin", Created: now.Add(-time.Hour), Expires: now.Add(11 * time.Hour), Own: true}, {ID: "b2", Caller: "account pipeline", Created: now.Add(-10 * time.Minute), Expires: now.Add(50 * time.Minute)}}
	all := canned{users: users, accounts: accounts, sessions: sessions}
	made, taken, wrong := all, all, all
	made.account = &api.Account{Name: "backup", ClientID: "carnet-02bd", ClientSecret: "a secret that is shown this once"}
	taken.newUser = fault.New(fault.Conflict, "user %q already exists", "operator").WithHint("choose another name")
	wrong.password = fault.New(fault.Unauthenticated, "unknown name or wrong password")
	page, none := activity(now), api.AuditList{}
	return []Scene{
		{Name: "activity", Title: "who did what, with every outcome", path: "/ui/activity", canned: canned{audit: &page}},
		{Name: "activity-filtered", Title: "a part of it", path: "/ui/activity?target=token-fresh&action=token&outcome=failed&caller=admin&before=9", canned: canned{audit: &page}},
		{Name: "activity-nothing", Title: "nothing like that", path: "/ui/activity?target=none", canned: canned{audit: &none}},
		{Name: "access", Title: "users, service accounts and sessions", path: "/ui/access", canned: all},
		{Name: "access-bare", Title: "only the first user", path: "/ui/access", canned: canned{users: users[:1]}},
		{Name: "access-secret", Title: "a new secret, shown once", path: "/ui/access/accounts", form: url.Values{"name": {"backup"}, "role": {"operator"}}, canned: made},
		{Name: "access-refused", Title: "a user's name that is taken", path: "/ui/access/users", form: url.Values{"name": {"operator"}, "role": {"operator"}, "password": {"a password"}}, canned: taken},
		{Name: "access-done", Title: "after a user was made", path: "/ui/access?done=user-made", canned: all},
		{Name: "account", Title: "one's own account", path: "/ui/account", canned: all},
		{Name: "account-wrong-password", Title: "a wrong old password", path: "/ui/account/password", form: url.Values{"old": {"no"}, "password": {"another password"}}, canned: wrong},
	}
}

// activity is a page of the audit log.
func activity(now time.Time) (list api.AuditList) {
	for n, e := range []api.AuditEntry{
		{Caller: "user admin", Action: "operation.run", Target: "token-fresh listPets", Outcome: "started"},
		{Caller: "account pipeline", Action: "operation.run", Target: "token-fresh listPets", Outcome: "ok", Millis: 212},
		{Caller: "account pipeline", Action: "operation.run", Target: "token-broken-html ping", Outcome: "reconnect", Detail: "login.shop.example answered 200 OK, a page for people: is that the token URL?", Millis: 94},
		{Caller: "user operator", Action: "token.renew", Target: "token-waiting-time_out login", Outcome: "upstream", Detail: "login.shop.example did not answer within 15 s", Millis: 15004},
		{Caller: "user viewer", Action: "integration.update", Target: "token-fresh", Outcome: "denied", Detail: "viewers may not change integrations"},
		{Caller: "user admin", Action: "integration.update", Target: "token-fresh", Outcome: "invalid", Detail: "server.port is no port"},
		{Caller: "user admin", Action: "integration.delete", Target: "an old one", Outcome: "ok", Millis: 3},
		{Caller: "user admin", Action: "integration.create", Target: "token-fresh", Outcome: "conflict", Detail: "integration \"token-fresh\" already exists"},
		{Caller: "user admin", Action: "token.clear", Target: "token-cleared login", Outcome: "ok", Millis: 2},
		{Caller: "user admin", Action: "token.connect", Target: "token-connect login", Outcome: "not found", Detail: "no such connection"},
		{Caller: "user admin", Action: "model.import", Target: "Pet Shop:2.1", Outcome: "ok", Millis: 48},
		{Caller: "user admin", Action: "user.create", Target: "viewer", Outcome: "unavailable", Detail: "the store is away"},
		{Caller: "nobody", Action: "session.create", Target: "admin", Outcome: "unauthenticated", Detail: "unknown name or wrong password", Millis: 61},
		{Caller: "local root", Action: "model.update", Target: "Pet Shop:2.1", Outcome: "internal", Millis: 7},
	} {
		e.ID, e.Time = fmt.Sprint(99-n), now.Add(-time.Duration(n*n)*time.Minute)
		list.Entries = append(list.Entries, e)
	}
	list.Next = "85"
	return list
}

// doors are who comes in, and what nobody gets past.
func doors() []Scene {
	return []Scene{
		{Name: "sign-in", Title: "signing in", path: "/ui/sign-in?next=%2Fui%2Fmodels", stranger: true},
		{Name: "sign-in-wrong", Title: "a wrong password", path: "/ui/sign-in", stranger: true, form: url.Values{"username": {"operator"}, "password": {"no"}, "next": {"/ui/models"}},
			canned: canned{password: fault.New(fault.Unauthenticated, "unknown name or wrong password")}},
		{Name: "denied", Title: "a page for administrators", path: "/ui/access", role: access.Viewer},
		{Name: "foreign", Title: "a form of another site", path: at + "token-fresh/delete", form: url.Values{}, header: [2]string{"Sec-Fetch-Site", "cross-site"}},
		{Name: "not-found", Title: "an integration that is not there", path: at + "token-fersh"},
		{Name: "no-page", Title: "a page that is not there", path: "/ui/nothing"},
		{Name: "internal", Title: "an error that nobody expected: its id, and nothing else", path: "/", canned: canned{overview: unclassed{}}},
		{Name: "unavailable", Title: "the store is away", path: "/", canned: canned{who: fault.New(fault.Unavailable, "the store can't be reached").WithHint("try again in a moment")}},
	}
}
