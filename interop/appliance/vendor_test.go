package appliance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"carnet.dev/carnet/interop/appliance"
)

// at starts an appliance and returns the protocol for it too.
func at(t *testing.T, name string, o appliance.Options) (*machine, protocol) {
	return start(t, name, o), protocols[slices.IndexFunc(protocols, func(p protocol) bool { return p.name == name })]
}

// A wrong password gives a cookie too; only the page in the body tells, and the XSRF token's place holds the same page.
func TestVManageAnswersAWrongPasswordWithACookie(t *testing.T) {
	m, _ := at(t, "vmanage", appliance.Options{})
	r := m.send("POST", "/j_security_check", "j_username=carnet&j_password=x", "Content-Type", "application/x-www-form-urlencoded")
	token := r.cookie("JSESSIONID")
	if token == "" || !loginPage(r) {
		t.Fatalf("got the cookie %q and %s", token, r.text)
	}
	if r := m.send("GET", "/dataservice/client/token", "", "Cookie", "JSESSIONID="+token); !loginPage(r) {
		t.Errorf("got %d %s", r.status, r.text)
	}
}

func TestVManageWantsAForm(t *testing.T) {
	m, _ := at(t, "vmanage", appliance.Options{})
	form := "j_username=carnet&j_password=correct+horse%2Bstaple"
	for _, r := range []reply{
		m.send("POST", "/j_security_check", `{"j_username": "carnet", "j_password": "correct horse+staple"}`, jsonType()...),
		m.send("POST", "/j_security_check?"+form, "", "Content-Type", "application/x-www-form-urlencoded"),
		m.send("POST", "/j_security_check", form),
	} {
		if !loginPage(r) {
			t.Errorf("got %d %s", r.status, r.text)
		}
	}
	if r := m.send("POST", "/j_security_check", form, "Content-Type", "application/x-www-form-urlencoded"); r.text != "" {
		t.Errorf("a form got %s", r.text)
	}
}

func TestVManageXSRF(t *testing.T) {
	m, p := at(t, "vmanage", appliance.Options{})
	h, _ := p.login(m, password)
	post := func(h held) reply {
		return m.send("POST", "/dataservice/alarms/clear", `{"alarm_uuid": "x"}`,
			jsonType("Cookie", "JSESSIONID="+h.token, "X-XSRF-TOKEN", h.second)...)
	}
	if r := post(h); r.status != http.StatusOK {
		t.Errorf("a change with both got %d %s", r.status, r.text)
	}
	other := p.enter(m)
	bad := map[string]held{"none": {h.token, ""}, "another session's": {h.token, other.second}, "a dead session's": {"x", h.second}}
	for name, h := range bad {
		if r := post(h); r.status != http.StatusForbidden || !strings.Contains(r.text, "SessionTokenFilter") {
			t.Errorf("with %s it got %d %s", name, r.status, r.text)
		}
	}
	p.lives(m, held{h.token, ""}) // reading wants none
}

func TestVManageXSRFOnReads(t *testing.T) {
	m, p := at(t, "vmanage", appliance.Options{XSRFOnReads: true})
	h := p.enter(m)
	if r := p.call(m, held{h.token, ""}); r.status != http.StatusForbidden {
		t.Errorf("without the token got %d %s", r.status, r.text)
	}
	m.forward(30 * time.Minute)
	p.ended(m, h)
}

func TestVManageLogoutRedirects(t *testing.T) {
	m, p := at(t, "vmanage", appliance.Options{})
	if r := p.logout(m, p.enter(m)); r.status != http.StatusFound || r.header.Get("Location") == "" {
		t.Errorf("got %d %v", r.status, r.header)
	}
}

func TestFMCRefreshesWhatHasExpired(t *testing.T) {
	m, p := at(t, "fmc", appliance.Options{})
	h := p.enter(m)
	m.forward(time.Hour)
	p.ended(m, h)
	m.open(1)
	h, r := p.refresh(m, h)
	if r.status != http.StatusNoContent {
		t.Fatalf("got %d %s", r.status, r.text)
	}
	p.lives(m, h)
	m.forward(time.Hour)
	if _, r := p.refresh(m, h); r.status != http.StatusUnauthorized {
		t.Errorf("after two hours got %d", r.status)
	}
	m.open(0)
}

func TestFMCWantsBothTokensToRefresh(t *testing.T) {
	m, p := at(t, "fmc", appliance.Options{})
	h, other := p.enter(m), p.enter(m)
	for _, bad := range []held{{h.token, ""}, {"", h.second}, {h.token, other.second}} {
		if _, r := p.refresh(m, bad); !says(401, "error.messages.0.description", "Invalid refresh token")(r) {
			t.Errorf("got %d %s", r.status, r.text)
		}
	}
	if s := m.Stats(); s.Refreshes != 0 {
		t.Errorf("counted %+v", s)
	}
}

func TestFMCWantsAnEmptyBodyAndTheRightDomain(t *testing.T) {
	m, p := at(t, "fmc", appliance.Options{})
	r := m.send("POST", "/api/fmc_platform/v1/auth/generatetoken", "{}", jsonType("Authorization", basic(password))...)
	if r.status != http.StatusUnauthorized {
		t.Errorf("a login with a body got %d", r.status)
	}
	h, r := p.login(m, password)
	if r.status != http.StatusNoContent || r.header.Get("DOMAIN_UUID") != appliance.Domain || r.text != "" {
		t.Errorf("the login got %d %v %s", r.status, r.header, r.text)
	}
	r = m.send("GET", "/api/fmc_config/v1/domain/another/object/networks", "", "X-auth-access-token", h.token)
	if r.status != http.StatusNotFound {
		t.Errorf("another domain got %d %s", r.status, r.text)
	}
}

func TestCatalystTokenIsAJWT(t *testing.T) {
	m, p := at(t, "catalyst", appliance.Options{})
	h := p.enter(m)
	if n := strings.Count(h.token, "."); n != 2 {
		t.Errorf("it has %d dots", n)
	}
}

func TestAPICDeadTokenIsNotRefreshed(t *testing.T) {
	m, p := at(t, "apic", appliance.Options{})
	h, r := p.login(m, password)
	if s := fmt.Sprint(r.at("imdata.0.aaaLogin.attributes.refreshTimeoutSeconds")); s != "600" {
		t.Errorf("the token lives %s s", s)
	}
	m.forward(10 * time.Minute)
	if _, r := p.refresh(m, h); !p.dead(r) {
		t.Errorf("got %d %s", r.status, r.text)
	}
}

// A missing right is a 403 as well, but says so; the session goes on.
func TestAPICMissingRight(t *testing.T) {
	m, p := at(t, "apic", appliance.Options{})
	h := p.enter(m)
	r := m.send("GET", "/api/class/aaaUser.json", "", "Cookie", "APIC-cookie="+h.token)
	if r.status != http.StatusForbidden || p.dead(r) {
		t.Errorf("got %d %s", r.status, r.text)
	}
	p.lives(m, h)
}

func TestFortiManagerAnswersAlwaysWith200(t *testing.T) {
	m, p := at(t, "fortimanager", appliance.Options{})
	h := p.enter(m)
	for body, code := range map[string]string{
		"no JSON":                         "-20",
		`{"id": 1, "method": "get"}`:      "-20",
		rpc("/dvmdb/adom", h.token, ""):   "-20",
		rpc("/sys/logout", "another", ""): "-11",
		`{"id": 7, "method": "get", "params": [{"url": "/dvmdb/device"}], "session": null}`:        "-11",
		`{"id": 7, "method": "get", "params": [{"url": "/dvmdb/device"}], "token": "unknown"}`:     "-20",
		`{"id": 7, "method": "exec", "params": [{"url": "/sys/login/user", "data": {"user": 1}}]}`: "-20",
	} {
		if r := m.send("POST", "/jsonrpc", body, jsonType()...); !says(200, "result.0.status.code", code)(r) {
			t.Errorf("%.60s got %d %s, want code %s", body, r.status, r.text, code)
		}
	}
	m.open(1)
}

func TestBIGIPWantsTheLoginProvider(t *testing.T) {
	m, p := at(t, "bigip", appliance.Options{})
	body := fmt.Sprintf(`{"username": %q, "password": %q}`, user, password)
	if r := m.send("POST", "/mgmt/shared/authn/login", body, jsonType()...); r.status != http.StatusBadRequest {
		t.Errorf("without it got %d", r.status)
	}
	h, r := p.login(m, password)
	if fmt.Sprint(r.at("token.timeout")) != "1200" {
		t.Errorf("the token lives %v s", r.at("token.timeout"))
	}
	m.forward(20 * time.Minute)
	if r := p.call(m, h); r.at("message") != "X-F5-Auth-Token has expired." {
		t.Errorf("got %s", r.text)
	}
	if r := p.call(m, held{token: "x"}); r.at("message") != "X-F5-Auth-Token does not exist." {
		t.Errorf("got %s", r.text)
	}
}

func TestBIGIPLogoutWantsALiveToken(t *testing.T) {
	m, p := at(t, "bigip", appliance.Options{})
	h := p.enter(m)
	if r := m.send("DELETE", "/mgmt/shared/authz/tokens/"+h.token, ""); r.status != http.StatusUnauthorized {
		t.Errorf("without one got %d", r.status)
	}
	p.lives(m, h)
	for _, sentence := range m.Stats().Refusals {
		if strings.Contains(sentence, h.token) {
			t.Errorf("a refusal holds the token")
		}
	}
}

func TestRedfishSessionIsAResource(t *testing.T) {
	m, p := at(t, "redfish", appliance.Options{})
	h, r := p.login(m, password)
	if r.status != http.StatusCreated || !strings.Contains(r.text, `"@odata.id":"`+h.second+`"`) {
		t.Errorf("got %d %s", r.status, r.text)
	}
	other := p.enter(m)
	if r := m.send("DELETE", h.second, "", "X-Auth-Token", other.token); r.status != http.StatusNotFound {
		t.Errorf("another's session got %d", r.status)
	}
	if r := m.send("DELETE", h.second, ""); r.status != http.StatusUnauthorized {
		t.Errorf("without a token got %d", r.status)
	}
	if r := p.logout(m, h); r.status != http.StatusNoContent {
		t.Errorf("its own got %d", r.status)
	}
	body := fmt.Sprintf(`{"UserName": %q, "Password": %q}`, user, password)
	if r := m.send("POST", "/redfish/v1/SessionService/Sessions", body); r.status != http.StatusBadRequest {
		t.Errorf("a login that is not called JSON got %d", r.status)
	}
}
