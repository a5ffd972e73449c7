package server

import _ "embed" // the API's own document

//go:generate go test -run ^TestDocument$ -update .

// openAPI is the API's own OpenAPI document, made from the routes and from package api; docs/openapi.json is a copy.
//
//go:embed openapi.json
var openAPI document
