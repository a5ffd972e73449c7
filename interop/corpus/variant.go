package corpus

import (
	"fmt"
	"strings"

	"carnet.dev/carnet/interop/corpus/invent"
	"carnet.dev/carnet/interop/corpus/spec"
)

// A variant is one way to call an operation.
type variant struct {
	what      string
	arguments spec.Arguments
}

// variants are all arguments with each kind of body, and what is required alone.
func (t *trial) variants(id string, op *spec.Operation) (all []variant) {
	values, required := map[int]any{}, map[int]any{}
	for i := range op.Parameters {
		p := &op.Parameters[i]
		v, ok := t.argument(id, p)
		if !ok {
			if p.Required {
				t.tally.Unmade = append(t.tally.Unmade, t.finding(id, "the %s parameter %s", p.In, p.Name))
				return nil
			}
			continue
		}
		if values[i] = v; p.Required {
			required[i] = v
		}
	}
	for i, v := range values {
		if !collides(op, values, i, v) {
			continue
		}
		if p := &op.Parameters[i]; p.Required {
			t.tally.Unmade = append(t.tally.Unmade, t.finding(id, "the %s parameter %s, which nobody could tell from others", p.In, p.Name))
			return nil
		}
		delete(values, i)
	}
	payloads := t.payloads(id, op)
	if len(payloads) == 0 {
		if len(op.Bodies) > 0 && op.BodyRequired {
			return nil
		}
		all = append(all, variant{"all arguments", spec.Arguments{Values: values}})
	}
	for i := range payloads {
		all = append(all, variant{"all arguments, " + payloads[i].Body.Type, spec.Arguments{Values: values, Body: &payloads[i]}})
	}
	if len(required) < len(values) || len(payloads) > 0 && !op.BodyRequired {
		least := spec.Arguments{Values: required}
		if op.BodyRequired && len(payloads) > 0 {
			least.Body = &payloads[0]
		}
		all = append(all, variant{"required arguments", least})
	}
	return all
}

// collides reports whether nobody could tell an argument from another: headers are one if their names differ by case alone, and an
// exploded object may have a member of the name of another argument in the query.
func collides(op *spec.Operation, values map[int]any, i int, v any) bool {
	members, isObject := v.(map[string]any)
	p := &op.Parameters[i]
	for j := range values {
		if other := &op.Parameters[j]; j != i && p.In == "header" && other.In == "header" && strings.EqualFold(p.Name, other.Name) && (other.Required || !p.Required) {
			return true
		}
	}
	if !isObject || !p.Explode || p.Style != "form" || p.In == "header" || p.Content != "" {
		return false
	}
	for j := range values {
		other := &op.Parameters[j]
		if _, same := members[other.Name]; same && j != i && other.In == p.In {
			return true
		}
		if members2, isObject := values[j].(map[string]any); isObject && j != i && other.Explode && other.Style == "form" {
			for name := range members2 {
				if _, same := members[name]; same {
					return true
				}
			}
		}
	}
	return false
}

// argument makes an argument for a parameter. An empty one, or one that a style can't tell from another, is none.
func (t *trial) argument(id string, p *spec.Parameter) (any, bool) {
	m := &invent.Maker{Resolve: t.document.Resolve, Sent: true, Texts: invent.Any}
	switch {
	case p.In == "header", p.Reserved, p.Style == "cookie":
		m.Texts = invent.Plain
	case p.Style == "label" || strings.HasSuffix(p.Style, "Delimited"):
		m.Texts = invent.Simple
	}
	for try := range 10 {
		m.Seed(fmt.Sprint(t.name, id, p.In, p.Name, try))
		if v, ok := m.Value(p.Schema); ok && t.clear(p, v) {
			return v, true
		}
	}
	return nil, false
}

// clear reports whether an argument can be told from others where it is written.
func (t *trial) clear(p *spec.Parameter, v any) bool {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if !t.item(p, item) {
				return false
			}
		}
		return len(v) > 0
	case map[string]any:
		for name, member := range v {
			if !t.item(p, member) || !t.item(p, name) {
				return false
			}
		}
		return len(v) > 0
	}
	return t.primitive(p, spec.Written(v))
}

func (t *trial) item(p *spec.Parameter, v any) bool {
	if p.Content != "" {
		return p.In != "header" || plain(string(encoded(v)))
	}
	text := spec.Written(v)
	if text == "" { // empty, or not of one level
		return v != "" && p.In == "query" && p.Style != "spaceDelimited"
	}
	separators := map[string]string{"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t", "label": ".="}[p.Style]
	if p.In == "header" || p.Reserved || p.Style == "cookie" {
		separators += ",=;"
	}
	return !strings.ContainsAny(text, separators) && t.primitive(p, text)
}

func (t *trial) primitive(p *spec.Parameter, text string) bool {
	switch p.In {
	case "path":
		return text != "" && text != "." && text != ".."
	case "header":
		return text != "" && plain(text) && strings.TrimSpace(text) == text
	case "cookie":
		return text != "" && (p.Style != "cookie" || plain(text))
	}
	return text != "" && (!p.Reserved || !strings.ContainsAny(text, "&#+%[]"))
}

// plain reports whether a text is of visible ASCII characters and blanks.
func plain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// payloads are bodies of every media type.
func (t *trial) payloads(id string, op *spec.Operation) (all []spec.Payload) {
	for _, b := range op.Bodies {
		p := spec.Payload{Body: b}
		switch b.Kind() {
		case spec.Bytes:
			p.Bytes = []byte("bytes of " + id)
			all = append(all, p)
			continue
		case spec.Text:
			p.Value = "text of " + id
			all = append(all, p)
			continue
		}
		m := &invent.Maker{Resolve: t.document.Resolve, Sent: true, Texts: invent.Any}
		m.Seed(t.name + " " + id + " " + b.Type)
		v, ok := m.Value(b.Schema)
		if fields, isObject := v.(map[string]any); ok && isObject && (b.Kind() == spec.Form || b.Kind() == spec.Multipart) {
			withoutEmpty(fields)
		}
		_, isObject := v.(map[string]any)
		if ok && !isObject && (b.Kind() == spec.Form || b.Kind() == spec.Multipart) { // no form can be made of it: only of what is written already
			p.Bytes = []byte("written by hand")
			all = append(all, p)
			continue
		}
		if !ok || v == "" {
			t.tally.Unmade = append(t.tally.Unmade, t.finding(id, "the body as %s", b.Type))
			continue
		}
		p.Value = v
		all = append(all, p)
	}
	return all
}

// withoutEmpty leaves out fields that a form can't tell from none.
func withoutEmpty(fields map[string]any) {
	for name, v := range fields {
		switch v := v.(type) {
		case []any:
			if len(v) == 0 {
				delete(fields, name)
			}
		case map[string]any:
			if len(v) == 0 {
				delete(fields, name)
			}
		}
	}
}
