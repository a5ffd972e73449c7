// Package schema_test holds the JSON Schema that Carnet serves for an integration's settings against what Carnet takes: real
// settings, and each of them with any one thing in it changed.
package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/interop/catalogue"
	"carnet.dev/carnet/interop/catalogue/integrate"
)

const document = `{"openapi": "3.1.0", "info": {"title": "All", "version": "1"}, "servers": [{"url": "https://api.example.com/v1"}], "paths": {},
	"components": {"securitySchemes": {
		"auth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://id.example.com/token", "scopes": {}}}},
		"oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://id.example.com/.well-known/openid-configuration"},
		"key": {"type": "apiKey", "in": "header", "name": "X-Key"},
		"basic": {"type": "http", "scheme": "basic"}, "digest": {"type": "http", "scheme": "digest"}, "bearer": {"type": "http", "scheme": "bearer"},
		"tls": {"type": "mutualTLS"}, "login": {"type": "http", "scheme": "basic"},
		"session": {"type": "apiKey", "in": "header", "name": "X-Session", "x-carnet-token": {"grant_type": "request", "token_url": "https://api.example.com/login"}},
		"aws": {"type": "apiKey", "in": "header", "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4"}}}}`

// simple are settings of all types of schemes, and of what is around them.
var simple = map[string]string{
	"types": `{"authentication": {"key": {"value": "k"}, "basic": {"username": "a", "password": "b"}, "digest": {"username": "a", "password": "b"}, "bearer": "t",
		"aws": {"accessKeyId": "A", "secretAccessKey": "s", "roleArn": "arn:aws:iam::123456789012:role/x", "durationSeconds": 3600},
		"own": {"type": "apiKey", "in": "query", "name": "q", "value": "v"}, "mine": {"type": "oauth2", "grant_type": "password", "flows": {"password": {"tokenUrl": "/t", "scopes": {"a": "b"}}}}}}`,
	"another way": `{"authentication": {"key": {"grant_type": "request", "token_url": "https://x.example/", "request": {"method": "GET"}}, "bearer": {"bearer": "t", "format": "Token ${bearer}"},
		"auth": {"scope": ["a", "b"], "lifetime": "60", "dpop": "true", "max_refreshes": 3, "token": {"access_token": "x", "expires_at": 1800000000}, "parameters": {"a": "b"}}}}`,
	"around": `{"server": {"protocol": "http", "host": "::1", "port": "8443", "base_path": "v2", "operation_hosts": ["a.example", "b.example:8443"]},
		"tls": {"enabled": true, "rejectUnauthorized": "false"}, "variables": {"x": [1, {"y": null}]}, "version": "2", "security": [{"key": []}, {}]}`,
	"cleared":    `{"authentication": {"key": {"value": null}, "auth": {"client_id": "", "scope": null, "request": null, "auth_method": "", "lifetime": ""}}, "server": {"port": null}, "tls": null, "variables": null, "security": null}`,
	"references": `{"authentication": {"key": {"value": "${env:KEY}"}, "auth": {"token_url": "${env:TOKEN_URL}", "certificate": "${file:/run/c.pem}"}}, "server": {"host": "${env:HOST}"}}`,
}

// real are the settings in the documentation, and those of the catalogue's entries.
func real(t *testing.T) map[string]string {
	all := maps.Clone(simple)
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split(string(text), "```json\n")[1:] {
			if block, _, _ = strings.Cut(block, "```"); slices.Contains([]string{"authentication.md"}, filepath.Base(page)) {
				all[fmt.Sprint(filepath.Base(page), " ", i+1)] = `{"authentication": ` + block + `}`
			}
		}
	}
	file := "../catalogue/testdata/entries.json"
	if named := os.Getenv("CATALOGUE"); named != "" {
		file = named
	}
	entries, err := catalogue.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := catalogue.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		s, err := catalogue.Start(e, catalogue.Options{RedirectURI: "http://127.0.0.1:8701/callback", Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		settings, _, err := integrate.Settings(e, s.Facts())
		s.Close()
		if err != nil {
			t.Fatal(err)
		}
		if all["entry "+e.Name] = string(settings); bytes.Contains(settings, []byte(`"format":"UsernameToken`)) { // of an API key
			delete(all, "entry "+e.Name)
		}
	}
	return all
}

// A judge says what the schema and Carnet have against settings.
type judge struct {
	t      *testing.T
	carnet *carnettest.Carnet
	schema *jsonschema.Schema
	made   int
}

func newJudge(t *testing.T) *judge {
	j := &judge{t: t, carnet: carnettest.New(t)}
	if _, err := j.carnet.ImportModel(t.Context(), api.ModelRequest{Model: json.RawMessage(document)}); err != nil {
		t.Fatal(err)
	}
	if _, err := j.carnet.CreateIntegration(t.Context(), api.Integration{Name: "it", Model: "All:1"}); err != nil {
		t.Fatal(err)
	}
	raw, err := j.carnet.IntegrationSchema(t.Context(), "it")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("settings.json", optional(parsed)); err != nil {
		t.Fatal(err)
	}
	if j.schema, err = compiler.Compile("settings.json"); err != nil {
		t.Fatal(err)
	}
	return j
}

// optional takes away what a scheme's entry can't do without: it may be given later.
func optional(schema any) any {
	authentication := schema.(map[string]any)["properties"].(map[string]any)["authentication"].(map[string]any)
	for _, entry := range authentication["properties"].(map[string]any) {
		delete(entry.(map[string]any), "required")
		if either, ok := entry.(map[string]any)["anyOf"].([]any); ok {
			delete(either[1].(map[string]any), "required")
		}
	}
	return schema
}

func (j *judge) valid(settings any) error { return j.schema.Validate(settings) }

// taken has a new integration made with the settings.
func (j *judge) taken(settings any) error {
	raw, err := json.Marshal(settings)
	if err != nil {
		j.t.Fatal(err)
	}
	j.made++
	name := fmt.Sprint(j.made)
	_, err = j.carnet.CreateIntegration(j.t.Context(), api.Integration{Name: name, Model: "All:1", Properties: api.IntegrationProperties{Properties: raw}})
	if err == nil {
		err = j.carnet.DeleteIntegration(j.t.Context(), name)
	}
	return err
}

func parse(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// TestRealSettings: what Carnet takes validates, and so does what it shows of it.
func TestRealSettings(t *testing.T) {
	j := newJudge(t)
	for name, text := range real(t) {
		settings := parse(t, text)
		if err := j.taken(settings); err != nil {
			t.Errorf("%s is not taken: %v", name, err)
		}
		if err := j.valid(settings); err != nil {
			t.Errorf("%s does not validate: %v", name, err)
		}
	}
	shown, err := j.carnet.Integration(t.Context(), "it")
	if err != nil {
		t.Fatal(err)
	}
	if err := j.valid(parse(t, string(shown.Data.Properties.Properties))); err != nil {
		t.Errorf("what is shown does not validate: %v", err)
	}
}

// beyond are refusals that a JSON Schema can't express.
var beyond = []string{"looks like a secret", "is no template", "regular expression", "is no security scheme", "is not known; did you mean", "has to be a time",
	"can't be a reference", "holds a reference", "are not a certificate"}

// TestChangedSettings changes any one thing in settings, in each of several ways: Carnet and the schema agree on each.
func TestChangedSettings(t *testing.T) {
	j, agreed, refused := newJudge(t), 0, 0
	for name, text := range real(t) {
		whole := parse(t, text)
		for path, change := range changes(whole) {
			taken, valid := j.taken(change), j.valid(change)
			if taken != nil {
				refused++
			}
			if (taken == nil) == (valid == nil) {
				agreed++
				continue
			}
			if taken != nil && slices.ContainsFunc(beyond, func(s string) bool { return strings.Contains(taken.Error(), s) }) {
				continue
			}
			t.Errorf("%s, %s: Carnet says %v, the schema %v", name, path, taken, valid)
		}
	}
	t.Logf("%d changes, %d of them refused by both", agreed, refused)
	if refused < agreed/5 || refused > agreed*4/5 {
		t.Errorf("of %d changes %d are refused: they do not tell much", agreed, refused)
	}
}

// changes are copies of a value in which one thing is another.
func changes(v any) map[string]any {
	all := map[string]any{}
	switch v := v.(type) {
	case map[string]any:
		more := maps.Clone(v)
		more["nobody knows"] = "x"
		all["/nobody knows"] = more
		for name, inner := range v {
			for path, change := range changes(inner) {
				copied := maps.Clone(v)
				copied[name] = change
				all["/"+name+path] = copied
			}
		}
	case []any:
		for i, inner := range v {
			for path, change := range changes(inner) {
				copied := slices.Clone(v)
				copied[i] = change
				all[fmt.Sprint("/", i, path)] = copied
			}
		}
	}
	all[" as a text"], all[" as an object"], all[" as a list"], all[" as null"] = "x y", map[string]any{"a": "b"}, []any{"a", "b c"}, nil
	all[" as a number"], all[" as a negative number"], all[" as true"], all[" as an empty text"] = json.Number("7"), json.Number("-1"), true, ""
	return all
}
