package change_test

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/internal/change"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi"
)

const before = `{
  "openapi": "3.0.3", "info": {"title": "Shop", "version": "1"}, "servers": [{"url": "https://a.example"}, {"url": "https://b.example"}],
  "security": [{"key": []}],
  "paths": {
    "/orders": {
      "get": {"operationId": "listOrders", "summary": "List", "parameters": [
        {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}},
        {"name": "page", "in": "query", "schema": {"type": "integer"}},
        {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
        {"name": "state", "in": "query", "schema": {"$ref": "#/components/schemas/State"}}],
        "responses": {"200": {"description": "x"}}},
      "post": {"operationId": "createOrder",
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}, "text/xml": {}}},
        "responses": {"201": {"description": "x"}}}
    },
    "/orders/{id}": {
      "get": {"operationId": "getOrder", "responses": {"200": {"description": "x"}}},
      "delete": {"operationId": "dropOrder", "responses": {"204": {"description": "x"}}},
      "patch": {"operationId": "editOrder", "responses": {"204": {"description": "x"}}}
    },
    "/ping": {"get": {"operationId": "ping", "description": "old words", "security": [], "responses": {"200": {"description": "x"}}}}
  },
  "components": {
    "schemas": {
      "Order": {"type": "object", "required": ["a", "b"], "description": "An order", "properties": {
        "description": {"type": "string", "title": "words"}, "line": {"$ref": "#/components/schemas/Line"}}},
      "Line": {"type": "object", "properties": {"n": {"type": "integer"}, "next": {"$ref": "#/components/schemas/Line"}}},
      "State": {"type": "string", "enum": ["new", "paid"]}
    },
    "securitySchemes": {
      "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
      "login": {"type": "oauth2", "flows": {
        "password": {"tokenUrl": "https://a.example/token", "scopes": {"read": "", "write": ""}}, "implicit": {"authorizationUrl": "https://a.example/x", "scopes": {}}}},
      "basic": {"type": "http", "scheme": "basic"},
      "fetched": {"type": "apiKey", "in": "header", "name": "X-F", "x-carnet-token": {"lifetime": 5}}
    }
  }
}`

// each makes a sequence of values, each without an error.
func each[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
	}
}

func read(t *testing.T, text string) *model.Document {
	t.Helper()
	d, err := openapi.Read([]byte(text), "")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func old(d *model.Document) change.Old {
	o := change.Old{Model: &d.Model, Schemas: each(d.Schemas), Operations: each(d.Operations)}
	for _, op := range d.Operations {
		o.Index = append(o.Index, op.Summary)
	}
	slices.Reverse(d.Operations) // a store has them in an order of its own
	return o
}

// lines are the changes in words.
func lines(c change.Changes) (all []string) {
	for _, op := range c.Added {
		all = append(all, "added "+op.ID)
	}
	for _, op := range c.Removed {
		all = append(all, "removed "+op.ID)
	}
	for _, op := range c.Changed {
		what := make([]string, len(op.What))
		for i, w := range op.What {
			what[i] = string(w)
		}
		all = append(all, op.ID+" "+strings.Join(what, ",")+": "+strings.Join(op.Details, "; "))
	}
	for _, s := range c.Schemes {
		all = append(all, strings.TrimSpace(string(s.How)+" scheme "+s.Name+" "+strings.Join(s.Details, "; ")))
	}
	for _, s := range c.Servers.Added {
		all = append(all, "added "+s)
	}
	for _, s := range c.Servers.Removed {
		all = append(all, "removed "+s)
	}
	return all
}

// TestCompare makes one edit of the document at a time.
func TestCompare(t *testing.T) {
	const get = `"get": {"operationId": "getOrder", "responses": {"200": {"description": "x"}}},`
	for _, c := range []struct {
		name      string
		edits     []string // what, by what
		want      []string
		unchanged int
	}{
		{"nothing", nil, nil, 6},
		{"words", []string{"old words", "new words", `"An order"`, `"A thing"`, `"title": "words"`, `"title": "text", "example": 7`, `"summary": "List"`, `"summary": "All"`}, nil, 6},
		{"order of members", []string{`"required": ["a", "b"]`, `"required": ["b", "a"]`, `"type": "integer", "maximum": 10`, `"maximum": 10, "type": "integer"`, `["new", "paid"]`, `["paid", "new"]`}, nil, 6},
		{"a property that is called as an annotation", []string{`"description": {"type": "string", "title": "words"}`, `"description": {"type": "integer"}`},
			[]string{"createOrder body: the body as application/json has another schema (Order)"}, 5},
		{"a schema behind a schema", []string{`"n": {"type": "integer"}`, `"n": {"type": "number"}`},
			[]string{"createOrder body: the body as application/json has another schema (Line)"}, 5},
		{"a parameter's schema", []string{`"maximum": 10`, `"maximum": 20`, `["new", "paid"]`, `["new"]`},
			[]string{"listOrders parameters: query.limit has another schema; query.state has another schema (State)"}, 5},
		{"parameters", []string{`{"name": "page", "in": "query", "schema": {"type": "integer"}}`, `{"name": "after", "in": "query", "required": true, "schema": {}}`,
			`"name": "ids", "in": "query"`, `"name": "ids", "in": "query", "required": true, "explode": false`, `"type": "integer", "maximum": 10`, `"type": "string"`},
			[]string{"listOrders parameters: query.limit is of type string, was integer; query.after is new, and required; query.ids is required now; query.ids is written in another way; query.page is gone"}, 5},
		{"a body", []string{`"requestBody": {"content"`, `"requestBody": {"required": true, "content"`, `"text/xml"`, `"text/plain"`},
			[]string{"createOrder body: the body is required now; the body can be text/plain; the body can't be text/xml any more"}, 5},
		{"a body where there was none", []string{`"operationId": "editOrder"`, `"operationId": "editOrder", "requestBody": {"content": {"text/plain": {}}}`},
			[]string{"editOrder body: takes a body now"}, 5},
		{"an operation added", []string{get, get + ` "put": {"operationId": "putOrder", "responses": {}},`}, []string{"added putOrder"}, 6},
		{"an operation removed", []string{get, ""}, []string{"removed getOrder"}, 5},
		{"an operation renamed", []string{`"getOrder"`, `"readOrder"`}, []string{"readOrder id: was called getOrder"}, 5},
		{"an operation moved", []string{`"/ping"`, `"/health"`}, []string{"ping path: was GET /ping"}, 5},
		{"ids swapped", []string{`"getOrder"`, `"x"`, `"dropOrder"`, `"getOrder"`, `"x"`, `"dropOrder"`},
			[]string{"dropOrder path,answers: was DELETE /orders/{id}; can answer 200; does not answer 204 any more", "getOrder path,answers: was GET /orders/{id}; can answer 204; does not answer 200 any more"}, 4},
		{"an id that another takes over", []string{`"getOrder"`, `"fresh"`, `"ping"`, `"getOrder"`},
			[]string{"added fresh", "removed ping", "getOrder path,parameters,security: was GET /orders/{id}; path.id is gone; security is none, was key"}, 4},
		{"security, servers and deprecation", []string{`"security": [], `, `"security": [{"login": ["read"], "key": []}, {}], "servers": [{"url": "https://c.example"}], "deprecated": true, `},
			[]string{"ping security,servers,deprecated: security is key and login (read) or none, was none; its own servers are https://c.example, were none; is deprecated now"}, 5},
		{"schemes", []string{`"name": "X-Key"`, `"name": "X-Key-2"`, `"basic": {"type": "http", "scheme": "basic"}`, `"mtls": {"type": "mutualTLS"}`,
			`"implicit"`, `"clientCredentials"`, `"scopes": {"read": "", "write": ""}`, `"scopes": {"read": "all"}`, `"lifetime": 5`, `"lifetime": 6`},
			[]string{"removed scheme basic", "changed scheme fetched x-carnet-token is another", "changed scheme key name is X-Key-2, was X-Key",
				"changed scheme login flow clientCredentials is new; flow implicit is gone; scopes of flow password that are gone: write", "added scheme mtls"}, 6},
		{"a token URL", []string{"https://a.example/token", "https://evil.example/token"},
			[]string{"changed scheme login tokenUrl of flow password is https://evil.example/token, was https://a.example/token"}, 6},
		{"servers", []string{"https://b.example", "https://c.example"}, []string{"added https://c.example", "removed https://b.example"}, 6},
	} {
		text := before
		for i := 0; i < len(c.edits); i += 2 {
			if !strings.Contains(text, c.edits[i]) {
				t.Fatalf("%s: there is no %s", c.name, c.edits[i])
			}
			text = strings.ReplaceAll(text, c.edits[i], c.edits[i+1])
		}
		got, err := change.Compare(old(read(t, before)), read(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, lines(got)); diff != "" || got.Same != c.unchanged {
			t.Errorf("%s: %d the same, want %d (-want +got):\n%s", c.name, got.Same, c.unchanged, diff)
		}
	}
}

func TestCompareFailsWithItsSequences(t *testing.T) {
	cut := errors.New("cut off")
	for name, spoil := range map[string]func(*change.Old){
		"schemas": func(o *change.Old) {
			o.Schemas = func(yield func(model.NamedSchema, error) bool) { yield(model.NamedSchema{}, cut) }
		},
		"operations": func(o *change.Old) {
			o.Operations = func(yield func(model.Operation, error) bool) { yield(model.Operation{}, cut) }
		},
	} {
		o := old(read(t, before))
		spoil(&o)
		if _, err := change.Compare(o, read(t, before)); !errors.Is(err, cut) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
