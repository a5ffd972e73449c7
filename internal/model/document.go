package model

import "github.com/go-json-experiment/json/jsontext"

// A Document is what reading an OpenAPI document yields: the model, its operations in the order of the document, and every
// schema that a "$ref" names.
type Document struct {
	Model      Model
	Operations []Operation
	Schemas    []NamedSchema
	JSON       []byte // the whole document as JSON; YAML is converted
}

// A NamedSchema is the target of a "$ref".
type NamedSchema struct {
	Ref   string         `json:"ref"` // as it is written: "#/components/schemas/User"
	Value jsontext.Value `json:"value"`
}
