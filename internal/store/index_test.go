package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/mem"
)

// oddNames are names that could be taken for something else where names and values stand in lines.
var oddNames = []string{
	"plain", `quo"te`, `back\slash`, `end\`, `a":{"b`, "line\nbreak", "tab\there", "ключ", "\u2028", "{", "}", "[", ",", "", "no\xffUTF-8", `\"`, "plain2",
}

func oddDocument() *model.Document {
	d := &model.Document{JSON: []byte(`{}`)}
	d.Model = model.Model{VersionID: "Odd:1", Digest: "0dd", Operations: len(oddNames)}
	for _, name := range oddNames {
		d.Operations = append(d.Operations, model.Operation{Summary: model.Summary{
			ID: name, Method: "GET", Path: "/" + name, Summary: "Über\n\n " + name, Tags: []string{"Orders", name},
		}})
		value, _ := jsontext.AppendQuote(nil, strings.ToValidUTF8(name, "?"))
		d.Schemas = append(d.Schemas, model.NamedSchema{Ref: "#/" + name, Value: jsontext.Value("{\n\t\"const\": " + string(value) + ",\n \"}\": [1, \"a\\nb\"]\n}")})
	}
	return d
}

func emptyStore(t *testing.T) *store.Store {
	t.Helper()
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), mem.New().Open(), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func oddStore(t *testing.T) (*store.Store, *model.Model) {
	t.Helper()
	s, d := emptyStore(t), oddDocument()
	if _, err := s.PutModel(t.Context(), d, 0); err != nil {
		t.Fatal(err)
	}
	return s, &d.Model
}

// TestSearch compares what is found with a plain search of what is listed.
func TestSearch(t *testing.T) {
	s, m := oddStore(t)
	index, err := s.Index(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	all, err := index.All()
	if err != nil || len(all) != len(oddNames) {
		t.Fatalf("%d operations: %v", len(all), err)
	}
	for _, search := range []string{"", "plain", "PLAIN2", "über get", "get orders plain", `quo"te`, `back\slash`, `\`, "{", "line break", "break line", "ключ", "summary", "tags", "id", "nothing"} {
		words := strings.Fields(strings.ToLower(search))
		var got, want []string
		for found, err := range index.Search(words) {
			if err != nil {
				t.Fatal(err)
			}
			summary, err := found.Summary()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, summary.ID)
		}
		for _, op := range all {
			text := strings.ToLower(strings.Join(append([]string{op.ID, op.Method, op.Path, op.Summary}, op.Tags...), " "))
			hit := true
			for _, w := range words {
				hit = hit && strings.Contains(text, w)
			}
			if hit {
				want = append(want, op.ID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got\n%s", search, diff)
		}
	}
}

// TestOddNames: every value is found by its name, and no other.
func TestOddNames(t *testing.T) {
	s, m := oddStore(t)
	for i, name := range oddNames {
		op, err := s.Operation(t.Context(), m, name)
		if want := strings.ToValidUTF8(name, "\ufffd"); err != nil || op.ID != want {
			t.Errorf("%q: operation %q, %v", name, op.ID, err)
		}
		schemas, err := s.Schemas(m).Read(t.Context(), []string{"#/" + name, "#/none", "plain"})
		want := oddDocument().Schemas[i].Value
		want.Compact()
		if got := schemas["#/"+name]; err != nil || len(schemas) != 1 || string(got) != string(want) {
			t.Errorf("%q: %s, want %s: %v", name, got, want, err)
		}
	}
	n := 0
	for schema, err := range s.AllSchemas(t.Context(), m) {
		if n++; err != nil || !schema.Value.IsValid() {
			t.Errorf("%v: %s", err, schema.Value)
		}
	}
	if n != len(oddNames) {
		t.Errorf("walked over %d schemas", n)
	}
}

// TestSchemasOfSeveralBuckets: those of one bucket are not counted for another.
func TestSchemasOfSeveralBuckets(t *testing.T) {
	d := &model.Document{Model: model.Model{VersionID: "Many:1", Digest: "0dd"}, JSON: make([]byte, 4<<20)}
	var refs []string
	for i := range 300 {
		d.Schemas = append(d.Schemas, model.NamedSchema{Ref: fmt.Sprint("#/", i), Value: jsontext.Value(fmt.Sprint(i))})
		refs = append(refs, d.Schemas[i].Ref)
	}
	s := emptyStore(t)
	if _, err := s.PutModel(t.Context(), d, 0); err != nil {
		t.Fatal(err)
	}
	for range 20 { // buckets are read in no order
		if found, err := s.Schemas(&d.Model).Read(t.Context(), refs); err != nil || len(found) != len(refs) {
			t.Fatalf("%d of %d schemas: %v", len(found), len(refs), err)
		}
	}
}
