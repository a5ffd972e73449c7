package web_test

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/internal/access"
)

// names in the paths of forms, which tell no kinds apart.
var names = regexp.MustCompile(`^(/ui/(?:integrations|models|access/users|access/accounts|access/sessions|account/sessions)/)([^/]+)`)

// kindOf is where a form leads, whatever it is about.
func kindOf(action string) string {
	path, _, _ := strings.Cut(action, "?")
	m := names.FindStringSubmatch(path)
	if m == nil || path == m[0] && slices.Contains([]string{"new", "check", "import", "update"}, m[2]) {
		return path
	}
	return m[1] + "*" + strings.TrimPrefix(path, m[0])
}

// meet notes where the forms of a page lead, and fails if something on it works by a script alone.
func (d *document) meet() {
	d.t.Helper()
	for _, f := range elements(d.root, "form") {
		action := kindOf(attribute(f, "action"))
		d.met[action] = true
		plain := []string{attribute(f, "action")}
		for _, b := range elements(f, "button") {
			if own := attribute(b, "formaction"); own != "" {
				d.met[kindOf(own)] = true
				plain = append(plain, own)
			}
		}
		for _, e := range append(elements(f, "input", "select", "textarea", "button"), f) {
			for _, by := range []string{"hx-post", "hx-get"} {
				if to := attribute(e, by); to != "" && !slices.Contains(plain, to) {
					d.t.Errorf("%s: the %s of <%s> to %s has no plain way", d.at, by, e.Data, to)
				}
			}
			if _, resubmits := attributeOf(e, "data-resubmit"); resubmits && len(elements(e.Parent, "button")) == 0 {
				d.t.Errorf("%s: a choice has no button beside it", d.at)
			}
		}
		if len(elements(f, "button")) == 0 {
			d.t.Errorf("%s: the form to %s has no button", d.at, action)
		}
	}
}

// crawl follows every link of the page, each once.
func (b *browser) crawl(t *testing.T) {
	t.Helper()
	seen, next := map[string]bool{}, []string{"/"}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		if seen[at] || len(seen) > 400 {
			continue
		}
		seen[at] = true
		answer := b.get(at)
		if answer.Code != 200 {
			t.Errorf("%s answers %d", at, answer.Code)
		}
		if !strings.HasPrefix(answer.Header().Get("Content-Type"), "text/html") {
			continue
		}
		d := b.arrive(t, at, answer)
		if len(elements(d.root, "h1")) != 1 || len(elements(d.root, "main")) != 1 {
			t.Errorf("%s has no heading of its own", at)
		}
		for _, a := range elements(d.root, "a") {
			to := attribute(a, "href")
			if strings.HasPrefix(to, "/ui") || to == "/" || strings.HasPrefix(to, "/?") {
				next = append(next, to)
			}
		}
	}
	if len(seen) < 30 {
		t.Errorf("there are only %d pages: %q", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}

// newHouse is a Carnet in which there is something of everything.
func newHouse(t *testing.T) *browser {
	t.Helper()
	b := newWorks(t).settle(t, newBrowser(t).signIn())
	provider := httptest.NewServer(carnettest.NewProvider(carnettest.ProviderOptions{Clients: map[string]string{"office": "hunter2-client"}}))
	t.Cleanup(provider.Close)
	admin, ctx := access.Local("test"), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	m, err := b.hub.ImportModel(ctx, admin, api.ModelRequest{URL: provider.URL + "/openapi.json"})
	must(err)
	for _, name := range []string{"robot", "spare"} {
		_, err = b.hub.CreateIntegration(ctx, admin, api.Integration{Name: name, Model: m.Model})
		must(err)
	}
	_, err = b.hub.SetIntegration(ctx, admin, "robot", api.Settings{"clientAuth.client_id": json.RawMessage(`"office"`), "clientAuth.client_secret": json.RawMessage(`"hunter2-client"`)})
	must(err)
	m, err = b.hub.ImportModel(ctx, admin, api.ModelRequest{Model: json.RawMessage(personDocument)})
	must(err)
	_, err = b.hub.CreateIntegration(ctx, admin, api.Integration{Name: "person", Model: m.Model})
	must(err)
	_, err = b.hub.SetIntegration(ctx, admin, "person", api.Settings{"code.client_id": json.RawMessage(`"app"`)})
	must(err)
	_, err = b.hub.CreateUser(ctx, admin, api.User{Name: "ann", Role: "viewer", Password: password})
	must(err)
	_, err = b.hub.CreateAccount(ctx, admin, api.Account{Name: "pipeline", Role: "operator"})
	must(err)
	b.met, b.sent = map[string]bool{}, map[string]bool{}
	return b
}

const personDocument = `{"openapi":"3.0.3","info":{"title":"Person","version":"1"},"servers":[{"url":"https://service.example"}],"paths":{"/me":{"get":{"operationId":"me"}}},
 "components":{"securitySchemes":{"code":{"type":"oauth2","flows":{"authorizationCode":{"authorizationUrl":"https://service.example/authorize","tokenUrl":"https://service.example/token","scopes":{}}}}}}}`

// TestEveryFormWithoutScripts: whoever has no JavaScript reaches every page by links, and does everything by forms: each is sent, and
// what comes of it is looked at. A form that nobody sends here fails the test.
func TestEveryFormWithoutScripts(t *testing.T) {
	b := newHouse(t)
	b.crawl(t)
	on := func(path string) *document { return b.open(t, path) }
	at := func(name string) string { return "/ui/integrations/" + name }

	on("/").form("/").fill("search", "rob").click("Search").sees("robot").lacks("spare")
	on("/ui/models").form("/ui/models").fill("search", "Person").click("Search").sees("Person").lacks("Works")
	on("/ui/models/Works:1").form("/ui/models/Works:1").fill("search", "scan something order").click("Search").sees("Nothing matches")
	on("/ui/activity").form("/ui/activity").fill("target", "spare", "outcome", "ok").click("Filter").sees("integration.create").lacks("robot")

	checked := on("/ui/models/import").form("/ui/models/check").attach("file", "new.json", strings.Replace(personDocument, "Person", "Fresh", 1)).click("Check the document").sees("Fresh:1", "No warnings")
	checked.form("/ui/models/check").click("Import Fresh:1").sees("The model is imported")
	report := on("/ui/models/import?update=Fresh:1").form("/ui/models/check").fill("text", strings.NewReplacer("Person", "Fresh", "/me", "/you").Replace(personDocument)).click("Check the document")
	report.sees("What changes").form("/ui/models/check").click("Update Fresh:1").sees("The model is updated")
	on("/ui/models/Fresh:1").form("/ui/models/Fresh:1/delete").click("Delete Fresh:1").sees("The model is deleted")

	on("/ui/integrations/new").form("/ui/integrations/new").fill("name", "second", "model", "Person:1").click("Create").sees("The integration is made")
	on(at("second")).form(at("second")).fill("server.host", "other.example").click("Save").sees("The settings are saved")
	on(at("second")).form(at("second")+"/clone").fill("as", "third").click("Clone").sees("with the same settings and secrets")
	advanced := on(at("third") + "/advanced").form(at("third") + "/advanced")
	advanced.fill("settings", `{"server": {"hosts": "x"}}`).click("Check").sees("That can't be done as it is")
	advanced.fill("settings", `{"server": {"host": "third.example"}}`).click("Check").sees("The settings can be used")
	advanced.click("Save").sees("The settings are saved")
	on(at("third")).form(at("third") + "/delete").click("Delete third").sees("The integration is deleted").lacks("third")

	on(at("robot")).form(at("robot")+"/token/renew").click("Get token").sees("There is a new token", "Fresh")
	on(at("robot")).form(at("robot") + "/test").click("Test").sees("Server answered")
	on(at("robot")).form(at("robot") + "/token/clear").click("Clear").sees("The token is gone")
	on(at("spare")).form(at("spare")+"/token/set").fill("scheme", "clientAuth", "access_token", "hunter2-token", "expires", "soon").click("Store the token").sees("has to be a time")
	on(at("spare")).form(at("spare")+"/token/set").fill("scheme", "clientAuth", "access_token", "hunter2-token", "expires", "3600").click("Store the token").sees("The token is stored", "typed by a person")
	standing := on(at("person")).form(at("person") + "/connect").click("Connect").sees("Continue to service.example")
	standing.form(at("person") + "/connect/finish").click("Look again").sees("Waiting for you to consent")

	on(at("works")+"/run").form(at("works")+"/run").fill("search", "image").click("Search").sees("1 operation")
	b.task(t, "order").click("Add to tags").task().fill("text:b/tags/[1]", "x").click("Show the request").sees(`"tags":["x"]`, "carnet run works order")
	b.task(t, "order").click("Run").sees("200 OK")
	if kept := b.task(t, "order").click("Run into a file").raw.Body.String(); kept != `{"ok":"yes"}`+"\n" {
		t.Errorf("kept is %s", kept)
	}
	b.people(t)
	for action := range b.met {
		if !b.sent[action] {
			t.Errorf("the form to %s was not tried", action)
		}
	}
}

// people are the forms about who may do what; the last of them sign out.
func (b *browser) people(t *testing.T) {
	on := func(path string) *document { return b.open(t, path) }
	user, account := func(what string) string { return "/ui/access/users/ann/" + what }, func(what string) string { return "/ui/access/accounts/pipeline/" + what }
	on("/ui/access").form("/ui/access/users").fill("name", "bob", "role", "operator", "password", password).click("Create").sees("The user is made", "bob")
	on("/ui/access").form(user("password")).fill("password", password+"2").click("Set").sees("The password is changed")
	on("/ui/access").form(user("disable")).click("Disable").sees("can't sign in")
	on("/ui/access").form(user("enable")).click("Enable").sees("can sign in again")
	on("/ui/access").form(user("delete")).click("Delete").sees("The user is deleted").lacks("ann")
	on("/ui/access").form("/ui/access/accounts").fill("name", "night", "role", "viewer").click("Create").sees("The secret of night")
	on("/ui/access").form(account("rotate")).click("New secret").sees("The secret of pipeline")
	on("/ui/access").form(account("disable")).click("Disable").sees("is disabled")
	on("/ui/access").form(account("enable")).click("Enable").sees("is enabled")
	on("/ui/access").form(account("delete")).click("Delete").sees("The service account is deleted")

	for page, action := range map[string]string{"/ui/access": "/ui/access/sessions/", "/ui/account": "/ui/account/sessions/"} {
		mine := b.sessions(t)
		other := &browser{t: t, hub: b.hub, page: b.page, cookies: map[string]string{}}
		other.signIn()
		for _, id := range b.sessions(t) {
			if !slices.Contains(mine, id) {
				on(page).form(action + id + "/end").click("End the session of user admin").sees("The session is ended")
			}
		}
		if other.get("/").Code == 200 {
			t.Errorf("a session that was ended on %s goes on", page)
		}
	}
	change := on("/ui/account").form("/ui/account/password")
	change.fill("old", "wrong", "password", password+"3").click("Change password").sees("the old password is wrong")
	change.fill("old", password, "password", password+"3").click("Change password").sees("The password is changed")
	on("/").form("/ui/sign-out").click("Sign out").sees("Sign in")
	on("/ui/models").form("/ui/sign-in").fill("username", "admin", "password", password+"3").click("Sign in").sees("Models", "Works")
}

// sessions are all that there are.
func (b *browser) sessions(t *testing.T) (ids []string) {
	t.Helper()
	list, err := b.hub.Sessions(t.Context(), access.Local("test"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list.Sessions {
		ids = append(ids, s.ID)
	}
	return ids
}

// lacks fails if the page's content says something.
func (d *document) lacks(text string) *document {
	d.t.Helper()
	for _, main := range elements(d.root, "main") {
		if strings.Contains(textOf(main), text) {
			d.t.Errorf("%s says %q: %s", d.at, text, textOf(main))
		}
	}
	return d
}
