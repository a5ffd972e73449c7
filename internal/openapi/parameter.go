package openapi

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

// A parameter of the document; in OpenAPI 2.0 it may be a body, or a field of one.
type parameter struct {
	model.Parameter
	body bool // in: body or formData
	raw  tree.Value
}

// parameters reads the parameters of a path: a list, or by mistake an object of them.
func (r *reader) parameters(list tree.Value, path string) []parameter {
	if list.Exists() && list.Kind() != '[' && list.Kind() != 'n' {
		r.report(structure, in(list), "is not a list; its members are taken as one")
	}
	var all []parameter
	add := func(ref tree.Value) {
		v := r.deref(ref)
		if v.Kind() != '{' {
			if v.Exists() {
				r.report(structure, in(v), "is not a parameter; left out")
			}
			return
		}
		p, ok := r.parameter(v, path)
		if !ok {
			return
		}
		if i := slices.IndexFunc(all, func(o parameter) bool { return o.Name == p.Name && o.In == p.In && !p.body }); i >= 0 {
			r.report(parameterTwice, in(ref), "%s in %s is declared twice; the last one counts", quote(p.Name), p.In)
			all[i] = p
			return
		}
		all = append(all, p)
	}
	for v := range list.Items() {
		add(v)
	}
	for _, v := range list.Members() {
		add(v)
	}
	return all
}

func (r *reader) parameter(v tree.Value, path string) (parameter, bool) {
	p := parameter{raw: v, Parameter: model.Parameter{
		Name: scalar(v.Get("name")), Required: v.Get("required").True(),
		Deprecated: v.Get("deprecated").True(), Description: v.Get("description").Text(), Example: example(v), AllowEmpty: v.Get("allowEmptyValue").True(),
	}}
	p.In = r.placeOf(v, p.Name, path)
	p.body = p.In == "body" || p.In == "formData"
	switch {
	case p.Name == "" && p.In != "body" && p.In != model.InQuerystring:
		r.report(parameterName, in(v), "has no name; left out")
		return p, false
	case p.In == "":
		r.report(parameterIn, in(v.Get("in")), "there is no place %s for the parameter %s; left out", quote(scalar(v.Get("in"))), quote(p.Name))
		return p, false
	case p.body:
	case r.two:
		r.style2(&p)
	default:
		r.style(&p)
	}
	if p.In == model.InPath {
		p.Required = true // whatever the document says (OpenAPI 3.1, 4.8.12.1)
	}
	return p, true
}

func example(v tree.Value) jsontext.Value {
	if e := v.Get("example"); e.Exists() {
		return e.Raw()
	}
	for _, e := range v.Get("examples").Members() {
		return exampleValue(e)
	}
	return nil
}

// style fills in the defaults of OpenAPI 3 (3.1, 4.8.12.2).
func (r *reader) style(p *parameter) {
	v := p.raw
	p.Style, p.AllowReserved = v.Get("style").Text(), v.Get("allowReserved").True()
	if p.Style == "" {
		p.Style = "simple"
		if p.In == model.InQuery || p.In == model.InCookie {
			p.Style = "form"
		}
	}
	p.Explode = p.Style == "form" || p.Style == "deepObject" || p.Style == "cookie"
	if explode := v.Get("explode"); explode.Exists() {
		p.Explode = explode.True()
	}
	schema := v.Get("schema")
	for kind, media := range v.Get("content").Members() {
		p.ContentType, schema = kind, r.deref(media).Get("schema")
		break
	}
	p.Schema = schema.Raw()
	p.Type, p.ItemType = r.types(schema)
	p.Default = r.defaultOf(schema)
}

// defaultOf is the default of a schema; if it allows one value only, that one.
func (r *reader) defaultOf(schema tree.Value) jsontext.Value {
	_, schema = r.typeOf(schema)
	if d := schema.Get("default"); d.Exists() {
		return d.Raw()
	}
	if c := schema.Get("const"); c.Exists() {
		return c.Raw()
	}
	var only jsontext.Value
	for choice := range schema.Get("enum").Items() {
		if only != nil {
			return nil
		}
		only = choice.Raw()
	}
	return only
}

// types returns the type of a schema and, of an array, that of its items; "" if it has none or several.
func (r *reader) types(schema tree.Value) (kind, item string) {
	kind, schema = r.typeOf(schema)
	if kind == "array" {
		item, _ = r.typeOf(schema.Get("items"))
	}
	return kind, item
}

// typeOf follows references, and looks through an allOf of one.
func (r *reader) typeOf(schema tree.Value) (string, tree.Value) {
	for range 32 {
		if ref := schema.Get("$ref"); ref.Kind() == '"' {
			next, err := r.target(ref.Text())
			if err != nil {
				return "", schema
			}
			schema = next
			continue
		}
		switch t := schema.Get("type"); t.Kind() {
		case '"':
			return t.Text(), schema
		case '[': // OpenAPI 3.1: a list, often of one and "null"
			return single(t), schema
		}
		var parts []tree.Value
		for part := range schema.Get("allOf").Items() {
			parts = append(parts, part)
		}
		if len(parts) != 1 {
			return "", schema
		}
		schema = parts[0]
	}
	return "", schema
}

// single is the only type in a list beside "null".
func single(list tree.Value) (kind string) {
	for t := range list.Items() {
		switch {
		case t.Text() == "null":
		case kind != "":
			return ""
		default:
			kind = t.Text()
		}
	}
	return kind
}
