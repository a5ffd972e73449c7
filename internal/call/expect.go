package call

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/check"
	"carnet.dev/carnet/internal/model"
)

// Compare compares an answer that was read whole with what the document says of it. What differs is a warning: the answer is what
// it is.
func (a *Answer) Compare(op *model.Operation, lookup Lookup, old bool) (warnings []fault.Problem) {
	warn := func(text string) []fault.Problem { return []fault.Problem{{Message: text}} }
	r := expected(op.Responses, a.Status)
	if r == nil {
		if len(op.Responses) == 0 {
			return nil
		}
		return warn("the document does not know an answer with the status " + strconv.Itoa(a.Status))
	}
	kind := a.Header.Get("Content-Type")
	if len(a.Body) == 0 || len(r.Types) == 0 && len(r.Schemas) == 0 {
		return nil
	}
	schema, known := jsontext.Value(nil), len(r.Types) == 0
	for _, t := range r.Types {
		if covers(t, kind) {
			schema, known = r.Schemas[t], true
			break
		}
	}
	if !known {
		return warn("the document does not know an answer of the media type " + essence(kind))
	}
	if len(schema) == 0 {
		schema = r.Schemas["*/*"] // OpenAPI 2.0 has one for all
	}
	data, encoding := a.Data()
	if !isJSON(kind) || encoding != "" {
		return nil
	}
	if !jsontext.Value(a.Body).IsValid(jsontext.AllowDuplicateNames(true)) && data.Kind() == '"' {
		return warn("the answer is no JSON, though it says so")
	}
	report := check.Value(check.Options{Lookup: lookup, Old: old, Answer: true}, schema, data, "/data", "data")
	return append(append(warnings, report.Problems...), report.Notes...)
}

// expected is what the document says of a status: that one, its class, or all others (OpenAPI 3.2, 4.16).
func expected(all []model.Response, status int) *model.Response {
	code := strconv.Itoa(status)
	for _, wanted := range []string{code, code[:1] + "XX", code[:1] + "xx", "default"} {
		for i := range all {
			if all[i].Status == wanted {
				return &all[i]
			}
		}
	}
	return nil
}
