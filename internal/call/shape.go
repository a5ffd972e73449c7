package call

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A shape is what a schema takes at its own level, with all that it is made of laid together: a text is read by it.
type shape struct {
	types      map[string]bool
	texts      map[string]bool // that an enum or const has
	properties map[string]jsontext.Value
	additional jsontext.Value // of other members
	open       bool           // the schema speaks of other members, and does not refuse them
	items      jsontext.Value
}

// shapeOf reads a schema, the ones that it refers to, and those of allOf, oneOf and anyOf.
func (b *builder) shapeOf(schema jsontext.Value) shape {
	h := shape{types: map[string]bool{}, texts: map[string]bool{}, properties: map[string]jsontext.Value{}}
	b.gather(&h, schema, maxHops)
	if len(h.types) == 0 {
		if len(h.properties) > 0 {
			h.types["object"] = true
		}
		if len(h.items) > 0 {
			h.types["array"] = true
		}
	}
	return h
}

func (b *builder) gather(h *shape, schema jsontext.Value, hops int) {
	if len(schema) == 0 || hops == 0 {
		return
	}
	own, ref := b.hintsOf(schema)
	if ref != "" && b.args.Lookup != nil {
		schema = b.last(schema)
	}
	var more struct {
		Enum          []jsontext.Value          `json:"enum"`
		Const         jsontext.Value            `json:"const"`
		Nullable      bool                      `json:"nullable"`
		Additional    jsontext.Value            `json:"additionalProperties"`
		Patterns      map[string]jsontext.Value `json:"patternProperties"`
		Unevaluated   jsontext.Value            `json:"unevaluatedProperties"`
		Discriminator jsontext.Value            `json:"discriminator"`
	}
	if json.Unmarshal(schema, &more, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		h.open = true // whatever it says
	}
	h.kinds(own.Type, more.Nullable)
	for _, v := range append(more.Enum, more.Const) {
		if v.Kind() == '"' {
			h.texts[unquote(v)] = true
		}
	}
	for name, p := range own.Properties {
		if _, known := h.properties[name]; !known {
			h.properties[name] = p
		}
	}
	if kind := more.Additional.Kind(); kind == '{' || kind == 't' || len(more.Patterns) > 0 {
		h.open = true
		if kind == '{' {
			h.additional = more.Additional
		}
	}
	if len(h.items) == 0 {
		h.items = own.Items
	}
	for _, group := range [][]jsontext.Value{own.AllOf, own.OneOf, own.AnyOf} {
		for _, member := range group {
			b.gather(h, member, hops/2)
		}
	}
	h.open = h.open || len(more.Discriminator) > 0 // what else there may be is said by schemas that are not referred to from here
}

// last is the schema at the end of its references.
func (b *builder) last(schema jsontext.Value) jsontext.Value {
	for range maxHops {
		var h struct {
			Ref string `json:"$ref"`
		}
		if json.Unmarshal(schema, &h, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil || h.Ref == "" {
			return schema
		}
		if schema = b.args.Lookup(h.Ref); schema == nil {
			return nil
		}
	}
	return nil
}

// kinds takes a type, or a list of them (JSON Schema 2020-12, 6.1.1).
func (h *shape) kinds(raw jsontext.Value, nullable bool) {
	var one string
	var several []string
	if json.Unmarshal(raw, &one) == nil {
		several = []string{one}
	} else if json.Unmarshal(raw, &several) != nil {
		return
	}
	for _, t := range several {
		h.types[t] = true
	}
	if nullable {
		h.types["null"] = true
	}
}

// split takes the first member off a path: the longest that is known, for names may hold dots, or what is before the next dot or
// bracket.
func (h shape) split(path string) (name, rest string) {
	for known := range h.properties {
		after, found := strings.CutPrefix(path, known)
		if found && len(known) > len(name) && (after == "" || after[0] == '.' || after[0] == '[') {
			name = known
		}
	}
	if name == "" {
		end := strings.IndexAny(path, ".[")
		if end <= 0 {
			return path, ""
		}
		name = path[:end]
	}
	return name, strings.TrimPrefix(path[len(name):], ".")
}
