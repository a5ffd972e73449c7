package call

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Lookup finds what a "$ref" names; nil: it is not known.
type Lookup func(ref string) jsontext.Value

// hints are what a schema says about how a value of it is written.
type hints struct {
	Ref              string                    `json:"$ref"`
	Type             jsontext.Value            `json:"type"`
	Format           jsontext.Value            `json:"format"`
	ContentMediaType jsontext.Value            `json:"contentMediaType"`
	ContentEncoding  jsontext.Value            `json:"contentEncoding"`
	Properties       map[string]jsontext.Value `json:"properties"`
	Items            jsontext.Value            `json:"items"`
	AllOf            []jsontext.Value          `json:"allOf"`
	AnyOf            []jsontext.Value          `json:"anyOf"`
	OneOf            []jsontext.Value          `json:"oneOf"`
	XML              xmlHints                  `json:"xml"`
}

const maxHops = 32 // from one schema to another, before it is called a circle

// hintsOf reads a schema, and follows its "$ref". One that can't be read hints at nothing.
func (b *builder) hintsOf(schema jsontext.Value) (h hints, ref string) {
	for range maxHops {
		h = hints{}
		if schema.Kind() != '{' || json.Unmarshal(schema, &h, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
			return hints{}, ref
		}
		if h.Ref == "" || b.args.Lookup == nil {
			return h, ref
		}
		own := h.XML
		ref = h.Ref
		if schema = b.args.Lookup(h.Ref); schema == nil {
			return hints{XML: own}, ref
		}
	}
	return hints{}, ref
}

// propertyOf is the schema of an object's member, which may stand in one of several that the object's is made of; nil: none.
func (b *builder) propertyOf(schema jsontext.Value, name string) jsontext.Value {
	return b.property(schema, name, maxHops)
}

func (b *builder) property(schema jsontext.Value, name string, hops int) jsontext.Value {
	if len(schema) == 0 || hops == 0 || name == "" {
		return nil
	}
	h, _ := b.hintsOf(schema)
	if p, ok := h.Properties[name]; ok {
		return p
	}
	for _, group := range [][]jsontext.Value{h.AllOf, h.OneOf, h.AnyOf} {
		for _, member := range group {
			if p := b.property(member, name, hops/2); p != nil {
				return p
			}
		}
	}
	return nil
}

// isBinary reports whether a schema, or that of its items, is one of bytes: OpenAPI 3.0's format, 2.0's type, 3.1's media type
// without a text encoding.
func (b *builder) isBinary(schema jsontext.Value) bool {
	h, _ := b.hintsOf(schema)
	if len(h.Items) > 0 {
		h, _ = b.hintsOf(h.Items)
	}
	return string(h.Format) == `"binary"` || string(h.Type) == `"file"` || len(h.ContentMediaType) > 0 && len(h.ContentEncoding) == 0 &&
		!isJSON(unquote(h.ContentMediaType)) && !isText(unquote(h.ContentMediaType))
}

func unquote(raw jsontext.Value) string {
	text, _ := jsontext.AppendUnquote(nil, raw)
	return string(text)
}
