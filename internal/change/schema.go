package change

import (
	"bytes"
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
)

// schemas tell whether a reference leads to something that changed, at once or by way of other schemas.
type schemas struct {
	cause map[string]string // by reference: the nearest schema that changed
}

// compareSchemas finds the schemas that changed, and those that refer to one. Only the new references have to be followed: a schema
// that did not change refers to what it referred to before.
func compareSchemas(old iter.Seq2[model.NamedSchema, error], now []model.NamedSchema) (schemas, error) {
	values := make(map[string]jsontext.Value, len(now))
	for _, s := range now {
		values[s.Ref] = s.Value
	}
	same := make(map[string]bool, len(now))
	for s, err := range old {
		if err != nil {
			return schemas{}, err
		}
		if value, ok := values[s.Ref]; ok && equal(s.Value, value) {
			same[s.Ref] = true
		}
	}
	cause := map[string]string{}
	var queue []string
	for _, s := range now {
		if !same[s.Ref] {
			cause[s.Ref] = s.Ref
			queue = append(queue, s.Ref)
		}
	}
	if len(queue) == 0 {
		return schemas{}, nil
	}
	users := map[string][]string{}
	for _, s := range now {
		for ref := range references(s.Value) {
			users[ref] = append(users[ref], s.Ref)
		}
	}
	for len(queue) > 0 {
		ref := queue[0]
		queue = queue[1:]
		for _, user := range users[ref] {
			if _, known := cause[user]; !known {
				cause[user] = cause[ref]
				queue = append(queue, user)
			}
		}
	}
	return schemas{cause}, nil
}

// changed returns the names of the changed schemas that a schema leads to.
func (s schemas) changed(schema jsontext.Value) (names []string) {
	if len(s.cause) == 0 {
		return nil
	}
	for ref := range references(schema) {
		if cause, ok := s.cause[ref]; ok {
			if name := cause[strings.LastIndexByte(cause, '/')+1:]; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// references walks over the values of the "$ref"s in a schema.
func references(schema jsontext.Value) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !bytes.Contains(schema, []byte(`$ref`)) {
			return
		}
		d := jsontext.NewDecoder(bytes.NewReader(schema), lenient)
		for {
			t, err := d.ReadToken()
			if err != nil {
				return
			}
			if t.Kind() != '"' || t.String() != "$ref" {
				continue
			}
			if kind, count := d.StackIndex(d.StackDepth()); kind != '{' || count%2 == 0 || d.PeekKind() != '"' {
				continue
			}
			if t, err = d.ReadToken(); err != nil || !yield(t.String()) {
				return
			}
		}
	}
}

// lenient takes JSON as documents have it.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// equal reports whether two schemas allow the same values, as far as can be seen without understanding them.
func equal(a, b jsontext.Value) bool {
	return bytes.Equal(a, b) || bytes.Equal(plain(a), plain(b))
}

// plain is a schema without its annotations, its members sorted.
func plain(v jsontext.Value) []byte {
	var schema any
	if len(v) == 0 || json.Unmarshal(v, &schema, lenient) != nil {
		return v
	}
	text, err := json.Marshal(pruned(schema), lenient, json.Deterministic(true))
	if err != nil {
		return v
	}
	return text
}

// Keywords of JSON Schema (2020-12) by what is in them; any other is compared as it stands.
var (
	annotations = []string{"title", "description", "example", "examples", "externalDocs", "deprecated", "$comment"}
	withSchemas = []string{"items", "prefixItems", "additionalItems", "contains", "additionalProperties", "propertyNames", "unevaluatedItems",
		"unevaluatedProperties", "not", "if", "then", "else", "allOf", "anyOf", "oneOf", "contentSchema"}
	byName    = []string{"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"}
	unordered = []string{"required", "enum", "type"}
)

// pruned takes the annotations out of a schema, or out of each of a list.
func pruned(schema any) any {
	switch v := schema.(type) {
	case []any:
		for i := range v {
			v[i] = pruned(v[i])
		}
	case map[string]any:
		for name, value := range v {
			named, ok := value.(map[string]any)
			list, isList := value.([]any)
			switch {
			case slices.Contains(annotations, name), strings.HasPrefix(name, "x-"):
				delete(v, name)
			case slices.Contains(withSchemas, name):
				v[name] = pruned(value)
			case slices.Contains(byName, name) && ok:
				for property := range named {
					named[property] = pruned(named[property])
				}
			case slices.Contains(unordered, name) && isList:
				v[name] = sorted(list)
			}
		}
	}
	return schema
}

// sorted are the values of a set as texts, in one order.
func sorted(list []any) []string {
	texts := make([]string, 0, len(list))
	for _, value := range list {
		text, _ := json.Marshal(value, lenient, json.Deterministic(true)) // it was JSON
		texts = append(texts, string(text))
	}
	slices.Sort(texts)
	return texts
}
