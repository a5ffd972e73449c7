package web

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

func runRoutes() []route {
	return []route{
		{pattern: "GET " + root + "/integrations/{name}/run", serve: showRun},
		{pattern: "POST " + root + "/integrations/{name}/run", serve: runOperation, limit: maxTask},
		{pattern: "POST " + root + "/integrations/{name}/preview", serve: previewRun, limit: maxTask},
	}
}

// runPage is an operation to be run on an integration: which, with what, as which request, and what was answered.
type runPage struct {
	Name, Search string
	Found        api.OperationList
	Operation    *api.Operation
	Arguments    []argument
	Types        []string // of a body
	Type, Body   string
	Required     bool // the body
	BodyHelp     string
	Preview      *preview
	Answer       *answer
	self         string
}

// An argument is an operation's parameter as an input.
type argument struct {
	api.Parameter
	ID, Field string // of the element, and how the task calls it
	Value     string
	Hint      string // an example
	Choices   []string
	JSON      bool
}

// A preview is the request as it would be sent, secrets masked, and what sends the same from a shell.
type preview struct {
	Request      *api.Request
	Curl, Carnet string
	Failure      *failure
}

// An answer is what came back.
type answer struct {
	api.Result
	Ms          int // until the answer was there
	Pretty, Raw string
	Size        int
	Cut         bool
	Names       []string // of the headers
}

// mostAnswer bounds how much of an answer a page shows.
const mostAnswer = 256 << 10

const operationsShown = 40

func showRun(v *visit) error {
	p, err := v.run()
	if err != nil {
		return err
	}
	return v.showRun(p, nil)
}

func (v *visit) showRun(p runPage, err error) error {
	return v.show(page{Title: "Run on " + p.Name, Name: "run", Nav: "overview", Data: p, Err: err})
}

// run reads the operation that is chosen, and its form with examples in it.
func (v *visit) run() (p runPage, err error) {
	ctx, in := v.r.Context(), v.r.URL.Query()
	p = runPage{Name: v.r.PathValue("name"), Search: in.Get("search")}
	p.self = integrationURL(p.Name, "run")
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
	p.Operation = &op
	for _, parameter := range op.Parameters {
		p.Arguments = append(p.Arguments, newArgument(parameter, op.Parameters))
	}
	if op.Body != nil {
		p.Required, p.BodyHelp = op.Body.Required, op.Body.Description
		for i, content := range op.Body.Content {
			p.Types = append(p.Types, content.Type)
			if i == 0 {
				p.Type, p.Body = content.Type, bodyExample(content, op.Schemas)
			}
		}
	}
	return p, nil
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

func bodyExample(m api.MediaType, schemas map[string]json.RawMessage) string {
	if len(m.Example) > 0 {
		if s := text(m.Example); s != "" && !strings.Contains(m.Type, "json") {
			return s
		}
		return pretty(m.Example)
	}
	if strings.Contains(m.Type, "json") || strings.Contains(m.Type, "form") {
		return exampleOf(m.Schema, schemas)
	}
	return ""
}

// newArgument makes the input of a parameter. What is required has an example filled in; elsewhere it is a hint, for an optional
// argument that nobody thought of should not be sent.
func newArgument(p api.Parameter, all []api.Parameter) argument {
	a := argument{Parameter: p, ID: "p-" + p.In + "-" + p.Name, Field: p.Name}
	if slices.ContainsFunc(all, func(other api.Parameter) bool { return other.Name == p.Name && other.In != p.In }) {
		a.Field = p.In + "." + p.Name
	}
	a.JSON = p.Type == "array" || p.Type == "object"
	var s struct {
		Enum []any `json:"enum"`
	}
	if json.Unmarshal(p.Schema, &s) == nil {
		for _, choice := range s.Enum {
			raw, _ := json.Marshal(choice) // it was JSON
			a.Choices = append(a.Choices, plain(raw))
		}
	}
	if p.Type == "boolean" {
		a.Choices = []string{"true", "false"}
	}
	a.Hint = plain(p.Example)
	if a.Hint == "" {
		a.Hint = plain(json.RawMessage(exampleOf(p.Schema, nil)))
	}
	if p.Required {
		a.Value = a.Hint
	}
	return a
}

// plain is a JSON text without its quotes, anything else as it is.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var compact strings.Builder
	var any any
	if json.Unmarshal(raw, &any) == nil {
		e := json.NewEncoder(&compact)
		e.SetEscapeHTML(false)
		if e.Encode(any) == nil {
			return strings.TrimSpace(compact.String())
		}
	}
	return string(raw)
}

// task reads what was filled in.
func (v *visit) task(p *runPage) (t api.Task, err error) {
	if err := v.r.ParseForm(); err != nil {
		return t, fault.New(fault.Invalid, "the form is not well formed, or too large")
	}
	in := v.r.PostForm
	t.Parameters = map[string]json.RawMessage{}
	for i := range p.Arguments {
		a := &p.Arguments[i]
		a.Value = in.Get("p:" + a.Field)
		switch {
		case a.Value == "":
		case a.JSON && json.Valid([]byte(a.Value)):
			t.Parameters[a.Field] = json.RawMessage(a.Value)
		default:
			t.Parameters[a.Field] = quoted(a.Value)
		}
	}
	p.Body, p.Type = unix(in.Get("body")), in.Get("type")
	if strings.TrimSpace(p.Body) == "" {
		return t, nil
	}
	t.BodyContentType = p.Type
	if t.RequestBodyPayload = json.RawMessage(p.Body); !json.Valid(t.RequestBodyPayload) || !structured(p.Type) {
		if strings.Contains(p.Type, "json") {
			return t, fault.New(fault.Invalid, "the body is not JSON").WithHint("a comma, a quote or a bracket may be missing or too many")
		}
		t.RequestBodyPayload = quoted(p.Body)
	}
	return t, nil
}

// structured reports whether a body of that type is written as JSON.
func structured(mediaType string) bool {
	return strings.Contains(mediaType, "json") || strings.Contains(mediaType, "form") || strings.Contains(mediaType, "xml")
}

// previewRun shows the request without sending it.
func previewRun(v *visit) error {
	p, t, err := v.prepared()
	if err != nil {
		return err
	}
	p.Preview = v.preview(p, t)
	return v.showRun(p, nil)
}

func (v *visit) prepared() (p runPage, t api.Task, err error) {
	if p, err = v.run(); err != nil {
		return p, t, err
	}
	if p.Operation == nil {
		return p, t, fault.New(fault.Invalid, "no operation is chosen").WithHint("choose one from the list")
	}
	t, err = v.task(&p)
	return p, t, err
}

func (v *visit) preview(p runPage, t api.Task) *preview {
	t.DryRun = true
	shown, err := v.hub.RunOperation(v.r.Context(), v.caller, p.Name, p.Operation.ID, t)
	if err != nil {
		return &preview{Failure: explain(err, v.w.ID)}
	}
	return &preview{Request: shown.Request, Curl: curl(shown.Request), Carnet: carnet(p, t)}
}

// runOperation sends it.
func runOperation(v *visit) error {
	p, t, err := v.prepared()
	if p.Operation == nil {
		return err
	}
	if err != nil {
		return v.showRun(p, err)
	}
	start := time.Now()
	result, err := v.hub.RunOperation(v.r.Context(), v.caller, p.Name, p.Operation.ID, t)
	if err != nil {
		return v.showRun(p, err)
	}
	p.Answer = newAnswer(result, time.Since(start))
	p.Preview = v.preview(p, t)
	return v.showRun(p, nil)
}

func newAnswer(r api.Result, took time.Duration) *answer {
	a := &answer{Result: r, Ms: int(took.Milliseconds()), Names: slices.Sorted(maps.Keys(r.Headers))}
	a.Raw = string(r.Data)
	var s string
	if json.Unmarshal(r.Data, &s) == nil {
		a.Raw = s
	} else {
		a.Pretty = pretty(r.Data)
	}
	a.Size = len(a.Raw)
	if r.Encoding == "base64" {
		a.Size = base64.StdEncoding.DecodedLen(len(s)) - strings.Count(s, "=")
		a.Raw = ""
	}
	a.Raw, a.Cut = cut(a.Raw)
	a.Pretty, _ = cut(a.Pretty)
	return a
}

func cut(text string) (string, bool) {
	if len(text) <= mostAnswer {
		return text, false
	}
	return strings.ToValidUTF8(text[:mostAnswer], ""), true
}

// shell is a text as a shell wants it.
func shell(text string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@=+,"
	if text != "" && strings.Trim(text, safe) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// curl is the request for a shell, its secrets masked as they are shown.
func curl(r *api.Request) string {
	parts := []string{"curl"}
	if r.Method != "GET" {
		parts = append(parts, "-X "+r.Method)
	}
	parts = append(parts, shell(r.URL))
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		for _, value := range r.Headers[name] {
			parts = append(parts, "-H "+shell(name+": "+value))
		}
	}
	if r.Body != "" {
		parts = append(parts, "--data-raw "+shell(r.Body))
	}
	return strings.Join(parts, " \\\n  ")
}

// carnet is the task as a command, which needs no secret.
func carnet(p runPage, t api.Task) string {
	parts := []string{"carnet run " + shell(p.Name) + " " + shell(p.Operation.ID)}
	for _, a := range p.Arguments {
		switch raw := t.Parameters[a.Field]; {
		case raw == nil:
		case a.JSON && !strings.HasPrefix(string(raw), `"`):
			parts = append(parts, "-p "+shell(a.Field+":="+string(raw)))
		case strings.HasPrefix(a.Value, "@"):
			parts = append(parts, "-p "+shell(a.Field+"=@"+a.Value))
		default:
			parts = append(parts, "-p "+shell(a.Field+"="+a.Value))
		}
	}
	if len(t.RequestBodyPayload) > 0 {
		body := p.Body
		if strings.HasPrefix(body, "@") {
			body = "@" + body
		}
		parts = append(parts, "-d "+shell(body))
	}
	return strings.Join(parts, " \\\n  ")
}
