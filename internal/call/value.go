package call

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A value is an argument, as far as serialization is concerned: a primitive's text, an array or an object. Numbers keep the
// text that they came with.
type value struct {
	kind    jsontext.Kind // '"' for every primitive, '[' or '{'
	text    string
	items   []value
	members []member
}

type member struct {
	name  string
	value value
}

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
		return value{kind: '"'}, nil
	}
	return value{kind: '"', text: t.String()}, nil
}

// flat is the text of a value where only a primitive can stand: arrays and objects are written as JSON.
func (v value) flat() string {
	if v.kind == '"' {
		return v.text
	}
	return string(v.json())
}

// json writes an array or object; its primitives become texts, which is the best that can be said of them there.
func (v value) json() jsontext.Value {
	var out bytes.Buffer
	e := jsontext.NewEncoder(&out)
	v.write(e)
	return bytes.TrimSpace(out.Bytes())
}

func (v value) write(e *jsontext.Encoder) {
	switch v.kind {
	case '[':
		e.WriteToken(jsontext.BeginArray)
		for _, item := range v.items {
			item.write(e)
		}
		e.WriteToken(jsontext.EndArray)
	case '{':
		e.WriteToken(jsontext.BeginObject)
		for _, m := range v.members {
			e.WriteToken(jsontext.String(m.name))
			m.value.write(e)
		}
		e.WriteToken(jsontext.EndObject)
	default:
		e.WriteToken(jsontext.String(v.text))
	}
}

// fits says what is wrong with a value for a parameter of that type; "" if nothing is. A text is as good as the number or
// boolean that it spells, for a shell knows only texts; a single value is as good as an array of one.
func (v value) fits(kind, itemKind string) string {
	switch {
	case kind == "array" && v.kind == '[':
		for _, item := range v.items {
			if wrong := item.fits(itemKind, ""); wrong != "" {
				return "an item " + wrong
			}
		}
		return ""
	case kind == "array" && v.kind == '"':
		return v.fits(itemKind, "")
	case kind == "array" || kind == "object" && v.kind != '{':
		return "is not " + article(kind)
	case kind == "" || kind == "object":
		return ""
	case v.kind != '"':
		return "is not " + article(kind)
	}
	return v.spells(kind)
}

// spells reports whether a primitive's text is of the type.
func (v value) spells(kind string) string {
	ok := true
	switch kind {
	case "integer":
		digits := strings.TrimPrefix(v.text, "-")
		ok = digits != "" && strings.Trim(digits, "0123456789") == ""
	case "number":
		ok = jsontext.Value(v.text).Kind() == '0' && jsontext.Value(v.text).IsValid()
	case "boolean":
		ok = v.text == "true" || v.text == "false"
	}
	if !ok {
		return "is not " + article(kind)
	}
	return ""
}

func article(kind string) string {
	if strings.ContainsRune("aeiou", rune(kind[0])) {
		return "an " + kind
	}
	return "a " + kind
}
