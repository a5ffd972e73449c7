package catalogue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Object is a JSON object whose members keep their order: nested parameters become XML bodies, where the order counts.
// Values are string, bool, json.Number, nil, Object and []any.
type Object []Member

// Member is a member of an Object.
type Member struct {
	Name  string
	Value any
}

// decodeObject reads one JSON object and nothing after it. A name that is there twice is an error.
func decodeObject(text []byte) (Object, error) {
	value, err := decodeValue(text)
	if err != nil {
		return nil, err
	}
	object, is := value.(Object)
	if !is {
		return nil, errors.New("not a JSON object")
	}
	return object, nil
}

func decodeValue(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, err := nextValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return value, nil
}

func nextValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return nextObject(d)
	case json.Delim('['):
		return nextList(d)
	}
	return token, nil
}

func nextObject(d *json.Decoder) (any, error) {
	object := Object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		if _, twice := object.get(name.(string)); twice {
			return nil, fmt.Errorf("%q is there twice", name)
		}
		value, err := nextValue(d)
		if err != nil {
			return nil, err
		}
		object = append(object, Member{name.(string), value})
	}
	_, err := d.Token()
	return object, err
}

func nextList(d *json.Decoder) (any, error) {
	list := []any{}
	for d.More() {
		value, err := nextValue(d)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := d.Token()
	return list, err
}

// UnmarshalJSON keeps the order.
func (o *Object) UnmarshalJSON(text []byte) (err error) {
	*o, err = decodeObject(text)
	return err
}

// MarshalJSON keeps the order.
func (o Object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := json.Marshal(m.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.Value)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func (o Object) get(name string) (any, bool) {
	at := slices.IndexFunc(o, func(m Member) bool { return m.Name == name })
	if at < 0 {
		return nil, false
	}
	return o[at].Value, true
}

// set returns the object with the value at a dotted path, where an object is made for each name before the last.
func (o Object) set(path string, value any) Object {
	name, rest, deeper := strings.Cut(path, ".")
	if deeper {
		inner, _ := o.get(name)
		object, _ := inner.(Object)
		value = object.set(rest, value)
	}
	return o.with(name, value)
}

// with returns the object with a member set. It does not change the one it was called on.
func (o Object) with(name string, value any) Object {
	out := slices.Clone(o)
	if at := slices.IndexFunc(out, func(m Member) bool { return m.Name == name }); at >= 0 {
		out[at].Value = value
		return out
	}
	return append(out, Member{name, value})
}

// merged returns the object with the members of another set.
func (o Object) merged(other Object) Object {
	for _, m := range other {
		o = o.with(m.Name, m.Value)
	}
	return o
}

// without returns the object without some members.
func (o Object) without(names ...string) Object {
	return slices.DeleteFunc(slices.Clone(o), func(m Member) bool { return slices.Contains(names, m.Name) })
}

// members makes an object of names and values.
func members(pairs ...any) Object {
	o := Object{}
	for pair := range slices.Chunk(pairs, 2) {
		o = append(o, Member{pair[0].(string), pair[1]})
	}
	return o
}
