package oauth

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
)

// params are the parameters of a request in their order. A value is an expand.Value, a jsontext.Value (a number or boolean), a []any of
// values or a params.
type params []param

type param struct {
	name  string
	value any
}

// set replaces a parameter, or adds it.
func (p params) set(name string, value any) params {
	if i := slices.IndexFunc(p, func(have param) bool { return have.name == name }); i >= 0 {
		p = slices.Clone(p)
		p[i].value = value
		return p
	}
	return append(p, param{name, value})
}

func (p params) without(name string) params {
	return slices.DeleteFunc(slices.Clone(p), func(have param) bool { return have.name == name })
}

// merge puts the recipe's parameters over the standard ones; null takes one away.
func (v *env) merge(standard params, own recipe.Params) (params, error) {
	if len(own) == 0 {
		return standard, nil
	}
	tree, err := v.expand(jsontext.NewDecoder(bytes.NewReader(own)))
	if err != nil {
		return nil, err
	}
	for _, p := range tree.(params) {
		if p.value == nil {
			standard = standard.without(p.name)
			continue
		}
		standard = standard.set(p.name, p.value)
	}
	return standard, nil
}

// expand reads a JSON value and fills its texts in.
func (v *env) expand(in *jsontext.Decoder) (any, error) {
	switch in.PeekKind() {
	case '{':
		all := params{}
		in.ReadToken()
		for in.PeekKind() != '}' {
			name, err := in.ReadToken()
			if err != nil {
				return nil, wrongParams()
			}
			key := name.String()
			value, err := v.expand(in)
			if err != nil {
				return nil, err
			}
			all = append(all, param{key, value})
		}
		in.ReadToken()
		return all, nil
	case '[':
		all := []any{}
		in.ReadToken()
		for in.PeekKind() != ']' {
			value, err := v.expand(in)
			if err != nil {
				return nil, err
			}
			all = append(all, value)
		}
		in.ReadToken()
		return all, nil
	}
	return v.leaf(in)
}

func (v *env) leaf(in *jsontext.Decoder) (any, error) {
	raw, err := in.ReadValue()
	if err != nil {
		return nil, wrongParams()
	}
	switch raw.Kind() {
	case 'n':
		return nil, nil
	case '"':
		t, _ := jsontext.AppendUnquote(nil, raw)
		return v.fill(recipe.Template(t))
	}
	return raw.Clone(), nil
}

func wrongParams() error { return fault.New(fault.Internal, "stored parameters are not JSON") }

// shower makes a text of a value: to send it, or to show what would be sent.
type shower func(expand.Value) string

func scalar(value any, show shower) string {
	switch value := value.(type) {
	case expand.Value:
		return show(value)
	case jsontext.Value:
		return string(value)
	case []any:
		all := make([]string, len(value))
		for i, item := range value {
			all[i] = scalar(item, show)
		}
		return strings.Join(all, " ")
	case params:
		return string(value.json(show))
	}
	return ""
}

// form is the parameters in pairs; a list is a parameter several times.
func (p params) form(show shower) url.Values {
	form := url.Values{}
	for _, m := range p {
		list, ok := m.value.([]any)
		if !ok {
			list = []any{m.value}
		}
		for _, item := range list {
			form.Add(m.name, scalar(item, show))
		}
	}
	return form
}

func (p params) json(show shower) []byte {
	var out bytes.Buffer
	writeJSON(jsontext.NewEncoder(&out), p, show)
	return bytes.TrimSpace(out.Bytes())
}

func writeJSON(e *jsontext.Encoder, value any, show shower) {
	switch value := value.(type) {
	case params:
		e.WriteToken(jsontext.BeginObject)
		for _, m := range value {
			e.WriteToken(jsontext.String(m.name))
			writeJSON(e, m.value, show)
		}
		e.WriteToken(jsontext.EndObject)
	case []any:
		e.WriteToken(jsontext.BeginArray)
		for _, item := range value {
			writeJSON(e, item, show)
		}
		e.WriteToken(jsontext.EndArray)
	case expand.Value:
		e.WriteToken(jsontext.String(strings.ToValidUTF8(show(value), "\uFFFD")))
	case jsontext.Value:
		e.WriteValue(value)
	default:
		e.WriteToken(jsontext.Null)
	}
}

// xml writes elements; a member whose name begins with $ or @ is an attribute, one called # is the text, and a list is an element
// several times.
func (p params) xml(show shower) []byte {
	var out bytes.Buffer
	out.WriteString(xml.Header)
	e := xml.NewEncoder(&out)
	for _, m := range p {
		writeXML(e, m.name, m.value, show)
	}
	e.Flush() // into memory, which does not fail
	return out.Bytes()
}

// xmlName reports whether elements and attributes may be called that. The standard library's reader judges it: it knows the letters of
// XML's fourth edition, as many services do, and not those that came later.
func xmlName(name string) bool {
	in := xml.NewDecoder(strings.NewReader("<" + name + "/>"))
	t, err := in.RawToken()
	start, ok := t.(xml.StartElement)
	if err != nil || !ok {
		return false
	}
	read := start.Name.Local
	if start.Name.Space != "" {
		read = start.Name.Space + ":" + read
	}
	return read == name && !strings.HasPrefix(name, ":")
}

// noXML is a name among the parameters that is none in XML; "" if all are.
func (p params) noXML() string {
	for _, m := range p {
		name := m.name
		if attribute, is := attributeName(name); is {
			name = attribute
		}
		if name != "#" && !xmlName(name) {
			return cmp.Or(m.name, " ")
		}
		list, is := m.value.([]any)
		if !is {
			list = []any{m.value}
		}
		for _, item := range list {
			if children, nested := item.(params); nested {
				if bad := children.noXML(); bad != "" {
					return bad
				}
			}
		}
	}
	return ""
}

func writeXML(e *xml.Encoder, name string, value any, show shower) {
	if list, ok := value.([]any); ok {
		for _, item := range list {
			writeXML(e, name, item, show)
		}
		return
	}
	start := xml.StartElement{Name: xml.Name{Local: name}}
	children, nested := value.(params)
	for _, m := range children {
		if attribute, ok := attributeName(m.name); ok {
			start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: attribute}, Value: scalar(m.value, show)})
		}
	}
	e.EncodeToken(start)
	if !nested {
		e.EncodeToken(xml.CharData(scalar(value, show)))
	}
	for _, m := range children {
		if _, ok := attributeName(m.name); ok {
			continue
		}
		if m.name == "#" {
			e.EncodeToken(xml.CharData(scalar(m.value, show)))
			continue
		}
		writeXML(e, m.name, m.value, show)
	}
	e.EncodeToken(start.End())
}

func attributeName(name string) (string, bool) {
	if strings.HasPrefix(name, "$") || strings.HasPrefix(name, "@") {
		return name[1:], true
	}
	return "", false
}

// textOf is a value of an answer as a text; "" if it is an object, a list or nothing.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case jsontext.Value:
		return string(v)
	case bool, float64:
		raw, _ := json.Marshal(v) // of these, it marshals
		return string(raw)
	}
	return ""
}

func plain(text string) expand.Value { return expand.Plain(text) }

func hidden(s seal.Secret) expand.Value { return expand.Secret(s) }
