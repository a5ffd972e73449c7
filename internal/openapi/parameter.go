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

var places = []string{model.InPath, model.InQuery, model.InHeader, model.InCookie, model.InQuerystring}

// parameters reads a list of parameters.
func (r *reader) parameters(list tree.Value, at string) []parameter {
	if list.Exists() && list.Kind() != '[' {
		r.problem(at, "is not a list")
		return nil
	}
	var all []parameter
	for v := range list.Items() {
		if v = r.deref(v, at); v.Kind() != '{' {
			continue
		}
		p := parameter{raw: v, Parameter: model.Parameter{
			Name: scalar(v.Get("name")), In: v.Get("in").Text(), Required: v.Get("required").True(),
			Deprecated: v.Get("deprecated").True(), Description: v.Get("description").Text(), Example: example(v), AllowEmpty: v.Get("allowEmptyValue").True(),
		}}
		switch {
		case r.two && (p.In == "body" || p.In == "formData"):
			p.body = true
		case p.Name == "" || !slices.Contains(places, p.In):
			r.warn(at, "has a parameter %s in %s; left out", quote(p.Name), quote(p.In))
			continue
		case r.two:
			r.style2(&p)
		default:
			r.style(&p)
		}
		if p.In == model.InPath {
			p.Required = true // whatever the document says (OpenAPI 3.1, 4.8.12.1)
		}
		if i := slices.IndexFunc(all, func(o parameter) bool { return o.Name == p.Name && o.In == p.In && !p.body }); i >= 0 {
			r.warn(at, "has %s in %s twice; the last one counts", quote(p.Name), p.In)
			all[i] = p
			continue
		}
		all = append(all, p)
	}
	return all
}

func example(v tree.Value) jsontext.Value {
	if e := v.Get("example"); e.Exists() {
		return e.Raw()
	}
	for _, e := range v.Get("examples").Members() {
		return e.Get("value").Raw()
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
		p.ContentType, schema = kind, media.Get("schema")
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
