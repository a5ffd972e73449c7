package invent

import (
	"encoding/json"
	"math"
	"regexp"
	"unicode/utf8"
)

// Fits reports whether a value is one of the schema, as far as types, choices, bounds and composition go. A pattern that Go can't
// read, and every format, fits.
func Fits(resolve func(any) any, schema, v any) bool { return fits(resolve, schema, v, 0) }

func fits(resolve func(any) any, schema, v any, depth int) bool {
	if schema == false {
		return false
	}
	s, ok := resolve(schema).(map[string]any)
	if !ok || depth > 60 {
		return true
	}
	within := func(inner any) bool { return fits(resolve, inner, v, depth+1) }
	for _, part := range items(s["allOf"]) {
		if !within(part) {
			return false
		}
	}
	if branches := items(s["anyOf"]); len(branches) > 0 && !atLeast(1, branches, within) {
		return false
	}
	if branches := items(s["oneOf"]); len(branches) > 0 && (!atLeast(1, branches, within) || atLeast(2, branches, within)) {
		return false
	}
	if not, ok := s["not"]; ok && within(not) {
		return false
	}
	if all, ok := s["enum"].([]any); ok && !has(all, v) {
		return false
	}
	if only, ok := s["const"]; ok && !equal(only, v) {
		return false
	}
	if t, ok := s["type"]; ok && !isOf(typeList(t), v) && !(v == nil && s["nullable"] == true) {
		return false
	}
	switch v := v.(type) {
	case string:
		return fitsText(s, v)
	case json.Number:
		return fitsNumber(s, v)
	case []any:
		return fitsArray(resolve, s, v, depth)
	case map[string]any:
		return fitsObject(resolve, s, v, depth)
	}
	return true
}

func items(v any) []any {
	all, _ := v.([]any)
	return all
}

// atLeast reports whether that many of the branches fit.
func atLeast(n int, branches []any, fit func(any) bool) bool {
	for _, one := range branches {
		if fit(one) {
			n--
		}
	}
	return n <= 0
}

func has(all []any, v any) bool {
	for _, one := range all {
		if equal(one, v) {
			return true
		}
	}
	return false
}

// isOf reports whether a value is of one of the types. Types that JSON Schema does not know fit.
func isOf(types []string, v any) bool {
	for _, t := range types {
		ok := true
		switch t {
		case "string":
			_, ok = v.(string)
		case "boolean":
			_, ok = v.(bool)
		case "object":
			_, ok = v.(map[string]any)
		case "array":
			_, ok = v.([]any)
		case "null":
			ok = v == nil
		case "number":
			_, ok = v.(json.Number)
		case "integer":
			n, number := float(v)
			ok = number && n == math.Trunc(n)
		}
		if ok {
			return true
		}
	}
	return false
}

func fitsText(s map[string]any, v string) bool {
	n := utf8.RuneCountInString(v)
	if n < count(s, "minLength", 0) || n > count(s, "maxLength", 1<<20) {
		return false
	}
	if pattern, ok := s["pattern"].(string); ok {
		if r, err := regexp.Compile(readable(pattern)); err == nil && !r.MatchString(v) {
			return false
		}
	}
	return true
}

func fitsNumber(s map[string]any, v json.Number) bool {
	n, ok := float(v)
	if !ok {
		return false
	}
	for keyword, fit := range map[string]func(bound float64) bool{
		"minimum":          func(b float64) bool { return n > b || n == b && s["exclusiveMinimum"] != true },
		"maximum":          func(b float64) bool { return n < b || n == b && s["exclusiveMaximum"] != true },
		"exclusiveMinimum": func(b float64) bool { return n > b },
		"exclusiveMaximum": func(b float64) bool { return n < b },
		"multipleOf":       func(b float64) bool { return b <= 0 || math.Abs(math.Remainder(n, b)) < 1e-9 },
	} {
		if b, ok := float(s[keyword]); ok && !fit(b) {
			return false
		}
	}
	return true
}

func fitsArray(resolve func(any) any, s map[string]any, v []any, depth int) bool {
	if len(v) < count(s, "minItems", 0) || len(v) > count(s, "maxItems", 1<<20) {
		return false
	}
	prefix := items(s["prefixItems"])
	for i, item := range v {
		inner, ok := s["items"]
		if i < len(prefix) {
			inner, ok = prefix[i], true
		}
		if ok && !fits(resolve, inner, item, depth+1) {
			return false
		}
		if s["uniqueItems"] == true && has(v[:i], item) {
			return false
		}
	}
	return true
}

func fitsObject(resolve func(any) any, s map[string]any, v map[string]any, depth int) bool {
	if len(v) < count(s, "minProperties", 0) || len(v) > count(s, "maxProperties", 1<<20) {
		return false
	}
	properties, _ := s["properties"].(map[string]any)
	for _, name := range texts(s["required"]) {
		property, _ := resolve(properties[name]).(map[string]any)
		if _, there := v[name]; !there && property["readOnly"] != true {
			return false
		}
	}
	_, patterns := s["patternProperties"]
	for name, member := range v {
		inner, declared := properties[name]
		if !declared {
			if inner = s["additionalProperties"]; inner == nil || patterns {
				continue
			}
		}
		if !fits(resolve, inner, member, depth+1) {
			return false
		}
	}
	return true
}
