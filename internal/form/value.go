package form

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// A Value is what is filled in: JSON, of which places may be empty.
type Value struct {
	kind    jsontext.Kind  // '{', '[', or that of raw; 0: nothing is filled in
	raw     jsontext.Value // of anything but objects and arrays
	members []member
	items   []*Value

	posted bool // by a field, rather than written as JSON
	number int  // as an item
	shape  int  // that was chosen
	fresh  bool // it was just added

	text, wrong         string // what was meant as JSON and is none, and why
	others, othersWrong string // the same, of members that there are no fields for
}

type member struct {
	name  string
	value *Value
}

// mostDeep bounds how deep JSON may be that is taken apart.
const mostDeep = 200

// Parse reads JSON.
func Parse(text []byte) (*Value, error) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	v, err := parse(d, 0)
	if err != nil {
		return nil, err
	}
	if rest := bytes.TrimSpace(text[d.InputOffset():]); len(rest) > 0 {
		return nil, errors.New("something follows the JSON")
	}
	return v, nil
}

func parse(d *jsontext.Decoder, depth int) (*Value, error) {
	if depth > mostDeep {
		return nil, errors.New("it is nested too deeply")
	}
	v := &Value{kind: d.PeekKind()}
	switch v.kind {
	case '{', '[':
	default:
		raw, err := d.ReadValue()
		v.raw = raw.Clone()
		return v, err
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() != '}' && d.PeekKind() != ']' {
		name := ""
		if v.kind == '{' {
			t, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			name = t.String()
		}
		in, err := parse(d, depth+1)
		if err != nil {
			return nil, err
		}
		if v.kind == '{' {
			v.members = append(v.members, member{name, in})
		} else {
			v.items = append(v.items, in)
		}
	}
	_, err := d.ReadToken()
	return v, err
}

// orNew is the value, or nil if it was just added: of that nobody has been asked yet.
func (v *Value) orNew() *Value {
	if v.fresh && v.kind == 0 {
		return nil
	}
	return v
}

// askedOnly reports whether it holds what was asked for and no more, so that a member which is not in it is new: nobody has been
// asked for that yet.
func (v *Value) askedOnly() bool { return v.posted && (v.kind == '{' || v.shape > 0) }

// member is the value of a member; nil: there is none.
func (v *Value) member(name string) *Value {
	if v == nil {
		return nil
	}
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// filled reports whether anything is filled in.
func (v *Value) filled() bool {
	switch {
	case v == nil:
		return false
	case v.wrong != "" || v.othersWrong != "":
		return true
	case v.kind == '{' || v.kind == '[':
		for _, m := range v.members {
			if m.value.filled() {
				return true
			}
		}
		for _, item := range v.items {
			if item.filled() {
				return true
			}
		}
		return v.bare()
	}
	return v.kind != 0
}

// bare reports whether it is {} or [].
func (v *Value) bare() bool {
	return (v.kind == '{' || v.kind == '[') && len(v.members) == 0 && len(v.items) == 0 && !v.posted
}

// json is the value as it is sent; nil: nothing is filled in.
func (v *Value) json() jsontext.Value {
	if !v.filled() {
		return nil
	}
	switch v.kind {
	case '{':
		return object(func(yield func(string, jsontext.Value)) {
			for _, m := range v.members {
				yield(m.name, m.value.json())
			}
		})
	case '[':
		return array(func(yield func(jsontext.Value)) {
			for _, item := range v.items {
				yield(item.json())
			}
		})
	}
	return v.raw
}

// object writes the members that there are.
func object(all func(yield func(name string, raw jsontext.Value))) jsontext.Value {
	out := []byte{'{'}
	all(func(name string, raw jsontext.Value) {
		if raw == nil {
			return
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, quote(name)...), ':'), raw...)
	})
	return append(out, '}')
}

// array writes the items that there are.
func array(all func(yield func(raw jsontext.Value))) jsontext.Value {
	out := []byte{'['}
	all(func(raw jsontext.Value) {
		if raw == nil {
			return
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, raw...)
	})
	return append(out, ']')
}

// quote is a text as JSON; bytes that are no UTF-8 are replaced.
func quote(text string) jsontext.Value {
	raw, _ := jsontext.AppendQuote(nil, text) // its only error is about what it has replaced
	return raw
}

// unquote is the text of a JSON string; false: it is none.
func unquote(raw jsontext.Value) (string, bool) {
	if raw.Kind() != '"' {
		return "", false
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	return string(text), err == nil
}

// compact is JSON on one line; what is none stays as it is.
func compact(raw jsontext.Value) string {
	raw = raw.Clone()
	raw.Compact(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return string(raw)
}

func isNumber(text string) bool {
	raw := jsontext.Value(text)
	return raw.Kind() == '0' && raw.IsValid()
}

func index(n int) string { return "[" + strconv.Itoa(n) + "]" }

// Nothing is a value of which nothing is filled in, though somebody was asked.
func Nothing() *Value { return &Value{posted: true} }
