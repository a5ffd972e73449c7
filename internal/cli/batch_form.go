package cli

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/shell"
)

// A form makes tasks of lines: what the command line says of each, and what a line says over that.
type form struct {
	integration string
	op          api.Operation
	each        api.Task
}

func newForm(integration string, op api.Operation, each api.Task) *form {
	return &form{integration, op, each}
}

// A place is where an argument belongs: a parameter, or else the body; and the path into it.
type place struct {
	parameter int // -1: the body
	path      string
}

const body = "body"

// find finds the place that a name means, as the server does: a parameter of that name, or the longest that the name goes into. What
// begins with "body" is the body, if the operation takes one.
func (f *form) find(name string) (p place, known bool) {
	if path, ok := into(name, body); ok && f.op.Body != nil {
		return place{-1, path}, true
	}
	longest := 0
	for i, q := range f.op.Parameters {
		for _, own := range []string{q.Name, q.In + "." + q.Name} {
			if path, ok := into(name, own); ok && len(own) > longest {
				p, longest = place{i, path}, len(own)
			}
		}
	}
	return p, longest > 0
}

// into reports whether a name is that of something, or goes into it, and by which path.
func into(name, own string) (path string, ok bool) {
	rest, ok := strings.CutPrefix(name, own)
	if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
		return "", false
	}
	return strings.TrimPrefix(rest, "."), true
}

// covers reports whether whoever says what is at p has said what is at other.
func (p place) covers(other place) bool {
	if p.parameter != other.parameter {
		return false
	}
	_, inside := into(other.path, p.path)
	return p.path == "" || inside
}

// unknown is that there is no argument of a name.
func (f *form) unknown(name string) *fault.Error {
	var names []string
	if f.op.Body != nil {
		names = append(names, body)
	}
	for _, q := range f.op.Parameters {
		names = append(names, q.Name)
	}
	err := fault.New(fault.Invalid, "there is no argument %q", name).WithHint("carnet operation show %s %s tells what it takes", shell.Quote(f.integration), shell.Quote(f.op.ID))
	if like := fault.Nearest(name, names); like != "" {
		err.WithHint("did you mean %q?", like)
	}
	return err
}

// check refuses a name on the command line that the operation does not know: every line would fail for it.
func (f *form) check() error {
	for _, t := range f.each.Typed {
		if t.Parameter == "" {
			continue
		}
		if _, known := f.find(t.Parameter); !known {
			return f.unknown(t.Parameter)
		}
	}
	return nil
}

// names refuses names of a line that the operation does not know.
func (f *form) names(all []member) error {
	for _, m := range all {
		if _, known := f.find(m.name); !known {
			return f.unknown(m.name)
		}
	}
	return nil
}

// task is what a line wants.
func (f *form) task(all []member) api.Task {
	t := f.each
	t.Typed = nil
	var own []api.Typed
	var said []place
	for _, m := range all {
		p, _ := f.find(m.name) // names has found all
		said = append(said, p)
		switch {
		case p.parameter < 0 && p.path == "":
			t.RequestBodyPayload, t.RequestBodyBase64 = json.RawMessage(m.value), nil
		case p.parameter < 0:
			own = append(own, typedOf(api.Typed{Field: p.path}, m))
		default:
			own = append(own, typedOf(api.Typed{Parameter: m.name}, m))
		}
	}
	for _, d := range f.each.Typed {
		if !f.said(d, said, t.RequestBodyPayload) {
			t.Typed = append(t.Typed, d)
		}
	}
	t.Typed = append(t.Typed, own...)
	return t
}

// typedOf is a member as it would be typed: a text means what its schema says.
func typedOf(t api.Typed, m member) api.Typed {
	if m.value.Kind() != '"' || json.Unmarshal(m.value, &t.Text) != nil {
		t.Value = json.RawMessage(m.value)
	}
	return t
}

// said reports whether a line says itself what the command line says of every line.
func (f *form) said(d api.Typed, said []place, payload json.RawMessage) bool {
	at := place{-1, d.Field}
	if d.Field == "" {
		at, _ = f.find(d.Parameter)
	}
	for _, p := range said {
		switch {
		case p.parameter < 0 && p.path == "":
			if at.parameter < 0 && says(payload, at.path) {
				return true
			}
		case p.covers(at):
			return true
		}
	}
	return false
}

// says reports whether a body says what is at a path of a field: it has that, or what is on the way there is nothing to go into.
func says(raw json.RawMessage, path string) bool {
	for path != "" {
		if inside, rest, closed := strings.Cut(strings.TrimPrefix(path, "["), "]"); closed && path[0] == '[' {
			var items []json.RawMessage
			if json.Unmarshal(raw, &items) == nil {
				n, err := strconv.Atoi(inside)
				if err != nil || n < 0 { // a new item: the list is said
					return true
				}
				if n >= len(items) {
					return false
				}
				raw, path = items[n], strings.TrimPrefix(rest, ".")
				continue
			}
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil || object == nil {
			return true
		}
		name := longest(object, path)
		if name == "" {
			return false
		}
		raw, path = object[name], strings.TrimPrefix(path[len(name):], ".")
	}
	return true
}

// longest is the longest name of a member that a path goes into; "" if there is none.
func longest(object map[string]json.RawMessage, path string) string {
	names := slices.DeleteFunc(sortedNames(object), func(name string) bool { _, ok := into(path, name); return !ok })
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	if len(names) == 0 {
		return ""
	}
	return names[0]
}
