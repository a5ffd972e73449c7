package model_test

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/internal/model"
)

func TestChanges(t *testing.T) {
	op := func(id, path, schema string) model.Operation {
		return model.Operation{Summary: model.Summary{ID: id, Method: "GET", Path: path},
			Parameters: []model.Parameter{{Name: "p", In: "query", Schema: jsontext.Value(schema)}}}
	}
	from := &model.Document{
		Model:      model.Model{Schemes: []model.Scheme{{Key: "key", Type: "apiKey"}, {Key: "old", Type: "http"}}, Servers: []model.Server{{URL: "https://a.example"}}},
		Operations: []model.Operation{op("same", "/s", `{"type":"string","maxLength":5}`), op("moved", "/m", `{}`), op("gone", "/g", `{}`)},
		Schemas:    []model.NamedSchema{{Ref: "#/a", Value: jsontext.Value(`{"a":1}`)}},
	}
	to := &model.Document{
		Model:      model.Model{Schemes: []model.Scheme{{Key: "key", Type: "apiKey"}, {Key: "new", Type: "oauth2"}}, Servers: []model.Server{{URL: "https://b.example"}}},
		Operations: []model.Operation{op("same", "/s", `{ "maxLength": 5, "type": "string" }`), op("moved", "/elsewhere", `{}`), op("come", "/c", `{}`)},
		Schemas:    []model.NamedSchema{{Ref: "#/a", Value: jsontext.Value(`{"a":2}`)}},
	}
	want := []model.Change{
		{"removed", "security scheme", "old"}, {"removed", "server", "https://a.example"}, {"removed", "operation", "gone"},
		{"changed", "operation", "moved"}, {"changed", "schema", "#/a"},
		{"added", "security scheme", "new"}, {"added", "server", "https://b.example"}, {"added", "operation", "come"},
	}
	if diff := cmp.Diff(want, model.Changes(from, to)); diff != "" {
		t.Error(diff)
	}
	if same := model.Changes(to, to); len(same) != 0 {
		t.Errorf("a document differs from itself by %v", same)
	}
}
