package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/server"
)

// site is a server over a fake hub, and all that it said.
type site struct {
	*fake
	http.Handler
	log, said bytes.Buffer
}

func newSite(o server.Options) *site {
	s := &site{fake: newFake()}
	o.Logger = slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.Handler = server.New(s.fake, o)
	return s
}

// embedded is a site where everybody is the local caller.
func embedded() *site {
	c := access.Local("root")
	return newSite(server.Options{Caller: &c})
}

// ask makes a request. Headers are "Name: value"; a body is JSON unless they say otherwise.
func (s *site) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, r)
	answer.Header().Write(&s.said)
	s.said.Write(answer.Body.Bytes())
	return answer
}

func basic() string {
	r := httptest.NewRequest("GET", "/", nil)
	r.SetBasicAuth("admin", password)
	return "Authorization: " + r.Header.Get("Authorization")
}

func wants(t *testing.T, answer *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if answer.Code != status || strings.TrimSpace(answer.Body.String()) != body {
		t.Errorf("answer is %d %s\nwant %d %s", answer.Code, answer.Body, status, body)
	}
}

const petstore = `{"model": {"openapi":"3.0.3","info":{"title":"@odd/Swagger Petstore","version":"1.0.0"}}}`

// TestOfficialClient does what the official client does: it signs in, keeps whatever cookies it got last, expects 200 of
// everything, and looks at few fields of the answers.
func TestOfficialClient(t *testing.T) {
	s := newSite(server.Options{})
	answer := s.ask("POST", "/login", `{"user":{"username":"admin","password":"`+password+`"}}`, "Content-Type: application/json")
	wants(t, answer, 200, sessionText)
	cookies := answer.Result().Cookies()
	if len(cookies) != 1 || cookies[0].Name != "token" || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Secure {
		t.Fatalf("cookies are %v", cookies)
	}
	call := func(method, path, body string, into any) {
		t.Helper()
		answer := s.ask(method, path, body, "Cookie: token="+cookies[0].Value, "Content-Type: application/json")
		if got := answer.Result().Cookies(); len(got) > 0 {
			t.Errorf("%s %s sets a cookie", method, path)
		}
		if answer.Code != 200 {
			t.Fatalf("%s %s answers %d %s", method, path, answer.Code, answer.Body)
		}
		if err := json.Unmarshal(answer.Body.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
	var imported api.Created[api.Model]
	call("POST", "/integration-models", petstore, &imported)
	if imported.Status != "OK" || imported.Data.VersionID != "@odd/Swagger Petstore:1.0.0" {
		t.Errorf("imported is %+v", imported)
	}
	var m api.Model
	call("GET", "/integration-models/%40odd%2FSwagger%20Petstore%3A1.0.0", "", &m)
	var made api.Created[api.Integration]
	call("POST", "/integrations", `{"properties":{"name":"v3","type":"Adapter","virtual":true,"properties":{"id":"v3","type":"@odd/Swagger Petstore:1.0.0"}}}`, &made)
	if made.Status != "Created" || made.Data.Model != "@itential/adapter_@odd/Swagger Petstore:1.0.0" {
		t.Errorf("made is %+v", made)
	}
	var list api.IntegrationList
	call("GET", "/integrations", "", &list)
	if list.Total != 1 {
		t.Errorf("list is %+v", list)
	}
	var stored api.Stored
	call("GET", "/integrations/v3", "", &stored)
	var gone api.Done
	call("DELETE", "/integrations/v3", "", &gone)
	call("DELETE", "/integration-models/@itential/adapter_@odd/Swagger%20Petstore:1.0.0", "", &gone)
	if len(s.models)+len(s.integrations) != 0 {
		t.Error("something is left")
	}
	wants(t, s.ask("GET", "/integrations/v3", "", basic()), 404, `"integration \"v3\" does not exist."`)
}

// TestModelPaths: the id of a model arrives whole, however it is written in the path.
func TestModelPaths(t *testing.T) {
	for path, want := range map[string]string{
		"/integration-models/%40itential%2Fadapter_Swagger%20Petstore%3A1.0.0": "@itential/adapter_Swagger Petstore:1.0.0",
		"/integration-models/@itential/adapter_Swagger%20Petstore:1.0.0":       "@itential/adapter_Swagger Petstore:1.0.0",
		"/integration-models/@itential/adapter_a/b%2Fc:1":                      "@itential/adapter_a/b/c:1",
		"/integration-models/a//b/../c:1":                                      "a//b/../c:1",
		"/integration-models/a%2Fexport":                                       "a/export",
		"/integration-models/100%25%20API:1":                                   "100% API:1",
		"/integration-models/validation":                                       "validation",
		"/integration-models/a+b:1%2B2":                                        "a+b:1+2",
	} {
		for _, end := range []string{"", "/export", "/securitySchemes"} {
			s := embedded()
			s.models[bare(want)] = api.Model{}
			answer := s.ask("GET", path+end, "")
			if answer.Code != 200 || s.last != want {
				t.Errorf("%s: answer %d, the id is %q, want %q", path+end, answer.Code, s.last, want)
			}
		}
	}
}

func TestShapes(t *testing.T) {
	type ask struct{ method, path, body string }
	for name, test := range map[string]struct {
		ask
		status int
		body   string
	}{
		"export":             {ask{"GET", "/integration-models/p:1/export", ""}, 200, `{"openapi": "3.0.0", "z": 1, "z": 2}`},
		"schemes":            {ask{"GET", "/integration-models/p:1/securitySchemes", ""}, 200, `{"key":{"type":"apiKey"}}`},
		"model exists":       {ask{"POST", "/integration-models", `{"model":{"info":{"title":"p","version":"1"}}}`}, 409, `{"kind":"conflict","message":"model \"p:1\" already exists"}`},
		"model invalid":      {ask{"POST", "/integration-models", `{"model":{}}`}, 400, `[{"instancePath":"/info/title","message":"is missing"}]`},
		"model unknown name": {ask{"POST", "/integration-models", `{"modle":{}}`}, 400, `[{"instancePath":"/modle","message":"is unknown"}]`},
		"model missing":      {ask{"GET", "/integration-models/q", ""}, 404, `{"kind":"not found","message":"model \"q\" does not exist"}`},
		"valid":              {ask{"PUT", "/integration-models/validation", `{"model":{}}`}, 200, `{"status":"OK","message":"The document can be used."}`},
		"warnings":           {ask{"PUT", "/integration-models/validation", `{"model":"warn"}`}, 200, `{"status":"OK","message":[{"instancePath":"/paths","message":"is empty"}]}`},
		"integration exists": {ask{"POST", "/integrations", `{"name":"i"}`}, 409, `{"kind":"conflict","message":"integration \"i\" already exists"}`},
		"unknown field":      {ask{"POST", "/integrations", `{"properties":{"name":"n","nmae":1}}`}, 400, `{"kind":"invalid","message":"properties.nmae is unknown","hint":"GET /openapi.json says which fields there are","problems":[{"instancePath":"/properties/nmae","message":"is unknown"}]}`},
		"wrong type":         {ask{"POST", "/integrations", `{"name":7}`}, 400, `{"kind":"invalid","message":"name should be a text","hint":"GET /openapi.json says which fields there are","problems":[{"instancePath":"/name","message":"should be a text"}]}`},
		"not JSON":           {ask{"POST", "/integrations", `{"name":`}, 400, `{"kind":"invalid","message":"the request's body is not JSON","hint":"send JSON in UTF-8","problems":[{"instancePath":"/name","message":"the JSON is broken at byte 8"}]}`},
		"empty":              {ask{"POST", "/integrations", ``}, 400, `{"kind":"invalid","message":"the request has no body","hint":"send a JSON object"}`},
		"missing, put":       {ask{"PUT", "/integrations/x/properties", `{"properties":{}}`}, 404, `"integration \"x\" does not exist."`},
		"missing, delete":    {ask{"DELETE", "/integrations/x", ""}, 404, `"integration \"x\" does not exist."`},
		"lists are lists":    {ask{"GET", "/integrations/i/operations", ""}, 200, `{"operations":[],"total":0}`},
		"answers pass":       {ask{"POST", "/integrations/i/operations/o/run", `{}`}, 200, `{"ok":true,"url":"","status":200,"statusText":"","headers":{},"data":{"b":1.50,"b":"<é>"}}`},
		"renew":              {ask{"POST", "/integrations/i/tokens/oauth%2F2/renew", ""}, 200, `{"scheme":"oauth/2","state":"","access_token":false,"refresh_token":false,"generation":0}`},
		"bad limit":          {ask{"GET", "/integrations?limit=many", ""}, 400, `{"kind":"invalid","message":"limit is not a whole number from 0"}`},
		"bad order":          {ask{"GET", "/integrations?order=2", ""}, 400, `{"kind":"invalid","message":"order is neither 1 nor -1","hint":"use 1 for ascending, -1 for descending"}`},
		"no path":            {ask{"GET", "/integrations/", ""}, 404, `{"kind":"not found","message":"there is no such path in the API","hint":"GET /openapi.json lists them"}`},
		"no cleaned path":    {ask{"GET", "//integrations/../x", ""}, 404, `{"kind":"not found","message":"there is no such path in the API","hint":"GET /openapi.json lists them"}`},
		"no redirect":        {ask{"DELETE", "/integrations//i", ""}, 404, `{"kind":"not found","message":"there is no such path in the API","hint":"GET /openapi.json lists them"}`},
		"no method":          {ask{"POST", "/audit", ""}, 405, `{"kind":"invalid","message":"this path does not know the method","hint":"use one of GET, HEAD"}`},
		"options":            {ask{"OPTIONS", "/users", ""}, 204, ``},
		"health":             {ask{"GET", "/health", ""}, 200, `{"status":"ok","version":"1","store":""}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := embedded()
			s.models["p:1"] = api.Model{}
			s.integrations["i"] = api.Integration{}
			answer := s.ask(test.method, test.path, test.ask.body)
			wants(t, answer, test.status, test.body)
			if (answer.Code == 405 || answer.Code == 204) && answer.Header().Get("Allow") == "" {
				t.Error("no Allow")
			}
		})
	}
}

// TestArguments: what the hub is called with.
func TestArguments(t *testing.T) {
	for name, test := range map[string]struct {
		method, path, body string
		want               any
	}{
		"all":       {"GET", "/integration-models", "", api.Query{}},
		"query":     {"GET", "/integrations?limit=5&skip=2&sort=name&order=-1&contains=a&containsField=name&equals=b&equalsField=model&startsWith=c&startsWithField=name&model=M&x=y", "", api.Query{Limit: 5, Skip: 2, Sort: "name", Order: -1, Contains: "a", ContainsField: "name", Equals: "b", EqualsField: "model", StartsWith: "c", StartsWithField: "name", Model: "M"}},
		"bare":      {"POST", "/integrations", `{"name":"n","properties":{"id":"n","type":"t","properties":{"a":1}}}`, api.Integration{Name: "n", Properties: api.IntegrationProperties{ID: "n", Type: "t", Properties: []byte(`{"a":1}`)}}},
		"wrapped":   {"PUT", "/integrations/i", `{"properties":{"name":"n","loggerProps":{}}}`, api.Integration{Name: "n", LoggerProps: map[string]any{}}},
		"settings":  {"PUT", "/integrations/i/properties", `{"properties":{"server":{}}}`, `{"server":{}}`},
		"patch":     {"PATCH", "/integrations/i/properties", `{"client_id":"x","server.port":1}`, api.Settings{"client_id": []byte(`"x"`), "server.port": []byte(`1`)}},
		"search":    {"GET", "/integrations/i/operations?search=user&limit=3", "", []any{"i", "user", api.Query{Limit: 3}}},
		"operation": {"GET", "/integrations/a%2Fb/operations/GET%20%2Fpets%2F%7Bid%7D", "", []any{"a/b", "GET /pets/{id}"}},
		"run":       {"POST", "/integrations/i/operations/o%2Fp/run", `{"parameters":{"a":""},"dryRun":true}`, []any{"i", "o/p", api.Task{Parameters: map[string]json.RawMessage{"a": []byte(`""`)}, DryRun: true}}},
		"only":      {"POST", "/integrations/i/tokens/-/renew", "", []any{"i", ""}},
		"clear":     {"DELETE", "/integrations/i/tokens/my%20oauth", "", []any{"i", "my oauth"}},
		"password":  {"PUT", "/users/ann/password", `{"password":"new"}`, []any{"ann", "new"}},
		"user":      {"POST", "/users", `{"name":"ann","role":"viewer","password":"p"}`, api.User{Name: "ann", Role: "viewer", Password: "p"}},
		"account":   {"DELETE", "/service-accounts/ci.build", "", "ci.build"},
	} {
		t.Run(name, func(t *testing.T) {
			s := embedded()
			s.integrations["i"] = api.Integration{}
			answer := s.ask(test.method, test.path, test.body)
			if answer.Code != 200 {
				t.Errorf("answer is %d %s", answer.Code, answer.Body)
			}
			if diff := cmp.Diff(test.want, s.last); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestKinds: every kind of error has its status, and an internal one shows its id only.
func TestKinds(t *testing.T) {
	for _, kind := range fault.Kinds() {
		s := embedded()
		s.err = fault.Wrap(kind, errors.New("cause"), "message").WithHint("hint")
		answer := s.ask("GET", "/users", "")
		var f api.Failure
		if err := json.Unmarshal(answer.Body.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		if answer.Code != kind.Status() || f.Kind != kind.String() {
			t.Errorf("%v: answer is %d %s", kind, answer.Code, answer.Body)
		}
		id := answer.Header().Get("X-Request-Id")
		if kind == fault.Internal {
			if f.Message != "internal error "+id || !strings.Contains(s.log.String(), id) || !strings.Contains(s.log.String(), "message: cause") {
				t.Errorf("answer %s, log %s", answer.Body, &s.log)
			}
		} else if f.Message != "message: cause" || f.Hint != "hint" {
			t.Errorf("answer is %s", answer.Body)
		}
	}
}

func TestPanic(t *testing.T) {
	s := embedded()
	s.cause = "oh no"
	answer := s.ask("GET", "/users", "")
	if answer.Code != 500 || strings.Contains(answer.Body.String(), "oh no") || !strings.Contains(answer.Body.String(), answer.Header().Get("X-Request-Id")) {
		t.Errorf("answer is %d %s", answer.Code, answer.Body)
	}
	if !strings.Contains(s.log.String(), "oh no") || !strings.Contains(s.log.String(), "fake_test.go") {
		t.Errorf("the log has neither cause nor stack: %s", &s.log)
	}
}

func TestUnwell(t *testing.T) {
	s := newSite(server.Options{})
	s.err = errors.New("down")
	wants(t, s.ask("GET", "/health", ""), 503, `{"status":"unavailable","version":"","store":""}`)
}

func TestLimits(t *testing.T) {
	c := access.Local("root")
	s := newSite(server.Options{Caller: &c, MaxModel: 1000, MaxTask: 100, MaxBody: 50})
	pad := func(n int) string { return strings.Repeat(" ", n) }
	for _, test := range []struct {
		path, body string
		fits       int
	}{{"/integration-models", petstore, 1000}, {"/integrations/i/operations/o/run", "{}", 100}, {"/users", `{"name":"x"}`, 50}} {
		body := test.body + pad(test.fits-len(test.body))
		if answer := s.ask("POST", test.path, body); answer.Code != 200 {
			t.Errorf("%s: %d bytes: %d %s", test.path, len(body), answer.Code, answer.Body)
		}
		if answer := s.ask("POST", test.path, body+" "); answer.Code != 400 || !strings.Contains(answer.Body.String(), "larger than") {
			t.Errorf("%s: too much: %d %s", test.path, answer.Code, answer.Body)
		}
		r := httptest.NewRequest("POST", test.path, io.MultiReader(strings.NewReader(body+" "))) // of unknown length
		r.ContentLength = -1
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, r)
		if answer.Code != 400 {
			t.Errorf("%s: too much in chunks: %d", test.path, answer.Code)
		}
	}
	r := httptest.NewRequest("POST", "/users", strings.NewReader(`{"na`))
	r.ContentLength = 40
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, r)
	if answer.Code != 400 || !strings.Contains(answer.Body.String(), "cut off") {
		t.Errorf("cut off: %d %s", answer.Code, answer.Body)
	}
}

// TestRealConnection: HEAD, and a Secure cookie under TLS.
func TestRealConnection(t *testing.T) {
	s := newSite(server.Options{})
	listener := httptest.NewTLSServer(s)
	defer listener.Close()
	answer, err := listener.Client().Post(listener.URL+"/login", "application/json", strings.NewReader(`{"username":"admin","password":"`+password+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if cookies := answer.Cookies(); len(cookies) != 1 || !cookies[0].Secure {
		t.Errorf("cookies are %v", cookies)
	}
	answer, err = listener.Client().Head(listener.URL + "/health")
	if err != nil || answer.StatusCode != 200 || answer.ContentLength <= 0 {
		t.Errorf("HEAD answers %v, %v", answer, err)
	}
	want := map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
	for name, value := range want {
		if answer.Header.Get(name) != value {
			t.Errorf("%s is %q", name, answer.Header.Get(name))
		}
	}
}

// TestNothingLeaks sends secrets everywhere, wrongly too, and looks for them in the log and in the answers.
func TestNothingLeaks(t *testing.T) {
	const canary = "hunter2"
	s := newSite(server.Options{})
	for _, r := range server.Routes() {
		if r.ID == "Login" || r.ID == "AccountToken" {
			continue // whose answers are secrets
		}
		path := strings.NewReplacer("{", "", "}", "").Replace(r.Path) + "?access_token=hunter2-query&limit=hunter2"
		for _, body := range []string{
			`{"password":"hunter2-body"}`, `{"x":"hunter2`, `{"name":{"a":"hunter2"}}`, `{"properties":{"name":["hunter2"]}}`, `"hunter2"`, `{"password":7,"password":"hunter2"}`,
		} {
			for _, auth := range []string{basic(), "Authorization: Bearer hunter2-token", "Cookie: token=hunter2-cookie", "Authorization: hunter2"} {
				s.ask(r.Method, path, body, auth, "X-Request-Id: hunter2", "Content-Type: hunter2")
			}
		}
	}
	s.ask("POST", "/login", `{"username":"admin","password":"hunter2-wrong"}`)
	s.ask("POST", "/login", `{"username":"admin","odd":"hunter2-odd`)
	s.ask("HUNTER2", "/users", "")
	s.ask("POST", "/oauth/token", "grant_type=client_credentials&client_secret=hunter2-x", "Content-Type: application/x-www-form-urlencoded")
	for what, text := range map[string]string{"log": s.log.String(), "answers": s.said.String()} {
		for line := range strings.Lines(text) {
			if strings.Contains(strings.ToLower(line), canary) {
				t.Errorf("the %s leak: %s", what, line)
			}
		}
	}
	if !strings.Contains(s.log.String(), `"route":"PUT /users/{name}/password"`) {
		t.Errorf("the log lacks routes: %s", s.log.String()[:1000])
	}
}

// FuzzPaths: no path and no method makes the server fail or redirect, and no unsigned one gets in.
func FuzzPaths(f *testing.F) {
	for _, r := range server.Routes() {
		f.Add(r.Method, r.Path, "{}")
	}
	for _, path := range []string{"/", "//", "/..", "/integration-models/%2F", "/integration-models/a/b/export/export", "/integration-models//", "/integrations/%2e%2e", "/%", "/integration-models/%zz/a", "*", "/login/"} {
		f.Add("GET", path, "")
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r, err := http.NewRequest(method, "http://carnet.example"+path, strings.NewReader(body))
		if err != nil {
			t.Skip()
		}
		r.RequestURI = path
		nobody, anybody := newSite(server.Options{}), embedded()
		for _, s := range []*site{nobody, anybody} {
			answer := httptest.NewRecorder()
			s.ServeHTTP(answer, r.Clone(t.Context()))
			if answer.Code >= 500 || answer.Code/100 == 3 {
				t.Errorf("%s %q answers %d %s", method, path, answer.Code, answer.Body)
			}
		}
		if nobody.last != nil {
			t.Errorf("%s %q got in", method, path)
		}
	})
}

// TestRoutesUnique: one use case, one name.
func TestRoutesUnique(t *testing.T) {
	ids := map[string]int{}
	for _, r := range server.Routes() {
		ids[r.ID]++
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if ids[id] > 1 {
			t.Errorf("%s is the name of %d routes", id, ids[id])
		}
	}
}
