package form

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of what is made of a schema before anybody has filled something in. What does not fit is filled in as JSON.
const (
	mostNodes   = 300
	deepest     = 8
	mostOptions = 40
	mostShapes  = 3 // choices within choices of one place
	mostChoices = 500
	manyFields  = 8 // in a group, before the optional ones are folded away
)

// work is a form that is being made.
type work struct {
	Maker
	nodes int
}

func (m Maker) work() *work { return &work{Maker: m} }

// A place is where a node is made.
type place struct {
	at, pointer, label string
	depth              int
	inside             []string // references that lead here, without a list between
	certain            bool     // everything around it has to be there
	shapes             int      // choices that lead here
}

func (r Root) place() place {
	return place{at: r.At, pointer: r.Pointer, label: r.Label, certain: true}
}

func (p place) member(name string) place {
	return place{at: p.at + "/" + escape(name), pointer: string(jsontext.Pointer(p.pointer).AppendToken(name)), label: name, depth: p.depth + 1, inside: p.inside, certain: p.certain}
}

func (p place) itemOf(n int, label string) place {
	return place{at: p.at + "/" + index(n), pointer: p.pointer + "/" + strings.Trim(index(n), "[]"), label: label, depth: p.depth + 1}
}

// node makes the node of a schema. v is what is filled in there; nil: nobody has been asked yet.
func (w *work) node(p place, raw, example jsontext.Value, v *Value, required bool) *Node {
	s := w.read(raw)
	return w.made(p, s, example, v, required)
}

func (w *work) made(p place, s schema, example jsontext.Value, v *Value, required bool) *Node {
	w.nodes++
	n := &Node{At: p.at, Pointer: p.pointer, Label: p.label, Help: s.description, Required: required, Deprecated: s.deprecated, Type: typeOf(s)}
	if v != nil {
		n.Fresh, n.Open = v.fresh, v.filled()
	}
	n.Open = n.Open || required && p.certain
	if len(example) == 0 {
		example = s.example
	}
	if len(example) == 0 {
		example = s.fallback
	}
	circle := slices.ContainsFunc(s.refs, func(ref string) bool { return slices.Contains(p.inside, ref) })
	p.inside = append(p.inside[:len(p.inside):len(p.inside)], s.refs...)
	holds := p.depth < deepest && w.nodes < mostNodes && !circle && (v == nil || v.wrong == "" && (!v.bare() || p.depth == 0))
	switch {
	case holds && len(s.options) > 0 && len(s.options) <= mostOptions && len(s.enum) == 0 && p.shapes < mostShapes:
		w.shapes(n, p, s, example, v)
	case holds && s.only("object") && len(s.properties) > 0 && fits(v, '{'):
		w.group(n, p, s, example, v)
	case holds && s.only("array") && fits(v, '['):
		w.list(n, p, s, example, v)
	default:
		w.input(n, p, s, example, v)
	}
	return n
}

// fits reports whether a value can be shown as that kind.
func fits(v *Value, kind jsontext.Kind) bool {
	return v == nil || v.kind == 0 || v.kind == kind || v.posted
}

func typeOf(s schema) string {
	switch {
	case s.is("array"):
		return "list"
	case s.is("object"):
		return ""
	case s.format != "" && len(s.types) == 1:
		return s.types[0] + ", " + s.format
	}
	return strings.Join(s.types, " or ")
}

// group makes the fields of an object.
func (w *work) group(n *Node, p place, s schema, example jsontext.Value, v *Value) {
	n.Kind = Group
	p.certain = p.certain && n.Required || p.depth == 0
	many, left := len(s.properties) > manyFields, 0
	done, examples := map[string]bool{}, map[string]jsontext.Value{}
	for _, q := range members(example) {
		examples[q.name] = q.raw
	}
	for _, q := range s.properties {
		required := slices.Contains(s.required, q.name)
		if w.nodes >= mostNodes && !required && !v.member(q.name).filled() {
			left++
			continue
		}
		in := w.read(q.raw)
		if in.readOnly {
			continue
		}
		done[q.name] = true
		if w.Files && p.depth == 0 && w.file(n, p, q.name, in, required) {
			continue
		}
		given := v.member(q.name)
		if given == nil && v != nil && !v.askedOnly() {
			given = Nothing()
		}
		f := w.made(p.member(q.name), in, examples[q.name], given, required)
		if many && !required && !given.filled() {
			n.More = append(n.More, f)
		} else {
			n.Fields = append(n.Fields, f)
		}
	}
	w.others(n, p, s, v, done, left)
}

// file makes the input of a member that is bytes.
func (w *work) file(n *Node, p place, name string, s schema, required bool) bool {
	items := w.read(s.items)
	if !s.binary && !(s.only("array") && items.binary) {
		return false
	}
	at := p.member(name)
	n.Fields = append(n.Fields, &Node{Kind: File, At: name, Pointer: at.pointer, Label: name, Help: s.description, Required: required, Several: !s.binary})
	return true
}

// others makes the field for members that the group has no fields for.
func (w *work) others(n *Node, p place, s schema, v *Value, done map[string]bool, left int) {
	rest := &Node{Kind: ofRest, At: p.at, Pointer: p.pointer, Label: "Other members", Help: "a JSON object"}
	if left > 0 {
		rest.Help = "a JSON object; there are too many members for all of them to be fields"
	}
	if v != nil {
		raw := object(func(yield func(string, jsontext.Value)) {
			for _, m := range v.members {
				if !done[m.name] && !m.value.posted {
					yield(m.name, m.value.json())
				}
			}
		})
		if rest.Value = compact(raw); rest.Value == "{}" {
			rest.Value = ""
		}
		if v.othersWrong != "" {
			rest.Value, rest.Wrong = v.others, v.othersWrong
		}
	}
	if s.open || left > 0 || rest.Value != "" || s.unknown {
		n.Rest = rest
	}
}

// list makes the items of an array. One of single inputs shows an empty one, to be filled in.
func (w *work) list(n *Node, p place, s schema, example jsontext.Value, v *Value) {
	n.Kind = List
	items, first := w.read(s.items), jsontext.Value(nil)
	if all := list(example); len(all) > 0 {
		first = all[0]
	}
	add := func(v *Value) {
		at := p.itemOf(len(n.Fields), n.Label+" "+strconv.Itoa(len(n.Fields)+1))
		at.certain = v.fresh
		item := w.made(at, items, first, v.orNew(), v.fresh)
		item.Fresh, item.Required = v.fresh, false // what its examples were filled in for
		n.Fields = append(n.Fields, item)
	}
	switch {
	case v == nil:
		if given := w.prefilled(n, p, s, example); given.Kind() == '[' {
			if whole, err := Parse(given); err == nil && len(whole.items) > 0 {
				for _, item := range whole.items {
					add(item)
				}
			}
		}
	default:
		for _, item := range v.items {
			add(item)
		}
	}
	if len(n.Fields) == 0 && !items.only("object") && len(items.options) == 0 && !items.only("array") {
		add(Nothing())
	}
}

// prefilled is what is filled in before anybody was asked: of what has to be there, what the document gives for it.
func (w *work) prefilled(n *Node, p place, s schema, example jsontext.Value) jsontext.Value {
	switch {
	case !n.Required || !p.certain:
		return nil
	case len(s.fallback) > 0:
		return s.fallback
	case len(example) > 0 && example.Kind() != 'n':
		return example
	case len(s.enum) == 1:
		return s.enum[0]
	}
	return nil
}

// input makes a node that is one input.
func (w *work) input(n *Node, p place, s schema, example jsontext.Value, v *Value) {
	n.Kind = control(s)
	if n.Kind == Choice {
		for _, raw := range s.enum {
			n.Choices = append(n.Choices, option(raw))
		}
		if len(n.Choices) == 0 {
			n.Choices = []Option{{"true", "true"}, {"false", "false"}}
		}
	}
	n.Hint = hint(s, example)
	raw := jsontext.Value(nil)
	switch {
	case v == nil:
		raw = w.prefilled(n, p, s, example)
	case v.wrong != "":
		n.Kind, n.Value, n.Wrong = JSON, v.text, v.wrong
		return
	default:
		raw = v.json()
	}
	if raw == nil {
		return
	}
	if n.show(raw); n.Kind == Choice && !slices.ContainsFunc(n.Choices, func(o Option) bool { return o.Value == n.Value }) {
		n.Choices = append(n.Choices, option(raw))
	}
}

// control is the kind of input for a schema.
func control(s schema) string {
	switch {
	case len(s.enum) > 0 && len(s.enum) <= mostChoices:
		return Choice
	case s.only("boolean"):
		return Choice
	case s.only("integer", "number"):
		return Number
	case s.only("string") && s.format == "date":
		return Date
	case s.only("string") && len(s.options) == 0:
		return Text
	case s.is("object") || s.is("array"):
		return JSON
	}
	return Any
}

func option(raw jsontext.Value) Option {
	text, ok := unquote(raw)
	if !ok {
		text = compact(raw)
	}
	return Option{text, compact(raw)}
}

// show puts JSON into an input; into one for JSON if the text that would be posted is not taken for it again.
func (n *Node) show(raw jsontext.Value) {
	text, isText := unquote(raw)
	if !isText {
		text = compact(raw)
	}
	switch {
	case n.Kind == Choice && raw.Kind() != '{' && raw.Kind() != '[':
		n.Value = compact(raw)
		return
	case n.Kind == Text && strings.Contains(text, "\n"):
		n.Kind = Area
	case n.Kind == Date && !isDate(text):
		n.Kind = Text
	case n.Kind == Any && isText && (jsontext.Value(strings.TrimSpace(text)).IsValid() || strings.Contains(text, "\n")):
		text = compact(raw)
	}
	if n.Kind != JSON && typeable(text) && string(canonical(meant(n.Kind, text))) == string(canonical(raw)) {
		n.Value = text
		return
	}
	n.Kind, n.Value = JSON, compact(raw)
}

func canonical(raw jsontext.Value) jsontext.Value {
	if text, ok := unquote(raw); ok {
		return quote(text)
	}
	return jsontext.Value(compact(raw))
}

// typeable reports whether a browser posts a text as it stands in an input.
func typeable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == utf8.RuneError })
}

// isDate reports whether a date input takes a text.
func isDate(text string) bool {
	return len(text) == len("2026-01-31") && text[4] == '-' && text[7] == '-' && strings.Trim(text, "0123456789-") == ""
}

// hint is an example, to be shown where nothing is filled in.
func hint(s schema, example jsontext.Value) string {
	if len(example) > 0 {
		return option(example).Text
	}
	if s.only("string") {
		return samples[s.format]
	}
	return ""
}
