package hub

import (
	"encoding/json"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/model"
)

// An errand is what a caller wants of an operation, and what was noticed on the way.
type errand struct {
	operation string
	stream    bool
	check     bool          // the answer too
	wait      time.Duration // for an API that is busy
	waits     func(call.Waiting)
	arguments call.Arguments
	paging    *call.Paging     // nil: it is not about pages
	described *model.Operation // as the document has it; nil before it was read
	warnings  []fault.Problem
}

// spent says that a second try would do better, and can't be made: the body was a stream, and is gone.
func (e *errand) spent(err error) error {
	const hint = "run it again: the files have to be sent once more"
	if err != nil {
		return fault.Wrap(fault.KindOf(err), err, "the files are too large to be sent again").WithHint(hint)
	}
	e.warnings = append(e.warnings, fault.Problem{Message: "the API did not accept the token, which is replaced; the files are too large to be sent again by themselves: " + hint})
	return nil
}

// result is an answer as the API shows it.
func (e *errand) result(a *call.Answer) (api.Result, error) {
	if e.check {
		e.warnings = append(e.warnings, a.Compare(e.described, e.arguments.Lookup, e.arguments.Old)...)
	}
	page, err := e.page(a)
	if err != nil {
		return api.Result{}, err
	}
	result := api.Result{
		Page: page,
		OK:   a.Status/100 == 2, URL: a.URL, Status: a.Status, StatusText: a.StatusText,
		Headers: make(map[string]string, len(a.Header)), Warnings: e.warnings,
	}
	for name, values := range a.Header {
		result.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	if e.stream {
		result.Body = a.Stream()
		return result, nil
	}
	data, encoding := a.Data()
	result.Data, result.Encoding = json.RawMessage(data), encoding
	return result, nil
}
