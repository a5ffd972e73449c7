// Package api holds the JSON types of Carnet's HTTP API. Names in JSON are those of the API that Carnet is a drop-in for;
// fields of Carnet's own come in the same style. Nothing here holds a secret in the clear when it leaves a server.
package api

import (
	"encoding/json"
	"time"

	"carnet.dev/carnet/fault"
)

// ModelPrefix stands before a versionId in the `model` of models and integrations.
const ModelPrefix = "@itential/adapter_"

// A Model is an integration model, as GET /integration-models/{versionId} answers.
type Model struct {
	Model         string          `json:"model"` // ModelPrefix + VersionID
	VersionID     string          `json:"versionId"`
	Description   string          `json:"description"`
	Properties    json.RawMessage `json:"properties,omitempty"` // the settings of a new integration, to be filled in
	Title         string          `json:"title,omitempty"`
	Version       string          `json:"version,omitempty"`
	Specification string          `json:"specification,omitempty"` // "OpenAPI 3.0.3"
	Origin        string          `json:"origin,omitempty"`
	Operations    int             `json:"operations"`
	Schemes       []Scheme        `json:"schemes"`
	Servers       []string        `json:"servers"`
	Tags          []Tag           `json:"tags,omitempty"` // those that the document describes
	Warnings      []fault.Problem `json:"warnings"`
	Imported      time.Time       `json:"imported"`
}

// A Scheme is a security scheme in few words.
type Scheme struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Detail string   `json:"detail,omitempty"` // "bearer", "header X-API-Key", "clientCredentials, password"
	Fields []string `json:"fields,omitempty"` // that a person fills in
	Hint   string   `json:"hint,omitempty"`   // what a person has to do beyond that, as a command on an integration NAME
}

// A Tag is what a document says of a tag of operations.
type Tag struct {
	Name        string `json:"name"`
	Summary     string `json:"summary,omitempty"`
	Description string `json:"description,omitempty"`
	Parent      string `json:"parent,omitempty"` // the name of another
	Kind        string `json:"kind,omitempty"`
}

// A ModelList is the answer of GET /integration-models.
type ModelList struct {
	IntegrationModels []Model `json:"integrationModels"`
	Total             int     `json:"total"`
}

// A ModelRequest is the body of POST and PUT /integration-models, and of PUT /integration-models/validation.
type ModelRequest struct {
	// Model is the OpenAPI document as JSON, or a JSON string that holds it as JSON or YAML text.
	Model json.RawMessage `json:"model,omitempty"`
	// URL is where the server fetches the document from, in place of Model.
	URL string `json:"url,omitempty"`
	// Origin is the URL that Model came from, against which its relative URLs resolve.
	Origin string `json:"origin,omitempty"`
	// Name is the path of the file that Model came from, for people, and for a document without a title.
	Name string `json:"name,omitempty"`
	// Documents are the files that relative references in Model lead to, as texts by their paths; Name is one beside them.
	Documents map[string]string `json:"documents,omitempty"`
}

// Done is the answer of a change that returns no more than its success.
type Done struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// Created is the answer of a change that returns what it made.
type Created[T any] struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Data    T      `json:"data"`
}

// A Validation is the answer of PUT /integration-models/validation. Message is a text, or the list of problems.
type Validation struct {
	Status  string          `json:"status"`
	Message json.RawMessage `json:"message"`
}

// A Query selects from a list. The zero Query selects all.
type Query struct {
	Skip, Limit int    // Limit 0: no limit
	Sort        string // a field's name
	Order       int    // 1 or 0 ascending, -1 descending
	// Each pair keeps the entries whose field has the text in it, equal to it, or at its beginning.
	Contains, ContainsField     string
	Equals, EqualsField         string
	StartsWith, StartsWithField string
	Model                       string // integrations only: of this model, by either name
}

// A Preview is the answer of PUT /integration-models/preview: the model that a document would be. Nothing is stored for it.
type Preview struct {
	Model  Model `json:"model"`
	Exists bool  `json:"exists"` // there is a model of this title and version already
}
