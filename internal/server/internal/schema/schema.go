// Package schema describes Go types as JSON Schema, as package encoding/json writes them. The server's own OpenAPI document is
// made with it. It knows what the API's types use, and panics at anything else: a document with a hole would be worse.
package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A Set collects the schemas of named structs, to be referred to as "#/components/schemas/<name>".
type Set struct {
	Schemas map[string]any
	// Doc returns the description of a type, or of a type's field; may be nil.
	Doc func(t reflect.Type, field string) string
	// Lax leaves open which fields of a struct are there: those of a request may be left out. A struct is described once, so
	// describe requests first.
	Lax bool
}

// NewSet returns an empty set.
func NewSet(doc func(reflect.Type, string) string) *Set {
	return &Set{Schemas: map[string]any{}, Doc: doc}
}

// Of returns the schema of a type.
func (s *Set) Of(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{} // any JSON
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Pointer:
		return s.Of(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": "string", "contentEncoding": "base64"}
		}
		return map[string]any{"type": "array", "items": s.Of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.Of(t.Elem())}
	case reflect.Interface:
		return map[string]any{}
	case reflect.Struct:
		return s.object(t)
	}
	panic(fmt.Sprintf("schema: no JSON Schema for %s", t))
}

// object puts a struct among the schemas, once, and refers to it.
func (s *Set) object(t reflect.Type) map[string]any {
	if t.NumField() == 1 && t.Field(0).Anonymous {
		return s.Of(t.Field(0).Type) // a wrapper for methods
	}
	name := Name(t)
	if _, done := s.Schemas[name]; !done {
		object := map[string]any{"type": "object"}
		s.Schemas[name] = object // before its fields, which may refer to it
		properties, required := map[string]any{}, []string{}
		s.fields(t, properties, &required)
		object["properties"] = properties
		if len(required) > 0 && !s.Lax {
			slices.Sort(required)
			object["required"] = required
		}
		s.describe(object, t, "")
	}
	return map[string]any{"$ref": "#/components/schemas/" + name}
}

// fields adds a struct's fields; those of an embedded struct are its own. A field that is never left out is required.
func (s *Set) fields(t reflect.Type, properties map[string]any, required *[]string) {
	for field := range t.Fields() {
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && tag == "":
			s.fields(field.Type, properties, required)
			continue
		case !field.IsExported() || tag == "-":
			continue
		case tag == "":
			tag = field.Name
		}
		property := s.Of(field.Type)
		s.describe(property, t, field.Name)
		properties[tag] = property
		if !strings.Contains(options, "omit") {
			*required = append(*required, tag)
		}
	}
}

func (s *Set) describe(schema map[string]any, t reflect.Type, field string) {
	if s.Doc == nil {
		return
	}
	if text := s.Doc(t, field); text != "" {
		schema["description"] = text
	}
}

// Name is what a type is called among the schemas: Created[api.Model] is CreatedModel.
func Name(t reflect.Type) string {
	name, argument, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return strings.ToUpper(name[:1]) + name[1:]
	}
	argument = strings.TrimSuffix(argument, "]")
	return name + argument[strings.LastIndexByte(argument, '.')+1:]
}
