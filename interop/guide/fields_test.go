package guide_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
)

// vocabulary is the schema of a scheme's entry with every field that there is, as Carnet serves it.
func vocabulary(t *testing.T) map[string]any {
	t.Helper()
	raw := schemaOf(t, page(t)[0].document, nil)
	var schema struct {
		Properties struct {
			Authentication struct {
				AdditionalProperties map[string]any `json:"additionalProperties"`
			}
		}
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	return schema.Properties.Authentication.AdditionalProperties
}

func schemaOf(t *testing.T, document map[string]any, settings any) json.RawMessage {
	t.Helper()
	c := carnettest.New(t)
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.ImportModel(t.Context(), api.ModelRequest{Model: text})
	if err != nil {
		t.Fatal(err)
	}
	it := api.Integration{Name: "it", Model: m.Model}
	if it.Properties.Properties, err = json.Marshal(settings); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIntegration(t.Context(), it); err != nil {
		t.Fatal(err)
	}
	raw, err := c.IntegrationSchema(t.Context(), "it")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// alike are the parts of the vocabulary whose members are those of another part: where an example has that one's, nothing is new about them.
var alike = []struct{ part, like string }{{"refresh.response.", "response."}, {"refresh.", "request."}, {"logout.", "request."}, {"steps.", "request."}}

// elsewhere are parts that are OpenAPI's, and what a person types as a token.
var elsewhere = []string{"flows.", "token."}

// told reports whether an example has the field, or one that is the same in another place.
func told(shown map[string]bool, path string) bool {
	for _, a := range alike {
		if rest, ok := strings.CutPrefix(path, a.part); ok && shown[a.like+rest] {
			return true
		}
	}
	return shown[path] || slices.ContainsFunc(elsewhere, func(part string) bool { return strings.HasPrefix(path, part) && shown[strings.TrimSuffix(part, ".")] })
}

// TestEveryFieldIsOnThePage: every field of the schema, and every choice of a field that has some, is in an example. A field that is added
// to the vocabulary has to get one.
func TestEveryFieldIsOnThePage(t *testing.T) {
	shown := map[string]bool{}
	for _, x := range page(t) {
		for _, entry := range x.settings {
			note(shown, "", entry)
		}
		for _, scheme := range schemesOf(x.document) {
			if defaults, ok := scheme["x-carnet-token"].(map[string]any); ok {
				note(shown, "", defaults)
			}
		}
	}
	fields := 0
	for path, schema := range members("", vocabulary(t)) {
		fields++
		if !told(shown, path) {
			t.Errorf("%s is in no example", path)
		}
		for _, choice := range choices(path, schema) {
			if !shown[path+"="+choice] {
				t.Errorf("no example has %s: %q", path, choice)
			}
		}
	}
	if fields < 100 {
		t.Errorf("the schema has %d fields", fields)
	}
}

// TestEveryFunctionIsOnThePage: every function of templates is in an example, and what a wrong one is told names them all.
func TestEveryFunctionIsOnThePage(t *testing.T) {
	c := carnettest.New(t)
	wrong := map[string]map[string]any{"auth": {"token_url": "https://id.example.com/token", "server_url": "${nosuch(client_id)}"}}
	err := (story{t: t, carnet: c}).integrate(page(t)[0].document, wrong, "")
	if err == nil {
		t.Fatal("a template with an unknown function is taken")
	}
	_, list, _ := strings.Cut(err.Error(), "; there are ")
	functions := strings.FieldsFunc(list, func(r rune) bool { return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') })
	if len(functions) < 15 {
		t.Fatalf("it says %v", err)
	}
	var all []byte
	for _, x := range page(t) {
		text, _ := json.Marshal(x.settings)
		all = append(all, text...)
	}
	for _, name := range functions {
		if !regexp.MustCompile(`[{(+ ]` + name + `[(}]`).Match(all) {
			t.Errorf("%s is in no example", name)
		}
	}
}

// note notes which fields a value has, and their texts.
func note(shown map[string]bool, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			at := strings.TrimPrefix(path+"."+name, ".")
			shown[at] = true
			note(shown, at, inner)
		}
	case []any:
		for _, inner := range v {
			note(shown, path, inner)
		}
	case string:
		shown[path+"="+v] = true
	}
}

// members are the fields of an object's schema and of what is in it, by their paths.
func members(path string, schema map[string]any) map[string]map[string]any {
	all := map[string]map[string]any{}
	if items, ok := schema["items"].(map[string]any); ok {
		maps.Copy(all, members(path, items))
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, inner := range properties {
		at := strings.TrimPrefix(path+"."+name, ".")
		all[at] = inner.(map[string]any)
		maps.Copy(all, members(at, all[at]))
	}
	return all
}

// choices are the values of a field which it is worth to show all of. Of methods and signature algorithms one tells how to write the others.
func choices(path string, schema map[string]any) (all []string) {
	if path != "grant_type" && !slices.Contains([]string{"auth_method", "request.format", "response.unit", "inject.in"}, path) {
		return nil
	}
	from := schema["enum"]
	if path == "grant_type" {
		from = schema["examples"]
	}
	list, _ := from.([]any)
	for _, c := range list {
		if text, ok := c.(string); ok && text != "" && !(path == "grant_type" && text == "clientCredentials") && !(path == "response.unit" && text == "s") { // defaults
			all = append(all, text)
		}
	}
	return all
}

func schemesOf(document map[string]any) map[string]map[string]any {
	all := map[string]map[string]any{}
	components, _ := document["components"].(map[string]any)
	schemes, _ := components["securitySchemes"].(map[string]any)
	for name, s := range schemes {
		all[name] = s.(map[string]any)
	}
	return all
}

// definition are the fields that say what a scheme is, which a document says in OpenAPI's own words.
var definition = []string{"type", "in", "name", "scheme", "flows"}

// hidden reports whether a document may not have the field: a secret, or what refers to one.
func hidden(schema map[string]any, name string, value any) bool {
	field, _ := schema["properties"].(map[string]any)[name].(map[string]any)
	text, _ := value.(string)
	return field["writeOnly"] == true || name == "secrets" || name == "token" || strings.HasPrefix(text, "${env:") || strings.HasPrefix(text, "${file:")
}

// ofDocument moves what a document may say from an example's settings to x-carnet-token of its document, and returns both.
func ofDocument(schema map[string]any, x example) (map[string]any, map[string]map[string]any, []string) {
	raw, _ := json.Marshal(x.document)
	document, settings, moved := map[string]any{}, map[string]map[string]any{}, []string{}
	_ = json.Unmarshal(raw, &document)
	schemes := document["components"].(map[string]any)["securitySchemes"].(map[string]any)
	for key, entry := range x.settings {
		scheme, known := schemes[key].(map[string]any)
		if !known {
			scheme = map[string]any{}
			schemes[key] = scheme
		}
		defaults := map[string]any{}
		if own, ok := scheme["x-carnet-token"].(map[string]any); ok {
			defaults = own
		}
		settings[key] = map[string]any{}
		for name, value := range entry {
			switch {
			case hidden(schema, name, value):
				settings[key][name] = value
			case slices.Contains(definition, name):
				scheme[name] = value
			default:
				defaults[name] = value
				moved = append(moved, name)
			}
		}
		if scheme["type"] == "awsSigv4" { // no type of OpenAPI
			scheme["type"], scheme["in"], scheme["name"], scheme["x-amazon-apigateway-authtype"] = "apiKey", "header", "Authorization", "awsSigv4"
		}
		if scheme["type"] == "oauth2" && scheme["flows"] == nil {
			scheme["flows"] = map[string]any{}
		}
		if len(defaults) > 0 {
			scheme["x-carnet-token"] = defaults
		}
	}
	return document, settings, moved
}

// TestEveryFieldWorksInADocument: each example works the same with all its fields but secrets as defaults in the document, under
// x-carnet-token; and the integration's schema takes what is left to fill in, and wants no more. Together with the test above: a new
// field works there, or a test fails.
func TestEveryFieldWorksInADocument(t *testing.T) {
	schema, moved := vocabulary(t), map[string]bool{}
	var mu sync.Mutex
	t.Run("examples", func(t *testing.T) {
		for _, x := range page(t) {
			t.Run(x.name, func(t *testing.T) {
				t.Parallel()
				document, settings, names := ofDocument(schema, x)
				if err := x.lives(t, document, settings); err != nil {
					t.Error(err)
				}
				served(t, document, settings)
				mu.Lock()
				defer mu.Unlock()
				for _, name := range names {
					moved[name] = true
				}
			})
		}
	})
	for name, field := range schema["properties"].(map[string]any) {
		if field.(map[string]any)["writeOnly"] != true && !slices.Contains(definition, name) && name != "secrets" && name != "token" && !slices.Contains(files, name) && !moved[name] {
			t.Errorf("%s was the default of no document", name)
		}
	}
}

// files are fields whose texts are PEM, which the examples refer to and a document can hold.
var files = []string{"certificate", "ca"}

// served holds what an integration shows of its settings, with what the document says among them, against the schema that is served for it.
func served(t *testing.T, document map[string]any, settings map[string]map[string]any) {
	t.Helper()
	c := carnettest.New(t)
	if err := (story{t: t, carnet: c}).integrate(document, settings, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	raw, err := c.IntegrationSchema(t.Context(), "it")
	if err != nil {
		t.Fatal(err)
	}
	shown, err := c.Integration(t.Context(), "it")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("settings.json", connected(parsed)); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("settings.json")
	if err != nil {
		t.Fatal(err)
	}
	all, err := jsonschema.UnmarshalJSON(bytes.NewReader(shown.Data.Properties.Properties))
	if err != nil {
		t.Fatal(err)
	}
	only := map[string]any{}
	for name := range settings {
		only[name] = all.(map[string]any)["authentication"].(map[string]any)[name]
	}
	if err := compiled.Validate(map[string]any{"authentication": only}); err != nil {
		t.Errorf("the schema does not take %v: %v", only, err)
	}
}

// connected is the schema for those whom a person has connected: the token need not be typed.
func connected(schema any) any {
	authentication := schema.(map[string]any)["properties"].(map[string]any)["authentication"].(map[string]any)
	for _, entry := range authentication["properties"].(map[string]any) {
		if required, ok := entry.(map[string]any)["required"].([]any); ok && slices.Contains(required, any("token")) {
			delete(entry.(map[string]any), "required")
		}
	}
	return schema
}

// idle are members that the wire does not show: they say what is so anyway, or matter where no example goes.
var idle = map[string]string{
	"auth_method=auto":                              "the default",
	"auth_method=client_secret_basic":               "the first that auto tries",
	"auth_method=private_key_jwt":                   "auto takes it where there is a key and no secret",
	"auth_method=none":                              "auto takes it where there is no secret",
	"auth_method=tls_client_auth":                   "it is sent as none is",
	"grant_type=implicit":                           "a token that was typed is used whatever the grant",
	"client_secret_expires_at=2000-06-30T00:00:00Z": "it warns",
	"ca=${file:/run/secrets/ca.pem}":                "these services are trusted anyway",
	"scope=data.0.may":                              "it is shown",
}

// TestEveryFieldMatters takes one member after another out of each example's settings: the services notice. So no example shows what does
// nothing, and the services let nothing pass.
func TestEveryFieldMatters(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every example a dozen times")
	}
	for _, x := range page(t) {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			for path, less := range without(x.settings) {
				if idleAt(path) {
					continue
				}
				if err := x.lives(t, x.document, less); err == nil {
					t.Errorf("nobody misses %s", path)
				}
			}
		})
	}
}

func idleAt(path string) bool {
	for member := range idle {
		if strings.HasSuffix(path, "."+member) {
			return true
		}
	}
	return false
}

// without are the settings without one member each, by its path and value.
func without(settings map[string]map[string]any) map[string]map[string]map[string]any {
	all := map[string]map[string]map[string]any{}
	for key, entry := range settings {
		for path, less := range lacking(entry) {
			changed := maps.Clone(settings)
			changed[key] = less.(map[string]any)
			all[key+path] = changed
		}
	}
	return all
}

func lacking(v any) map[string]any {
	all := map[string]any{}
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			less := maps.Clone(v)
			delete(less, name)
			if text, ok := inner.(string); ok {
				all["."+name+"="+text] = less
			} else {
				all["."+name] = less
			}
			for path, changed := range lacking(inner) {
				copied := maps.Clone(v)
				copied[name] = changed
				all["."+name+path] = copied
			}
		}
	case []any:
		for i, inner := range v {
			if len(v) > 1 {
				all[fmt.Sprintf("[%d]", i)] = slices.Delete(slices.Clone(v), i, i+1)
			}
			for path, changed := range lacking(inner) {
				copied := slices.Clone(v)
				copied[i] = changed
				all[fmt.Sprintf("[%d]%s", i, path)] = copied
			}
		}
	}
	return all
}
