package spec

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// An Operation is one of the document, as far as a request for it is concerned.
type Operation struct {
	Method, Path string
	ID           string
	Parameters   []Parameter
	Bodies       []Body // in the order of their media types
	BodyRequired bool
	Servers      []string // its own, or its path's
}

// A Parameter is an argument outside the body.
type Parameter struct {
	Name, In string
	Required bool
	Style    string
	Explode  bool
	Reserved bool   // allowReserved
	Content  string // the media type that it is serialized as, in place of a style
	Schema   any
}

// A Body is one form of an operation's body.
type Body struct {
	Type   string
	Schema any
	Fields map[string]Field // of a form: what the document says about how they are written
}

// A Field is one of a form, or a part.
type Field struct {
	Type     string // media types, divided by commas; ""
	Style    string // as that of a query parameter; "": none
	Explode  bool
	Reserved bool
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}

// Operations returns all operations of the document, by path and method.
func (d *Document) Operations() (all []Operation) {
	paths := object(d.root["paths"])
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := object(d.Resolve(paths[path]))
		if strings.HasPrefix(path, "x-") || item == nil {
			continue
		}
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		for _, method := range methods {
			if v := object(item[method]); v != nil {
				all = append(all, d.operation(method, path, item, v))
			}
		}
	}
	return all
}

func (d *Document) operation(method, path string, item, v map[string]any) Operation {
	op := Operation{Method: strings.ToUpper(method), Path: path, ID: strings.TrimSpace(text(v["operationId"])), Servers: d.servers(v)}
	if op.Servers == nil {
		op.Servers = d.servers(item)
	}
	var all []map[string]any
	for _, raw := range append(list(item["parameters"]), list(v["parameters"])...) {
		p := object(d.Resolve(raw))
		if p == nil {
			continue
		}
		same := func(other map[string]any) bool {
			return text(other["name"]) == text(p["name"]) && other["in"] == p["in"]
		}
		if i := slices.IndexFunc(all, same); i >= 0 {
			all[i] = p // the operation's over its path's, and of two the last
			continue
		}
		all = append(all, p)
	}
	for _, p := range all {
		if parameter, ok := d.parameter(p, path); ok {
			op.Parameters = append(op.Parameters, parameter)
		}
	}
	op.undeclared()
	if d.two {
		d.body2(&op, v, all)
	} else if body := object(d.Resolve(v["requestBody"])); body != nil {
		op.BodyRequired = isTrue(body["required"])
		op.Bodies = d.bodies(object(body["content"]))
	}
	return op
}

// undeclared adds the placeholders of the path that no parameter is for.
func (op *Operation) undeclared() {
	for _, name := range placeholders(op.Path) {
		if !slices.ContainsFunc(op.Parameters, func(p Parameter) bool { return p.In == "path" && p.Name == name }) {
			op.Parameters = append(op.Parameters, Parameter{Name: name, In: "path", Required: true, Style: "simple", Schema: map[string]any{"type": "string"}})
		}
	}
}

// placeholders returns the names in braces in a path.
func placeholders(path string) (names []string) {
	for {
		_, rest, found := strings.Cut(path, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return names
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		path = after
	}
}

// IsArgument reports whether an argument can be for a header of that name.
func IsArgument(header string) bool {
	return !slices.Contains(notArguments, http.CanonicalHeaderKey(header))
}

// notArguments are headers that no argument is for, though documents declare them: those of 3.1.1, 4.8.12.1, also in 2.0, which are what
// the body, the answers and the credentials say, and those that HTTP itself makes.
var notArguments = []string{"Accept", "Content-Type", "Authorization", "Host", "Content-Length", "Transfer-Encoding", "Connection"}

// parameter reads a parameter outside the body. false: it is no such, or nobody can give it.
func (d *Document) parameter(v map[string]any, path string) (Parameter, bool) {
	p := Parameter{Name: text(v["name"]), In: text(v["in"]), Required: isTrue(v["required"]), Schema: v["schema"]}
	switch {
	case p.Name == "":
		return p, false
	case p.In == "path":
		p.Required = true
		if !slices.Contains(placeholders(path), p.Name) {
			return p, false
		}
	case p.In == "header" && !IsArgument(p.Name):
		return p, false
	case !slices.Contains([]string{"path", "query", "header", "cookie"}, p.In):
		return p, false
	}
	if d.two {
		d.style2(&p, v)
	} else {
		d.style(&p, v)
	}
	return p, true
}

// style is OpenAPI 3.1.1, 4.8.12.2.
func (d *Document) style(p *Parameter, v map[string]any) {
	p.Style, p.Reserved = text(v["style"]), isTrue(v["allowReserved"])
	if p.Style == "" {
		p.Style = cmp.Or(map[string]string{"query": "form", "cookie": "form"}[p.In], "simple")
	}
	p.Explode = p.Style == "form"
	if explode, ok := v["explode"].(bool); ok {
		p.Explode = explode
	}
	content := object(v["content"])
	for _, kind := range slices.Sorted(maps.Keys(content)) { // there is one
		p.Content, p.Schema = kind, object(content[kind])["schema"]
	}
}

// style2 is OpenAPI 2.0's collectionFormat, for which OpenAPI 3 has other words.
func (d *Document) style2(p *Parameter, v map[string]any) {
	p.Style = map[string]string{"ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}[text(v["collectionFormat"])]
	if p.Style == "" {
		p.Style = cmp.Or(map[string]string{"query": "form"}[p.In], "simple")
	}
	p.Explode = text(v["collectionFormat"]) == "multi" && p.In == "query"
	if p.Schema == nil { // the schema is the parameter itself
		p.Schema = v
	}
}

func (d *Document) bodies(content map[string]any) (all []Body) {
	for _, kind := range slices.Sorted(maps.Keys(content)) {
		media := object(d.Resolve(content[kind]))
		b := Body{Type: kind, Schema: media["schema"], Fields: map[string]Field{}}
		for name, raw := range object(media["encoding"]) {
			e := object(raw)
			f := Field{Type: text(e["contentType"]), Style: text(e["style"]), Reserved: isTrue(e["allowReserved"])}
			explode, explicit := e["explode"].(bool)
			if f.Style == "" && (explicit || f.Reserved) {
				f.Style = "form" // 3.1.1, 4.8.15.1.2: one of the three is enough
			}
			if f.Explode = f.Style == "form"; explicit {
				f.Explode = explode
			}
			b.Fields[name] = f
		}
		all = append(all, b)
	}
	return all
}

// body2 makes a body of OpenAPI 2.0's parameters in body or formData.
func (d *Document) body2(op *Operation, v map[string]any, all []map[string]any) {
	consumes := list(v["consumes"])
	if _, own := v["consumes"]; !own {
		consumes = list(d.root["consumes"])
	}
	var types []string
	for _, t := range consumes {
		if t := strings.TrimSpace(text(t)); t != "" {
			types = append(types, t)
		}
	}
	properties, fields, required, file := map[string]any{}, map[string]Field{}, []any{}, false
	for _, p := range all {
		name := text(p["name"])
		switch p["in"] {
		case "body":
			op.BodyRequired = isTrue(p["required"])
			if len(types) == 0 {
				types = []string{"application/json"}
			}
			for _, t := range types {
				op.Bodies = append(op.Bodies, Body{Type: t, Schema: p["schema"]})
			}
			return
		case "formData":
			properties[name] = p
			if isTrue(p["required"]) {
				required = append(required, name)
			}
			if text(p["type"]) == "file" {
				file = true
			}
			if text(p["type"]) == "array" {
				f := Field{Style: "form", Explode: text(p["collectionFormat"]) == "multi"}
				f.Style = cmp.Or(map[string]string{"ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}[text(p["collectionFormat"])], f.Style)
				fields[name] = f
			}
		}
	}
	if len(properties) == 0 {
		return
	}
	kind := "application/x-www-form-urlencoded"
	if file || slices.Contains(types, "multipart/form-data") && !slices.Contains(types, kind) {
		kind = "multipart/form-data"
	}
	op.BodyRequired = len(required) > 0
	schema := map[string]any{"type": "object", "properties": properties, "required": required}
	op.Bodies = []Body{{Type: kind, Schema: schema, Fields: fields}}
}
