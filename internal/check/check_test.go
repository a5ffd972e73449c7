package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/check"
)

// schemas that others refer to.
var schemas = map[string]string{
	"#/Tree":   `{"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/Tree"}}}}`,
	"#/Circle": `{"allOf": [{"$ref": "#/Circle"}]}`,
	"#/Cat":    `{"type": "object", "required": ["kind", "lives"], "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}}`,
	"#/Dog":    `{"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, "bark": {"type": "string"}}, "additionalProperties": false}`,
	"#/Base":   `{"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": false}`,
	"#/Text":   `{"type": "string"}`,
}

func lookup(ref string) jsontext.Value {
	if text, ok := schemas[ref]; ok {
		return jsontext.Value(text)
	}
	return nil
}

// found is what a comparison finds, a line each: problems, then warnings and notes behind a mark.
func found(o check.Options, schema, value string) string {
	o.Lookup = lookup
	r := check.Value(o, jsontext.Value(schema), jsontext.Value(value), "/v", "")
	var lines []string
	for _, p := range r.Problems {
		lines = append(lines, strings.TrimSpace(strings.TrimPrefix(p.Pointer, "/v")+" "+p.Message))
	}
	for _, p := range r.Warnings {
		lines = append(lines, "warning: "+p.Message)
	}
	for _, p := range r.Notes {
		lines = append(lines, "note: "+p.Message)
	}
	return strings.Join(lines, "\n")
}

func TestSchemas(t *testing.T) {
	old, text, answer := check.Options{Old: true}, check.Options{Text: true}, check.Options{Answer: true}
	for _, test := range []struct {
		o             check.Options
		schema, value string
		want          string
	}{
		// types
		{schema: `{"type":"integer"}`, value: `"7"`, want: "the body is not an integer"},
		{schema: `{"type":"integer"}`, value: `7.0`},
		{schema: `{"type":"integer"}`, value: `7.5`, want: "the body is not an integer"},
		{schema: `{"type":["string","integer"]}`, value: `true`, want: "the body is not a string or an integer"},
		{schema: `{"type":["string","null"]}`, value: `null`},
		{schema: `{"type":"string"}`, value: `null`, want: "the body is null, and has to be a string"},
		{schema: `{"type":"file"}`, value: `7`},
		{schema: `{"type":7,"required":true,"enum":{},"minimum":"x","items":5,"properties":[]}`, value: `{}`},
		{o: text, schema: `{"type":"integer"}`, value: `"7"`},
		{o: text, schema: `{"type":"integer"}`, value: `"many"`, want: "the body is not an integer"},
		{o: text, schema: `{"type":"string"}`, value: `7`},
		{o: text, schema: `{"type":"array","items":{"type":"integer"}}`, value: `"7"`},
		{o: text, schema: `{"type":"array","items":{"type":"integer"}}`, value: `["7","x"]`, want: "/1 1 is not an integer"},
		{o: text, schema: `{"oneOf":[{"type":"integer"},{"type":"string"}]}`, value: `"7"`},
		{o: text, schema: `{"type":"object"}`, value: `"x"`, want: "the body is not an object"},
		// null
		{o: old, schema: `{"type":"string","nullable":true,"enum":["a"]}`, value: `null`},
		{o: old, schema: `{"nullable":true,"allOf":[{"$ref":"#/Text"}]}`, value: `null`},
		{o: old, schema: `{"type":"string","x-nullable":true}`, value: `null`},
		// enum, const
		{schema: `{"enum":["open","shipped"]}`, value: `"opne"`, want: `the body is not one of "open", "shipped"; did you mean "open"?`},
		{schema: `{"const":3}`, value: `4`, want: "the body is not 3"},
		{schema: `{"const":3}`, value: `3.0`},
		{schema: `{"type":"integer","enum":["1","2"]}`, value: `2`},
		{o: text, schema: `{"type":"array","enum":["a","b"],"items":{"type":"string"}}`, value: `["a","c"]`, want: `/1 1 is not one of "a", "b"`},
		// numbers
		{schema: `{"minimum":1,"maximum":5}`, value: `0`, want: "the body is less than 1"},
		{schema: `{"minimum":1,"exclusiveMinimum":true}`, value: `1`, want: "the body has to be more than 1"},
		{schema: `{"exclusiveMaximum":5}`, value: `5`, want: "the body has to be less than 5"},
		{schema: `{"multipleOf":0.01}`, value: `1.13`},
		{schema: `{"multipleOf":0.01}`, value: `1.135`, want: "the body is no multiple of 0.01"},
		{schema: `{"type":"integer","format":"int32"}`, value: `2147483648`, want: "the body does not fit into 32 bits"},
		{schema: `{"maximum":1e999999999}`, value: `1e999999999`},
		{o: text, schema: `{"type":"integer","maximum":5}`, value: `"6"`, want: "the body is more than 5"},
		// texts
		{schema: `{"minLength":2,"maxLength":3}`, value: `"ü"`, want: "the body has 1 characters, and has to have at least 2"},
		{schema: `{"pattern":"^[a-z\\u00e4]+$"}`, value: `"ä1"`, want: "the body does not match the pattern ^[a-z\\u00e4]+$"},
		{schema: `{"pattern":"^(?!x)"}`, value: `"x"`, want: "note: the body is not compared with the pattern ^(?!x): it needs what the regular expressions here do not have"},
		{schema: `{"pattern":"/^a$/"}`, value: `"b"`, want: "note: the body is not compared with the pattern /^a$/: it stands between slashes"},
		{schema: `{"format":"date-time"}`, value: `"2026-01-02 15:04:05z"`},
		{schema: `{"format":"date-time","enum":["now"]}`, value: `"now"`},
		{schema: `{"format":"date-time"}`, value: `"yesterday"`, want: "the body is not a time, as in 2006-01-02T15:04:05Z"},
		{schema: `{"format":"uuid"}`, value: `"123E4567-e89b-12d3-a456-426614174000"`},
		{schema: `{"format":"uuid"}`, value: `"123e4567e89b12d3a456426614174000"`},
		{schema: `{"format":"uuid"}`, value: `"{123e4567-e89b-12d3-a456-426614174000}"`},
		{schema: `{"format":"uuid"}`, value: `"urn:uuid:123e4567-e89b-12d3-a456-426614174000"`},
		{schema: `{"format":"uuid"}`, value: `"123e4567-e89b-12d3-a456-42661417400g"`, want: "the body is not a UUID, as in 123e4567-e89b-12d3-a456-426614174000"},
		{schema: `{"format":"uuid"}`, value: `"7"`, want: "the body is not a UUID, as in 123e4567-e89b-12d3-a456-426614174000"},
		{schema: `{"format":"ipv4"}`, value: `"10.0.0.0/8"`},
		{schema: `{"format":"ipv6"}`, value: `"10.0.0.1"`, want: "the body is not an IPv6 address"},
		{schema: `{"format":"email"}`, value: `"nobody"`},
		// arrays
		{schema: `{"minItems":2,"uniqueItems":true,"items":{"type":"integer"}}`, value: `[1]`, want: "the body has 1 items, and has to have at least 2"},
		{schema: `{"uniqueItems":true}`, value: `[{"a":1},{"a":1}]`, want: "/1 1 is the same as item 0"},
		{schema: `{"prefixItems":[{"type":"string"}],"items":false}`, value: `["a",1]`, want: "/1 1 is not allowed"},
		{schema: `{"items":[{"type":"string"}],"additionalItems":{"type":"integer"}}`, value: `["a","b"]`, want: "/1 1 is not an integer"},
		{schema: `{"contains":{"const":1}}`, value: `[2]`, want: "the body has no item of the kind that it has to contain"},
		// objects
		{schema: `{"required":["a","b"],"properties":{"b":{"readOnly":true}}}`, value: `{}`, want: "/a a is missing"},
		{o: answer, schema: `{"required":["a"],"properties":{"a":{"writeOnly":true}}}`, value: `{}`},
		{schema: `{"required":["a","b"],"allOf":[{"properties":{"a":{"readOnly":true},"b":{}}}]}`, value: `{}`, want: "/b b is missing"},
		{schema: `{"allOf":[{"properties":{"a":{"readOnly":true}}},{"properties":{"a":{}},"required":["a"]}]}`, value: `{}`, want: "/a a is missing"},
		{schema: `{"properties":{"a":{"readOnly":true}}}`, value: `{"a":1}`, want: "warning: a is read only: the service may ignore or refuse it"},
		{schema: `{"properties":{"name":{}},"additionalProperties":false}`, value: `{"nmae":1}`, want: "/nmae nmae is not known; did you mean name?"},
		{schema: `{"additionalProperties":{"type":"integer"}}`, value: `{"a/b":"x"}`, want: "/a~1b a/b is not an integer"},
		{schema: `{"patternProperties":{"^x-":{"type":"integer"}},"additionalProperties":false}`, value: `{"x-a":1,"x-b":"2","y":3}`, want: "/x-b x-b is not an integer\n/y y is not known"},
		{schema: `{"propertyNames":{"maxLength":1}}`, value: `{"ab":1}`, want: "/ab ab can't be called that"},
		{schema: `{"dependentRequired":{"a":["b"]}}`, value: `{"a":1}`, want: "/b b is missing, which a needs"},
		{schema: `{"minProperties":1}`, value: `{}`, want: "the body has 0 members, and has to have at least 1"},
		// combinations
		{schema: `{"allOf":[{"$ref":"#/Base"},{"properties":{"x":{"type":"integer"}}}]}`, value: `{"id":"a","x":1}`}, // strictly, nothing would fit
		{schema: `{"allOf":[{"$ref":"#/Base"},{"properties":{"x":{"type":"integer"}}}]}`, value: `{"y":1}`, want: "/y y is not known"},
		{schema: `{"oneOf":[{"type":"integer"},{"type":"number"}]}`, value: `1`}, // both fit
		{schema: `{"oneOf":[{"$ref":"#/Cat"},{"$ref":"#/Dog"}],"discriminator":{"propertyName":"kind"}}`, value: `{"kind":"Cat"}`, want: "/lives lives is missing"},
		{schema: `{"oneOf":[{"$ref":"#/Cat"},{"$ref":"#/Dog"}],"discriminator":{"propertyName":"kind","mapping":{"hound":"#/Dog"}}}`, value: `{"kind":"hound","bark":1}`, want: "/bark bark is not a string"},
		{schema: `{"anyOf":[{"type":"string"},{"$ref":"#/Tree"}]}`, value: `{"name":1}`, want: "/name name is not a string (it fits none of 2 alternatives; this is the nearest)"},
		{schema: `{"not":{"required":["a"]}}`, value: `{"a":1}`, want: "the body is what the document excludes"},
		{schema: `{"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]}}`, value: `{"a":1}`, want: "/b b is missing"},
		{schema: `{"unevaluatedProperties":false,"allOf":[{"properties":{"a":{}}}]}`, value: `{"a":1,"b":2}`, want: "/b b is not known"},
		// references
		{schema: `{"$ref":"#/Tree"}`, value: `{"name":"a","children":[{"name":"b","children":[{}]}]}`, want: "/children/0/children/0/name children.0.children.0.name is missing"},
		{schema: `{"$ref":"#/Circle"}`, value: `1`, want: "note: the body is not checked to the end: its schema goes in a circle"},
		{schema: `{"$ref":"#/Nowhere"}`, value: `1`, want: "note: the body is not checked: its schema #/Nowhere is not known"},
		{o: old, schema: `{"$ref":"#/Text","minLength":5}`, value: `"a"`},
		{schema: `{"$ref":"#/Text","minLength":5}`, value: `"a"`, want: "the body has 1 characters, and has to have at least 5"},
		// what is no schema
		{schema: `[]`, value: `1`, want: "note: the body is not checked: its schema is no schema"},
		{schema: `true`, value: `1`},
		{schema: `false`, value: `1`, want: "the body is not allowed"},
	} {
		if got := found(test.o, test.schema, test.value); got != test.want {
			t.Errorf("%s of %s %+v:\n got %s\nwant %s", test.value, test.schema, test.o, got, test.want)
		}
	}
}

// TestTooMuch ends, whatever it costs.
func TestTooMuch(t *testing.T) {
	for i := range 20 {
		schemas[fmt.Sprint("#/E", i)] = fmt.Sprintf(`{"anyOf":[{"$ref":"#/E%d"},{"$ref":"#/E%d"}]}`, i+1, i+1)
	}
	schemas["#/E20"] = `{"type":"integer"}`
	schema := `{"anyOf":[{"$ref":"#/E5"},{"$ref":"#/E6"}]}`
	if got := found(check.Options{}, schema, `"x"`); !strings.Contains(got, "it is too large, or its schema is") {
		t.Errorf("got %s", got)
	}
	var many []string
	for range 500 {
		many = append(many, `"x"`)
	}
	r := check.Value(check.Options{}, jsontext.Value(`{"items":{"type":"integer"}}`), jsontext.Value("["+strings.Join(many, ",")+"]"), "/v", "")
	if last := r.Problems[len(r.Problems)-1].Message; len(r.Problems) != 101 || last != "and 400 problems more" {
		t.Errorf("%d problems, the last %q", len(r.Problems), last)
	}
}

// TestSecretsAreNotShown: a value may be a password.
func TestSecretsAreNotShown(t *testing.T) {
	for _, schema := range []string{`{"type":"integer"}`, `{"enum":["a"]}`, `{"maxLength":2}`, `{"pattern":"^[0-9]$"}`, `{"format":"uuid"}`, `{"const":"x"}`} {
		if got := found(check.Options{}, schema, `"hunter2"`); got == "" || strings.Contains(got, "hunter2") {
			t.Errorf("%s says %q", schema, got)
		}
	}
}
