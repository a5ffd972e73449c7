package form

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// mostItems bounds how many items a list of a form may have.
const mostItems = 1000

// Read reads what was posted of the form at a root; nil: there was no such form. Names say what they are of, so that it does not
// matter what the form is made of now.
func Read(posted url.Values, root string) *Value {
	var v *Value
	for _, name := range sorted(posted) {
		kind, at, _ := strings.Cut(name, ":")
		rest, within := strings.CutPrefix(at, root)
		path := strings.Split(rest, "/")
		if !within || path[0] != "" || len(path) > mostDeep || !slices.Contains(kinds, kind) {
			continue
		}
		if v == nil {
			v = &Value{posted: true}
		}
		v.put(path[1:], kind, posted.Get(name))
	}
	return v
}

const (
	ofRest  = "rest"  // members of a group that it has no fields for
	ofShape = "shape" // which of several was chosen
)

var kinds = []string{Text, Area, Number, Date, Choice, Any, JSON, ofRest, ofShape}

// steps are those of a path below its root.
func steps(at, root string) []string { return strings.Split(strings.TrimPrefix(at, root), "/")[1:] }

// Add adds an item to the list at a path, and Remove takes the item at one away.
func (v *Value) Add(root, at string) {
	if list := v.at(steps(at, root)); list != nil && len(list.items) < mostItems {
		list.become('[')
		list.posted = true
		list.items = append(list.items, &Value{posted: true, fresh: true})
	}
}

// Remove is the other of Add.
func (v *Value) Remove(root, at string) {
	path := steps(at, root)
	if len(path) == 0 {
		return
	}
	n, ok := itemOf(path[len(path)-1])
	if list := v.at(path[:len(path)-1]); ok && list != nil && n < len(list.items) {
		list.items, list.posted = slices.Delete(list.items, n, n+1), true
	}
}

// at is the value at a path; nil: the path can't lead anywhere.
func (v *Value) at(path []string) *Value {
	if len(path) == 0 || len(path) > mostDeep {
		return v
	}
	if n, ok := itemOf(path[0]); ok {
		if n >= len(v.items) {
			return nil
		}
		return v.items[n].at(path[1:])
	}
	in := v.member(unescape(path[0]))
	if in == nil {
		in = &Value{posted: true}
		v.become('{')
		v.members = append(v.members, member{unescape(path[0]), in})
	}
	return in.at(path[1:])
}

// sorted are the names that were posted: those of lists' items by their numbers, what else there is of a place before what is in it.
func sorted(posted url.Values) []string {
	path := func(name string) string {
		_, at, _ := strings.Cut(name, ":")
		return at
	}
	names := make([]string, 0, len(posted))
	for name := range posted {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int {
		a, b := strings.Split(path(x), "/"), strings.Split(path(y), "/")
		for i := range min(len(a), len(b)) {
			if m, n, ok := numbers(a[i], b[i]); ok && m != n {
				return m - n
			}
			if c := strings.Compare(a[i], b[i]); c != 0 {
				return c
			}
		}
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(x, y)
	})
	return names
}

func numbers(a, b string) (m, n int, ok bool) {
	m, first := itemOf(a)
	n, second := itemOf(b)
	return m, n, first && second
}

// itemOf is the number of an item, if the step is one.
func itemOf(step string) (int, bool) {
	text, open := strings.CutPrefix(step, "[")
	text, closed := strings.CutSuffix(text, "]")
	n, err := strconv.Atoi(text)
	return n, open && closed && err == nil && n >= 0
}

// put puts what was posted where its path leads.
func (v *Value) put(path []string, kind, text string) {
	if len(path) == 0 {
		v.fill(kind, unix(text))
		return
	}
	if _, ok := itemOf(path[0]); ok {
		v.list(path, kind, text)
		return
	}
	v.become('{')
	name := unescape(path[0])
	in := v.member(name)
	if in == nil {
		in = &Value{posted: true}
		v.members = append(v.members, member{name, in})
	}
	in.put(path[1:], kind, text)
}

// become makes an object or an array of a place.
func (v *Value) become(kind jsontext.Kind) {
	if v.kind != kind {
		v.kind, v.raw, v.members, v.items = kind, nil, nil, nil
	}
}

// list puts something in an item; numbers that are left out are closed up.
func (v *Value) list(path []string, kind, text string) {
	v.become('[')
	n, _ := itemOf(path[0])
	if len(v.items) > 0 && v.items[len(v.items)-1].number == n {
		v.items[len(v.items)-1].put(path[1:], kind, text)
		return
	}
	if len(v.items) == mostItems {
		return
	}
	in := &Value{posted: true, number: n}
	v.items = append(v.items, in)
	in.put(path[1:], kind, text)
}

// unix is a text with the line ends that it had before a form changed them.
func unix(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// fill takes what an input held.
func (v *Value) fill(kind, text string) {
	switch kind {
	case ofShape:
		v.shape, _ = strconv.Atoi(text)
		return
	case ofRest:
		v.takeOthers(text)
		return
	case JSON:
		if strings.TrimSpace(text) == "" {
			return
		}
		in, err := Parse([]byte(text))
		if err != nil {
			v.text, v.wrong = text, "is not JSON"
			return
		}
		v.take(in)
		v.posted = false
		return
	}
	if raw := meant(kind, text); raw != nil {
		if in, err := Parse(raw); err == nil {
			v.take(in)
		}
	}
}

// take takes over what was written as JSON.
func (v *Value) take(in *Value) {
	v.kind, v.raw, v.members, v.items, v.posted = in.kind, in.raw, in.members, in.items, in.kind != '{' && in.kind != '['
}

// takeOthers takes members that are written as JSON, beside those with fields.
func (v *Value) takeOthers(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	in, err := Parse([]byte(text))
	switch {
	case err != nil:
		v.others, v.othersWrong = text, "is not JSON"
	case in.kind != '{':
		v.others, v.othersWrong = text, "has to be a JSON object"
	default:
		v.become('{')
		v.members = append(v.members, in.members...)
	}
}

// meant is the JSON that a text in an input stands for; nil: nothing is filled in.
func meant(kind, text string) jsontext.Value {
	bare := strings.TrimSpace(text)
	switch {
	case text == "":
		return nil
	case kind == Choice:
		if raw := jsontext.Value(text); raw.IsValid() {
			return raw
		}
		return quote(text)
	case kind == Number && isNumber(bare):
		return jsontext.Value(bare)
	case kind == Any && jsontext.Value(bare).IsValid():
		return jsontext.Value(bare)
	}
	return quote(text)
}
