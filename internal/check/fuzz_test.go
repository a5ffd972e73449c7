package check_test

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/check"
)

// FuzzValue: whatever the schema and the value, comparing them ends.
func FuzzValue(f *testing.F) {
	f.Add(`{"$ref":"#","allOf":[{"$ref":"#"}],"type":"object"}`, `{"a":[1,"x",null]}`, true)
	f.Add(`{"properties":{"a":{"enum":[1,"x"],"minimum":1e9999,"pattern":"(?=a)"}},"additionalProperties":false}`, `{"b":1e999999}`, false)
	f.Add(`{"oneOf":[{"$ref":"#"},false],"discriminator":{"propertyName":"a"},"not":{},"if":true,"then":{"const":null}}`, `{"a":"x"}`, false)
	f.Add(`{"items":[{"format":"date-time"}],"contains":{"multipleOf":0},"uniqueItems":true}`, `["x",{},[]]`, true)
	f.Fuzz(func(t *testing.T, schema, value string, text bool) {
		self := jsontext.Value(schema)
		check.Value(check.Options{Lookup: func(string) jsontext.Value { return self }, Text: text, Answer: !text}, self, jsontext.Value(value), "/v", "v")
	})
}
