package openapi

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

// What OpenAPI 2.0 says in another way than OpenAPI 3.

// style2 translates collectionFormat, and makes a schema of the type that stands in the parameter itself.
func (r *reader) style2(p *parameter) {
	p.Style, p.Explode = collection2(p.raw.Get("collectionFormat").Text())
	if p.In != model.InQuery && p.Style == "form" { // multi is for queries and forms only (OpenAPI 2.0, Parameter Object)
		p.Style, p.Explode = "simple", false
	}
	if schema := p.raw.Get("schema"); schema.Exists() { // as OpenAPI 3 has it; a common mistake
		p.Schema = schema.Raw()
		p.Type, p.ItemType = r.types(schema)
		p.Default = r.defaultOf(schema)
		return
	}
	p.Schema = inlineSchema(p.raw)
	p.Type, p.ItemType = r.types(p.raw)
	p.Default = r.defaultOf(p.raw)
}

// collection2 is the style that a collectionFormat stands for; csv is the default.
func collection2(format string) (style string, explode bool) {
	switch format {
	case "ssv":
		return "spaceDelimited", false
	case "tsv":
		return "tabDelimited", false
	case "pipes":
		return "pipeDelimited", false
	}
	return "form", format == "multi"
}

// inlineSchema picks what belongs to the schema out of a parameter.
func inlineSchema(v tree.Value) jsontext.Value {
	keep := []string{"type", "format", "items", "enum", "default", "minimum", "maximum", "pattern", "minLength", "maxLength", "minItems", "maxItems",
		"exclusiveMinimum", "exclusiveMaximum", "uniqueItems", "multipleOf"}
	var out bytes.Buffer
	for name, member := range v.Members() {
		if !slices.Contains(keep, name) {
			continue
		}
		mark := byte(',')
		if out.Len() == 0 {
			mark = '{'
		}
		out.WriteByte(mark)
		out.WriteString(`"` + name + `":`)
		if name == "type" && member.Text() == "file" {
			out.WriteString(`"string","format":"binary"`)
			continue
		}
		out.Write(member.Raw())
	}
	if out.Len() == 0 {
		return nil
	}
	out.WriteByte('}')
	return out.Bytes()
}

// types2 are the media types that an operation consumes or produces.
func (r *reader) types2(op tree.Value, which string) []string {
	list := op.Get(which)
	if !list.Exists() {
		list = r.root.Get(which)
	}
	var types []string
	for t := range list.Items() {
		if text := strings.TrimSpace(t.Text()); text != "" {
			types = append(types, text)
		}
	}
	return types
}

// body2 makes a body of the parameters in body or formData; nil if there are none.
func (r *reader) body2(op tree.Value, all []parameter) *model.Body {
	var fields []parameter
	for _, p := range all {
		switch p.In {
		case "body":
			b := &model.Body{Required: p.Required, Description: p.Description}
			types := r.types2(op, "consumes")
			if len(types) == 0 {
				types = []string{"application/json"}
			}
			for _, t := range types {
				b.Content = append(b.Content, model.MediaType{Type: t, Schema: p.raw.Get("schema").Raw()})
			}
			return b
		case "formData":
			fields = append(fields, p)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return r.form2(op, fields)
}

// form2 makes a form of fields: in parts if a file is among them, or if the operation consumes nothing else.
func (r *reader) form2(op tree.Value, fields []parameter) *model.Body {
	const plain, parts = "application/x-www-form-urlencoded", "multipart/form-data"
	b := &model.Body{}
	kind := plain
	types := r.types2(op, "consumes")
	if slices.Contains(types, parts) && !slices.Contains(types, plain) {
		kind = parts
	}
	var out bytes.Buffer
	e := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	e.WriteToken(jsontext.BeginObject) // writing to memory does not fail
	e.WriteToken(jsontext.String("type"))
	e.WriteToken(jsontext.String("object"))
	e.WriteToken(jsontext.String("properties"))
	e.WriteToken(jsontext.BeginObject)
	var required []string
	var encoding map[string]model.Encoding
	for _, f := range fields {
		if f.raw.Get("type").Text() == "array" {
			if encoding == nil {
				encoding = map[string]model.Encoding{}
			}
			var one model.Encoding
			one.Style, one.Explode = collection2(f.raw.Get("collectionFormat").Text())
			encoding[f.Name] = one
		}
		if f.raw.Get("type").Text() == "file" {
			kind = parts
		}
		if f.Required {
			required = append(required, f.Name)
		}
		e.WriteToken(jsontext.String(f.Name))
		schema := inlineSchema(f.raw)
		if own := f.raw.Get("schema"); own.Exists() { // as OpenAPI 3 has it
			schema = own.Raw()
		}
		if schema == nil {
			schema = jsontext.Value(`{}`)
		}
		e.WriteValue(schema)
	}
	e.WriteToken(jsontext.EndObject)
	if len(required) > 0 {
		b.Required = true
		e.WriteToken(jsontext.String("required"))
		e.WriteToken(jsontext.BeginArray)
		for _, name := range required {
			e.WriteToken(jsontext.String(name))
		}
		e.WriteToken(jsontext.EndArray)
	}
	e.WriteToken(jsontext.EndObject)
	b.Content = []model.MediaType{{Type: kind, Schema: bytes.TrimSpace(out.Bytes()), Encoding: encoding}}
	return b
}
