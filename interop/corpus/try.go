package corpus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/interop/corpus/spec"
)

// A File is a document.
type File struct {
	Name string
	Size int64
	Read func() (text []byte, document *spec.Document, err error) // text as it is imported
}

// Try runs a document through a Carnet of its own.
func Try(ctx context.Context, f File) *Tally {
	t := &trial{ctx: ctx, name: f.Name, tally: &Tally{Documents: 1}}
	text, d, err := f.Read()
	if err != nil {
		t.refused("", err)
		return t.tally
	}
	b := &bench{}
	defer b.end()
	t.document, t.carnet = d, carnettest.New(b)
	if err := t.importing(text); err != nil {
		t.refused("", err)
		return t.tally
	}
	t.tally.Imported = 1
	t.operations()
	return t.tally
}

// A trial is one document in a Carnet.
type trial struct {
	ctx      context.Context
	name     string
	document *spec.Document
	carnet   *carnettest.Carnet
	base     string // where the API is
	tally    *Tally
}

func (t *trial) finding(operation, format string, args ...any) Finding {
	return Finding{t.name, operation, fmt.Sprintf(format, args...)}
}

func (t *trial) refused(operation string, err error) {
	text := err.Error()
	for i, p := range fault.ProblemsOf(err) {
		if i < 3 && !errors.Is(err, context.Canceled) {
			text += "; " + p.Pointer + " " + p.Message
		}
	}
	t.tally.Refused = append(t.tally.Refused, t.finding(operation, "%s", text))
}

func (t *trial) mismatch(operation, format string, args ...any) {
	t.tally.Mismatches = append(t.tally.Mismatches, t.finding(operation, format, args...))
}

const integration = "it"

// importing makes an integration of the document, whose operations need no credentials.
func (t *trial) importing(text []byte) error {
	m, err := t.carnet.ImportModel(t.ctx, api.ModelRequest{Model: text})
	if err != nil {
		return err
	}
	if _, err := t.carnet.CreateIntegration(t.ctx, api.Integration{Name: integration, Model: m.Model}); err != nil {
		return err
	}
	settings := api.Settings{"security": json.RawMessage("[]")}
	base, absolute := t.document.Base()
	if t.base = base; !absolute {
		t.base = "https://api.example" + base
		settings["server.protocol"], settings["server.host"] = json.RawMessage(`"https"`), json.RawMessage(`"api.example"`)
	}
	_, err = t.carnet.SetIntegration(t.ctx, integration, settings)
	return err
}

// operations holds the list of operations against the document's, and tries each.
func (t *trial) operations() {
	list, err := t.carnet.Operations(t.ctx, integration, "", api.Query{})
	if err != nil {
		t.refused("", err)
		return
	}
	listed := map[string]string{}
	for _, op := range list.Operations {
		if id, twice := listed[op.Method+" "+op.Path]; twice {
			t.mismatch(op.ID, "is the same operation as %s", id)
		}
		listed[op.Method+" "+op.Path] = op.ID
	}
	for _, op := range t.document.Operations() {
		if t.ctx.Err() != nil {
			return
		}
		route := op.Method + " " + op.Path
		id, ok := listed[route]
		if !ok {
			t.mismatch(route, "is not listed")
			continue
		}
		delete(listed, route)
		t.tally.Operations++
		t.operation(id, &op)
	}
	for route, id := range listed {
		t.mismatch(id, "%s is listed, but not in the document", route)
	}
}

// operation shows an operation, and builds requests for it.
func (t *trial) operation(id string, op *spec.Operation) {
	shown, err := t.carnet.Operation(t.ctx, integration, id)
	if err != nil {
		t.refused(id, err)
		return
	}
	t.tally.Shown++
	for _, p := range op.Parameters {
		same := func(s api.Parameter) bool { return s.Name == p.Name && s.In == p.In }
		if i := slices.IndexFunc(shown.Parameters, same); i < 0 {
			t.mismatch(id, "the %s parameter %s is not shown", p.In, p.Name)
		} else if shown.Parameters[i].Required != p.Required {
			t.mismatch(id, "the %s parameter %s is shown as required: %v", p.In, p.Name, !p.Required)
		}
	}
	for _, s := range shown.Parameters {
		same := func(p spec.Parameter) bool { return s.Name == p.Name && s.In == p.In }
		if !slices.ContainsFunc(op.Parameters, same) && (s.In != "header" || spec.IsArgument(s.Name)) {
			t.mismatch(id, "the %s parameter %s is shown, but not in the document", s.In, s.Name)
		}
	}
	before := len(t.tally.Unmade)
	variants := t.variants(id, op)
	built := len(t.tally.Unmade) == before
	for _, v := range variants {
		built = t.build(id, op, v) && built
	}
	if built {
		t.tally.Built++
	}
}

// build makes a request and reads it back.
func (t *trial) build(id string, op *spec.Operation, v variant) bool {
	task := api.Task{DryRun: true, Parameters: map[string]json.RawMessage{}}
	for i, value := range v.arguments.Values {
		name := op.Parameters[i].Name
		if ambiguous(op, name) {
			name = op.Parameters[i].In + "." + name
		}
		task.Parameters[name] = encoded(value)
	}
	if b := v.arguments.Body; b != nil {
		if b.Body.Kind() != spec.Any {
			task.BodyContentType = b.Body.Type
		}
		if b.Bytes != nil {
			task.RequestBodyBase64 = b.Bytes
		} else {
			task.RequestBodyPayload = encoded(b.Value)
		}
	}
	result, err := t.carnet.RunOperation(t.ctx, integration, id, task)
	if err != nil {
		t.refused(id, fmt.Errorf("%s: %w", v.what, err))
		return false
	}
	base := t.base
	if own, ok := op.Base(); ok {
		base = own
	}
	request := spec.Request{Method: result.Request.Method, URL: result.Request.URL, Header: result.Request.Headers, Body: []byte(result.Request.Body)}
	wrong := op.Check(t.document, base, request, v.arguments)
	for _, text := range wrong {
		t.mismatch(id, "%s: %s", v.what, text)
	}
	t.tally.Requests++
	t.counted(op, v)
	return len(wrong) == 0
}

// counted counts what a request was made of.
func (t *trial) counted(op *spec.Operation, v variant) {
	for i, value := range v.arguments.Values {
		kind := "primitive"
		switch value.(type) {
		case []any:
			kind = "array"
		case map[string]any:
			kind = "object"
		}
		p := &op.Parameters[i]
		count(&t.tally.Styles, p.In+" "+p.Styled()+" "+kind, 1)
	}
	if b := v.arguments.Body; b != nil {
		count(&t.tally.Bodies, string(b.Body.Kind()), 1)
	}
}

func ambiguous(op *spec.Operation, name string) bool {
	n := 0
	for _, p := range op.Parameters {
		if p.Name == name {
			n++
		}
	}
	return n > 1
}

// encoded is a value as JSON; it came from JSON.
func encoded(v any) json.RawMessage {
	text, _ := json.Marshal(v)
	return text
}

// A bench is what carnettest.New needs of a test.
type bench struct{ cleanups []func() }

func (b *bench) Helper()           {}
func (b *bench) Cleanup(f func())  { b.cleanups = append(b.cleanups, f) }
func (b *bench) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func (b *bench) end() {
	for _, f := range slices.Backward(b.cleanups) {
		f()
	}
}
