package hub_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
)

// tenant is the name of the extension's parameter in these tests.
const tenant = "X-Tenant"

// A sighting is where a request had the parameter, and with which value.
type sighting struct{ In, Value string }

// A watcher is a service that gives tokens and keys, of which only the last counts, and notes where each request had the parameter.
type watcher struct {
	*httptest.Server
	mu   sync.Mutex
	last string
	n    int
	seen map[string][]sighting // by the purpose of the request
	all  []string              // the requests, as method and purpose
}

func newWatcher(t *testing.T) *watcher {
	w := &watcher{seen: map[string][]sighting{}}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

// revoke has the API refuse what was given so far.
func (w *watcher) revoke() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = ""
}

func (w *watcher) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	object := map[string]any{}
	_ = json.Unmarshal(body, &object)
	purpose := strings.Trim(r.URL.Path, "/")
	if form.Get("grant_type") == "refresh_token" {
		purpose = "refresh"
	}
	w.all = append(w.all, r.Method+" "+purpose)
	if v := r.Header.Get(tenant); v != "" {
		w.seen[purpose] = append(w.seen[purpose], sighting{"header", v})
	}
	for _, v := range r.URL.Query()[tenant] {
		w.seen[purpose] = append(w.seen[purpose], sighting{"query", v})
	}
	for _, v := range form[tenant] {
		w.seen[purpose] = append(w.seen[purpose], sighting{"body", v})
	}
	if v, ok := object[tenant].(string); ok {
		w.seen[purpose] = append(w.seen[purpose], sighting{"body", v})
	}
	rw.Header().Set("Content-Type", "application/json")
	switch purpose {
	case "token", "refresh", "key":
		w.n++
		w.last = fmt.Sprintf("t%d", w.n)
		fmt.Fprintf(rw, `{"access_token": %[1]q, "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r%[1]s", "data": [{"key/1": %[1]q}]}`, w.last)
	case "device":
		fmt.Fprintf(rw, `{"device_code": "d", "user_code": "ABCD", "verification_uri": "%s/verify", "expires_in": 600}`, w.URL)
	case "call":
		if w.last == "" || r.Header.Get("Authorization") != "Bearer "+w.last && r.Header.Get("X-Key") != w.last {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(rw, `{}`)
	default:
		rw.WriteHeader(http.StatusNotFound)
	}
}

// integrate makes an integration of a document with that security scheme, and settings.
func (w *watcher) integrate(t *testing.T, scheme string, settings map[string]any) *carnettest.Carnet {
	t.Helper()
	c := carnettest.New(t)
	document := fmt.Sprintf(`{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "servers": [{"url": %q}], "security": [{"s": []}],
		"paths": {"/call": {"get": {"operationId": "call", "responses": {"200": {"description": "ok"}}}}},
		"components": {"securitySchemes": {"s": %s}}}`, w.URL, strings.ReplaceAll(scheme, "URL", w.URL))
	if _, err := c.ImportModel(t.Context(), api.ModelRequest{Model: json.RawMessage(document)}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIntegration(t.Context(), api.Integration{Name: "it", Model: "T:1"}); err != nil {
		t.Fatal(err)
	}
	assigned := api.Settings{}
	for field, value := range settings {
		assigned[field], _ = json.Marshal(value)
	}
	if _, err := c.SetIntegration(t.Context(), "it", assigned); err != nil {
		t.Fatal(err)
	}
	return c
}

// called runs the operation, which has to succeed.
func called(t *testing.T, c *carnettest.Carnet) {
	t.Helper()
	if result, err := c.RunOperation(t.Context(), "it", "call", api.Task{}); err != nil || result.Status != http.StatusOK {
		t.Fatalf("the call: %d %v", result.Status, err)
	}
}

// TestParametersOfTheDocument: x-itential-parameters, in every place, for every request that may carry them, with the value from every
// source. The service sees the parameter there and nowhere else.
func TestParametersOfTheDocument(t *testing.T) {
	const oauth2 = `{"type": "oauth2", "flows": {"password": {"tokenUrl": "URL/token", "refreshUrl": "URL/token", "scopes": {}}}, %s}`
	const apiKey = `{"type": "apiKey", "in": "header", "name": "X-Key", "x-itential-dynamic-retrieval": {"method": "post", "url": "URL/key", "responsePointer": "/data/0/key~11"}, %s}`
	password := map[string]any{"s.client_id": "me", "s.client_secret": "secret", "s.username": "ada", "s.password": "pass"}
	sources := map[string]struct {
		member   string
		settings map[string]any
		value    string
	}{
		"the scheme's parameters": {`"x": 0`, map[string]any{"s.parameters": map[string]any{tenant: "acme ${x}"}}, "acme ${x}"},
		"a variable":              {`"x-itential-variable": "my tenant"`, map[string]any{"variables": map[string]any{"my tenant": 4711}}, "4711"},
		"a variable with ${":      {`"x-itential-variable": "t"`, map[string]any{"variables": map[string]any{"t": "${client_secret}"}}, "${client_secret}"},
		"the schema's default":    {`"schema": {"type": "string", "default": "all"}`, nil, "all"},
		"nothing":                 {`"schema": {"type": "string"}`, nil, ""},
		"a variable that is none": {`"x-itential-variable": "t"`, map[string]any{"s.parameters": map[string]any{tenant: "x"}}, ""},
	}
	for source, from := range sources {
		for _, in := range []string{"header", "query", "body"} {
			for _, uses := range [][]string{{"token"}, {"refresh"}, {"token", "refresh"}, {"key"}} {
				t.Run(fmt.Sprint(source, " ", in, " ", uses), func(t *testing.T) {
					w := newWatcher(t)
					usesJSON, _ := json.Marshal(uses)
					extension := fmt.Sprintf(`"x-itential-parameters": [{"name": %q, "in": %q, "x-itential-use-in": %s, %s}]`, tenant, in, usesJSON, from.member)
					scheme, settings, asked := oauth2, maps.Clone(password), []string{"token", "refresh"}
					if uses[0] == "key" {
						scheme, settings, asked = apiKey, map[string]any{}, []string{"key", "key"}
					}
					maps.Copy(settings, from.settings)
					c := w.integrate(t, fmt.Sprintf(scheme, extension), settings)
					called(t, c)
					w.revoke()
					called(t, c)
					want := map[string][]sighting{}
					for _, purpose := range asked {
						if slices.Contains(uses, purpose) && from.value != "" {
							want[purpose] = append(want[purpose], sighting{in, from.value})
						}
						if from.value == "" && from.settings != nil && purpose != "refresh" { // no place is told for it: a parameter like any other
							want[purpose] = append(want[purpose], sighting{"body", "x"})
						}
					}
					if diff := cmp.Diff(want, w.seen); diff != "" {
						t.Errorf("%s\nof %v", diff, w.all)
					}
					if requests := []string{"POST " + asked[0], "GET call", "GET call", "POST " + asked[1], "GET call"}; !slices.Equal(w.all, requests) {
						t.Errorf("it was asked %v", w.all)
					}
				})
			}
		}
	}
}

// TestParametersOfTheAuthorizationRequest: a browser carries them in the query, and a device's code is asked for with them.
func TestParametersOfTheAuthorizationRequest(t *testing.T) {
	for grant, flows := range map[string]string{
		"authorizationCode": `{"authorizationCode": {"authorizationUrl": "URL/authorize", "tokenUrl": "URL/token", "scopes": {}}}`,
		"deviceCode":        `{"deviceAuthorization": {"deviceAuthorizationUrl": "URL/device", "tokenUrl": "URL/token", "scopes": {}}}`,
	} {
		for _, in := range []string{"query", "header", "body"} {
			t.Run(grant+" "+in, func(t *testing.T) {
				w := newWatcher(t)
				c := w.integrate(t, `{"type": "oauth2", "flows": `+flows+`, "x-itential-parameters": [{"name": "X-Tenant", "in": "`+in+`", "x-itential-use-in": ["authorization"], "x-itential-variable": "t"}]}`,
					map[string]any{"s.client_id": "me", "s.redirect_uri": "http://127.0.0.1:9/callback", "variables": map[string]string{"t": "acme"}})
				begun, err := c.ConnectIntegration(t.Context(), "it", "s", api.Connect{})
				if err != nil {
					t.Fatal(err)
				}
				got, want := w.seen, map[string][]sighting{"device": {{"body", "acme"}}}
				if grant == "authorizationCode" {
					to, err := url.Parse(begun.AuthorizationURL)
					if err != nil || to.Query().Get(tenant) != "acme" {
						t.Errorf("%v %v", to, err)
					}
					want = map[string][]sighting{}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// TestOneNameInTwoPlaces: the same parameter may go in one place of one request and in another of the other.
func TestOneNameInTwoPlaces(t *testing.T) {
	w := newWatcher(t)
	c := w.integrate(t, `{"type": "oauth2", "flows": {"password": {"tokenUrl": "URL/token", "refreshUrl": "URL/token", "scopes": {}}}, "x-itential-parameters": [
		{"name": "X-Tenant", "in": "header", "x-itential-use-in": ["token"]}, {"name": "X-Tenant", "in": "query", "x-itential-use-in": ["refresh"]}]}`,
		map[string]any{"s.client_id": "me", "s.client_secret": "secret", "s.username": "ada", "s.password": "pass", "s.parameters": map[string]string{tenant: "acme", "audience": "a"}})
	called(t, c)
	w.revoke()
	called(t, c)
	if diff := cmp.Diff(map[string][]sighting{"token": {{"header", "acme"}}, "refresh": {{"query", "acme"}}}, w.seen); diff != "" {
		t.Error(diff)
	}
}

// TestKeysAreFetched: a missing key or a 401 gets a new key, and the call is repeated once.
func TestKeysAreFetched(t *testing.T) {
	const scheme = `{"type": "apiKey", "in": "header", "name": "X-Key", "x-itential-dynamic-retrieval": {%s"url": "URL/key", "responsePointer": %q}}`
	t.Run("missing, and refused", func(t *testing.T) {
		w := newWatcher(t)
		c := w.integrate(t, fmt.Sprintf(scheme, `"method": "POST", `, "/data/0/key~11"), nil)
		called(t, c)
		called(t, c)
		w.revoke()
		called(t, c)
		if want := []string{"POST key", "GET call", "GET call", "GET call", "POST key", "GET call"}; !slices.Equal(w.all, want) {
			t.Errorf("it was asked %v", w.all)
		}
	})
	t.Run("without a method, and the pointer of it all", func(t *testing.T) {
		w := newWatcher(t)
		w.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/key" && r.Method == http.MethodGet {
				io.WriteString(rw, `"k1"`)
			} else if r.Header.Get("X-Key") != "k1" {
				rw.WriteHeader(http.StatusUnauthorized)
			}
		})
		called(t, w.integrate(t, fmt.Sprintf(scheme, "", ""), nil))
	})
	t.Run("typed", func(t *testing.T) {
		w := newWatcher(t)
		w.last = "typed"
		c := w.integrate(t, fmt.Sprintf(scheme, `"method": "GET", `, "/data/0/key~11"), map[string]any{"s.value": "typed"})
		called(t, c)
		w.revoke()
		called(t, c)
		if want := []string{"GET call", "GET call", "GET key", "GET call"}; !slices.Equal(w.all, want) {
			t.Errorf("it was asked %v", w.all)
		}
	})
	t.Run("refused for good", func(t *testing.T) {
		w := newWatcher(t)
		next := w.Config.Handler
		w.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if next.ServeHTTP(rw, r); r.URL.Path == "/key" {
				w.revoke()
			}
		})
		c := w.integrate(t, fmt.Sprintf(scheme, `"method": "GET", `, "/data/0/key~11"), nil)
		result, err := c.RunOperation(t.Context(), "it", "call", api.Task{})
		if err != nil || result.Status != http.StatusUnauthorized {
			t.Errorf("the call: %d %v", result.Status, err)
		}
		if want := []string{"GET key", "GET call", "GET key", "GET call"}; !slices.Equal(w.all, want) {
			t.Errorf("it was asked %v", w.all)
		}
	})
}

// TestExtensionsThatAreWrong are told at the import by their places, and left out.
func TestExtensionsThatAreWrong(t *testing.T) {
	c := carnettest.New(t)
	imported, err := c.ImportModel(t.Context(), api.ModelRequest{Model: json.RawMessage(`{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {},
		"components": {"securitySchemes": {"s": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://id.example.com/token", "scopes": {}}},
			"x-itential-parameters": [{"name": "a", "in": "path", "x-itential-use-in": ["token"]}, {"name": "b", "in": "query"}, {"in": "query", "x-itential-use-in": ["token"]},
				{"name": "c", "in": "query", "x-itential-use-in": ["tokn"]}]},
			"t": {"type": "apiKey", "in": "header", "name": "X", "x-carnet-token": {"grant_type": "request", "token_url": "https://id.example.com/", "secrets": {"a": "b"}, "parameters": {"x": "${env:HOME}"}}}}}}`)})
	if err != nil {
		t.Fatal(err)
	}
	all, _ := json.Marshal(imported.Warnings)
	for _, want := range []string{"/components/securitySchemes/s/x-itential-parameters/0", "/s/x-itential-parameters/1", "/s/x-itential-parameters/2", "did you mean token?",
		"/t/x-carnet-token/secrets", "may not"} {
		if !strings.Contains(string(all), want) {
			t.Errorf("no %q in %s", want, all)
		}
	}
}
