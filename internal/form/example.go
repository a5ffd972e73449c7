package form

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// An example is made from a schema, to be changed by a person: what is required, and what else there is room for.
type example struct {
	schemas map[string]json.RawMessage // by reference
	inside  []string                   // references that are being followed
}

// deepExample bounds how deep an example goes; schemas may refer to themselves.
const deepExample = 6

// Example is the text of an example for a schema; "" if it says nothing.
func (m Maker) Example(schema json.RawMessage) string {
	if len(schema) == 0 {
		return ""
	}
	value := (&example{schemas: m.Schemas}).of(schema, 0)
	if value == nil {
		return ""
	}
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return ""
	}
	return string(raw)
}

func (e *example) of(raw json.RawMessage, depth int) any {
	var s map[string]json.RawMessage
	if depth > deepExample || json.Unmarshal(raw, &s) != nil {
		return nil
	}
	if ref := text(s["$ref"]); ref != "" {
		if slices.Contains(e.inside, ref) || e.schemas[ref] == nil {
			return nil
		}
		e.inside = append(e.inside, ref)
		defer func() { e.inside = e.inside[:len(e.inside)-1] }()
		return e.of(e.schemas[ref], depth+1)
	}
	for _, name := range []string{"example", "default", "const"} {
		if len(s[name]) > 0 && string(s[name]) != "null" {
			return s[name]
		}
	}
	for _, name := range []string{"examples", "enum"} {
		if list := items(s[name]); len(list) > 0 {
			return list[0]
		}
	}
	if all := items(s["allOf"]); len(all) > 0 {
		return e.merged(all, s, depth)
	}
	for _, name := range []string{"oneOf", "anyOf"} {
		if list := items(s[name]); len(list) > 0 {
			return e.of(list[0], depth+1)
		}
	}
	return e.typed(s, depth)
}

// merged is an example for all of the schemas at once.
func (e *example) merged(all []json.RawMessage, s map[string]json.RawMessage, depth int) any {
	whole := map[string]any{}
	if own, ok := e.object(s, depth).(map[string]any); ok {
		maps.Copy(whole, own)
	}
	for _, one := range all {
		part := e.of(one, depth+1)
		if object, ok := part.(map[string]any); ok {
			maps.Copy(whole, object)
		} else if len(all) == 1 {
			return part
		}
	}
	return whole
}

func (e *example) typed(s map[string]json.RawMessage, depth int) any {
	switch kind := kindOf(s); kind {
	case "object":
		return e.object(s, depth)
	case "array":
		if item := e.of(s["items"], depth+1); item != nil {
			return []any{item}
		}
		return []any{}
	case "integer", "number":
		if len(s["minimum"]) > 0 {
			return s["minimum"]
		}
		return 1
	case "boolean":
		return true
	case "string":
		return sample(text(s["format"]))
	}
	return nil
}

func (e *example) object(s map[string]json.RawMessage, depth int) any {
	var properties map[string]json.RawMessage
	json.Unmarshal(s["properties"], &properties) // of no properties there is nothing to show
	var required []string
	json.Unmarshal(s["required"], &required)
	object := map[string]any{}
	for name, schema := range properties {
		if readOnly(schema) || depth > 2 && !slices.Contains(required, name) {
			continue
		}
		if value := e.of(schema, depth+1); value != nil {
			object[name] = value
		}
	}
	return object
}

func readOnly(schema json.RawMessage) bool {
	var s struct {
		ReadOnly bool `json:"readOnly"`
	}
	return json.Unmarshal(schema, &s) == nil && s.ReadOnly
}

// kindOf is the type of a schema, of several the first that is not null.
func kindOf(s map[string]json.RawMessage) string {
	if one := text(s["type"]); one != "" {
		return one
	}
	for _, raw := range items(s["type"]) {
		if one := text(raw); one != "null" {
			return one
		}
	}
	if len(s["properties"]) > 0 {
		return "object"
	}
	return ""
}

// samples are texts of formats (OpenAPI format registry).
var samples = map[string]string{
	"date": "2026-01-31", "date-time": "2026-01-31T12:00:00Z", "time": "12:00:00Z", "uuid": "00000000-0000-4000-8000-000000000000", "email": "name@example.com",
	"uri": "https://example.com", "url": "https://example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "hostname": "host.example.com",
}

func sample(format string) string {
	if s := samples[format]; s != "" {
		return s
	}
	return "text"
}

func text(raw json.RawMessage) (s string) {
	json.Unmarshal(raw, &s) // what is no text is none
	return strings.TrimSpace(s)
}

func items(raw json.RawMessage) (list []json.RawMessage) {
	json.Unmarshal(raw, &list) // what is no list has no items
	return list
}
