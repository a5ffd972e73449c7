package catalogue_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"carnet.dev/carnet/interop/catalogue"
)

func TestLoadKeepsTheOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "entries.json")
	if err := os.WriteFile(path, []byte(entries), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CATALOGUE", path)
	named, err := catalogue.Path()
	if err != nil || named != path {
		t.Errorf("the catalogue is %q: %v", named, err)
	}
	list, err := catalogue.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 39 || list[0].Name != "plain" || list[38].Name != "fixed" {
		t.Errorf("%d entries, from %s on", len(list), list[0].Name)
	}
	nested := list[slices.IndexFunc(list, func(e catalogue.Entry) bool { return e.Name == "nested" })]
	text, err := json.Marshal(nested.TokenParams)
	want := `{"login":{"name":"${credentials.name}","site":{"url":""},"remember":false,"level":3}}`
	if err != nil || string(text) != want {
		t.Errorf("read as %s, want %s: %v", text, want, err)
	}
}

func TestNothingIsOverlooked(t *testing.T) {
	for text, want := range map[string]string{
		`{"x": {"auth_mode": "OAUTH2", "new_field": 1}}`:                      "new_field",
		`{"x": {"additional_steps": [{"token_url": "a", "condition": "b"}]}}`: "condition",
		`{"x": {"auth_mode": "OAUTH2", "auth_mode": "OAUTH2"}}`:               "twice",
		`{"x": {}} {}`: "more than one",
	} {
		if _, err := catalogue.Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to name %s", text, err, want)
		}
	}
	shared, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	for what, e := range map[string]catalogue.Entry{
		"unheard":   {AuthMode: "OAUTH2", BaseURL: "https://x.test", Notes: []string{"something unheard of"}},
		"auth_mode": {AuthMode: "OAUTH9"},
		"step":      {AuthMode: "TWO_STEP", AdditionalSteps: make([]catalogue.Step, 2)},
	} {
		if s, err := catalogue.Start(e, catalogue.Options{Keys: shared}); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v %v", what, s, err)
		}
	}
}

func TestFactsAreAlwaysTheSame(t *testing.T) {
	for name := range decoded(t) {
		first, second := start(t, name, false).facts, start(t, name, false).facts
		for _, both := range [][2]any{{first.ClientID, second.ClientID}, {first.ClientSecret, second.ClientSecret},
			{first.Scopes, second.Scopes}, {slices.Sorted(maps.Keys(first.Credentials)), slices.Sorted(maps.Keys(second.Credentials))}} {
			if !reflect.DeepEqual(both[0], both[1]) {
				t.Errorf("%s: %v, and then %v", name, both[0], both[1])
			}
		}
	}
	facts := start(t, "tenant", false).facts
	if got := slices.Sorted(maps.Keys(facts.Config)); !slices.Equal(got, []string{"key", "sub", "version"}) {
		t.Errorf("the user gives %v: what the redirect and the answer tell is not the user's", got)
	}
}

func TestRewrite(t *testing.T) {
	got := catalogue.Rewrite("http://127.0.0.1:1", "https://${connectionConfig.host}/token || https://x.test/token?a=b")
	if want := "http://127.0.0.1:1/${connectionConfig.host}/token || http://127.0.0.1:1/x.test/token?a=b"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDocuments(t *testing.T) {
	for name, want := range map[string][]string{
		"plain": {`"title":"plain"`, `"operationId":"ping"`, `BASE/api.plain.test/v2"`, `"authorizationUrl":"BASE/authorize"`,
			`"tokenUrl":"BASE/login.plain.test/oauth/token"`, `"refreshUrl":"BASE/login.plain.test/oauth/token"`, `"read:plain":""`},
		"tenant":   {`BASE/told-later.tenant.example`, `"tokenUrl":"BASE/sub-7.tenant.test/token?key=key+of+tenant`},
		"machine":  {`"clientCredentials":{"tokenUrl":"BASE/machine.test/token"`, `"security":[{"auth":["read:machine"`},
		"query":    {`"tokenUrl":"BASE/query.test/token","scopes":{}`},
		"nested":   {`{"type":"apiKey","in":"header","name":"authorization"}`, `"security":[{"auth":[]}]`},
		"bills":    {`"in":"header","name":"sessionId"`},
		"renewing": {`"in":"query","name":"token"`},
		"cookies":  {`"url":"BASE/cookies.test"`},
	} {
		c := start(t, name, false)
		document := string(c.s.Document())
		for _, text := range want {
			if text = strings.ReplaceAll(text, "BASE", c.facts.Base); !strings.Contains(document, text) {
				t.Errorf("%s: no %s in %s", name, text, document)
			}
		}
		if name == "cookies" && strings.Contains(document, "securitySchemes") {
			t.Errorf("a scheme for cookies: %s", document)
		}
	}
}

// TestRefusals: what is off is said, all of it, and about the kind of request that was meant.
func TestRefusals(t *testing.T) {
	c := start(t, "nested", false)
	body := `{"login": {"name": "x", "site": {}, "remember": "false", "level": 3, "more": null}}`
	c.json(400, "nested.test/signin", body, "X-More", "1")
	refused := c.s.Refusals()
	for _, want := range []string{"header accept: want once, got 0 times", "header X-More: not wanted",
		"parameter login.name: want \"name of nested", "parameter login.site.url: missing",
		"parameter login.remember: want false, got \"false\"", "parameter login.more: not wanted"} {
		if !slices.ContainsFunc(refused, func(sentence string) bool { return strings.HasPrefix(sentence, "token request: "+want) }) {
			t.Errorf("no %q in %q", want, refused)
		}
	}
	if len(refused) != 6 {
		t.Errorf("%d sentences: %q", len(refused), refused)
	}
	c.get(404, "nested.test/nothing")
	c.ping(403, "nested.test", "x")
	if got := c.s.Refusals()[6]; got != "request: nothing is at GET /nested.test/nothing" {
		t.Errorf("refused with %q", got)
	}
}

func TestReadings(t *testing.T) {
	if catalogue.Reading("threads") == "" || catalogue.Reading("plain") != "" || len(catalogue.Rules()) < 20 {
		t.Error("the readings are not there")
	}
}
