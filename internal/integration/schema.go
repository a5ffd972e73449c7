package integration

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
)

// dialect is the JSON Schema that Schema is written in.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// node is a JSON Schema.
type node = map[string]any

// Schema returns the JSON Schema (2020-12) of an integration's settings: for each security scheme the fields that it takes, those that it
// can't do without required. Secrets are writeOnly: what is read in their place is a mask, which may be written back.
func Schema(s Settings, m *model.Model) jsontext.Value {
	schemes := node{}
	for _, scheme := range Schemes(s, m) {
		schemes[scheme.Key] = entrySchema(s.Authentication[scheme.Key], scheme)
	}
	raw, _ := json.Marshal(node{ // of maps, texts and numbers, which marshal
		"$schema": dialect, "title": "settings of an integration of " + m.VersionID, "type": "object", "additionalProperties": false,
		"properties": node{
			"authentication": node{"type": "object", "properties": schemes, "description": "credentials, by security scheme"},
			"server":         fieldsSchema(serverBindings(&Server{}), nil),
			"tls":            fieldsSchema(tlsBindings(&TLS{}), nil),
			"variables":      variablesSchema(m),
			"version":        node{"type": "string"},
			"security": node{"type": "array", "description": "which schemes every operation uses, in place of what the document says",
				"items": node{"type": "object", "additionalProperties": node{"type": "array", "items": node{"type": "string"}}}},
		},
	}, json.Deterministic(true))
	return raw
}

// variablesSchema is of the variables: those of the document's servers, and any others.
func variablesSchema(m *model.Model) node {
	properties := node{}
	for _, server := range m.Servers {
		for name, v := range server.Variables {
			property := node{"type": []string{"string", "number"}, "description": strings.TrimSpace("in the server's URL. " + v.Description), "default": v.Default}
			if len(v.Enum) > 0 {
				property["examples"] = v.Enum
			}
			properties[name] = property
		}
	}
	schema := node{"type": "object", "description": "values for templates, ${variables.NAME}, and for the variables of the server's URL"}
	if len(properties) > 0 {
		schema["properties"] = properties
	}
	return schema
}

// entrySchema is of one scheme's entry.
func entrySchema(a Authentication, s model.Scheme) node {
	schema := fieldsSchema(bindings(&Authentication{}), accepted(a, s))
	schema["description"] = s.Description
	if needed := required(a, s); len(needed) > 0 {
		schema["required"] = slices.Sorted(slices.Values(needed))
	}
	if s.Type == model.TypeHTTP && s.Scheme == "bearer" && !takesToken(a, s) {
		return node{"description": s.Description, "anyOf": []any{node{"type": "string", "writeOnly": true, "description": "the bearer token itself"}, schema}}
	}
	return schema
}

// fieldsSchema is of an object with the fields that may be there; nil: all.
func fieldsSchema(all []binding, may []string) node {
	properties := node{}
	for _, b := range all {
		if may == nil || slices.Contains(may, b.name) {
			schema := placeSchema(b.at)
			schema["description"] = b.help
			if len(b.choices) > 0 {
				schema["enum"] = b.choices
			}
			if b.name == "grant_type" {
				schema["examples"] = grantTypes
			}
			properties[b.name] = schema
		}
	}
	return node{"type": "object", "additionalProperties": false, "properties": properties}
}

func placeSchema(at any) node {
	switch at := at.(type) {
	case *address:
		return node{"type": "string", "format": "uri-template"}
	case *scopes:
		return node{"type": []string{"string", "array"}, "items": node{"type": "string"}}
	case *seal.Secret, *handedOn:
		return node{"type": "string", "writeOnly": true}
	case *map[string]seal.Secret:
		return node{"type": "object", "additionalProperties": node{"type": "string", "writeOnly": true}}
	case *time.Time:
		return node{"type": []string{"string", "number"}, "format": "date-time"}
	case **model.Flows:
		return node{"type": "object"}
	case **Token:
		return fieldsSchema(tokenBindings(&Token{}), nil)
	default:
		return typeSchema(reflect.TypeOf(at).Elem())
	}
}

// typeSchema is of a part of package recipe, or of a plain value.
func typeSchema(t reflect.Type) node {
	switch t {
	case reflect.TypeFor[recipe.Path]():
		return node{"type": []string{"string", "array"}, "items": node{"type": "string"}}
	case reflect.TypeFor[recipe.Params]():
		return node{"type": "object"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(t.Elem())
	case reflect.Slice:
		return node{"type": "array", "items": typeSchema(t.Elem())}
	case reflect.Map:
		return node{"type": "object", "additionalProperties": typeSchema(t.Elem())}
	case reflect.Bool:
		return node{"type": "boolean"}
	case reflect.Int:
		return node{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return node{"type": "number", "minimum": 0}
	case reflect.Struct:
		properties := node{}
		for m := range members(t) {
			schema := typeSchema(t.FieldByIndex(m.index).Type)
			schema["description"] = m.help
			if len(m.choices) > 0 {
				schema["enum"] = m.choices
			}
			properties[m.name] = schema
		}
		return node{"type": "object", "additionalProperties": false, "properties": properties}
	}
	return node{"type": "string"}
}
