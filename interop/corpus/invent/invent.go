// Package invent makes values of JSON Schemas as OpenAPI documents have them (2.0, 3.0 and 3.1), the same ones for the same seed. It
// looks for values that try the reader: texts with characters that mean something in a URL, wherever the schema allows them.
package invent

import (
	"encoding/json"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
)

// A Maker makes values.
type Maker struct {
	// Resolve follows the reference in a schema to what it refers to; nil if it leads nowhere.
	Resolve func(any) any
	// Texts are what texts may be of which the schema says no more; [Any] by default. None of them is longer than 12 characters.
	Texts []string
	// Sent leaves out what is read only.
	Sent bool

	rand  *rand.Rand
	times func() int // how often what a pattern repeats is repeated
}

// Any are texts of all kinds.
var Any = []string{"plain", "two words", "sl/ash", "ümläut €", "a&b=c", "50% + 7", "x;y,z", "q?r#s", "it's \"so\"", "-._~:@!$'()*", "[a]{b}|c^", `back\slash`}

// Plain are texts that may stand where nothing is encoded.
var Plain = []string{"plain", "two words", "A-1_b", "x.y", "7", "50%", "a:b/c"}

// Simple are texts without any character that means something somewhere.
var Simple = []string{"plain", "Another", "k8s", "z"}

// Seed begins anew: the same values follow on the same text.
func (m *Maker) Seed(text string) {
	h := fnv.New64a()
	h.Write([]byte(text))
	m.rand = rand.New(rand.NewPCG(h.Sum64(), 1))
}

// Value makes a value of the schema; false if none can be made.
func (m *Maker) Value(schema any) (any, bool) {
	if m.Texts == nil {
		m.Texts = Any
	}
	return m.value(schema, 0)
}

const (
	roomy = 2  // levels at which everything optional may be there
	deep  = 14 // levels at which a schema that goes on is given up
)

func (m *Maker) value(schema any, depth int) (any, bool) {
	if depth > deep || schema == false {
		return nil, false
	}
	s, ok := m.flat(schema, 0)
	if !ok {
		return nil, false
	}
	if v, ok := s["const"]; ok {
		return v, v != nil
	}
	if all, ok := s["enum"].([]any); ok {
		return m.oneOf(s, all)
	}
	for _, choice := range []string{"oneOf", "anyOf"} {
		if branches, ok := s[choice].([]any); ok && len(branches) > 0 {
			return m.branch(s, choice, branches, depth)
		}
	}
	switch typeOf(s) {
	case "object":
		return m.object(s, depth)
	case "array":
		return m.array(s, depth)
	case "integer":
		return m.number(s, true)
	case "number":
		return m.number(s, false)
	case "boolean":
		return m.rand.IntN(2) == 0, true
	case "null":
		return nil, false
	}
	return m.text(s)
}

// oneOf chooses a value of an enum, of the schema's type if there is one.
func (m *Maker) oneOf(s map[string]any, all []any) (any, bool) {
	fitting := slices.DeleteFunc(slices.Clone(all), func(v any) bool { return v == nil || !Fits(m.Resolve, s, v) })
	if len(fitting) == 0 {
		return nil, false
	}
	return fitting[m.rand.IntN(len(fitting))], true
}

// branch makes a value of one alternative, together with what is said beside. Of oneOf no other should fit; where documents give
// alternatives that can't be told apart, that can't be helped.
func (m *Maker) branch(s map[string]any, choice string, branches []any, depth int) (any, bool) {
	rest := maps.Clone(s)
	delete(rest, choice)
	first := m.rand.IntN(len(branches))
	var second any
	for i := range branches {
		one := branches[(first+i)%len(branches)]
		v, ok := m.value(map[string]any{"allOf": []any{rest, one}}, depth+1)
		if ok && Fits(m.Resolve, s, v) {
			return v, true
		}
		if ok && second == nil && Fits(m.Resolve, rest, v) {
			second = v
		}
	}
	return second, second != nil
}

// typeOf is the type of a schema, or what its keywords are for.
func typeOf(s map[string]any) string {
	switch t := s["type"].(type) {
	case string:
		return t
	case []any:
		for _, one := range t {
			if one, ok := one.(string); ok && one != "null" {
				return one
			}
		}
		return "null"
	}
	for _, name := range []string{"properties", "required", "additionalProperties", "minProperties"} {
		if _, ok := s[name]; ok {
			return "object"
		}
	}
	for _, name := range []string{"items", "minItems", "prefixItems"} {
		if _, ok := s[name]; ok {
			return "array"
		}
	}
	for _, name := range []string{"minimum", "maximum", "multipleOf"} {
		if _, ok := s[name]; ok {
			return "number"
		}
	}
	return "string"
}

func (m *Maker) array(s map[string]any, depth int) (any, bool) {
	least, most := count(s, "minItems", 0), count(s, "maxItems", 1<<20)
	n := max(least, 1)
	if depth < roomy {
		n = max(least, 1+m.rand.IntN(3))
	} else if depth > 4 {
		n = least
	}
	n = min(n, most)
	if least > 200 || most < least {
		return nil, false
	}
	prefix, _ := s["prefixItems"].([]any)
	all := make([]any, 0, n)
	for tries := 0; len(all) < n && tries < 20*n; tries++ {
		items, ok := s["items"]
		if len(all) < len(prefix) {
			items = prefix[len(all)]
		} else if !ok {
			items = map[string]any{"type": "string"}
		}
		v, ok := m.value(items, depth+1)
		if !ok {
			if len(all) >= least {
				break
			}
			return nil, false
		}
		if s["uniqueItems"] == true && slices.ContainsFunc(all, func(other any) bool { return equal(other, v) }) {
			continue
		}
		all = append(all, v)
	}
	return all, len(all) >= least
}

// count is a keyword that is a whole number.
func count(s map[string]any, keyword string, otherwise int) int {
	n, ok := s[keyword].(json.Number)
	if !ok {
		return otherwise
	}
	i, err := n.Int64()
	if err != nil || i < 0 || i > 1<<20 {
		return otherwise
	}
	return int(i)
}
