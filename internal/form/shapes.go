package form

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// shapes makes a choice between schemas, and the node of the one that is chosen.
func (w *work) shapes(n *Node, p place, s schema, example jsontext.Value, v *Value) {
	n.Kind = Shapes
	all := make([]schema, len(s.options))
	for i, raw := range s.options {
		all[i] = w.with(s, raw)
		n.Kinds = append(n.Kinds, titleOf(all[i], i))
	}
	n.Shape = 1
	if v != nil && v.shape > 0 && v.shape <= len(all) {
		n.Shape = v.shape
	} else if v.filled() {
		n.Shape = closest(all, v) + 1
	}
	p.shapes++
	p.certain = p.certain && n.Required || p.depth == 0
	chosen := all[n.Shape-1]
	n.Fields = []*Node{w.made(p, chosen, example, v, n.Required)}
}

// with is a schema with one of its options laid over it.
func (w *work) with(s schema, option jsontext.Value) schema {
	own := w.read(option)
	own.properties = slices.Concat(s.properties, slices.DeleteFunc(own.properties, func(q property) bool {
		return slices.ContainsFunc(s.properties, func(p property) bool { return p.name == q.name })
	}))
	own.required = slices.Concat(s.required, own.required)
	if len(own.types) == 0 || len(s.types) > 0 && len(own.types) > 1 {
		own.types = s.types
	}
	if len(own.types) == 0 && len(own.properties) > 0 {
		own.types = []string{"object"}
	}
	own.open = own.open || s.open
	if own.description == "" {
		own.description = s.description
	}
	return own
}

func titleOf(s schema, i int) string {
	switch {
	case s.title != "":
		return s.title
	case len(s.refs) > 0:
		return s.refs[0][strings.LastIndexByte(s.refs[0], '/')+1:]
	case len(s.types) > 0:
		return strings.Join(s.types, " or ")
	}
	return "shape " + strconv.Itoa(i+1)
}

// closest is the option that a value is most like.
func closest(all []schema, v *Value) (best int) {
	score := -1 << 30
	for i, s := range all {
		if n := likeness(s, v); n > score {
			best, score = i, n
		}
	}
	return best
}

// likeness counts what of a value is as a schema wants it.
func likeness(s schema, v *Value) (n int) {
	kinds := map[jsontext.Kind]string{'{': "object", '[': "array", '"': "string", '0': "number", 't': "boolean", 'f': "boolean"}
	kind := kinds[v.kind]
	switch {
	case len(s.types) == 0, s.is(kind), kind == "number" && s.is("integer"):
		n += 5
	default:
		n -= 50
	}
	if has(s.enum, v.raw) {
		n += 5
	}
	if v.kind != '{' {
		return n
	}
	known := 0
	for _, p := range s.properties {
		in := v.member(p.name)
		if in == nil {
			continue
		}
		known++
		var k struct {
			Const jsontext.Value   `json:"const"`
			Enum  []jsontext.Value `json:"enum"`
		}
		if !readable(p.raw, &k) {
			continue
		}
		if k.Const != nil {
			k.Enum = append(k.Enum, k.Const)
		}
		switch {
		case has(k.Enum, in.raw):
			n += 10
		case len(k.Enum) > 0:
			n -= 20
		}
	}
	for _, name := range s.required {
		if v.member(name) == nil {
			n -= 5
		}
	}
	if len(s.refs) > 0 { // a discriminator's value is the name of the schema, unless a mapping says otherwise
		for _, m := range v.members {
			if text, ok := unquote(m.value.raw); ok && text != "" && strings.HasSuffix(s.refs[0], "/"+text) {
				n += 10
			}
		}
	}
	return n + 2*known - (len(v.members) - known)
}

func has(all []jsontext.Value, raw jsontext.Value) bool {
	return len(raw) > 0 && slices.ContainsFunc(all, func(one jsontext.Value) bool { return string(canonical(one)) == string(canonical(raw)) })
}
