package appliance_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/interop/appliance"
)

// A use is what Carnet is asked to do with an appliance.
type use struct {
	name      string
	options   appliance.Options
	operation string
	task      api.Task
	has       string // in the answer
	refreshes int    // of ten renewals
	logins    int    // of ten renewals
	stays     int    // sessions that are open after all, for want of a logout
}

var uses = []use{
	{
		name: "vmanage", options: appliance.Options{Sessions: 2, XSRFOnReads: true},
		operation: "listAllDevices", has: `"vm1"`, logins: 10,
	},
	{
		name: "fmc", operation: "getAllNetworkObject", task: arguments("domainUUID", appliance.Domain), has: `"any-ipv4"`,
		refreshes: 8, logins: 2, // three refreshes and a login, and again
	},
	{name: "catalyst", operation: "getDeviceList", has: `"cat_9k_1"`, logins: 10, stays: 11},
	{name: "apic", options: appliance.Options{Sessions: 2}, operation: "queryTenants", has: `"common"`, refreshes: 10},
	{
		name: "fortimanager", options: appliance.Options{Sessions: 2},
		operation: "jsonrpc", task: posting(`{"id": 4, "method": "get", "params": [{"url": "/dvmdb/device"}]}`),
		has: `"FGT-1"`, logins: 10,
	},
	{name: "bigip", options: appliance.Options{Sessions: 3}, operation: "listPools", has: `"web"`, logins: 10},
	{name: "redfish", options: appliance.Options{Sessions: 2}, operation: "getSystems", has: `"Computer System`, logins: 10},
}

func arguments(name, value string) api.Task {
	text, _ := json.Marshal(value)
	return api.Task{Parameters: map[string]json.RawMessage{name: text}}
}

func posting(body string) api.Task { return api.Task{RequestBodyPayload: json.RawMessage(body)} }

// integrate starts the appliance, imports its document and creates the integration "it". fields change its settings afterwards.
func (u use) integrate(t *testing.T, fields api.Settings) (*machine, *carnettest.Carnet) {
	t.Helper()
	m, c := start(t, u.name, u.options), carnettest.New(t)
	model, err := c.ImportModel(t.Context(), api.ModelRequest{Model: m.Document()})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := m.Settings(m.address)
	if err != nil {
		t.Fatal(err)
	}
	it := api.Integration{Name: "it", Model: model.Model, Properties: api.IntegrationProperties{Properties: settings}}
	if _, err := c.CreateIntegration(t.Context(), it); err != nil {
		t.Fatalf("the settings are refused: %v %+v", err, problems(err))
	}
	if fields != nil {
		if _, err := c.SetIntegration(t.Context(), "it", fields); err != nil {
			t.Fatal(err)
		}
	}
	return m, c
}

func problems(err error) []fault.Problem {
	if f, ok := err.(*fault.Error); ok {
		return f.Problems
	}
	return nil
}

// run runs the operation, which must get what it asks for.
func (u use) run(t *testing.T, c *carnettest.Carnet) {
	t.Helper()
	result, err := c.RunOperation(t.Context(), "it", u.operation, u.task)
	if err != nil {
		t.Errorf("running %s: %v", u.operation, err)
	} else if result.Status != http.StatusOK || !strings.Contains(string(result.Data), u.has) {
		t.Errorf("running %s got %d %s", u.operation, result.Status, result.Data)
	}
}

func (m *machine) loggedIn(want int) {
	m.t.Helper()
	if s := m.Stats(); s.Logins != want {
		m.t.Errorf("%d logins, want %d; refused were %q", s.Logins, want, s.Refusals)
	}
}

func eachUse(t *testing.T, test func(t *testing.T, u use)) {
	for _, u := range uses {
		t.Run(u.name, func(t *testing.T) { test(t, u) })
	}
}

// Failure mode 37: few sessions.
func TestCarnetSharesOneSession(t *testing.T) {
	eachUse(t, func(t *testing.T, u use) {
		u.options.Sessions = 1
		m, c := u.integrate(t, nil)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { u.run(t, c) })
		}
		all.Wait()
		u.run(t, c)
		m.loggedIn(1)
		if s := m.Stats(); s.Calls != 9 || len(s.Refusals) != 0 {
			t.Errorf("%d calls, refused were %q", s.Calls, s.Refusals)
		}
	})
}

func TestCarnetLogsInAgain(t *testing.T) {
	eachUse(t, func(t *testing.T, u use) {
		u.options.Sessions = 1
		m, c := u.integrate(t, nil)
		u.run(t, c)
		m.EndSessions()
		u.run(t, c)
		u.run(t, c)
		m.loggedIn(2)
		m.open(1)
	})
}

// The appliance's clock runs ahead of Carnet's: its session has ended by itself.
// Failure mode 36: expiry that is no 401.
func TestCarnetNoticesExpiry(t *testing.T) {
	eachUse(t, func(t *testing.T, u use) {
		u.options.Sessions = 1
		m, c := u.integrate(t, nil)
		u.run(t, c)
		m.forward(shipped[u.name])
		u.run(t, c)
		if s := m.Stats(); s.Logins+s.Refreshes != 2 || s.Calls != 2 {
			t.Errorf("counted %+v", s)
		}
	})
}

func TestCarnetRenewsAndLogsOut(t *testing.T) {
	eachUse(t, func(t *testing.T, u use) {
		m, c := u.integrate(t, nil)
		u.run(t, c)
		for range 10 {
			if _, err := c.RenewToken(t.Context(), "it", ""); err != nil {
				t.Fatalf("%v; refused were %q", err, m.Stats().Refusals)
			}
			u.run(t, c)
		}
		s := m.Stats()
		if s.Logins != 1+u.logins || s.Refreshes != u.refreshes {
			t.Errorf("%d logins and %d refreshes, want %d and %d", s.Logins, s.Refreshes, 1+u.logins, u.refreshes)
		}
		m.open(max(1, u.stays))
		if err := c.DeleteIntegration(t.Context(), "it"); err != nil {
			t.Fatal(err)
		}
		m.open(u.stays)
		if s := m.Stats(); len(s.Refusals) != 0 {
			t.Errorf("refused were %q", s.Refusals)
		}
	})
}

// A wrong password is tried once, not with every call (failure mode 20).
func TestCarnetTriesAWrongPasswordOnce(t *testing.T) {
	eachUse(t, func(t *testing.T, u use) {
		m, c := u.integrate(t, nil)
		var settings struct{ Authentication map[string]json.RawMessage }
		raw, _ := m.Settings(m.address)
		if err := json.Unmarshal(raw, &settings); err != nil {
			t.Fatal(err)
		}
		for scheme := range settings.Authentication {
			change := api.Settings{"authentication." + scheme + ".password": json.RawMessage(`"a wrong one"`)}
			if _, err := c.SetIntegration(t.Context(), "it", change); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if _, err := c.RunOperation(t.Context(), "it", u.operation, u.task); err == nil {
				t.Error("it ran")
			} else if strings.Contains(err.Error(), "a wrong one") {
				t.Errorf("the error holds the password: %v", err)
			}
		}
		wrong := 0
		for _, sentence := range m.Stats().Refusals {
			if strings.HasSuffix(sentence, "wrong username or password") {
				wrong++
			}
		}
		if wrong != 1 {
			t.Errorf("tried %d times: %q", wrong, m.Stats().Refusals)
		}
		// Whoever tries again by itself locks the account: appliances count.
		if got := state(t, c); got.State != "broken" {
			t.Errorf("the token is %s (%s), want broken", got.State, got.Cause)
		}
	})
}

// state is that of the integration's one token.
func state(t *testing.T, c *carnettest.Carnet) api.Token {
	t.Helper()
	list, err := c.Tokens(t.Context(), "it")
	if err != nil || len(list.Tokens) != 1 {
		t.Fatalf("the tokens are %+v, %v", list, err)
	}
	return list.Tokens[0]
}

// Others have taken all sessions. Where the appliance tells that from a wrong password, Carnet tries again later by itself.
func TestCarnetWaitsForASession(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
	}{{"bigip", 0}, {"redfish", http.StatusServiceUnavailable}, {"redfish", http.StatusForbidden}} {
		u := uses[slices.IndexFunc(uses, func(u use) bool { return u.name == test.name })]
		p := protocols[slices.IndexFunc(protocols, func(p protocol) bool { return p.name == test.name })]
		u.options.FullStatus = test.status
		m, c := u.integrate(t, nil)
		var others []held
		for range u.options.Sessions {
			others = append(others, p.enter(m))
		}
		if _, err := c.RunOperation(t.Context(), "it", u.operation, u.task); err == nil {
			t.Errorf("%+v: it ran", test)
		}
		if got := state(t, c); got.State != "waiting" {
			t.Errorf("%+v: the token is %s (%s), want waiting", test, got.State, got.Cause)
		}
		p.logout(m, others[0])
		if _, err := c.RenewToken(t.Context(), "it", ""); err != nil {
			t.Errorf("%+v: %v", test, err)
		}
		u.run(t, c)
	}
}

// A change that is refused for the XSRF token of a dead session is repeated with a new one.
func TestCarnetRepeatsAChange(t *testing.T) {
	u := uses[0]
	u.operation, u.task, u.has = "clearStaleAlarm", posting(`{"alarm_uuid": "7ba65f1b-3a4c-4b9b-8ad3-1e6b8b0a5b5e"}`), "{}"
	m, c := u.integrate(t, nil)
	u.run(t, c)
	m.EndSessions()
	u.run(t, c)
	m.loggedIn(2)
}

// A missing right has the status of a dead token, or its code, but is none: the answer goes back, and nobody logs in.
func TestCarnetLeavesAMissingRightAlone(t *testing.T) {
	for _, u := range uses {
		want := http.StatusForbidden
		switch u.name {
		case "apic":
			u.operation = "queryUsers"
		case "fortimanager":
			u.task, want = posting(`{"id": 4, "method": "get", "params": [{"url": "/nowhere"}]}`), http.StatusOK
		default:
			continue
		}
		m, c := u.integrate(t, nil)
		for range 2 {
			if result, err := c.RunOperation(t.Context(), "it", u.operation, u.task); err != nil || result.Status != want {
				t.Errorf("%s: got %+v, %v", u.name, result, err)
			}
		}
		m.loggedIn(1)
	}
}
