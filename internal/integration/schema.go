package integration

import (
	"maps"
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

// Schema returns the JSON Schema (2020-12) of an integration's settings: for each security scheme the fields that it takes, those
// that it can't do without required. But for these, which may be given later, it takes what Decode takes: an empty text and null
// clear a field, and a number or boolean may come as a text, the type that a value is stored as first among the types. Secrets are
// writeOnly: what is read in their place is a mask, or a reference, which may be written back. What needs more than a JSON Schema can
// say Decode alone finds: wrong templates, literal secrets in recipes, requirements of unknown schemes.
func Schema(s Settings, m *model.Model) jsontext.Value {
	schemes := node{}
	for _, scheme := range Schemes(s, m) {
		schemes[scheme.Key] = entrySchema(s.Authentication[scheme.Key], scheme)
	}
	own := fieldsSchema(bindings(&Authentication{}), nil)
	own["required"] = []string{"type"}
	own["description"] = "a security scheme of the integration's own"
	raw, _ := json.Marshal(node{ // of maps, texts and numbers, which marshal
		"$schema": dialect, "title": "settings of an integration of " + m.VersionID, "type": orNull("object"), "additionalProperties": false,
		"properties": node{
			"authentication": node{"type": orNull("object"), "properties": schemes, "additionalProperties": own, "description": "credentials, by security scheme"},
			"server":         fieldsSchema(serverBindings(&Server{}), nil),
			"tls":            fieldsSchema(tlsBindings(&TLS{}), nil),
			"variables":      variablesSchema(m),
			"version":        textSchema(""),
			"security": node{"type": orNull("array"), "description": "which schemes every operation uses, in place of what the document says",
				"items": node{"type": orNull("object"), "additionalProperties": node{"type": orNull("array"), "items": node{"type": "string"}}}},
		},
	}, json.Deterministic(true))
	return raw
}

// variablesSchema is of the variables: those of the document's servers, and any others.
func variablesSchema(m *model.Model) node {
	properties := node{}
	for _, server := range m.Servers {
		for name, v := range server.Variables {
			property := node{"type": []string{"string", "number", "boolean", "null", "object", "array"}, "description": strings.TrimSpace("in the server's URL. " + v.Description), "default": v.Default}
			if len(v.Enum) > 0 {
				property["examples"] = v.Enum
			}
			properties[name] = property
		}
	}
	schema := node{"type": orNull("object"), "description": "values for templates, ${variables.NAME}, and for the variables of the server's URL"}
	if len(properties) > 0 {
		schema["properties"] = properties
	}
	return schema
}

// entrySchema is of one scheme's entry. One that says what the scheme is, or how a token is got for it, may have any field.
func entrySchema(a Authentication, s model.Scheme) node {
	schema := fieldsSchema(bindings(&Authentication{}), accepted(a, s))
	schema["description"] = s.Description
	if needed := required(a, s); len(needed) > 0 {
		schema["required"] = slices.Sorted(slices.Values(needed))
	}
	everything, telling := fieldsSchema(bindings(&Authentication{}), nil), []string{"type", "grant_type"}
	if s.Type == model.TypeMutualTLS || s.Type == model.TypeSigV4 {
		telling = telling[:1]
	}
	delete(schema, "additionalProperties")
	schema["unevaluatedProperties"] = false
	var says []node
	for _, name := range telling {
		says = append(says, node{"required": []string{name}, "properties": node{name: node{"type": "string", "minLength": 1}}})
	}
	schema["if"], schema["then"] = node{"type": "object", "anyOf": says}, node{"properties": everything["properties"]}
	if s.Type == model.TypeHTTP && s.Scheme != "basic" && s.Scheme != "digest" {
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
				schema["enum"] = orNone(b.choices)
			}
			if more, ok := details[b.name]; ok {
				maps.Copy(schema, more)
			}
			properties[b.name] = schema
		}
	}
	return node{"type": orNull("object"), "additionalProperties": false, "properties": properties}
}

const referring = `^\$\{(env|file):[^{}]+\}$`

// details are what single fields want beyond their types.
var details = map[string]node{
	"grant_type":      {"examples": grantTypes, "pattern": `^[^ \t\n$]*$`},
	"host":            {"pattern": `^([^:/?#@\s]*|[^/?#@\s]*:[^/?#@\s]*:[^/?#@\s]*)$|` + referring}, // no port, but IPv6
	"base_path":       {"pattern": `^[^?#\s]*$|` + referring},
	"port":            {"maximum": 65535},
	"roleArn":         {"type": orNull("string"), "pattern": `^$|^arn:([^:]*:){4,}|` + referring},
	"durationSeconds": {"maximum": 43200, "not": node{"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 900}},
}

// orNull are a type and null, which clears.
func orNull(kinds ...string) []string { return append(kinds, "null") }

// orNone are the choices, and nothing.
func orNone(choices []string) []any {
	all := make([]any, 0, len(choices)+2)
	for _, c := range choices {
		all = append(all, c)
	}
	return append(all, "", nil)
}

// textSchema is of a text, which a number or boolean may stand for.
func textSchema(pattern string) node {
	schema := node{"type": orNull("string", "number", "boolean")}
	if pattern != "" {
		schema["pattern"] = pattern
	}
	return schema
}

func secretSchema() node {
	schema := textSchema("")
	schema["writeOnly"] = true
	return schema
}

// listSchema is of a text or a list of texts.
func listSchema(pattern string) node {
	item := node{"type": orNull("string")}
	if pattern != "" {
		item["pattern"] = pattern
	}
	return node{"type": orNull("string", "array", "number", "boolean"), "items": item}
}

func placeSchema(at any) node {
	switch at := at.(type) {
	case *address:
		schema := textSchema(`^([hH][tT][tT][pP][sS]?://[^/?#@\s]+([/?][^#]*)?)?$|\$\{`)
		schema["type"], schema["format"] = orNull("string"), "uri-template"
		return schema
	case *pem:
		schema := textSchema(`^$|-----BEGIN |` + referring)
		schema["type"] = orNull("string")
		return schema
	case *scopes:
		return listSchema(`^[^ \t]*$`)
	case *seal.Secret, *handedOn:
		return secretSchema()
	case *map[string]seal.Secret:
		return node{"type": orNull("object"), "additionalProperties": secretSchema()}
	case *time.Time:
		return node{"type": orNull("string", "number"), "format": "date-time"}
	case **model.Flows:
		return flowsSchema()
	case **Token:
		return fieldsSchema(tokenBindings(&Token{}), nil)
	default:
		return typeSchema(reflect.TypeOf(at).Elem())
	}
}

// flowsSchema is of a scheme's flows as OpenAPI has them.
func flowsSchema() node {
	flows := node{}
	for field := range reflect.TypeFor[model.Flows]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		flow := node{"type": orNull("object"), "additionalProperties": false, "description": "the flow " + name}
		properties := node{}
		for part := range reflect.TypeFor[model.Flow]().Fields() {
			name, _, _ := strings.Cut(part.Tag.Get("json"), ",")
			properties[name] = node{"type": orNull("string"), "description": "as in OpenAPI"}
			if part.Type.Kind() == reflect.Map {
				properties[name] = node{"type": orNull("object"), "additionalProperties": node{"type": orNull("string")}, "description": "as in OpenAPI"}
			}
		}
		flow["properties"] = properties
		flows[name] = flow
	}
	return node{"type": orNull("object"), "additionalProperties": false, "properties": flows}
}

// typeSchema is of a part of package recipe, or of a plain value.
func typeSchema(t reflect.Type) node {
	switch t {
	case reflect.TypeFor[recipe.Path]():
		return listSchema("")
	case reflect.TypeFor[recipe.Params]():
		return node{"type": orNull("object")}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(t.Elem())
	case reflect.Slice:
		return node{"type": orNull("array"), "items": typeSchema(t.Elem())}
	case reflect.Map:
		return node{"type": orNull("object"), "additionalProperties": typeSchema(t.Elem())}
	case reflect.Bool:
		return node{"type": orNull("boolean", "string"), "enum": []any{true, false, "true", "false", "", nil}}
	case reflect.Int:
		return node{"type": orNull("integer", "string"), "minimum": 0, "pattern": `^[0-9]*$`}
	case reflect.Float64:
		return node{"type": orNull("number", "string"), "minimum": 0, "pattern": `^([0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?)?$`}
	case reflect.Struct:
		return structSchema(t)
	}
	return textSchema("")
}

func structSchema(t reflect.Type) node {
	properties := node{}
	for m := range members(t) {
		schema := typeSchema(t.FieldByIndex(m.index).Type)
		schema["description"] = m.help
		if len(m.choices) > 0 {
			schema["enum"] = orNone(m.choices)
		}
		properties[m.name] = schema
	}
	schema := node{"type": orNull("object"), "additionalProperties": false, "properties": properties}
	switch t { // as decoder.whole says
	case reflect.TypeFor[recipe.Injection]():
		schema["required"] = []string{"in", "name"}
		properties["in"].(node)["enum"] = []string{"header", "query", "cookie", "body"}
		properties["name"].(node)["minLength"], properties["name"].(node)["type"] = 1, []string{"string", "number", "boolean"}
	case reflect.TypeFor[recipe.Step]():
		schema["required"] = []string{"name"}
		properties["name"].(node)["pattern"], properties["name"].(node)["type"] = `^[^. {}]+$`, []string{"string", "number", "boolean"}
	}
	return schema
}
