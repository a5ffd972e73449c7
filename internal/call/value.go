package call

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// A value is an argument, as far as serialization is concerned: a primitive's text, an array or an object. Numbers keep the
// text that they came with.
type value struct {
	kind    jsontext.Kind // '"' for every primitive, 'n' for null, '[' or '{'
	text    string
	literal bool // the text is a number, true or false
	items   []value
	members []member
}

type member struct {
	name  string
	value value
}

const maxDepth = 200 // of arrays and objects in an argument

// parse reads an argument. absent: it is null, or nothing at all.
func parse(raw jsontext.Value) (v value, absent bool, err error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return v, true, nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	if d.PeekKind() == 'n' {
		return v, true, nil
	}
	v, err = read(d)
	return v, false, err
}

func read(d *jsontext.Decoder) (value, error) {
	if d.StackDepth() > maxDepth {
		return value{}, errDeep
	}
	switch d.PeekKind() {
	case '[':
		v := value{kind: '['}
		if _, err := d.ReadToken(); err != nil {
			return v, err
		}
		for d.PeekKind() != ']' {
			item, err := read(d)
			if err != nil {
				return v, err
			}
			v.items = append(v.items, item)
		}
		_, err := d.ReadToken()
		return v, err
	case '{':
		v := value{kind: '{'}
		if _, err := d.ReadToken(); err != nil {
			return v, err
		}
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				return v, err
			}
			m := member{name: name.String()}
			if m.value, err = read(d); err != nil {
				return v, err
			}
			v.members = append(v.members, m)
		}
		_, err := d.ReadToken()
		return v, err
	}
	t, err := d.ReadToken()
	if err != nil {
		return value{}, err
	}
	if t.Kind() == 'n' {
		return value{kind: 'n'}, nil
	}
	return value{kind: '"', text: t.String(), literal: t.Kind() != '"'}, nil
}

// empty reports whether there is nothing in an array or object (RFC 6570 2.3).
func (v value) empty() bool {
	return !slices.ContainsFunc(v.items, value.some) && !slices.ContainsFunc(v.members, func(m member) bool { return m.value.some() })
}

func (v value) some() bool { return v.kind != 'n' }

// nested reports whether an array holds more than texts.
func (v value) nested() bool {
	return slices.ContainsFunc(v.items, func(item value) bool { return item.kind == '[' || item.kind == '{' })
}

// flat is the text of a value where only a primitive can stand: arrays and objects are written as JSON.
func (v value) flat() string {
	if v.kind == '"' {
		return v.text
	}
	return string(v.json())
}

// json writes a value as JSON.
func (v value) json() jsontext.Value {
	var out bytes.Buffer
	e := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true))
	v.write(e)
	return bytes.TrimSpace(out.Bytes())
}

func (v value) write(e *jsontext.Encoder) {
	switch {
	case v.kind == '[':
		e.WriteToken(jsontext.BeginArray)
		for _, item := range v.items {
			item.write(e)
		}
		e.WriteToken(jsontext.EndArray)
	case v.kind == '{':
		e.WriteToken(jsontext.BeginObject)
		for _, m := range v.members {
			e.WriteToken(jsontext.String(m.name))
			m.value.write(e)
		}
		e.WriteToken(jsontext.EndObject)
	case v.kind == 'n':
		e.WriteToken(jsontext.Null)
	case v.literal:
		e.WriteValue(jsontext.Value(v.text))
	default:
		e.WriteToken(jsontext.String(v.text))
	}
}

// unquoted is the array or object that a text spells, where that type is wanted: a shell knows only texts.
func unquoted(raw jsontext.Value, kind string) jsontext.Value {
	wanted := map[string]jsontext.Kind{"array": '[', "object": '{'}[kind]
	if wanted == 0 || raw.Kind() != '"' {
		return raw
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if inner := jsontext.Value(bytes.TrimSpace(text)); err == nil && inner.Kind() == wanted && inner.IsValid() {
		return inner
	}
	return raw
}
