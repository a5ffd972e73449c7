package openapi

import (
	"bytes"

	"carnet.dev/carnet/internal/openapi/tree"
)

// nameMaps are objects whose members have names of the document's choosing, not the specification's.
var nameMaps = map[string]bool{
	"properties": true, "patternProperties": true, "definitions": true, "$defs": true, "dependentSchemas": true,
	"schemas": true, "responses": true, "parameters": true, "requestBodies": true, "headers": true, "securitySchemes": true,
	"securityDefinitions": true, "links": true, "callbacks": true, "pathItems": true, "mediaTypes": true, "paths": true, "webhooks": true,
	"content": true, "encoding": true, "variables": true, "additionalOperations": true,
}

// data are members that hold values of the API's, in which a "$ref" is a member like any other.
var data = map[string]bool{"example": true, "default": true, "enum": true, "const": true, "value": true, "dataValue": true}

// references calls found with every "$ref" inside a value that is one, and every name of a schema that a discriminator maps to.
func references(v tree.Value, found func(ref tree.Value)) {
	walker{}.walk(v, false, func(object tree.Value) { referred(object, found) })
}

// referred calls found with what an object itself refers to.
func referred(object tree.Value, found func(ref tree.Value)) {
	if ref := object.Get("$ref"); ref.Kind() == '"' {
		found(ref)
	}
	for _, target := range object.Get("discriminator").Get("mapping").Members() {
		if target.Kind() == '"' {
			found(target)
		}
	}
}

// A walker goes through a value; through extensions too, if it is told to: what a "$ref" leads to may stand there.
type walker struct{ extensions bool }

// walk calls found with every object inside a value that the specification gives a meaning; named: the value is a map of names.
func (w walker) walk(v tree.Value, named bool, found func(object tree.Value)) {
	switch v.Kind() {
	case '[':
		for item := range v.Items() {
			w.walk(item, false, found)
		}
	case '{':
		if !named {
			found(v)
		}
		for name, member := range v.Entries() {
			kind := member.Kind()
			if kind != '{' && kind != '[' {
				continue
			}
			switch {
			case named:
				w.walk(member, false, found)
			case data[string(name)]:
			case string(name) == "examples": // of schemas, values; elsewhere objects, by name
				for _, example := range member.Members() {
					if example.Kind() == '{' {
						found(example)
					}
				}
			case string(name) == "discriminator", !w.extensions && bytes.HasPrefix(name, []byte("x-")):
			default:
				w.walk(member, kind == '{' && nameMaps[string(name)], found)
			}
		}
	}
}

// plainName reports whether a discriminator's target is the name of a schema, and no reference.
func plainName(ref tree.Value) bool {
	return !bytes.ContainsAny(ref.Raw(), "/#.")
}
