package invent

import (
	"fmt"
	"maps"
	"slices"
)

func (m *Maker) object(s map[string]any, depth int) (any, bool) {
	properties, _ := s["properties"].(map[string]any)
	required := texts(s["required"])
	most := count(s, "maxProperties", 1<<20)
	all := map[string]any{}
	for _, name := range required {
		property, declared := properties[name]
		if !declared {
			property = orAny(s["additionalProperties"])
		}
		if m.Sent && m.readOnly(property) {
			continue
		}
		v, ok := m.value(property, depth+1)
		if !ok {
			return nil, false
		}
		all[name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if _, there := all[name]; there || len(all) >= most || !m.includes(depth) || m.Sent && m.readOnly(properties[name]) {
			continue
		}
		if v, ok := m.value(properties[name], depth+1); ok {
			all[name] = v
		}
	}
	more := count(s, "minProperties", 0) - len(all)
	if len(properties) == 0 && len(all) == 0 && most > 0 {
		more = max(more, 1)
	}
	additional := s["additionalProperties"]
	if _, patterns := s["patternProperties"]; patterns || s["propertyNames"] != nil {
		return all, more <= 0 || count(s, "minProperties", 0) == 0
	}
	for i := 0; i < more; i++ {
		v, ok := m.value(orAny(additional), depth+1)
		if !ok {
			return all, len(all) >= count(s, "minProperties", 0)
		}
		all[fmt.Sprintf("key%d", i+1)] = v
	}
	return all, true
}

// includes decides whether something optional is there.
func (m *Maker) includes(depth int) bool {
	switch {
	case depth < roomy:
		return true
	case depth < 5:
		return m.rand.IntN(4) == 0
	}
	return false
}

func (m *Maker) readOnly(property any) bool {
	s, ok := property.(map[string]any)
	if ok && s["readOnly"] == true {
		return true
	}
	s, _ = m.Resolve(property).(map[string]any)
	return s["readOnly"] == true
}

// orAny is a schema where one may be missing: what a text fits.
func orAny(schema any) any {
	if s, ok := schema.(map[string]any); ok {
		return s
	}
	if schema == false {
		return false
	}
	return map[string]any{"type": "string"}
}

func texts(v any) (all []string) {
	list, _ := v.([]any)
	for _, one := range list {
		if text, ok := one.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// flat follows references and puts the parts of allOf into one schema: what any of them says counts.
func (m *Maker) flat(schema any, depth int) (map[string]any, bool) {
	if depth > deep {
		return nil, false
	}
	outer, ok := schema.(map[string]any)
	if !ok { // true, or none: anything goes
		return map[string]any{}, true
	}
	s, ok := m.Resolve(schema).(map[string]any)
	if !ok { // a reference that leads nowhere says nothing
		return map[string]any{}, true
	}
	if _, is := outer["$ref"]; is {
		if s, ok = m.flat(s, depth+1); !ok {
			return nil, false
		}
		return s, true
	}
	parts, composed := s["allOf"].([]any)
	if !composed {
		return s, true
	}
	all := maps.Clone(s)
	delete(all, "allOf")
	for _, part := range parts {
		one, ok := m.flat(part, depth+1)
		if !ok {
			return nil, false
		}
		if all, ok = merged(all, one); !ok {
			return nil, false
		}
	}
	return all, true
}

// merged is a schema that wants what both want; false if it is known that nothing can.
func merged(a, b map[string]any) (map[string]any, bool) {
	all := maps.Clone(a)
	for name, v := range b {
		had, both := all[name]
		if !both {
			all[name] = v
			continue
		}
		switch name {
		case "properties", "patternProperties":
			all[name] = mergedProperties(had, v)
		case "required":
			x, _ := had.([]any)
			y, _ := v.([]any)
			all[name] = slices.Concat(x, y)
		case "enum":
			x, _ := had.([]any)
			y, _ := v.([]any)
			both := slices.DeleteFunc(slices.Clone(x), func(one any) bool {
				return !slices.ContainsFunc(y, func(other any) bool { return equal(one, other) })
			})
			if len(both) == 0 {
				return nil, false
			}
			all[name] = both
		case "oneOf", "anyOf":
			if !equal(had, v) { // both have to be met: the second within the first's branches
				all[name] = within(had, name, v)
			}
		case "minimum", "minLength", "minItems", "minProperties":
			if less(had, v) {
				all[name] = v
			}
		case "maximum", "maxLength", "maxItems", "maxProperties":
			if less(v, had) {
				all[name] = v
			}
		case "type":
			if !equal(had, v) {
				narrow, ok := narrower(had, v)
				if !ok {
					return nil, false
				}
				all[name] = narrow
			}
		case "additionalProperties":
			if v == false || had == false {
				all[name] = false
			}
		case "description", "title", "example", "default", "format", "pattern", "items":
		}
	}
	return all, true
}

func mergedProperties(a, b any) any {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	all := maps.Clone(x)
	if all == nil {
		all = map[string]any{}
	}
	for name, v := range y {
		if had, both := all[name]; both && !equal(had, v) {
			v = map[string]any{"allOf": []any{had, v}}
		}
		all[name] = v
	}
	return all
}

// within puts a second choice into each branch of a first.
func within(branches any, name string, second any) []any {
	list, _ := branches.([]any)
	all := make([]any, len(list))
	for i, one := range list {
		all[i] = map[string]any{"allOf": []any{one, map[string]any{name: second}}}
	}
	return all
}

// narrower is the type that two types have in common.
func narrower(a, b any) (any, bool) {
	for _, x := range typeList(a) {
		for _, y := range typeList(b) {
			switch {
			case x == "null":
			case x == y:
				return x, true
			case x == "integer" && y == "number", x == "number" && y == "integer":
				return "integer", true
			}
		}
	}
	return nil, false
}

func typeList(t any) []string {
	if one, ok := t.(string); ok {
		return []string{one}
	}
	return texts(t)
}
