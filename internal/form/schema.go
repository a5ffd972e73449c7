package form

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// keywords are those of a schema that forms are made from.
type keywords struct {
	Ref         string         `json:"$ref"`
	Type        jsontext.Value `json:"type"`
	Format      jsontext.Value `json:"format"`
	Title       jsontext.Value `json:"title"`
	Description jsontext.Value `json:"description"`

	Enum     jsontext.Value `json:"enum"`
	Const    jsontext.Value `json:"const"`
	Example  jsontext.Value `json:"example"`
	Examples jsontext.Value `json:"examples"`
	Default  jsontext.Value `json:"default"`

	Properties jsontext.Value `json:"properties"`
	Required   jsontext.Value `json:"required"`
	Additional jsontext.Value `json:"additionalProperties"`
	Items      jsontext.Value `json:"items"`
	AllOf      jsontext.Value `json:"allOf"`
	OneOf      jsontext.Value `json:"oneOf"`
	AnyOf      jsontext.Value `json:"anyOf"`

	ReadOnly         jsontext.Value `json:"readOnly"`
	Deprecated       jsontext.Value `json:"deprecated"`
	ContentMediaType jsontext.Value `json:"contentMediaType"`
	ContentEncoding  jsontext.Value `json:"contentEncoding"`
}

// A schema is what a document says of a value, with all that it is made of laid together.
type schema struct {
	title, description, format string
	types                      []string
	enum                       []jsontext.Value
	example, fallback          jsontext.Value
	properties                 []property
	required                   []string
	open                       bool // it speaks of other members, and does not refuse them
	items                      jsontext.Value
	options                    []jsontext.Value // of oneOf or anyOf
	readOnly, deprecated       bool
	binary                     bool
	refs                       []string // that led here
	unknown                    bool     // it could not be read
}

type property struct {
	name string
	raw  jsontext.Value
}

const maxHops = 32 // from schema to schema, before it is called a circle

// read lays a schema together.
func (w *work) read(raw jsontext.Value) (s schema) {
	w.gather(&s, raw, maxHops)
	if len(s.types) == 0 {
		switch {
		case len(s.properties) > 0:
			s.types = []string{"object"}
		case len(s.items) > 0:
			s.types = []string{"array"}
		}
	}
	return s
}

// readable reads an object, and reports whether it is one.
func readable(raw jsontext.Value, into any) bool {
	return raw.Kind() == '{' && json.Unmarshal(raw, into, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) == nil
}

func (w *work) gather(s *schema, raw jsontext.Value, hops int) {
	var k keywords
	if hops == 0 || !readable(raw, &k) {
		s.unknown = s.unknown || len(raw) > 0 && raw.Kind() != 't'
		return
	}
	s.take(&k)
	if k.Ref != "" {
		if target, ok := w.Schemas[k.Ref]; ok && !slices.Contains(s.refs, k.Ref) {
			s.refs = append(s.refs, k.Ref)
			w.gather(s, jsontext.Value(target), hops-1)
		} else {
			s.unknown = true
		}
	}
	for _, part := range list(k.AllOf) {
		w.gather(s, part, hops/2)
	}
	for _, several := range []jsontext.Value{k.OneOf, k.AnyOf} {
		options := slices.DeleteFunc(list(several), w.isNull)
		switch {
		case len(options) == 1:
			w.gather(s, options[0], hops/2)
		case len(options) > 1 && len(s.options) == 0:
			s.options = options
		}
	}
}

// isNull reports whether a schema is of nothing but null.
func (w *work) isNull(raw jsontext.Value) bool {
	var k keywords
	if !readable(raw, &k) {
		return false
	}
	one, _ := unquote(k.Type)
	return one == "null"
}

// take takes over what a schema says itself; of what is said twice the outer counts, which comes first.
func (s *schema) take(k *keywords) {
	for _, t := range []struct {
		to   *string
		from jsontext.Value
	}{{&s.title, k.Title}, {&s.description, k.Description}, {&s.format, k.Format}} {
		if text, ok := unquote(t.from); ok && *t.to == "" {
			*t.to = text
		}
	}
	for _, t := range append(list(k.Type), k.Type) {
		if text, ok := unquote(t); ok && text != "null" && !slices.Contains(s.types, text) {
			s.types = append(s.types, text)
		}
	}
	if len(s.enum) == 0 {
		s.enum = list(k.Enum)
		if len(k.Const) > 0 {
			s.enum = []jsontext.Value{k.Const}
			s.fallback = k.Const
		}
	}
	if len(s.example) == 0 {
		s.example = k.Example
		if examples := list(k.Examples); len(s.example) == 0 && len(examples) > 0 {
			s.example = examples[0]
		}
	}
	if len(s.fallback) == 0 && k.Default.Kind() != 'n' {
		s.fallback = k.Default
	}
	for _, p := range members(k.Properties) {
		if !slices.ContainsFunc(s.properties, func(q property) bool { return q.name == p.name }) {
			s.properties = append(s.properties, p)
		}
	}
	for _, r := range list(k.Required) {
		if name, ok := unquote(r); ok {
			s.required = append(s.required, name)
		}
	}
	s.open = s.open || k.Additional.Kind() == '{' || k.Additional.Kind() == 't'
	if len(s.items) == 0 {
		s.items = k.Items
	}
	s.readOnly = s.readOnly || string(k.ReadOnly) == "true"
	s.deprecated = s.deprecated || string(k.Deprecated) == "true"
	s.binary = s.binary || isBinary(k)
}

// isBinary reports whether a schema is one of bytes: OpenAPI 3.0's format, 2.0's type, 3.1's media type without a text encoding.
func isBinary(k *keywords) bool {
	format, _ := unquote(k.Format)
	kind, _ := unquote(k.Type)
	media, _ := unquote(k.ContentMediaType)
	return format == "binary" || kind == "file" || media != "" && len(k.ContentEncoding) == 0 && !strings.Contains(media, "json") && !strings.HasPrefix(media, "text/")
}

func (s *schema) is(kind string) bool { return slices.Contains(s.types, kind) }

// only reports whether the types are that one.
func (s *schema) only(kinds ...string) bool {
	return len(s.types) > 0 && !slices.ContainsFunc(s.types, func(t string) bool { return !slices.Contains(kinds, t) })
}

// list are the items of an array; none if it is none.
func list(raw jsontext.Value) (items []jsontext.Value) {
	if raw.Kind() != '[' {
		return nil
	}
	json.Unmarshal(raw, &items, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) // what is no list has no items
	return items
}

// members are those of an object, in their order; none if it is none.
func members(raw jsontext.Value) (all []property) {
	d := jsontext.NewDecoder(strings.NewReader(string(raw)), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil
	}
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return all
		}
		name := t.String()
		v, err := d.ReadValue()
		if err != nil {
			return all
		}
		all = append(all, property{name, v.Clone()})
	}
	return all
}
