package web

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/form"
)

// A taskForm is what an operation asks for: its parameters, and its body as fields or as a text.
type taskForm struct {
	Parameters []*form.Node
	More       []*form.Node // parameters that few fill in
	Body       *bodyForm    // nil: it takes none
	Files      bool         // it may come with files
}

// A bodyForm is a body to be filled in.
type bodyForm struct {
	Required  bool
	Help      string
	Types     []string // media types
	Type      string   // that is chosen
	Fields    *form.Node
	HasFields bool // it can be written as fields
	Text      string
	JSON      bool         // the text is
	File      *form.Node   // that is the whole body; nil: it can't be one
	Files     []*form.Node // parts that are files
	Example   bool         // there is one to fill in
	Wrong     string
}

// manyParameters is how many there may be before the optional ones are folded away.
const manyParameters = 8

const (
	parameterAt, bodyAt           = "p", "b"
	parameterPointer, bodyPointer = "/parameters/", "/requestBodyPayload"
)

// newTaskForm makes the form of an operation with what was posted; nil: nothing was, and examples are filled in.
func newTaskForm(op api.Operation, posted url.Values) *taskForm {
	f, edit := &taskForm{}, edit(posted.Get("do"))
	for _, p := range op.Parameters {
		n := newParameter(op, p, posted, edit)
		if !p.Required && len(op.Parameters) > manyParameters && n.JSON() == nil {
			f.More = append(f.More, n)
		} else {
			f.Parameters = append(f.Parameters, n)
		}
	}
	if op.Body != nil && len(op.Body.Content) > 0 {
		f.Body = newBodyForm(op, posted, edit)
		f.Files = slices.ContainsFunc(op.Body.Content, func(m api.MediaType) bool { return isMultipart(m.Type) || !structured(m.Type) })
	}
	return f
}

// MoreOpen reports whether something among the folded parameters is wrong, or new.
func (f *taskForm) MoreOpen() bool {
	return (&form.Node{More: f.More}).MoreOpen()
}

func newParameter(op api.Operation, p api.Parameter, posted url.Values, e edit) *form.Node {
	field := p.Name
	if slices.ContainsFunc(op.Parameters, func(other api.Parameter) bool { return other.Name == p.Name && other.In != p.In }) {
		field = p.In + "." + p.Name
	}
	schema := p.Schema
	if len(schema) == 0 && p.Type != "" {
		schema = json.RawMessage(`{"type":` + string(quoted(p.Type)) + `}`)
	}
	root := form.Root{At: form.At(parameterAt, field), Pointer: parameterPointer + field, Label: p.Name, Required: p.Required}
	example := p.Example
	if len(example) == 0 {
		example = p.Default
	}
	n := form.Maker{Schemas: op.Schemas}.Make(root, schema, example, e.value(posted, root.At))
	n.Type = strings.TrimSuffix(p.In+", "+n.Type, ", ")
	n.Deprecated = n.Deprecated || p.Deprecated
	if p.Description != "" {
		n.Help = p.Description
	}
	return n
}

// parameterName is how a task calls a parameter.
func parameterName(n *form.Node) string { return strings.TrimPrefix(n.Pointer, parameterPointer) }

// An edit is what a button of the form does to it: "add:PATH", "remove:PATH", "text", "fields" or "example"; "": nothing.
type edit string

// value is what was posted at a root, edited; nil: nothing was posted at all.
func (e edit) value(posted url.Values, root string) *form.Value {
	if posted == nil {
		return nil
	}
	v := form.Read(posted, root)
	if v == nil {
		v = form.Nothing()
	}
	what, at, _ := strings.Cut(string(e), ":")
	if at != root && !strings.HasPrefix(at, root+"/") {
		return v
	}
	switch what {
	case "add":
		v.Add(root, at)
	case "remove":
		v.Remove(root, at)
	}
	return v
}

func newBodyForm(op api.Operation, posted url.Values, e edit) *bodyForm {
	b := &bodyForm{Required: op.Body.Required, Help: op.Body.Description}
	media := op.Body.Content[0]
	for _, m := range op.Body.Content {
		b.Types = append(b.Types, m.Type)
		if m.Type == posted.Get("type") {
			media = m
		}
	}
	b.Type, b.JSON = media.Type, structured(media.Type)
	b.Text = unix(posted.Get("body"))
	if !b.JSON {
		b.file(media, posted)
		return b
	}
	maker := form.Maker{Schemas: op.Schemas, Files: isMultipart(media.Type)}
	root := form.Root{At: bodyAt, Pointer: bodyPointer, Label: "Body", Required: b.Required}
	value, asText := e.value(posted, bodyAt), posted.Get("as") == "text"
	if asText {
		var wrong string
		if value, wrong = parsed(b.Text); e == "fields" || strings.Contains(b.Type, "json") {
			b.Wrong = wrong
		}
	}
	example := bodyExample(maker, media)
	if b.Example = example != ""; e == "example" && b.Example {
		value, b.Wrong = parsed(example)
	}
	fields := maker.Make(root, media.Schema, media.Example, value)
	b.HasFields, b.Files = fields.Kind != form.JSON && fields.Kind != form.Any, fields.Files()
	switch {
	case b.Wrong != "": // it stays as it was typed
	case b.HasFields && e != "text" && (!asText || e == "fields"):
		b.Fields = fields
	case posted == nil:
		b.Text = example
	case !asText || e == "example":
		b.Text = pretty(fields.JSON())
	}
	return b
}

// parsed reads a text that should be JSON.
func parsed(text string) (v *form.Value, wrong string) {
	if strings.TrimSpace(text) == "" {
		return form.Nothing(), ""
	}
	v, err := form.Parse([]byte(text))
	if err != nil {
		return form.Nothing(), "this is not JSON: a comma, a quote or a bracket may be missing or too many"
	}
	return v, ""
}

// file makes the inputs of a body that is a text or a file.
func (b *bodyForm) file(m api.MediaType, posted url.Values) {
	b.File = &form.Node{Kind: form.File, Pointer: bodyPointer, Label: "File", Help: "in place of a text"}
	if posted == nil && len(m.Example) > 0 {
		b.Text = plain(m.Example)
	}
}

func bodyExample(maker form.Maker, m api.MediaType) string {
	if len(m.Example) > 0 {
		return pretty(m.Example)
	}
	return maker.Example(m.Schema)
}

// structured reports whether a body of that type is written as JSON.
func structured(mediaType string) bool {
	return strings.Contains(mediaType, "json") || strings.Contains(mediaType, "form") || strings.Contains(mediaType, "xml") || isMultipart(mediaType) || mediaType == "*/*"
}

func isMultipart(mediaType string) bool { return strings.HasPrefix(mediaType, "multipart/") }

// task is what was filled in; fault.Invalid with the places of what is no JSON.
func (f *taskForm) task() (t api.Task, err error) {
	var problems []fault.Problem
	t.Parameters = map[string]json.RawMessage{}
	for _, n := range slices.Concat(f.Parameters, f.More) {
		problems = append(problems, wrongs(n)...)
		if raw := n.JSON(); raw != nil {
			t.Parameters[parameterName(n)] = json.RawMessage(raw)
		}
	}
	if f.Body != nil {
		problems = append(problems, f.Body.fill(&t)...)
	}
	if len(problems) > 0 {
		err := fault.New(fault.Invalid, "%s", problems[0].Message).WithHint("a comma, a quote or a bracket may be missing or too many")
		err.Problems = problems
		return t, err
	}
	return t, nil
}

func wrongs(n *form.Node) (problems []fault.Problem) {
	for _, wrong := range n.Wrongs() {
		problems = append(problems, fault.Problem{Pointer: wrong.Pointer, Message: wrong.Label + " " + wrong.Wrong})
	}
	return problems
}

// fill puts the body into a task.
func (b *bodyForm) fill(t *api.Task) (problems []fault.Problem) {
	if !strings.Contains(b.Type, "*") {
		t.BodyContentType = b.Type
	}
	if b.Fields != nil {
		t.RequestBodyPayload = json.RawMessage(b.Fields.JSON())
		if t.RequestBodyPayload == nil && b.Required && b.Fields.Kind == form.Group {
			t.RequestBodyPayload = json.RawMessage("{}")
		}
		return wrongs(b.Fields)
	}
	switch {
	case strings.TrimSpace(b.Text) == "":
	case json.Valid([]byte(b.Text)) && b.JSON:
		t.RequestBodyPayload = json.RawMessage(b.Text)
	case strings.Contains(b.Type, "json"):
		return []fault.Problem{{Pointer: bodyPointer, Message: "the body is not JSON"}}
	default:
		t.RequestBodyPayload = quoted(b.Text)
	}
	return nil
}

// blame puts the problems of an error beside the fields that they are about.
func (f *taskForm) blame(err error) {
	for _, problem := range fault.ProblemsOf(err) {
		for _, n := range slices.Concat(f.Parameters, f.More) {
			n.Blame(problem.Pointer, problem.Message)
		}
		if f.Body == nil || problem.Pointer != bodyPointer && !strings.HasPrefix(problem.Pointer, bodyPointer+"/") {
			continue
		}
		if f.Body.Fields == nil {
			f.Body.Wrong = problem.Message
		} else {
			f.Body.Fields.Blame(problem.Pointer, problem.Message)
		}
	}
}

// plain is a JSON text without its quotes, anything else as it is.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
