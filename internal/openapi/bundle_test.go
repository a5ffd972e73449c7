package openapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi"
)

// files is a document of several files: the name of each on a line of its own after "--".
func files(text string) map[string][]byte {
	all := map[string][]byte{}
	for part := range strings.SplitSeq(text, "\n-- ") {
		name, body, _ := strings.Cut(strings.TrimPrefix(part, "-- "), " --\n")
		all[name] = []byte(body)
	}
	return all
}

// self checks that a document refers to nothing but itself, and that it reads as it did.
func self(t *testing.T, d *model.Document) {
	t.Helper()
	if !json.Valid(d.JSON) {
		t.Fatalf("not JSON: %s", d.JSON)
	}
	if refs := slices.DeleteFunc(openapi.References(d.JSON), func(ref string) bool { return ref == "gone.yaml" }); len(refs) > 0 {
		t.Errorf("the document refers to %q", refs)
	}
	again, err := openapi.Read(d.JSON, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Operations, again.Operations); diff != "" {
		t.Errorf("the stored document reads differently: %s", diff)
	}
	known := map[string]bool{}
	for _, s := range d.Schemas {
		known[s.Ref] = true
	}
	for _, s := range d.Schemas {
		var v any
		json.Unmarshal(s.Value, &v)
		each(v, func(ref string) {
			if !known[ref] && ref != "gone.yaml" {
				t.Errorf("%s refers to %s, which is not stored", s.Ref, ref)
			}
		})
	}
}

func each(v any, ref func(string)) {
	switch v := v.(type) {
	case map[string]any:
		if text, ok := v["$ref"].(string); ok {
			ref(text)
		}
		for name, member := range v {
			if name != "example" {
				each(member, ref)
			}
		}
	case []any:
		for _, item := range v {
			each(item, ref)
		}
	}
}

const several = `-- api/openapi.yaml --
openapi: 3.1.0
info: {title: Several, version: "1"}
paths:
  /orders/{id}:
    $ref: paths/order.yaml
  /pets:
    get:
      operationId: pets
      parameters:
        - $ref: '../common/all.json#/parameters/page%20size'
      requestBody:
        content:
          application/json:
            schema: {$ref: ../common/all.json#/schemas/Pet}
components:
  schemas:
    Root: {type: string}
-- api/paths/order.yaml --
parameters: [{name: id, in: path, schema: {$ref: ../openapi.yaml#/components/schemas/Root}}]
get: {operationId: order}
put:
  operationId: change
  requestBody: {content: {application/json: {schema: {$ref: 'order.yaml#/x-schemas/Order'}, example: {$ref: nowhere.yaml}}}}
x-schemas:
  Order: {type: object, properties: {pet: {$ref: ../../common/all.json#/schemas/Pet}, gone: {$ref: gone.yaml}}}
-- common/all.json --
{"parameters": {"page size": {"name": "size", "in": "query", "schema": {"$ref": "#/schemas/Size"}}},
 "schemas": {"Size": {"type": "integer"},
  "Pet": {"oneOf": [{"$ref": "#/schemas/Dog"}], "discriminator": {"propertyName": "kind", "mapping": {"dog": "#/schemas/Dog", "cat": "Cat"}}},
  "Dog": {"properties": {"friend": {"$ref": "all.json#/schemas/Pet"}, "anchor": {"$ref": "#tail"}, "tail": {"$anchor": "tail", "type": "null"}}}}}`

func TestSeveralFiles(t *testing.T) {
	all := files(several)
	d, err := openapi.Source{Data: all["api/openapi.yaml"], Name: "api/openapi.yaml", Files: all}.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	self(t, d)
	if p := operation(t, d, "order").Parameters; len(p) != 1 || p[0].Type != "string" || string(p[0].Schema) != `{"$ref":"#/components/schemas/Root"}` {
		t.Errorf("%+v", p)
	}
	if p := operation(t, d, "pets").Parameters; len(p) != 1 || p[0].Name != "size" || p[0].Type != "integer" {
		t.Errorf("%+v", p)
	}
	if b := operation(t, d, "change").Body; string(b.Content[0].Example) != `{"$ref":"nowhere.yaml"}` {
		t.Errorf("the example is %s", b.Content[0].Example)
	}
	if w := d.Model.Warnings; len(w) != 1 || w[0].File != "api/paths/order.yaml" || w[0].Line != 7 || w[0].Pointer != "/x-schemas/Order/properties/gone/$ref" {
		t.Errorf("warnings %+v", w)
	}
	if !strings.Contains(string(d.JSON), `"dog":"#/x-carnet-documents/~1common~1all.json/schemas/Dog"`) && !strings.Contains(string(d.JSON), `"dog": "#/x-carnet-documents/~1common~1all.json/schemas/Dog"`) {
		t.Errorf("the discriminator leads elsewhere: %s", d.JSON)
	}
}

func TestFilesAtURLs(t *testing.T) {
	all := files(several)
	var mu sync.Mutex
	var asked []string
	fetch := func(_ context.Context, url string) ([]byte, error) {
		mu.Lock()
		asked = append(asked, url)
		mu.Unlock()
		if name, ok := strings.CutPrefix(url, "https://example.com/v1/"); ok && all[name] != nil {
			return all[name], nil
		}
		return nil, errors.New("404 Not Found")
	}
	origin := "https://example.com/v1/api/openapi.yaml"
	d, err := openapi.Source{Data: all["api/openapi.yaml"], Name: origin, Origin: origin, Fetch: fetch}.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	self(t, d)
	slices.Sort(asked)
	want := []string{"https://example.com/v1/api/paths/gone.yaml", "https://example.com/v1/api/paths/order.yaml", "https://example.com/v1/common/all.json"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
	if w := d.Model.Warnings; len(w) != 1 || !strings.Contains(w[0].Message, "404 Not Found") || w[0].File != "https://example.com/v1/api/paths/order.yaml" {
		t.Errorf("warnings %+v", w)
	}
}

// TestURIs: a document says itself where it is ($self, OpenAPI 3.2, 4.1.2), and so do schemas ($id).
func TestURIs(t *testing.T) {
	all := files(`-- openapi.json --
{"openapi": "3.2.0", "$self": "https://example.com/api/openapi", "info": {"title": "T", "version": "1"},
 "paths": {"/x": {"get": {"operationId": "x", "parameters": [
	{"name": "self", "in": "query", "schema": {"$ref": "https://example.com/api/openapi#/components/schemas/A"}},
	{"name": "id", "in": "query", "schema": {"$ref": "https://schemas.example/tree"}},
	{"name": "inner", "in": "query", "schema": {"$ref": "https://schemas.example/leaf"}},
	{"name": "anchor", "in": "query", "schema": {"$ref": "https://schemas.example/tree#bark"}},
	{"name": "file", "in": "query", "schema": {"$ref": "other.json#/B"}}]}}},
 "components": {"schemas": {"A": {"type": "integer"},
	"Tree": {"$id": "https://schemas.example/tree", "type": "array", "items": {"$ref": "#/$defs/leaf"},
		"$defs": {"leaf": {"$id": "leaf", "type": "boolean"}, "bark": {"$anchor": "bark", "type": "number"}, "old": {"$ref": "#/components/schemas/A"}}}}}}
-- other.json --
{"$self": "https://example.com/api/other.json", "B": {"type": "string"}}`)
	d, err := openapi.Source{Data: all["openapi.json"], Name: "openapi.json", Files: all}.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	self(t, d)
	var got []string
	for _, p := range operation(t, d, "x").Parameters {
		got = append(got, p.Name+":"+p.Type+":"+p.ItemType)
	}
	if want := []string{"self:integer:", "id:array:boolean", "inner:boolean:", "anchor:number:", "file:string:"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q; %+v", got, want, d.Model.Warnings)
	}
	if len(d.Model.Warnings) > 0 {
		t.Errorf("%+v", d.Model.Warnings)
	}
}

func TestABundleThatRefersToMore(t *testing.T) {
	text := `{"openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "x-carnet-documents": {"a": {"in": "query", "name": "a"}},
		"paths": {"/x": {"get": {"operationId": "x", "parameters": [{"$ref": "#/x-carnet-documents/a"}, {"$ref": "b.yaml"}]}}}}`
	d, err := openapi.Source{Data: []byte(text), Name: "x.json", Files: map[string][]byte{"b.yaml": []byte("{in: query, name: b}")}}.Read(t.Context())
	if err != nil || len(d.Operations[0].Parameters) != 2 {
		t.Fatal(err, d)
	}
	self(t, d)
}

func TestFilesOutsideAreNotRead(t *testing.T) {
	text := `{"openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"get": {"parameters": [
		{"$ref": "file:///etc/passwd"}, {"$ref": "/etc/passwd"}, {"$ref": "../../etc/passwd"}, {"$ref": "ftp://example.com/x"}, {"$ref": "https://example.com/x"}]}}}}`
	d := read(t, text)
	if w := d.Model.Warnings; len(w) != 5 {
		t.Errorf("%+v", w)
	}
}

// TestThreeTwo: what OpenAPI 3.2 adds.
func TestThreeTwo(t *testing.T) {
	d := read(t, `
openapi: 3.2.0
info: {title: T, version: "1"}
servers: [{url: https://a.example, name: production}]
tags: [{name: a, parent: b, kind: nav}, {name: b, summary: B}]
paths:
  /x:
    query: {operationId: q, requestBody: {content: {application/json: {$ref: '#/components/mediaTypes/m'}}}}
    get:
      operationId: g
      parameters:
        - {name: q, in: querystring, content: {application/x-www-form-urlencoded: {schema: {type: object}}}}
      responses: {200: {summary: events, content: {text/event-stream: {itemSchema: {type: object}}}}}
    additionalOperations: {COPY: {operationId: c}, "not a method": {}}
components:
  mediaTypes: {m: {itemSchema: {$ref: '#/components/schemas/S'}, examples: {e: {dataValue: 1}}}}
  schemas: {S: {type: string}}
  securitySchemes:
    o: {type: oauth2, flows: {deviceAuthorization: {deviceAuthorizationUrl: /d, tokenUrl: /t}}}
`)
	if m := d.Model; m.Servers[0].Name != "production" || len(m.Tags) != 2 || m.Tags[0].Parent != "b" || m.Schemes[0].Flows.DeviceCode.DeviceURL != "/d" {
		t.Errorf("%+v", m)
	}
	if q := operation(t, d, "q"); q.Method != "QUERY" || string(q.Body.Content[0].ItemSchema) != `{"$ref":"#/components/schemas/S"}` || string(q.Body.Content[0].Example) != "1" {
		t.Errorf("%+v", q)
	}
	if c := operation(t, d, "c"); c.Method != "COPY" {
		t.Errorf("%+v", c)
	}
	if p := operation(t, d, "g").Parameters; len(p) != 1 || p[0].In != model.InQuerystring || p[0].ContentType != "application/x-www-form-urlencoded" {
		t.Errorf("%+v", p)
	}
	if len(d.Schemas) != 2 || !warned(d, `"not a method" can be no method`) {
		t.Errorf("schemas %v, warnings %v", d.Schemas, d.Model.Warnings)
	}
}

// FuzzFiles: whatever the files are, there is a document that refers to nothing else, or an error.
func FuzzFiles(f *testing.F) {
	all := files(several)
	f.Add(all["api/openapi.yaml"], all["api/paths/order.yaml"], all["common/all.json"])
	f.Add([]byte(`{"openapi":"3.1.0","info":{},"$self":"a","paths":{"/a":{"$ref":"b.yaml"}}}`), []byte(`$ref: "b.yaml#"`), []byte(`{"$id":"x","$anchor":"y","$ref":"#y"}`))
	f.Add([]byte(`{"openapi":"3.1.0","paths":{"$ref":"b.yaml#/p"}}`), []byte("p: {/a: {get: {$ref: 'c.json#/g'}}}"), []byte(`{"g":{"parameters":[{"$ref":"a.yaml#/paths"}]}}`))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		given := map[string][]byte{"b.yaml": b, "c.json": c, "paths/order.yaml": b, "common/all.json": c}
		d, err := openapi.Source{Data: a, Name: "a.yaml", Files: given, Notes: true}.Read(t.Context())
		if err != nil {
			return
		}
		if !json.Valid(d.JSON) {
			t.Fatalf("not JSON: %q", d.JSON)
		}
		for _, p := range d.Model.Warnings {
			if p.Line < 1 && !strings.HasPrefix(p.Message, "and ") {
				t.Errorf("no place: %+v", p)
			}
		}
		again, err := openapi.Read(d.JSON, "")
		if err != nil || len(again.Operations) != len(d.Operations) {
			t.Fatalf("the stored document can't be read again: %v", err)
		}
	})
}
