package server

import "reflect"

// A Route is what the tests may know of one.
type Route struct {
	Method, Path, ID, Summary string
	Query                     []string
	Open                      bool
	In, Out                   reflect.Type // nil: none
	Model                     bool         // its errors are lists of problems
}

// Routes returns the table of routes.
func Routes() []Route {
	var all []Route
	for _, r := range routes() {
		all = append(all, Route{r.method, r.path, r.id, r.summary, r.query, r.open, r.in, r.out, r.size == forModel})
	}
	return all
}

// Types of bodies that are not JSON objects.
var (
	DocumentType = reflect.TypeFor[document]()
	TextType     = reflect.TypeFor[text]()
	PageType     = reflect.TypeFor[page]()
	GrantType    = reflect.TypeFor[grant]()
)

// OpenAPI is the embedded document.
func OpenAPI() []byte { return openAPI }
