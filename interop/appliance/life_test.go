package appliance_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"carnet.dev/carnet/interop/appliance"
)

// held is what a client keeps of a session: what calls carry, and what else it needs.
type held struct{ token, second string }

// A protocol is how a client of one appliance works, written by hand from the vendor's documents.
type protocol struct {
	name    string
	options appliance.Options
	login   func(m *machine, password string) (held, reply)
	call    func(m *machine, h held) reply
	refresh func(m *machine, h held) (held, reply) // nil: there is none
	logout  func(m *machine, h held) reply         // nil: there is none
	good    func(r reply) bool                     // a call was accepted
	dead    func(r reply) bool                     // a call was refused for want of a live session
	wrong   func(r reply) bool                     // a login was refused for its password
	full    func(r reply) bool                     // a login was refused because there are too many sessions; nil: never is
	idle    bool                                   // use keeps a session alive
}

func jsonType(more ...string) []string {
	return append([]string{"Content-Type", "application/json"}, more...)
}

func status(want int) func(reply) bool { return func(r reply) bool { return r.status == want } }

// says is an answer of that status with that text at that place.
func says(want int, path, text string) func(reply) bool {
	return func(r reply) bool { return r.status == want && fmt.Sprint(r.at(path)) == text }
}

func holds(want int, text string) func(reply) bool {
	return func(r reply) bool { return r.status == want && strings.Contains(r.text, text) }
}

// loginPage is the page that the SD-WAN Manager asks people to log in with.
func loginPage(r reply) bool { return r.status == http.StatusOK && strings.Contains(r.text, "<html>") }

func rpc(url, session, data string) string {
	method := "exec"
	if strings.HasPrefix(url, "/dvmdb/") {
		method = "get"
	}
	return fmt.Sprintf(`{"id": 1, "method": %q, "params": [{"url": %q%s}], "session": %q}`, method, url, data, session)
}

var protocols = []protocol{
	{
		name: "vmanage", options: appliance.Options{Sessions: 2}, idle: true,
		login: func(m *machine, password string) (held, reply) {
			form := url.Values{"j_username": {user}, "j_password": {password}}.Encode()
			first := m.send("POST", "/j_security_check", form, "Content-Type", "application/x-www-form-urlencoded")
			token := first.cookie("JSESSIONID")
			if first.text != "" {
				return held{}, first
			}
			second := m.send("GET", "/dataservice/client/token", "", "Cookie", "JSESSIONID="+token)
			return held{token, second.text}, first
		},
		call: func(m *machine, h held) reply {
			return m.send("GET", "/dataservice/device", "", "Cookie", "JSESSIONID="+h.token, "X-XSRF-TOKEN", h.second)
		},
		logout: func(m *machine, h held) reply {
			return m.send("GET", "/logout?nocache=1", "", "Cookie", "JSESSIONID="+h.token)
		},
		good: says(200, "data.0.host-name", "vm1"), dead: loginPage, wrong: loginPage, full: loginPage,
	},
	{
		name: "fmc",
		login: func(m *machine, password string) (held, reply) {
			r := m.send("POST", "/api/fmc_platform/v1/auth/generatetoken", "", "Authorization", basic(password))
			return held{r.header.Get("X-auth-access-token"), r.header.Get("X-auth-refresh-token")}, r
		},
		call: func(m *machine, h held) reply {
			return m.send("GET", "/api/fmc_config/v1/domain/"+appliance.Domain+"/object/networks", "", "X-auth-access-token", h.token)
		},
		refresh: func(m *machine, h held) (held, reply) {
			r := m.send("POST", "/api/fmc_platform/v1/auth/refreshtoken", "",
				"X-auth-access-token", h.token, "X-auth-refresh-token", h.second)
			return held{r.header.Get("X-auth-access-token"), r.header.Get("X-auth-refresh-token")}, r
		},
		logout: func(m *machine, h held) reply {
			return m.send("POST", "/api/fmc_platform/v1/auth/revokeaccess", "", "X-auth-access-token", h.token)
		},
		good: says(200, "items.0.name", "any-ipv4"), dead: says(401, "error.messages.0.description", "Access token invalid."),
		wrong: status(401),
	},
	{
		name: "catalyst",
		login: func(m *machine, password string) (held, reply) {
			r := m.send("POST", "/dna/system/api/v1/auth/token", "", "Authorization", basic(password))
			return held{fmt.Sprint(r.at("Token")), ""}, r
		},
		call: func(m *machine, h held) reply {
			return m.send("GET", "/dna/intent/api/v1/network-device", "", "X-Auth-Token", h.token)
		},
		good: says(200, "response.0.hostname", "cat_9k_1"), dead: status(401), wrong: status(401),
	},
	{
		name: "apic", options: appliance.Options{Sessions: 2},
		login: func(m *machine, password string) (held, reply) {
			r := m.send("POST", "/api/aaaLogin.json", fmt.Sprintf(`{"aaaUser": {"attributes": {"name": %q, "pwd": %q}}}`, user, password))
			return held{r.cookie("APIC-cookie"), ""}, r
		},
		call: func(m *machine, h held) reply {
			return m.send("GET", "/api/class/fvTenant.json", "", "Cookie", "APIC-cookie="+h.token)
		},
		refresh: func(m *machine, h held) (held, reply) {
			r := m.send("GET", "/api/aaaRefresh.json", "", "Cookie", "APIC-cookie="+h.token)
			return held{fmt.Sprint(r.at("imdata.0.aaaLogin.attributes.token")), ""}, r
		},
		logout: func(m *machine, h held) reply {
			body := `{"aaaUser": {"attributes": {"name": "carnet"}}}`
			return m.send("POST", "/api/aaaLogout.json", body, "Cookie", "APIC-cookie="+h.token)
		},
		good:  says(200, "imdata.0.fvTenant.attributes.name", "common"),
		dead:  says(403, "imdata.0.error.attributes.text", "Token was invalid (Error: Token timeout)"),
		wrong: says(401, "imdata.0.error.attributes.text", "Username or password is incorrect - FAILED local authentication"),
		full:  status(401),
	},
	{
		name: "fortimanager", options: appliance.Options{Sessions: 2}, idle: true,
		login: func(m *machine, password string) (held, reply) {
			data := fmt.Sprintf(`, "data": {"user": %q, "passwd": %q}`, user, password)
			r := m.send("POST", "/jsonrpc", rpc("/sys/login/user", "", data), jsonType()...)
			return held{fmt.Sprint(r.at("session")), ""}, r
		},
		call: func(m *machine, h held) reply {
			return m.send("POST", "/jsonrpc", rpc("/dvmdb/device", h.token, ""), jsonType()...)
		},
		logout: func(m *machine, h held) reply {
			return m.send("POST", "/jsonrpc", rpc("/sys/logout", h.token, ""), jsonType()...)
		},
		good: says(200, "result.0.data.0.name", "FGT-1"), dead: says(200, "result.0.status.code", "-11"),
		wrong: says(200, "result.0.status.code", "-22"), full: says(200, "result.0.status.code", "-22"),
	},
	{
		name: "bigip", options: appliance.Options{Sessions: 3},
		login: func(m *machine, password string) (held, reply) {
			body := fmt.Sprintf(`{"username": %q, "password": %q, "loginProviderName": "tmos"}`, user, password)
			r := m.send("POST", "/mgmt/shared/authn/login", body, jsonType()...)
			return held{fmt.Sprint(r.at("token.token")), ""}, r
		},
		call: func(m *machine, h held) reply {
			return m.send("GET", "/mgmt/tm/ltm/pool", "", "X-F5-Auth-Token", h.token)
		},
		logout: func(m *machine, h held) reply {
			return m.send("DELETE", "/mgmt/shared/authz/tokens/"+h.token, "", "X-F5-Auth-Token", h.token)
		},
		good: says(200, "items.0.name", "web"), dead: status(401), wrong: says(401, "message", "Authentication failed."),
		full: says(400, "message", "Bad Request: user carnet has reached maximum active login tokens"),
	},
	{
		name: "redfish", options: appliance.Options{Sessions: 2}, idle: true,
		login: func(m *machine, password string) (held, reply) {
			body := fmt.Sprintf(`{"UserName": %q, "Password": %q}`, user, password)
			r := m.send("POST", "/redfish/v1/SessionService/Sessions", body, jsonType()...)
			return held{r.header.Get("X-Auth-Token"), r.header.Get("Location")}, r
		},
		call: func(m *machine, h held) reply {
			return m.send("GET", "/redfish/v1/Systems", "", "X-Auth-Token", h.token)
		},
		logout: func(m *machine, h held) reply { return m.send("DELETE", h.second, "", "X-Auth-Token", h.token) },
		good:   says(200, "Name", "Computer System Collection"), wrong: status(401),
		dead: holds(401, `"Base.1.8.NoValidSession"`), full: holds(503, `"Base.1.8.SessionLimitExceeded"`),
	},
}

func basic(password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

func TestAllAreDriven(t *testing.T) {
	for name := range appliance.All() {
		if !slices.ContainsFunc(protocols, func(p protocol) bool { return p.name == name }) {
			t.Errorf("%s is not", name)
		}
	}
}

// each runs a test with every appliance.
func each(t *testing.T, test func(t *testing.T, p protocol, m *machine)) {
	for _, p := range protocols {
		t.Run(p.name, func(t *testing.T) { test(t, p, start(t, p.name, p.options)) })
	}
}

// enter logs in, which must succeed, and calls.
func (p protocol) enter(m *machine) held {
	m.t.Helper()
	h, r := p.login(m, password)
	if p.wrong(r) {
		m.t.Fatalf("the login got %d %s", r.status, r.text)
	}
	p.lives(m, h)
	return h
}

func (p protocol) lives(m *machine, h held) {
	m.t.Helper()
	if r := p.call(m, h); !p.good(r) {
		m.t.Errorf("a call with a live session got %d %s", r.status, r.text)
	}
}

func (p protocol) ended(m *machine, h held) {
	m.t.Helper()
	if r := p.call(m, h); p.good(r) || !p.dead(r) {
		m.t.Errorf("a call with a dead session got %d %s", r.status, r.text)
	}
}

func TestWrongPassword(t *testing.T) {
	each(t, func(t *testing.T, p protocol, m *machine) {
		if _, r := p.login(m, "a wrong one"); !p.wrong(r) {
			t.Errorf("got %d %s", r.status, r.text)
		}
		m.refusedLast("wrong username or password")
		if s := m.Stats(); s.Logins != 0 || s.Open != 0 {
			t.Errorf("counted %+v", s)
		}
	})
}

func TestSessionOpensAndIsCounted(t *testing.T) {
	each(t, func(t *testing.T, p protocol, m *machine) {
		h := p.enter(m)
		p.lives(m, h)
		if s := m.Stats(); s.Logins != 1 || s.Open != 1 || s.Calls != 2 || len(s.Refusals) != 0 {
			t.Errorf("counted %+v", s)
		}
		p.ended(m, held{})
		p.ended(m, held{h.token + "x", h.second})
		if s := m.Stats(); s.Calls != 2 || len(s.Refusals) != 2 {
			t.Errorf("counted %+v", s)
		}
	})
}

// lives of tokens and sessions, as shipped.
var shipped = map[string]time.Duration{
	"vmanage": 30 * time.Minute, "fmc": 30 * time.Minute, "catalyst": time.Hour, "apic": 10 * time.Minute,
	"fortimanager": 15 * time.Minute, "bigip": 20 * time.Minute, "redfish": 30 * time.Minute,
}

func TestExpiry(t *testing.T) {
	each(t, func(t *testing.T, p protocol, m *machine) {
		h, life := p.enter(m), shipped[p.name]
		m.forward(life - time.Second)
		p.lives(m, h)
		m.forward(time.Second)
		if p.idle { // the call a second ago counts
			p.lives(m, h)
			m.forward(life)
		}
		p.ended(m, h)
		p.ended(m, h)
		h = p.enter(m)
		m.EndSessions()
		p.ended(m, h)
		m.open(0)
	})
}

func TestUseDoesNotPutOffTheAbsoluteEnd(t *testing.T) {
	m := start(t, "vmanage", appliance.Options{})
	p := protocols[0]
	h := p.enter(m)
	for range 72 {
		m.forward(20*time.Minute - time.Second)
		p.lives(m, h)
	}
	m.forward(72 * time.Second)
	p.ended(m, h)
}

func TestRefresh(t *testing.T) {
	each(t, func(t *testing.T, p protocol, m *machine) {
		if p.refresh == nil {
			t.Skip("there is no refresh")
		}
		life, most := shipped[p.name], map[string]int{"fmc": 3, "apic": 143}[p.name] // 24 hours of 10 minutes each
		h := p.enter(m)
		for range most {
			m.forward(life - time.Second)
			old := h
			if h, _ = p.refresh(m, h); h.token == old.token {
				t.Fatal("the token stays the same")
			}
			p.lives(m, h)
			p.ended(m, old)
		}
		if s := m.Stats(); s.Refreshes != most || s.Logins != 1 || s.Open != 1 {
			t.Errorf("counted %d refreshes, %d logins, %d open sessions", s.Refreshes, s.Logins, s.Open)
		}
		m.forward(life - time.Second)
		if p.name == "apic" {
			m.forward(144 * time.Second)
		}
		if _, r := p.refresh(m, h); r.status != map[string]int{"fmc": 401, "apic": 403}[p.name] {
			t.Errorf("one refresh too many got %d %s", r.status, r.text)
		}
	})
}

func TestLogout(t *testing.T) {
	each(t, func(t *testing.T, p protocol, m *machine) {
		if p.logout == nil {
			t.Skip("there is no logout")
		}
		h, other := p.enter(m), p.enter(m)
		p.logout(m, h)
		p.ended(m, h)
		p.lives(m, other)
		p.logout(m, h)
		if s := m.Stats(); s.Logouts != 1 || s.Open != 1 {
			t.Errorf("counted %+v", s)
		}
	})
}

func TestTooManySessions(t *testing.T) {
	each(t, func(t *testing.T, p protocol, m *machine) {
		if p.full == nil {
			t.Skip("no limit is documented")
		}
		var all []held
		for range p.options.Sessions {
			all = append(all, p.enter(m))
		}
		if _, r := p.login(m, password); !p.full(r) {
			t.Errorf("one login too many got %d %s", r.status, r.text)
		}
		m.refusedLast("too many sessions are open")
		p.lives(m, all[0])
		p.logout(m, all[0])
		p.enter(m)
		m.forward(shipped[p.name])
		p.enter(m) // those before have ended by themselves
		m.open(1)
	})
}

func TestShippedLimits(t *testing.T) {
	for name, most := range map[string]int{"bigip": 100, "fortimanager": 32, "redfish": 16} {
		m := start(t, name, appliance.Options{})
		p := protocols[slices.IndexFunc(protocols, func(p protocol) bool { return p.name == name })]
		for range most {
			p.enter(m)
		}
		if _, r := p.login(m, password); !p.full(r) {
			t.Errorf("%s: login %d got %d", name, most+1, r.status)
		}
	}
}
