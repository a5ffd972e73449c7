package openapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi"
)

func read(t *testing.T, text string) *model.Document {
	t.Helper()
	d, err := openapi.Read([]byte(text), "")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// document is an OpenAPI 3 document with the paths, and what follows them.
func document(paths, more string) string {
	return `{"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": ` + paths + more + `}`
}

func operation(t *testing.T, d *model.Document, id string) model.Operation {
	t.Helper()
	for _, op := range d.Operations {
		if op.ID == id {
			return op
		}
	}
	t.Fatalf("there is no operation %s among %v", id, ids(d))
	return model.Operation{}
}

func ids(d *model.Document) (all []string) {
	for _, op := range d.Operations {
		all = append(all, op.ID)
	}
	return all
}

func warned(d *model.Document, text string) bool {
	return slices.ContainsFunc(d.Model.Warnings, func(p fault.Problem) bool { return strings.Contains(p.Pointer+" "+p.Message, text) })
}

var update = flag.Bool("update", false, "write the golden summaries")

// TestRealDocuments compares what is read of real documents with summaries that people have looked at.
func TestRealDocuments(t *testing.T) {
	files, err := filepath.Glob("testdata/real/*.json")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := openapi.Read(data, "https://example.com/openapi.json")
		if err != nil {
			t.Fatal(file, err)
		}
		var got strings.Builder
		fmt.Fprintf(&got, "%s, %s, %d operations, %d schemas, %d warnings\n", d.Model.VersionID, d.Model.Specification, len(d.Operations), len(d.Schemas), len(d.Model.Warnings))
		for _, s := range d.Model.Schemes {
			fmt.Fprintln(&got, "scheme", s.Key, s.Type, s.In, s.Name, s.Scheme, s.Flows.Names())
		}
		for _, op := range d.Operations {
			fmt.Fprintf(&got, "%s %s %s %v", op.ID, op.Method, op.Path, op.Security)
			for _, p := range op.Parameters {
				fmt.Fprintf(&got, " %s:%s:%s:%v", p.In, p.Name, p.Type, p.Required)
			}
			if op.Body != nil {
				fmt.Fprintf(&got, " body %v %d", op.Body.Required, len(op.Body.Content))
			}
			fmt.Fprintln(&got)
		}
		golden := strings.TrimSuffix(file, ".json") + ".golden"
		if *update {
			os.WriteFile(golden, []byte(got.String()), 0o644)
		}
		if want, err := os.ReadFile(golden); err != nil || string(want) != got.String() {
			t.Errorf("%s: %v; read\n%s", file, err, got.String())
		}
	}
}

func TestUnusableDocumentsNameEveryPlace(t *testing.T) {
	for text, wants := range map[string][]string{
		`[]`:                   {" it is not an object"},
		`{"info": {}}`:         {"neither"},
		`{"openapi": "4.0.0"}`: {`/openapi version "4.0.0" is not supported`},
		`{"swagger": "1.2"}`:   {"/swagger Swagger 1.2 is not supported"},
		`{"openapi": "3.0.0"}`: {"/info is missing", "/paths is missing"},
		`{"openapi": "3.0.0", "info": {"title": "T"}, "paths": []}`: {"/info/version is missing", "/paths is not an object"},
		`{"asyncapi": "2.0.0"}`: {"an AsyncAPI document"},
	} {
		_, err := openapi.Read([]byte(text), "")
		if !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" {
			t.Errorf("%s: got %v", text, err)
			continue
		}
		all := ""
		for _, p := range fault.ProblemsOf(err) {
			all += p.Pointer + " " + p.Message + "\n"
		}
		for _, want := range wants {
			if !strings.Contains(all, want) {
				t.Errorf("%s: no %q in\n%s", text, want, all)
			}
		}
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "empty",
		" \n":                         "empty",
		"<!doctype html>":             "HTML",
		"just words":                  "plain text",
		"# a comment":                 "nothing but comments",
		"a: b: c":                     "neither JSON nor YAML",
		`{"openapi": "3.0.0", `:       "not JSON: line 1",
		strings.Repeat("[", 1<<20):    "nested more than 1000 levels",
		strings.Repeat(`{"a":`, 5000): "nested more than 1000 levels",
		"a: &a [*a]":                  "", // whatever it says
	} {
		_, err := openapi.Read([]byte(text), "")
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: got %v", text, err)
		}
	}
}

func TestTruncatedAtEveryByte(t *testing.T) {
	whole := document(`{"/a/{id}": {"get": {"parameters": [{"$ref": "#/components/parameters/p"}]}}}`, `, "components": {"parameters": {"p": {"name": "q", "in": "query"}}}`)
	for n := range len(whole) {
		if _, err := openapi.Read([]byte(whole[:n]), ""); !fault.Is(err, fault.Invalid) {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	}
}

func TestIDsAreReadableAndDoNotDependOnTheOrder(t *testing.T) {
	paths := []string{
		`"/users/{id}/repos": {"get": {}, "post": {"operationId": "make"}}`,
		`"/": {"get": {}}`,
		`"/b": {"get": {"operationId": "dup"}, "delete": {"operationId": "dup"}}`,
		`"/a": {"get": {"operationId": "dup"}}`,
		`"/users/{id}.json": {"get": {"operationId": ""}}`,
	}
	want := map[string]string{
		"GET /users/{id}/repos": "get_users_by_id_repos", "POST /users/{id}/repos": "make", "GET /": "get_root",
		"GET /a": "dup", "DELETE /b": "dup_delete_b", "GET /b": "dup_get_b", "GET /users/{id}.json": "get_users_by_id_json",
	}
	for range len(paths) {
		paths = append(paths[1:], paths[0])
		d := read(t, document("{"+strings.Join(paths, ",")+"}", ""))
		for _, op := range d.Operations {
			if op.ID != want[op.Method+" "+op.Path] {
				t.Errorf("%s %s is %s", op.Method, op.Path, op.ID)
			}
		}
		if !warned(d, `the operationId "dup" occurs more than once`) {
			t.Errorf("no warning: %v", d.Model.Warnings)
		}
	}
}

func TestParameters(t *testing.T) {
	d := read(t, document(`{"/x/{id}/{lost}": {
		"parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}, {"name": "shared", "in": "query", "schema": {"type": "string"}}],
		"get": {"operationId": "op", "parameters": [
			{"name": "shared", "in": "query", "schema": {"type": "integer"}},
			{"$ref": "#/components/parameters/chain"},
			{"$ref": "#/components/parameters/none"}, {"$ref": "other.yaml#/p"}, {"$ref": "#/components/parameters/loop"},
			{"name": "list", "in": "query", "schema": {"$ref": "#/components/schemas/List"}},
			{"name": "null", "in": "header", "schema": {"type": ["null", "integer"]}},
			{"name": "json", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
			{"name": "stray", "in": "path"}, {"name": "odd", "in": "space"}
		]}}}`, `, "components": {"parameters": {"chain": {"$ref": "#/components/parameters/end"}, "end": {"name": "end", "in": "cookie", "explode": false},
			"loop": {"$ref": "#/components/parameters/loop"}},
		"schemas": {"List": {"allOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Item"}}]}, "Item": {"type": "number"}}}`))
	op := operation(t, d, "op")
	var got []string
	for _, p := range op.Parameters {
		got = append(got, fmt.Sprintf("%s:%s:%s:%s:%v:%s:%s", p.In, p.Name, p.Type, p.Style, p.Explode, p.ItemType, p.ContentType))
	}
	want := []string{"path:id:string:simple:false::", "query:shared:integer:form:true::", "cookie:end::form:false::", "query:list:array:form:true:number:",
		"header:null:integer:simple:false::", "query:json:object:form:true::application/json", "path:lost:string:simple:false::"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	for _, text := range []string{"which does not exist", "no such file", "circle", "no {stray}", "{lost} is not declared", `no place "space"`} {
		if !warned(d, text) {
			t.Errorf("no warning of %q: %v", text, d.Model.Warnings)
		}
	}
	if !op.Parameters[0].Required {
		t.Error("a path parameter is not required")
	}
}

func TestSchemasThatRefersToItself(t *testing.T) {
	d := read(t, document(`{"/x": {"post": {"operationId": "op", "requestBody": {"$ref": "#/components/requestBodies/b"}}}}`,
		`, "components": {"requestBodies": {"b": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}, "examples": {"e": {"value": {"a": 1}}}}}}},
		"schemas": {"Tree": {"properties": {"next": {"$ref": "#/components/schemas/Tree"}, "leaf": {"$ref": "#/components/schemas/Leaf~1x"}}}, "Leaf/x": {"type": "string"}, "Unused": {}}}`))
	op := operation(t, d, "op")
	if op.Body == nil || !op.Body.Required || len(op.Body.Content) != 1 || string(op.Body.Content[0].Example) != `{"a": 1}` {
		t.Errorf("the body is %+v", op.Body)
	}
	var refs []string
	for _, s := range d.Schemas {
		refs = append(refs, s.Ref)
	}
	slices.Sort(refs)
	if want := []string{"#/components/requestBodies/b", "#/components/schemas/Leaf~1x", "#/components/schemas/Tree"}; !slices.Equal(refs, want) {
		t.Errorf("schemas %q", refs)
	}
}

func TestSecurity(t *testing.T) {
	schemes := `, "components": {"securitySchemes": {"a": {"type": "oauth2", "flows": {"password": {"tokenUrl": "/t", "scopes": {"s": "S"}}}},
		"b": {"type": "http", "scheme": "Bearer"}, "c": {"type": "http", "scheme": "OAuth"}, "d": {"type": "nonsense"}, "e": {"$ref": "#/components/securitySchemes/b"}}}`
	paths := `{"/x": {"get": {"operationId": "inherits"}, "put": {"operationId": "none", "security": []}, "post": {"operationId": "own", "security": [{"ghost": []}, {}]}}}`
	d := read(t, document(paths, schemes+`, "security": [{"a": ["s"], "b": []}]`))
	if got := fmt.Sprint(operation(t, d, "inherits").Security); got != "[map[a:[s] b:[]]]" {
		t.Errorf("inherits %s", got)
	}
	if got := operation(t, d, "none").Security; got == nil || len(got) != 0 {
		t.Errorf("none is %v", got)
	}
	if got := fmt.Sprint(operation(t, d, "own").Security); got != "[map[ghost:[]] map[]]" {
		t.Errorf("own is %s", got)
	}
	var keys []string
	for _, s := range d.Model.Schemes {
		keys = append(keys, s.Key+":"+s.Type+":"+s.Scheme)
	}
	if want := []string{"a:oauth2:", "b:http:bearer", "c:http:oauth", "d:nonsense:", "e:http:bearer"}; !slices.Equal(keys, want) {
		t.Errorf("schemes %q", keys)
	}
	for _, text := range []string{`"oauth" is not supported`, `"nonsense" is no type`, `"ghost", which does not exist`} {
		if !warned(d, text) {
			t.Errorf("no warning of %s: %v", text, d.Model.Warnings)
		}
	}
	if silent := read(t, document(paths, schemes)); operation(t, silent, "inherits").Security != nil {
		t.Error("a document that says nothing says something")
	}
}

func TestSwagger2(t *testing.T) {
	d := read(t, `{"swagger": "2.0", "info": {"title": "Old", "version": 1.0}, "host": "api.example.com", "basePath": "v1", "schemes": ["http", "https"],
		"consumes": ["application/xml"], "produces": ["application/json"],
		"securityDefinitions": {"b": {"type": "basic"}, "o": {"type": "oauth2", "flow": "application", "tokenUrl": "https://x/t"}, "c": {"type": "oauth2", "flow": "accessCode"}},
		"paths": {"/x/{id}": {"post": {"operationId": "op", "parameters": [
				{"name": "id", "in": "path", "type": "integer", "required": true},
				{"name": "tags", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"},
				{"name": "pipes", "in": "query", "type": "array", "collectionFormat": "pipes"},
				{"name": "body", "in": "body", "required": true, "schema": {"$ref": "#/definitions/D"}}],
				"responses": {"200": {"description": "fine"}}},
			"put": {"operationId": "form", "parameters": [{"name": "f", "in": "formData", "type": "file"}, {"name": "n", "in": "formData", "type": "string", "required": true}]}}},
		"definitions": {"D": {"type": "object"}}}`)
	if d.Model.VersionID != "Old:1.0" || d.Model.Servers[0].URL != "https://api.example.com/v1" || len(d.Model.Servers) != 2 {
		t.Errorf("%s %+v", d.Model.VersionID, d.Model.Servers)
	}
	if s := d.Model.Schemes; s[0].Type != "http" || s[0].Scheme != "basic" || s[1].Flows.ClientCredentials == nil || s[2].Flows.AuthorizationCode == nil {
		t.Errorf("schemes %+v", s)
	}
	op := operation(t, d, "op")
	var got []string
	for _, p := range op.Parameters {
		got = append(got, fmt.Sprintf("%s:%s:%s:%s:%v:%s", p.In, p.Name, p.Type, p.Style, p.Explode, p.Schema))
	}
	want := []string{`path:id:integer:simple:false:{"type":"integer"}`, `query:tags:array:form:true:{"type":"array","items":{"type": "string"}}`, `query:pipes:array:pipeDelimited:false:{"type":"array"}`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if b := op.Body; b == nil || !b.Required || b.Content[0].Type != "application/xml" || op.Responses[0].Types[0] != "application/json" || len(d.Schemas) != 1 {
		t.Errorf("body %+v, responses %+v, schemas %v", b, op.Responses, d.Schemas)
	}
	if b := operation(t, d, "form").Body; b == nil || b.Content[0].Type != "multipart/form-data" || !json.Valid(b.Content[0].Schema) ||
		string(b.Content[0].Schema) != `{"type":"object","properties":{"f":{"type":"string","format":"binary"},"n":{"type":"string"}},"required":["n"]}` {
		t.Errorf("form %+v", b)
	}
}

func TestYAML(t *testing.T) {
	d := read(t, `
openapi: 3.1.0
info: {title: Yes, version: 1.10}
x-common: &common
  responses: {200: {description: fine}}
paths:
  /when:
    get:
      <<: *common
      operationId: no
      parameters:
        - {name: since, in: query, example: 2020-01-01, schema: {type: string, default: 0x10, enum: [on, 1_000, .inf]}}
`)
	if d.Model.VersionID != "Yes:1.10" {
		t.Errorf("is %s", d.Model.VersionID)
	}
	op := operation(t, d, "no")
	if len(op.Responses) != 1 || op.Responses[0].Status != "200" {
		t.Errorf("the merge key brought %+v", op.Responses)
	}
	if p := op.Parameters[0]; string(p.Example) != `"2020-01-01"` || string(p.Schema) != `{"type":"string","default":16,"enum":["on",1000,".inf"]}` {
		t.Errorf("example %s, schema %s", p.Example, p.Schema)
	}
}

func TestOddButUsable(t *testing.T) {
	for name, text := range map[string]string{
		"a mark of byte order": "\xef\xbb\xbf" + document(`{}`, ""),
		"webhooks only":        `{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "webhooks": {}}`,
		"no title":             `{"openapi": "3.0.0", "info": {"version": "1"}, "paths": {}}`,
		"names twice":          document(`{"/a": {"get": {"x-a": 1, "x-a": 2}}}`, `, "info": {"title": "T", "version": "1"}`),
		"deep but not too":     document(`{}`, `, "x-deep": `+strings.Repeat("[", 900)+strings.Repeat("]", 900)),
	} {
		if _, err := openapi.Read([]byte(text), ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestManyWarningsAreBounded(t *testing.T) {
	var paths bytes.Buffer
	for i := range 3000 {
		fmt.Fprintf(&paths, `,"/p%d/{x}": {"get": {}}`, i)
	}
	d := read(t, document("{"+paths.String()[1:]+"}", ""))
	if n := len(d.Model.Warnings); n != 101 || !warned(d, "and 2900 more of these") {
		t.Errorf("%d warnings", n)
	}
}

// FuzzRead: whatever comes, there is a document whose ids are unique, or an error of the right kind.
func FuzzRead(f *testing.F) {
	f.Add([]byte(document(`{"/a/{b}": {"get": {"parameters": [{"$ref": "#/paths"}]}}}`, "")))
	f.Add([]byte("openapi: 3.0.0\ninfo: {title: a, version: b}\npaths: &p {/x: {get: *p}}"))
	f.Add([]byte(`{"swagger":"2.0","info":{"title":1,"version":true},"paths":{"x":{"get":{"parameters":[{"in":"formData"}]}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := openapi.Read(data, "https://example.com/")
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		seen := map[string]bool{}
		for _, id := range ids(d) {
			if seen[id] || id == "" {
				t.Errorf("the id %q occurs twice, or is empty", id)
			}
			seen[id] = true
		}
	})
}

// TestParametersOfTwo: collectionFormat, in parameters and in forms (OpenAPI 2.0, Parameter Object).
func TestParametersOfTwo(t *testing.T) {
	d, err := openapi.Read([]byte(`{"swagger": "2.0", "info": {"title": "T", "version": "1"}, "consumes": ["application/x-www-form-urlencoded"], "paths": {"/x/{id}": {"post": {
		"parameters": [
			{"name": "id", "in": "path", "required": true, "type": "array", "items": {"type": "string"}, "collectionFormat": "pipes"},
			{"name": "a", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"},
			{"name": "b", "in": "query", "type": "string", "allowEmptyValue": true, "enum": ["only"]},
			{"name": "c", "in": "header", "type": "array", "items": {"type": "integer"}},
			{"name": "e", "in": "formData", "type": "array", "items": {"type": "string"}, "collectionFormat": "ssv"},
			{"name": "f", "in": "formData", "type": "string"}]}}}}`), "")
	if err != nil {
		t.Fatal(err)
	}
	op := d.Operations[0]
	got := ""
	for _, p := range op.Parameters {
		got += fmt.Sprintln(p.Name, p.Style, p.Explode, p.AllowEmpty, string(p.Default))
	}
	want := "id pipeDelimited false false \na form true false \nb form false true \"only\"\nc simple false false \n"
	if got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if e := op.Body.Content[0].Encoding; len(e) != 1 || e["e"].Style != "spaceDelimited" || e["e"].Explode {
		t.Errorf("the form is encoded by %+v", e)
	}
}

// TestEncoding of bodies, and parameters of OpenAPI 3.2.
func TestEncoding(t *testing.T) {
	d, err := openapi.Read([]byte(`{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"post": {
		"parameters": [
			{"name": "q", "in": "querystring", "content": {"application/json": {"schema": {"type": "object"}}}},
			{"name": "v", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/V"}},
			{"name": "k", "in": "cookie", "style": "cookie", "schema": {"const": 3}}],
		"requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object"}, "encoding": {
			"file": {"contentType": "image/png, image/jpeg", "headers": {"X-Kind": {"schema": {"type": "string", "default": "scan"}}}},
			"tags": {"style": "form", "explode": false}}}}}}}},
		"components": {"schemas": {"V": {"type": "string", "default": "v1"}}}}`), "")
	if err != nil {
		t.Fatal(err)
	}
	op := d.Operations[0]
	got := ""
	for _, p := range op.Parameters {
		got += fmt.Sprintln(p.Name, p.In, p.Style, p.Explode, p.ContentType, string(p.Default))
	}
	for name, e := range op.Body.Content[0].Encoding {
		if name == "tags" && (e.Style != "form" || e.Explode) || name == "file" && (e.Style != "" || e.Headers[0].Name != "X-Kind" || string(e.Headers[0].Default) != `"scan"`) {
			t.Errorf("%s is %+v", name, e)
		}
	}
	if want := "q querystring simple false application/json \nv query form true  \"v1\"\nk cookie cookie true  3\n"; got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}
