package call

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
)

// A target is what an argument for the next page is put into: a parameter, a member of one that is an object, or one of the body.
type target struct {
	name        string // as Typed has it
	other       string // the same with its place: query.page; "" for the body
	body        bool
	norm        string
	description string
	kind        string // its schema's type
	schema      jsontext.Value
	preset      jsontext.Value // its default
	choices     bool           // it has an enum
}

func (t target) text() string {
	if t.body {
		return "body." + t.name
	}
	return t.name
}

// is reports whether an argument of that name is for the target.
func (t target) is(name string) bool { return !t.body && (name == t.name || name == t.other) }

func (t target) isField(name string) bool {
	return t.body && strings.TrimPrefix(name, "body.") == t.name
}

// takes is the next page by a value for the target.
func (t target) takes(v jsontext.Value) *Next {
	if t.body {
		return &Next{Field: t.name, Value: v}
	}
	return &Next{Parameter: t.name, Value: v}
}

// targets are the parameters that a next page may be asked for by, as the operation declares them: in query and header, and for a POST at
// the top of its body.
func (b *builder) targets() (all []target) {
	for i := range b.op.Parameters {
		p := &b.op.Parameters[i]
		if p.In != model.InQuery && p.In != model.InHeader {
			continue
		}
		t := target{name: p.Name, other: p.In + "." + p.Name, norm: norm(p.Name), description: p.Description, kind: p.Type, schema: p.Schema, preset: p.Default}
		if b.ambiguous(p) {
			t.name = t.other
		}
		if p.Type != "object" || len(p.Schema) == 0 {
			t.choices = len(p.Schema) > 0 && len(b.shapeOf(p.Schema).texts) > 0
			all = append(all, t)
			continue
		}
		h := b.shapeOf(p.Schema)
		for _, name := range sortedKeys(h.properties) { // page[number], declared as a deep object
			all = append(all, b.inside(target{name: t.name + "." + name, other: t.other + "." + name, norm: t.norm + norm(name)}, h.properties[name]))
		}
	}
	if b.op.Body == nil || b.op.Method == "GET" {
		return all
	}
	for _, m := range b.op.Body.Content {
		if !isJSON(m.Type) && !isForm(m.Type) {
			continue
		}
		h := b.shapeOf(m.Schema)
		for _, name := range sortedKeys(h.properties) {
			all = append(all, b.inside(target{name: name, body: true, norm: norm(name)}, h.properties[name]))
		}
		break
	}
	return all
}

// inside completes a target that only its schema describes.
func (b *builder) inside(t target, schema jsontext.Value) target {
	t.schema, t.choices = schema, len(b.shapeOf(schema).texts) > 0
	for _, kind := range []string{"integer", "number", "string", "boolean", "array", "object"} {
		if b.shapeOf(schema).types[kind] {
			t.kind = kind
			break
		}
	}
	t.preset, t.description = member1(b.last(schema), "default"), primitive(member1(b.last(schema), "description"))
	return t
}

// minimum is the least number that a target takes.
func (b *builder) minimum(t target) (int, bool) {
	var h struct {
		Minimum jsontext.Value `json:"minimum"`
	}
	if json.Unmarshal(b.last(t.schema), &h, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		return 0, false
	}
	n, err := strconv.Atoi(string(h.Minimum))
	return n, err == nil
}

// counts reports whether a target may be a number: its type says so, or nothing.
func (t target) counts() bool {
	return t.kind == "integer" || t.kind == "number" || t.kind == "" && t.preset.Kind() != '"'
}

// declared finds the target that a person has named.
func (s *survey) declared(named target) (target, error) {
	if named.name == "" {
		return named, nil
	}
	name, body := strings.CutPrefix(named.name, "body.")
	for _, t := range s.targets {
		if t.is(named.name) || body && t.isField(name) {
			return t, nil
		}
	}
	if body && s.builder.op.Body != nil { // deeper in the body than targets are looked for
		return target{name: name, body: true}, nil
	}
	var names []string
	for _, t := range s.targets {
		names = append(names, t.text())
	}
	slices.Sort(names)
	err := fault.New(fault.Invalid, "operation %q has no parameter %s to ask for the next page with", s.builder.op.ID, named.name)
	if like := fault.Nearest(named.name, names); like != "" {
		return named, err.WithHint("did you mean %s?", like)
	}
	return named, err.WithHint("it takes %s", strings.Join(names[:min(len(names), 12)], ", "))
}

// given is what the arguments hold for a target, as a text.
func (b *builder) given(t target) (text string, ok bool) {
	for _, one := range slices.Backward(b.args.Typed) {
		if one.Field == "" && t.is(one.Parameter) || one.Field != "" && t.isField(one.Field) {
			if one.Value != nil {
				return primitive(one.Value), true
			}
			return one.Text, one.Text != ""
		}
	}
	var v jsontext.Value
	if t.body {
		v = at(b.args.Payload, "/"+strings.ReplaceAll(t.name, ".", "/"))
	} else {
		for name, raw := range b.args.Parameters {
			if t.is(name) {
				v = raw
			} else if rest, inside := strings.CutPrefix(t.name, name+"."); inside {
				v = at(raw, "/"+strings.ReplaceAll(rest, ".", "/"))
			}
		}
	}
	if len(v) == 0 || v.Kind() == 'n' {
		return "", false
	}
	return primitive(v), true
}

// current is the number that the page was asked for with, or the one that it has if it was not said.
func (s *survey) current(r rule) (n int, given bool, err error) {
	text, given := s.builder.given(r.param)
	if !given {
		return r.first, false, nil
	}
	if n, err = strconv.Atoi(text); err != nil {
		return 0, true, fault.New(fault.Invalid, "%s is %q, from which nobody can count on", r.param.text(), text)
	}
	return n, true, nil
}
