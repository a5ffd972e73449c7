package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
)

// keywords are those of a schema. One whose value makes no sense counts as not there.
type keywords struct {
	members map[string]jsontext.Value
	lists   map[string][]jsontext.Value // that were read already
}

// parse reads a schema, once; nil: it is none.
func (c *checker) parse(raw jsontext.Value) *keywords {
	if raw.Kind() != '{' {
		return nil
	}
	if k, ok := c.parsed[&raw[0]]; ok {
		return k
	}
	k := &keywords{}
	if jsonv2.Unmarshal(raw, &k.members, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		k = nil
	}
	c.parsed[&raw[0]] = k
	return k
}

func (k *keywords) text(name string) string {
	var text string
	if raw := k.members[name]; raw.Kind() != '"' || json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

func (k *keywords) true(name string) bool { return string(k.members[name]) == "true" }

// nullable reports whether null is among the values: OpenAPI 3.0's keyword, also where it stands beside a "$ref" or without a
// type, and the extension that OpenAPI 2.0 has for it.
func (k *keywords) nullable() bool {
	return k.true("nullable") || k.true("x-nullable") || contains(k.types(), "null")
}

// texts are the texts of a list.
func (k *keywords) texts(name string) (all []string) {
	var list []any
	if json.Unmarshal(k.members[name], &list) != nil {
		return nil
	}
	for _, v := range list {
		if text, ok := v.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

var knownTypes = []string{"string", "number", "integer", "boolean", "array", "object", "null"}

// types are those that a value may have; nil: any.
func (k *keywords) types() []string {
	types := k.texts("type")
	if text := k.text("type"); text != "" {
		types = []string{text}
	}
	for _, t := range types {
		if !contains(knownTypes, t) { // "file", "any", or a mistake
			return nil
		}
	}
	return types
}

// schemas are those of a list.
func (k *keywords) schemas(name string) []jsontext.Value {
	list, read := k.lists[name]
	if read {
		return list
	}
	if k.members[name].Kind() != '[' || jsonv2.Unmarshal(k.members[name], &list, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		list = nil
	}
	if k.lists == nil {
		k.lists = map[string][]jsontext.Value{}
	}
	k.lists[name] = list
	return list
}

// named are the schemas of an object.
func (k *keywords) named(name string) map[string]jsontext.Value {
	var object map[string]jsontext.Value
	if k.members[name].Kind() != '{' || jsonv2.Unmarshal(k.members[name], &object, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		return nil
	}
	return object
}

// schema is the keyword's value if it is a schema.
func (k *keywords) schema(name string) (jsontext.Value, bool) {
	raw := k.members[name]
	return raw, raw.Kind() == '{' || raw.Kind() == 't' || raw.Kind() == 'f'
}

func contains(list []string, text string) bool { return slices.Contains(list, text) }

// kind compares the types.
func (c *checker) kind(k *keywords, v any, at place) []fault.Problem {
	types := k.types()
	if len(types) == 0 {
		return nil
	}
	for _, t := range types {
		if c.is(v, t) {
			return nil
		}
	}
	if v == nil {
		return at.wrong("is null, and has to be %s", either(types))
	}
	return at.wrong("is not %s", either(types))
}

// is reports whether a value has a type.
func (c *checker) is(v any, kind string) bool {
	text, scalar := scalarText(v)
	if c.o.Text && scalar {
		return kind == "array" || spells(text, kind) // one value is as good as a list of one
	}
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case json.Number:
		return kind == "number" || kind == "integer" && spells(v.String(), "integer")
	case []any:
		return kind == "array"
	}
	return kind == "object"
}

// spells reports whether a text is a value of a primitive type.
func spells(text, kind string) bool {
	switch kind {
	case "string":
		return true
	case "boolean":
		return text == "true" || text == "false"
	case "number":
		return jsontext.Value(text).Kind() == '0' && jsontext.Value(text).IsValid()
	case "integer":
		if digits := strings.TrimPrefix(text, "-"); digits != "" && strings.Trim(digits, "0123456789") == "" {
			return true
		}
		n := rational(text)
		return n != nil && n.IsInt()
	}
	return false
}

// either is "an integer", or "a string or an integer".
func either(types []string) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = "a " + t
		switch t {
		case "integer", "array", "object":
			words[i] = "an " + t
		case "boolean":
			words[i] = "true or false"
		case "null":
			words[i] = "null"
		}
	}
	return strings.Join(words, " or ")
}

// choice compares with enum and const. Documents write numbers as texts there, and the other way round.
func (c *checker) choice(k *keywords, v any, at place) []fault.Problem {
	var choices []any
	if raw, ok := k.members["const"]; ok {
		var only any
		if decode(raw, &only) == nil {
			choices = []any{only}
		}
	} else if decode(k.members["enum"], &choices) != nil || len(choices) == 0 {
		return nil
	}
	if choices == nil || slices.ContainsFunc(choices, func(choice any) bool { return same(choice, v) }) {
		return nil
	}
	if list, isList := v.([]any); isList && c.o.Text { // an enum beside the type array is that of the items, as some write it
		for i, item := range list {
			if !slices.ContainsFunc(choices, func(choice any) bool { return same(choice, item) }) {
				return at.item(i).wrong("%s", oneOf(choices, item))
			}
		}
		return nil
	}
	return at.wrong("%s", oneOf(choices, v))
}

// oneOf says which values there are, and which of them may be meant. The value itself is not shown: it may be a secret.
func oneOf(choices []any, v any) string {
	var shown, texts []string
	for _, choice := range choices {
		text, err := json.Marshal(choice)
		if err != nil {
			continue
		}
		shown = append(shown, string(text))
		if plain, ok := choice.(string); ok {
			texts = append(texts, plain)
		}
	}
	const most = 12
	all := shown
	if len(shown) > most {
		shown = append(shown[:most:most], fmt.Sprintf("... (%d in all)", len(all)))
	}
	said := "is not one of " + strings.Join(shown, ", ")
	if len(all) == 1 {
		said = "is not " + all[0]
	}
	if text, ok := v.(string); ok {
		if like := fault.Nearest(text, texts); like != "" && len(all) > 1 {
			said += fmt.Sprintf("; did you mean %q?", like)
		}
	}
	return said
}

func decode(raw jsontext.Value, into any) error {
	if len(raw) == 0 {
		return fmt.Errorf("nothing")
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	return d.Decode(into)
}

// same compares two values; primitives by their texts, and numbers by their worth.
func same(a, b any) bool {
	x, primitive := scalarText(a)
	y, also := scalarText(b)
	if primitive || also {
		if primitive != also {
			return false
		}
		m, n := rational(x), rational(y)
		return x == y || m != nil && n != nil && m.Cmp(n) == 0
	}
	first, err := json.Marshal(a)
	second, err2 := json.Marshal(b)
	return err == nil && err2 == nil && string(first) == string(second)
}
