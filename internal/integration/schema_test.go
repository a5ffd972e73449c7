package integration_test

import (
	"encoding/json"
	"slices"
	"testing"

	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
)

// TestSchema checks that the schema says what Decode does: what is known, what is required, what is secret.
func TestSchema(t *testing.T) {
	m := &model.Model{VersionID: "Zoom:2", Schemes: []model.Scheme{
		{Key: "key", Type: model.TypeAPIKey, In: "header", Name: "X-Key"},
		{Key: "oauth", Type: model.TypeOAuth2, Flows: model.Flows{ClientCredentials: &model.Flow{TokenURL: "https://zoom.example/token"}}},
		{Key: "text", Type: model.TypeHTTP, Scheme: "bearer"},
	}}
	type schema struct {
		Description string
		Required    []string
		Enum        []any
		WriteOnly   bool
		Properties  map[string]schema
		AnyOf       []schema
	}
	var s schema
	if err := json.Unmarshal(integration.Schema(integration.New(m, "it").Settings, m), &s); err != nil {
		t.Fatal(err)
	}
	schemes := s.Properties["authentication"].Properties
	key, oauth := schemes["key"], schemes["oauth"]
	if !slices.Equal(key.Required, []string{"value"}) || !key.Properties["value"].WriteOnly || len(key.Properties["client_id"].Description) > 0 {
		t.Errorf("key: %+v", key)
	}
	if !slices.Equal(oauth.Required, []string{"client_id", "token_url"}) || !oauth.Properties["client_secret"].WriteOnly || oauth.Properties["client_id"].WriteOnly {
		t.Errorf("oauth requires %q", oauth.Required)
	}
	if got := oauth.Properties["request"].Properties["format"].Enum; !slices.Equal(got, []any{"form", "json", "query", "xml", "", nil}) {
		t.Errorf("request.format may be %q", got)
	}
	if len(schemes["text"].AnyOf) != 2 {
		t.Errorf("text: %+v", schemes["text"])
	}
	// Every field tells what it is.
	var walk func(at string, s schema)
	walk = func(at string, s schema) {
		for name, property := range s.Properties {
			if property.Description == "" && len(property.Properties) == 0 {
				t.Errorf("%s/%s has no description", at, name)
			}
			walk(at+"/"+name, property)
		}
	}
	walk("", oauth)
}
