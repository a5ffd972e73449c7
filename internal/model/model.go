// Package model is what the rest of Carnet knows of an OpenAPI document: a [Model] with its servers and security schemes,
// and its [Operation]s. It reads no documents (package openapi does) and keeps none (package store does).
package model

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
)

// A Model is an imported document without its operations, which are read one at a time.
type Model struct {
	VersionID     string   `json:"versionId"` // title:version; unique
	Title         string   `json:"title"`
	Version       string   `json:"version"`
	Description   string   `json:"description,omitzero"`
	Specification string   `json:"specification"`    // "OpenAPI 3.0.3", "Swagger 2.0"
	Origin        string   `json:"origin,omitzero"`  // the URL that the document came from; relative URLs resolve against it
	Digest        string   `json:"digest"`           // SHA-256 of the document, in hex; names its stored parts
	Operations    int      `json:"operations"`       // how many
	Servers       []Server `json:"servers,omitzero"` // in the order of the document; URLs as they stand there
	// OperationServers are those of single paths and operations, each once.
	OperationServers []Server        `json:"operationServers,omitzero"`
	Schemes          []Scheme        `json:"schemes,omitzero"`  // in the order of the document
	Tags             []Tag           `json:"tags,omitzero"`     // those that the document describes
	Warnings         []fault.Problem `json:"warnings,omitzero"` // what was wrong and could be lived with
	Imported         time.Time       `json:"imported"`
}

// Scheme returns the security scheme of that name.
func (m *Model) Scheme(name string) (Scheme, bool) {
	for _, s := range m.Schemes {
		if s.Key == name {
			return s, true
		}
	}
	return Scheme{}, false
}

// A Tag is what the document says of a tag of operations. Since OpenAPI 3.2 tags may be inside of others.
type Tag struct {
	Name        string `json:"name"`
	Summary     string `json:"summary,omitzero"`
	Description string `json:"description,omitzero"`
	Parent      string `json:"parent,omitzero"` // the name of another
	Kind        string `json:"kind,omitzero"`   // nav, badge, audience...
}

// A Server is an entry of `servers` (OpenAPI 3.1, 4.8.5); for OpenAPI 2.0 made of schemes, host and basePath.
type Server struct {
	URL         string                    `json:"url"`           // may be relative, and hold {variables}
	Name        string                    `json:"name,omitzero"` // for people to choose by (OpenAPI 3.2)
	Description string                    `json:"description,omitzero"`
	Variables   map[string]ServerVariable `json:"variables,omitzero"`
}

// A ServerVariable is a {variable} of a server's URL.
type ServerVariable struct {
	Default     string   `json:"default"`
	Enum        []string `json:"enum,omitzero"`
	Description string   `json:"description,omitzero"`
}

// An Operation is all that is needed to build a request for it and to show it to a person. Its schemas are JSON as it stands
// in the document; a "$ref" inside is looked up among the model's stored schemas when somebody needs it, so an operation
// stays small and cycles do no harm.
type Operation struct {
	Summary
	Description string      `json:"description,omitzero"`
	Parameters  []Parameter `json:"parameters,omitzero"` // the path item's and the operation's, references resolved
	Body        *Body       `json:"body,omitzero"`
	Responses   []Response  `json:"responses,omitzero"`
	// Security is what the operation wants, or else the document: alternatives, the first that can be met is used. Empty but
	// not nil: none is needed. Nil: the document says nothing.
	Security []Requirement `json:"security,omitzero"`
	// Servers are the operation's own, or its path's; nil: the model's.
	Servers []Server `json:"servers,omitzero"`
}

// A Summary is an operation's line in a list.
type Summary struct {
	ID         string   `json:"id"`     // the operationId, or one made of method and path; unique within the model
	Method     string   `json:"method"` // upper case, but for those that only OpenAPI 3.2's additionalOperations can name
	Path       string   `json:"path"`   // the template, such as /users/{id}
	Summary    string   `json:"summary,omitzero"`
	Tags       []string `json:"tags,omitzero"`
	Deprecated bool     `json:"deprecated,omitzero"`
}

// A Requirement is a set of security schemes that must all be met (AND), with the scopes that each needs.
type Requirement map[string][]string

// Where a parameter goes.
const (
	InPath   = "path"
	InQuery  = "query"
	InHeader = "header"
	InCookie = "cookie"
	// InQuerystring is the whole query, written as a media type (OpenAPI 3.2, 4.12.2).
	InQuerystring = "querystring"
)

// A Parameter is an argument of an operation outside its body. Style and Explode are filled in with OpenAPI 3's defaults;
// OpenAPI 2.0's collectionFormat is translated, with the additional style "tabDelimited" for tsv; there, what is delimited may be
// in a path or header too.
type Parameter struct {
	Name          string         `json:"name"`
	In            string         `json:"in"`
	Required      bool           `json:"required,omitzero"`
	Deprecated    bool           `json:"deprecated,omitzero"`
	Description   string         `json:"description,omitzero"`
	Style         string         `json:"style"`
	Explode       bool           `json:"explode,omitzero"`
	AllowReserved bool           `json:"allowReserved,omitzero"`
	AllowEmpty    bool           `json:"allowEmptyValue,omitzero"`
	Default       jsontext.Value `json:"default,omitzero"`     // of its schema, references resolved; the only value there is, if an enum or const has but one
	ContentType   string         `json:"contentType,omitzero"` // the parameter is serialized as this media type, not by style
	Type          string         `json:"type,omitzero"`        // of its schema, references resolved: string, integer, array, object...; "" if several or none
	ItemType      string         `json:"itemType,omitzero"`    // of the items of an array
	Schema        jsontext.Value `json:"schema,omitzero"`
	Example       jsontext.Value `json:"example,omitzero"`
}

// A Body is an operation's request body.
type Body struct {
	Required    bool        `json:"required,omitzero"`
	Description string      `json:"description,omitzero"`
	Content     []MediaType `json:"content"` // in the order of the document
}

// A MediaType is one form that a body may take.
type MediaType struct {
	Type   string         `json:"type"` // such as application/json
	Schema jsontext.Value `json:"schema,omitzero"`
	// ItemSchema is of each item, if the body is a sequence of them (OpenAPI 3.2, 4.14).
	ItemSchema jsontext.Value `json:"itemSchema,omitzero"`
	Example    jsontext.Value `json:"example,omitzero"`
	// Encoding says how members are written into a form, or as parts.
	Encoding map[string]Encoding `json:"encoding,omitzero"`
}

// An Encoding says how a field of a form, or a part of a multipart body, is written (OpenAPI 3.2, 4.15).
type Encoding struct {
	ContentType   string      `json:"contentType,omitzero"` // perhaps several, divided by commas
	Headers       []Parameter `json:"headers,omitzero"`     // of a part
	Style         string      `json:"style,omitzero"`       // as a query parameter's; "": as a media type
	Explode       bool        `json:"explode,omitzero"`
	AllowReserved bool        `json:"allowReserved,omitzero"`
}

// A Response is what the document says of an answer.
type Response struct {
	Status      string   `json:"status"` // "200", "4XX", "default"
	Description string   `json:"description,omitzero"`
	Types       []string `json:"types,omitzero"` // media types
	// Schemas of the media types that have one.
	Schemas map[string]jsontext.Value `json:"schemas,omitzero"`
}
