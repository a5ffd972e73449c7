package gallery

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

func models() []Scene {
	shopAt := models_ + "/" + url.PathEscape("Pet Shop:2.1")
	return []Scene{
		{Name: "models-empty", Title: "no models yet", path: models_, world: empty},
		{Name: "models-empty-viewer", Title: "no models, for whoever may only look", path: models_, world: empty, role: "viewer"},
		{Name: "models", Title: "the first page of models", path: models_},
		{Name: "models-last", Title: "the last page", path: models_ + "?skip=50"},
		{Name: "models-nothing", Title: "no model found", path: models_ + "?search=no+such+thing"},
		{Name: "model", Title: "a model", path: shopAt},
		{Name: "model-viewer", Title: "a model for whoever may only look", path: shopAt, role: "viewer"},
		{Name: "model-search", Title: "operations found", Part: "found", path: shopAt + "?search=photo"},
		{Name: "model-nothing", Title: "no operation found", Part: "found", path: shopAt + "?search=no+such+thing"},
		{Name: "model-bare", Title: "a model without schemes, servers or integrations", path: models_ + "/" + url.PathEscape("Service 47:1")},
		{Name: "model-delete-refused", Title: "a model that is in use", path: shopAt + "/delete", form: url.Values{}},
		{Name: "import", Title: "importing a model", path: models_ + "/import"},
		{Name: "import-progress", Title: "while a document is sent and read", path: models_ + "/import",
			meanwhile: strings.NewReplacer(`<form id="document" method="post" action="/ui/models/check" enctype="multipart/form-data" class="stack"`, `<form id="document" method="post" action="/ui/models/check" enctype="multipart/form-data" class="stack htmx-request"`)},
		{Name: "import-nothing", Title: "no document given", path: models_ + "/check", form: url.Values{}},
		{Name: "import-no-json", Title: "a text that is no document", path: models_ + "/check", form: url.Values{"text": {"{\"openapi\": \"3.0.3\",\n  \"info\": {\"title\" \"Pet Shop\"}}"}}},
		{Name: "import-no-openapi", Title: "JSON that is no OpenAPI document", path: models_ + "/check", form: url.Values{"text": {`{"title": "Pet Shop", "paths": []}`}}},
		{Name: "import-report", Title: "a document that can be imported", Part: "report", path: models_ + "/check", form: url.Values{"text": {text(plain(99))}}},
		{Name: "import-imperfect", Title: "the report on an imperfect document", Part: "report", path: models_ + "/check", form: url.Values{"text": {imperfect}}},
		{Name: "import-severities", Title: "problems of every severity, in several files", Part: "report", path: models_ + "/check", form: url.Values{"text": {text(plain(99))}}, canned: canned{preview: severities(0)}},
		{Name: "import-many-warnings", Title: "more problems than are shown", Part: "report", path: models_ + "/check", form: url.Values{"text": {text(plain(99))}}, canned: canned{preview: severities(250)}},
		{Name: "import-exists", Title: "a document of a model that is there, without changes", Part: "report", path: models_ + "/check", form: url.Values{"text": {text(shop())}}},
		{Name: "update", Title: "updating a model", path: models_ + "/import?update=" + url.QueryEscape("Pet Shop:2.1")},
		{Name: "update-changes", Title: "what a newer document changes", Part: "report", path: models_ + "/check", form: url.Values{"text": {text(newerShop())}, "update": {"Pet Shop:2.1"}}},
		{Name: "update-other", Title: "a document of another title", Part: "report", path: models_ + "/check", form: url.Values{"text": {text(plain(99))}, "update": {"Pet Shop:2.1"}}},
		{Name: "update-refused", Title: "an update that would break credentials", Part: "report", path: models_ + "/update", form: url.Values{"text": {text(newerShop())}, "update": {"Pet Shop:2.1"}}},
	}
}

func text(document any) string {
	raw, err := json.Marshal(document)
	if err != nil {
		panic(err) // it is made of maps and texts
	}
	return string(raw)
}

// imperfect is as documents are in the wild.
const imperfect = `openapi: 3.0.1
info: {title: Old Shop}
servers: [{url: /v1}]
paths:
  /pets/{id}:
    get:
      parameters: [{name: filter, in: somewhere}, {$ref: '#/components/parameters/Missing'}]
      responses: {}
    fetch: {}
  pets:
    get: {operationId: getPet, responses: {}}
`

// severities is a report that no single document has.
func severities(more int) *api.Preview {
	p := &api.Preview{Model: api.Model{VersionID: "Service 99:1", Title: "Service 99", Version: "1", Specification: "OpenAPI 3.1.0", Operations: 1, Imported: time.Time{}, Schemes: []api.Scheme{}, Servers: []string{},
		Warnings: []fault.Problem{
			{Pointer: "/paths/~1status/get", Message: "there is no server for this operation", Severity: fault.Severe, Rule: "no-server", File: "openapi.json", Line: 3, Column: 14},
			{Pointer: "/components/schemas/Pet", Message: "the reference #/components/schemas/Pat leads nowhere", Severity: fault.Warning, File: "schemas/pet.yaml", Line: 12, Column: 3},
			{Pointer: "/info", Message: "there is no description", Severity: fault.Note, Line: 2},
			{Message: "the document has no tags"},
		}}}
	for n := range more {
		p.Model.Warnings = append(p.Model.Warnings, fault.Problem{Pointer: fmt.Sprintf("/paths/%d", n), Message: "there is no response", Severity: fault.Warning})
	}
	return p
}
