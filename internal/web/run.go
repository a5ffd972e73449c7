package web

import (
	"net/http"
	"net/url"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

func runRoutes() []route {
	return []route{
		{pattern: "GET " + root + "/integrations/{name}/run", serve: showRun},
		{pattern: "POST " + root + "/integrations/{name}/run", serve: runOperation, files: true},
		{pattern: "POST " + root + "/integrations/{name}/download", serve: keepAnswer, files: true},
		{pattern: "POST " + root + "/integrations/{name}/preview", serve: previewRun, files: true},
		{pattern: "POST " + root + "/integrations/{name}/form", serve: reshape, files: true},
	}
}

// runPage is an operation to be run on an integration: which, with what, as which request, and what was answered.
type runPage struct {
	Name, Search string
	Found        api.OperationList
	Operation    *api.Operation
	Form         *taskForm
	Preview      *preview
	Answer       *answer
	MostUpload   int64 // bytes of files
	self         string
}

const operationsShown = 40

func showRun(v *visit) error {
	p, err := v.run(nil)
	if err != nil {
		return err
	}
	return v.showRun(p, nil)
}

func (v *visit) showRun(p runPage, err error) error {
	return v.show(page{Title: "Run on " + p.Name, Name: "run", Nav: "overview", Data: p, Err: err})
}

// run reads the operation that is chosen, and makes its form of what was posted; nil: nothing was.
func (v *visit) run(posted url.Values) (p runPage, err error) {
	ctx, in := v.r.Context(), v.r.URL.Query()
	p = newRunPage(v.r.PathValue("name"), in.Get("search"))
	p.MostUpload = v.mostUpload
	if p.Found, err = v.hub.Operations(ctx, v.caller, p.Name, p.Search, api.Query{Limit: operationsShown}); err != nil {
		return p, err
	}
	id := in.Get("operation")
	if id == "" {
		return p, nil
	}
	op, err := v.hub.Operation(ctx, v.caller, p.Name, id)
	if err != nil {
		return p, err
	}
	p.Operation, p.Form = &op, newTaskForm(op, posted)
	return p, nil
}

func newRunPage(name, search string) runPage {
	return runPage{Name: name, Search: search, self: integrationURL(name, "run")}
}

// URL is the page with another operation, or another search.
func (p runPage) URL(operation string) string {
	query := url.Values{"operation": {operation}}
	if p.Search != "" {
		query.Set("search", p.Search)
	}
	return p.self + "?" + query.Encode()
}

// To is where the form goes.
func (p runPage) To(what string) string {
	return integrationURL(p.Name, what) + "?" + url.Values{"operation": {p.Operation.ID}, "search": {p.Search}}.Encode()
}

// prepared reads a form that was posted. The files that come with it are read later.
func (v *visit) prepared() (p runPage, in *posted, err error) {
	if in, err = v.posted(); err != nil {
		return p, nil, err
	}
	if p, err = v.run(in.Values); err == nil && p.Operation == nil {
		err = fault.New(fault.Invalid, "no operation is chosen").WithHint("choose one from the list")
	}
	return p, in, err
}

// reshape shows the form again: with an item more or less, in another shape or media type, as fields or as a text.
func reshape(v *visit) error {
	p, in, err := v.prepared()
	if err != nil {
		return err
	}
	if _, err := in.names(); err != nil {
		return err
	}
	return v.showRun(p, nil)
}

// previewRun shows the request without sending it.
func previewRun(v *visit) error {
	p, in, err := v.prepared()
	if err != nil {
		return err
	}
	files, err := in.names()
	if err != nil {
		return err
	}
	t, err := p.Form.task()
	if err != nil {
		p.Form.blame(err)
		return v.showRun(p, err)
	}
	p.Preview = v.preview(p, t, files)
	if p.Preview.err != nil {
		p.Form.blame(p.Preview.err)
	}
	return v.showRun(p, nil)
}

// runOperation sends it, with files as they come.
func runOperation(v *visit) error {
	p, in, err := v.prepared()
	if err != nil {
		return err
	}
	t, err := p.Form.task()
	if err == nil {
		start := time.Now()
		var result api.Result
		if result, err = v.sendTask(p, t, in); err == nil {
			p.Answer = newAnswer(result, p.Operation.ID, time.Since(start))
		}
	}
	if err != nil {
		p.Form.blame(err)
		return v.showRun(p, err)
	}
	files, err := in.names()
	if err != nil {
		return v.showRun(p, err)
	}
	p.Preview = v.preview(p, t, files)
	return v.showRun(p, nil)
}

func (v *visit) sendTask(p runPage, t api.Task, in *posted) (api.Result, error) {
	t.Next = in.next()
	http.NewResponseController(v.w).SetReadDeadline(time.Time{}) // how long the API takes is not for the time-out of a request to say
	return v.hub.RunOperation(v.r.Context(), v.caller, p.Name, p.Operation.ID, t)
}

// keepAnswer runs the operation, and sends the answer on as a file. An error of the API is shown instead.
func keepAnswer(v *visit) error {
	p, in, err := v.prepared()
	if err != nil {
		return err
	}
	t, err := p.Form.task()
	if err != nil {
		p.Form.blame(err)
		return v.showRun(p, err)
	}
	t.Stream = true
	start := time.Now()
	result, err := v.sendTask(p, t, in)
	if err != nil {
		p.Form.blame(err)
		return v.showRun(p, err)
	}
	defer result.Body.Close()
	if result.Status >= http.StatusBadRequest {
		if err := readWhole(&result); err != nil {
			return v.showRun(p, err)
		}
		p.Answer = newAnswer(result, p.Operation.ID, time.Since(start))
		return v.showRun(p, nil)
	}
	v.passOn(result, answerName(result.Headers, p.Operation.ID))
	return nil
}
