package invent_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"carnet.dev/carnet/interop/corpus/invent"
)

// schemas of which values can be made. "#/tree" refers to the first.
var schemas = []string{
	`{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/tree"}}}}`,
	`{"type":"integer","minimum":3,"maximum":5,"exclusiveMinimum":true}`, `{"type":"integer","exclusiveMinimum":3}`, `{"type":"integer","multipleOf":7,"minimum":100}`,
	`{"type":"number","minimum":0.1,"maximum":0.9}`, `{"type":"number","maximum":-5}`, `{"type":"integer","minimum":5000000000}`,
	`{"type":"string","minLength":40,"maxLength":41}`, `{"type":"string","maxLength":1}`, `{"type":"string","format":"uuid"}`,
	`{"type":"string","pattern":"^arn:[a-z]+:\\d{12}$"}`, `{"type":"string","pattern":"^[a-f]*$","minLength":36,"maxLength":36}`, `{"type":"string","pattern":"^[\\u0041-\\u005A]{2,1024}$"}`,
	`{"type":"string","pattern":"^(?!aws:)[a-z]+$"}`, `{"enum":[1,"a",null],"type":"string"}`, `{"const":7}`, `{"type":["null","boolean"]}`,
	`{"type":"array","items":{"enum":["a","b","c"]},"minItems":3,"uniqueItems":true}`, `{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"minItems":2}`,
	`{"allOf":[{"type":"object","required":["a"],"properties":{"a":{"type":"integer"}}},{"properties":{"a":{"minimum":5},"b":{"type":"string"}},"required":["b"]}]}`,
	`{"oneOf":[{"type":"integer"},{"type":"string","maxLength":2}]}`, `{"anyOf":[{"type":"object","required":["x"],"properties":{"x":{"type":"string"}}},{"$ref":"#/tree"}]}`,
	`{"oneOf":[{"type":"object","required":["k"],"properties":{"k":{"enum":["a"]}}},{"type":"object","required":["k"],"properties":{"k":{"enum":["b"]}}}],"type":"object"}`,
	`{"type":"object","additionalProperties":{"type":"integer"},"minProperties":2}`, `{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`,
}

func parse(t *testing.T, text string) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(text, err)
	}
	return v
}

func TestValuesFit(t *testing.T) {
	tree := parse(t, schemas[0])
	resolve := func(v any) any {
		if s, ok := v.(map[string]any); ok && s["$ref"] == "#/tree" {
			return tree
		}
		return v
	}
	for _, text := range schemas {
		schema := parse(t, text)
		for seed := range 50 {
			m := &invent.Maker{Resolve: resolve}
			m.Seed(fmt.Sprint(seed))
			v, ok := m.Value(schema)
			if !ok || !invent.Fits(resolve, schema, v) {
				t.Errorf("%s, seed %d: made %v", text, seed, v)
				break
			}
			m.Seed(fmt.Sprint(seed))
			if again, _ := m.Value(schema); fmt.Sprint(again) != fmt.Sprint(v) {
				t.Errorf("%s, seed %d: made %v, and then %v", text, seed, v, again)
			}
		}
	}
}

func TestFits(t *testing.T) {
	same := func(v any) any { return v }
	for _, c := range [][2]string{ // schema, and a value that does not fit
		{`{"type":"integer"}`, `1.5`}, {`{"type":"string"}`, `1`}, {`{"minimum":3}`, `2`}, {`{"maximum":3,"exclusiveMaximum":true}`, `3`}, {`{"exclusiveMinimum":3}`, `3`},
		{`{"multipleOf":0.5}`, `0.7`}, {`{"minLength":2}`, `"ü"`}, {`{"pattern":"^a$"}`, `"b"`}, {`{"enum":["a"]}`, `"b"`}, {`{"const":1}`, `2`},
		{`{"type":"array","items":{"type":"integer"}}`, `["a"]`}, {`{"uniqueItems":true}`, `[1,1.0]`}, {`{"required":["a"]}`, `{}`}, {`{"additionalProperties":false}`, `{"a":1}`},
		{`{"oneOf":[{"type":"integer"},{"type":"number"}]}`, `1`}, {`{"anyOf":[{"type":"integer"}]}`, `"a"`}, {`{"allOf":[{"type":"string"},{"maxLength":1}]}`, `"ab"`}, {`{"not":{}}`, `1`},
		{`{"type":"string"}`, `null`}, {`{"maxProperties":0}`, `{"a":1}`}, {`false`, `1`},
	} {
		if invent.Fits(same, parse(t, c[0]), parse(t, c[1])) {
			t.Errorf("%s fits %s", c[1], c[0])
		}
	}
}

func TestReadOnlyIsNotSent(t *testing.T) {
	m := &invent.Maker{Resolve: func(v any) any { return v }, Sent: true}
	m.Seed("x")
	v, ok := m.Value(parse(t, `{"type":"object","required":["id","a"],"properties":{"id":{"type":"string","readOnly":true},"a":{"type":"string"}}}`))
	if all, _ := v.(map[string]any); !ok || len(all) != 1 || all["a"] == nil {
		t.Errorf("made %v", v)
	}
}
