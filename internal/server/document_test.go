package server_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/server"
	"carnet.dev/carnet/internal/server/internal/schema"
)

var update = flag.Bool("update", false, "write openapi.json and docs/openapi.json")

const published = "../../docs/openapi.json"

// TestDocument checks that both copies of the API's document are what the routes and the types of package api say now.
func TestDocument(t *testing.T) {
	want := document(t)
	if *update {
		for _, name := range []string{"openapi.json", published} {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	for _, name := range []string{"openapi.json", published} {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not up to date (go generate ./internal/server): -want +got\n%s", name, diff)
		}
	}
}

// TestDocumentIsTrue walks the document and asks the server for each of its operations: none is invented.
func TestDocumentIsTrue(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		}
	}
	if err := json.Unmarshal(server.OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	for _, ref := range regexp.MustCompile(`"#/components/(\w+)/(\w+)"`).FindAllStringSubmatch(string(server.OpenAPI()), -1) {
		var components struct {
			Components map[string]map[string]any
		}
		if err := json.Unmarshal(server.OpenAPI(), &components); err != nil || components.Components[ref[1]][ref[2]] == nil {
			t.Errorf("%s leads nowhere: %v", ref[0], err)
		}
	}
	handler := server.New(newFake(), server.Options{})
	documented := map[string]string{}
	for path, item := range doc.Paths {
		for method, operation := range item {
			method = strings.ToUpper(method)
			documented[method+" "+path] = operation.OperationID
			r := httptest.NewRequest(method, regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "x"), nil)
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, r)
			if answer.Code == 405 || strings.Contains(answer.Body.String(), "no such path") {
				t.Errorf("%s %s is documented, but answers %d", method, path, answer.Code)
			}
		}
	}
	for _, r := range server.Routes() {
		if documented[r.Method+" "+r.Path] != r.ID {
			t.Errorf("%s %s is %q in the document, want %q", r.Method, r.Path, documented[r.Method+" "+r.Path], r.ID)
		}
	}
}

type object = map[string]any

// document makes the API's document.
func document(t *testing.T) []byte {
	set := schema.NewSet(comments(t, "../../api", "../../fault", "."))
	set.Lax = true
	for _, r := range server.Routes() {
		if r.In != nil {
			set.Of(r.In)
		}
	}
	set.Lax = false
	paths := object{}
	for _, r := range server.Routes() {
		item, _ := paths[r.Path].(object)
		if item == nil {
			item = object{}
			paths[r.Path] = item
		}
		item[strings.ToLower(r.Method)] = operation(set, r)
	}
	failure := set.Of(reflect.TypeFor[api.Failure]())
	doc := object{
		"openapi": "3.1.1",
		"info": object{
			"title": "Carnet", "version": "1",
			"description": "Import an OpenAPI document, fill in the credentials once, and call any operation.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":  []any{object{"url": "/"}},
		"security": []any{object{"basic": []any{}}, object{"session": []any{}}, object{"bearer": []any{}}, object{"account": []any{}}},
		"paths":    paths,
		"components": object{
			"schemas": set.Schemas,
			"responses": object{"Failure": object{
				"description": "An error. The kind decides the status: " + statuses() + ".",
				"content":     object{"application/json": object{"schema": failure}},
			}},
			"securitySchemes": object{
				"basic":   object{"type": "http", "scheme": "basic", "description": "A user's name and password."},
				"session": object{"type": "apiKey", "in": "cookie", "name": "token", "description": "The cookie that POST /login sets."},
				"bearer":  object{"type": "http", "scheme": "bearer", "description": "The session's token that POST /login answers."},
				"account": object{"type": "oauth2", "description": "For service accounts.", "flows": object{
					"clientCredentials": object{"tokenUrl": "/oauth/token", "scopes": object{}}}},
			},
		},
	}
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

func statuses() string {
	var list []string
	for _, k := range fault.Kinds() {
		list = append(list, k.String()+" "+itoa(k.Status()))
	}
	return strings.Join(list, ", ")
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func operation(set *schema.Set, r server.Route) object {
	op := object{"operationId": r.ID, "summary": r.Summary, "responses": responses(set, r)}
	if r.Open {
		op["security"] = []any{}
	}
	parameters := []any{}
	for _, match := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(r.Path, -1) {
		parameters = append(parameters, object{"name": match[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, name := range r.Query {
		parameters = append(parameters, object{"name": name, "in": "query", "schema": querySchema(name)})
	}
	if len(parameters) > 0 {
		op["parameters"] = parameters
	}
	if r.In != nil {
		mediaType := "application/json"
		if r.In == server.GrantType {
			mediaType = "application/x-www-form-urlencoded"
		}
		content := object{mediaType: object{"schema": set.Of(r.In)}}
		if r.ID == "RunOperation" {
			content["multipart/form-data"] = object{"schema": object{"type": "object", "required": []string{"task"},
				"description":       "The task comes first. Any number of parts body.NAME may follow it, or one part body.",
				"properties":        object{"task": set.Of(r.In), "body": object{"description": "A file that is the whole body.", "contentMediaType": "application/octet-stream"}},
				"patternProperties": object{"^body\\..": object{"description": "A file for that field of a form.", "contentMediaType": "application/octet-stream"}}}}
		}
		op["requestBody"] = object{"required": true, "content": content}
	}
	return op
}

func querySchema(name string) object {
	switch name {
	case "limit", "skip":
		return object{"type": "integer", "minimum": 0}
	case "order":
		return object{"type": "integer", "enum": []int{1, -1}}
	case "dryRun", "force":
		return object{"type": "boolean"}
	case "since":
		return object{"type": "string", "format": "date-time"}
	}
	return object{"type": "string"}
}

func responses(set *schema.Set, r server.Route) object {
	content := object{}
	switch r.Out {
	case server.TextType:
		content["text/plain"] = object{"schema": object{"type": "string"}}
	case server.PageType:
		content["text/html"] = object{"schema": object{"type": "string"}}
	case server.DocumentType:
		content["application/json"] = object{"schema": object{"type": "object"}}
	default:
		content["application/json"] = object{"schema": set.Of(r.Out)}
	}
	if r.ID == "RunOperation" {
		content["*/*"] = object{"schema": object{"description": "With \"stream\": the API's own answer, its status in the header Carnet-Status, its headers in Carnet-Answer-NAME."}}
	}
	all := object{
		"200":     object{"description": "Done.", "content": content},
		"default": object{"$ref": "#/components/responses/Failure"},
	}
	text := object{"application/json": object{"schema": object{"type": "string"}}}
	switch {
	case r.Model:
		problems := object{"type": "array", "items": set.Of(reflect.TypeFor[fault.Problem]())}
		all["400"] = object{"description": "The document can't be used: its problems.", "content": object{"application/json": object{"schema": problems}}}
	case r.ID == "Integration" || r.ID == "ReplaceIntegration" || r.ID == "ReplaceSettings" || r.ID == "SetIntegration" || r.ID == "DeleteIntegration":
		all["404"] = object{"description": "There is no such integration: a text that ends in \"does not exist.\".", "content": text}
	case r.ID == "Health":
		all["503"] = object{"description": "The store can't be used.", "content": content}
	}
	return all
}

// comments returns the doc comments of the types and fields of Go packages.
func comments(t *testing.T, folders ...string) func(reflect.Type, string) string {
	docs := map[string]string{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no Go files in %s: %v", folder, err)
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				decl, ok := n.(*ast.GenDecl)
				if !ok || decl.Tok != token.TYPE {
					return true
				}
				for _, spec := range decl.Specs {
					collect(docs, decl, spec.(*ast.TypeSpec))
				}
				return false
			})
		}
	}
	return func(t reflect.Type, field string) string {
		name, _, _ := strings.Cut(t.Name(), "[")
		for f := range t.Fields() { // a field of an embedded struct is documented there
			if f.Anonymous && docs[name+"."+field] == "" && field != "" {
				if text := docs[f.Type.Name()+"."+field]; text != "" {
					return text
				}
			}
		}
		return docs[name+"."+field]
	}
}

func collect(docs map[string]string, decl *ast.GenDecl, spec *ast.TypeSpec) {
	docs[spec.Name.Name+"."] = oneLine(decl.Doc, spec.Doc)
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range fields.Fields.List {
		for _, name := range field.Names {
			docs[spec.Name.Name+"."+name.Name] = oneLine(field.Doc, field.Comment)
		}
	}
}

func oneLine(groups ...*ast.CommentGroup) string {
	var text []string
	for _, g := range groups {
		text = append(text, strings.Fields(g.Text())...)
	}
	return strings.Join(text, " ")
}

// TestDocumentServed gets the document as a client does.
func TestDocumentServed(t *testing.T) {
	answer := httptest.NewRecorder()
	server.New(newFake(), server.Options{}).ServeHTTP(answer, httptest.NewRequest("GET", "/openapi.json", nil))
	if !bytes.Equal(answer.Body.Bytes(), server.OpenAPI()) {
		t.Error("/openapi.json is not the document")
	}
}
