package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An outline shows a JSON Schema as the JSON that it describes, with the type and a few words in each value's place. References
// are looked up; one inside itself is cut.
type outline struct {
	schemas map[string]json.RawMessage // by "$ref"
	open    []string                   // references under way
}

// A schema is what an outline looks at.
type schema struct {
	Ref         string                     `json:"$ref"`
	Type        any                        `json:"type"`
	Format      string                     `json:"format"`
	Description string                     `json:"description"`
	Properties  map[string]json.RawMessage `json:"properties"`
	Required    []string                   `json:"required"`
	Items       json.RawMessage            `json:"items"`
	Enum        []any                      `json:"enum"`
	AllOf       []json.RawMessage          `json:"allOf"`
	OneOf       []json.RawMessage          `json:"oneOf"`
	AnyOf       []json.RawMessage          `json:"anyOf"`
}

// An outline goes so deep, and grows so long; more than that nobody reads.
const (
	outlineDepth = 6
	outlineSize  = 16 << 10
)

// text is the outline of a schema, with a line break at its end.
func (o *outline) text(raw json.RawMessage) string {
	var out strings.Builder
	o.write(&out, raw, "", 0)
	return out.String() + "\n"
}

// resolve reads a schema and follows its reference, merging the parts of an allOf. done ends what it began.
func (o *outline) resolve(raw json.RawMessage) (s schema, done func()) {
	before := len(o.open)
	done = func() { o.open = o.open[:before] }
	for {
		s = schema{}
		if json.Unmarshal(raw, &s) != nil || s.Ref == "" {
			break
		}
		if slices.Contains(o.open, s.Ref) {
			return schema{Type: "the same again"}, done
		}
		o.open = append(o.open, s.Ref)
		raw = o.schemas[s.Ref]
		if raw == nil {
			return schema{Type: s.Ref}, done
		}
	}
	for _, part := range s.AllOf {
		inner, closed := o.resolve(part)
		if s.Properties == nil {
			s.Properties = map[string]json.RawMessage{}
		}
		maps.Copy(s.Properties, inner.Properties)
		s.Required = append(s.Required, inner.Required...)
		if s.Type == nil {
			s.Type = inner.Type
		}
		closed()
	}
	return s, done
}

func (o *outline) write(out *strings.Builder, raw json.RawMessage, indent string, depth int) {
	s, done := o.resolve(raw)
	defer done()
	choices := append(s.OneOf, s.AnyOf...)
	switch {
	case depth > outlineDepth || out.Len() > outlineSize:
		out.WriteString("...")
	case len(s.Properties) > 0:
		o.object(out, s, indent, depth)
	case len(s.Items) > 0:
		out.WriteString("[")
		o.write(out, s.Items, indent, depth+1)
		out.WriteString("]")
	case len(choices) > 0:
		o.write(out, choices[0], indent, depth+1)
		if len(choices) > 1 {
			fmt.Fprintf(out, " (or one of %d others)", len(choices)-1)
		}
	default:
		out.WriteString(s.word())
	}
}

func (o *outline) object(out *strings.Builder, s schema, indent string, depth int) {
	names := slices.Collect(maps.Keys(s.Properties))
	slices.SortFunc(names, func(a, b string) int { // what is required comes first
		if x, y := slices.Contains(s.Required, a), slices.Contains(s.Required, b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	out.WriteString("{\n")
	for _, name := range names {
		mark := ""
		if slices.Contains(s.Required, name) {
			mark = " (required)"
		}
		fmt.Fprintf(out, "%s  %s%s: ", indent, name, mark)
		o.write(out, s.Properties[name], indent+"  ", depth+1)
		out.WriteString("\n")
	}
	out.WriteString(indent + "}")
}

// word is a value in words: its type, its choices, what it means.
func (s schema) word() string {
	text := "any"
	switch t := s.Type.(type) {
	case string:
		text = t
	case []any:
		text = strings.ReplaceAll(strings.Trim(fmt.Sprint(t), "[]"), " ", " or ")
	}
	if s.Format != "" {
		text += " " + s.Format
	}
	if n := len(s.Enum); n > 0 && n <= 8 {
		var choices []string
		for _, c := range s.Enum {
			choices = append(choices, fmt.Sprint(c))
		}
		text += " (" + strings.Join(choices, ", ") + ")"
	}
	if s.Description != "" {
		text += "  # " + short(s.Description, 60)
	}
	return text
}
