package openapi

import (
	"slices"
	"strconv"
	"strings"

	"carnet.dev/carnet/internal/openapi/tree"
)

// What does no harm, and is said to those who ask only: a second walk over the document.

// check reports notes, and what is broken where no operation leads.
func (r *reader) check() {
	r.dialect()
	r.tagParents()
	r.everyOperation()
	seen := map[string]bool{}
	walker{}.walk(r.root, false, func(object tree.Value) {
		if ref := object.Get("$ref"); ref.Kind() == '"' {
			if _, err := r.target(ref.Text()); err != nil {
				r.broken(ref, err)
			}
			return
		}
		r.checkSchema(object, seen)
	})
}

// dialect: schemas of OpenAPI 3.1 may be of any (4.24.7).
func (r *reader) dialect() {
	v := r.root.Get("jsonSchemaDialect")
	known := []string{
		"", "https://spec.openapis.org/oas/3.1/dialect/base", "https://json-schema.org/draft/2020-12/schema",
		"https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
	}
	if !slices.Contains(known, strings.TrimSuffix(v.Text(), "#")) {
		r.report(dialectUnknown, in(v), "%s; schemas are read as JSON Schema 2020-12", quote(v.Text()))
	}
}

// tagParents: a tag of OpenAPI 3.2 may be inside another, but not in a circle (4.22).
func (r *reader) tagParents() {
	parents := map[string]string{}
	for _, t := range r.document.Model.Tags {
		parents[t.Name] = t.Parent
	}
	for v := range r.root.Get("tags").Items() {
		parent := v.Get("parent")
		if parent.Kind() != '"' {
			continue
		}
		if _, known := parents[parent.Text()]; !known {
			r.report(tagParent, in(parent), "there is no tag %s", quote(parent.Text()))
			continue
		}
		name := parent.Text()
		for range len(parents) {
			name = parents[name]
		}
		if name != "" {
			r.report(tagParent, in(parent), "the tags are inside one another in a circle")
		}
	}
}

func (r *reader) everyOperation() {
	for i, v := range r.places {
		op := &r.document.Operations[i]
		responses := v.Get("responses")
		if responses.Kind() != '{' || responses.Nodes() == 0 {
			r.report(responsesMissing, lacks(v, "responses"), "there is none")
		}
		for status, response := range responses.Members() {
			if !isStatus(status) && !strings.HasPrefix(status, "x-") {
				r.report(responseStatus, in(response), "%s is no status: 200, 4XX or default would be", quote(status))
			}
		}
		if op.Body != nil && slices.Contains([]string{"GET", "HEAD", "DELETE"}, op.Method) {
			at := v.Get("requestBody")
			if !at.Exists() {
				at = v
			}
			r.report(bodyUnusual, in(at), "a request with %s has a body", op.Method)
		}
		for p := range v.Get("parameters").Items() {
			r.checkParameter(r.follow(p))
		}
	}
}

// follow is deref for what was reported before.
func (r *reader) follow(v tree.Value) tree.Value {
	for range maxChain {
		ref := v.Get("$ref")
		if ref.Kind() != '"' {
			return v
		}
		next, err := r.target(ref.Text())
		if err != nil {
			return tree.Value{}
		}
		v = next
	}
	return tree.Value{}
}

func isStatus(s string) bool {
	if s == "default" {
		return true
	}
	if len(s) != 3 || s[0] < '1' || s[0] > '5' {
		return false
	}
	_, err := strconv.Atoi(s)
	return err == nil || strings.EqualFold(s[1:], "xx")
}

func (r *reader) checkParameter(p tree.Value) {
	name, where := scalar(p.Get("name")), p.Get("in").Text()
	if where == "header" && slices.ContainsFunc([]string{"Accept", "Content-Type", "Authorization"}, func(h string) bool { return strings.EqualFold(h, name) }) {
		r.report(parameterReserved, in(p), "%s is said by media types and security schemes, not by a parameter", name)
	}
	typed := slices.ContainsFunc([]string{"schema", "content", "type"}, func(m string) bool { return p.Get(m).Exists() })
	if p.Kind() == '{' && !typed {
		r.report(parameterSchema, in(p), "the parameter %s has no schema", quote(name))
	}
}

var schemaTypes = []string{"string", "number", "integer", "boolean", "array", "object", "null"}

// formats are those of the OpenAPI format registry and of JSON Schema.
var formats = strings.Fields(`int8 int16 int32 int64 uint8 uint16 uint32 uint64 double-int float double decimal decimal128 number
	string byte binary char password commonmark html media-range base64url http-date unixtime
	date date-time date-time-local time time-local duration email idn-email hostname idn-hostname ipv4 ipv6
	uri url uri-reference iri iri-reference uri-template uuid json-pointer relative-json-pointer regex
	sf-binary sf-boolean sf-decimal sf-integer sf-string sf-token`)

// checkSchema looks at an object that says a type, as schemas and the parameters of OpenAPI 2.0 do.
func (r *reader) checkSchema(v tree.Value, seen map[string]bool) {
	kind := v.Get("type")
	if kind.Kind() != '"' && kind.Kind() != '[' || v.Get("flows").Exists() {
		return
	}
	var types []string
	if kind.Kind() == '"' {
		types = []string{kind.Text()}
	}
	for t := range kind.Items() {
		types = append(types, t.Text())
	}
	for _, t := range types {
		if !slices.Contains(schemaTypes, t) {
			if r.looksLikeSchema(v, t) {
				r.report(schemaType, in(kind), "there is no type %s", quote(t))
			}
			return
		}
	}
	if format := v.Get("format"); format.Kind() == '"' && !seen[format.Text()] && !slices.Contains(formats, format.Text()) {
		seen[format.Text()] = true // once is enough
		r.report(formatUnknown, in(format), "the format %s is not checked", quote(format.Text()))
	}
	for _, name := range []string{"example", "default"} {
		r.checkValue(v, types, v.Get(name))
	}
	if examples := v.Get("examples"); examples.Kind() == '[' {
		for example := range examples.Items() {
			r.checkValue(v, types, example)
		}
	}
}

// looksLikeSchema tells a schema with a wrong type from other objects that have a member of that name, such as security schemes.
func (r *reader) looksLikeSchema(v tree.Value, kind string) bool {
	if kind == "file" && r.two { // OpenAPI 2.0, 4.3.7
		return false
	}
	for _, member := range []string{"in", "scheme", "openIdConnectUrl", "flow", "name"} {
		if v.Get(member).Exists() && !v.Get("schema").Exists() {
			return false
		}
	}
	pointer := v.Pointer()
	return !strings.Contains(pointer, "/securitySchemes/") && !strings.Contains(pointer, "/securityDefinitions/")
}

// checkValue holds a value against the type and the enum of its schema.
func (r *reader) checkValue(schema tree.Value, types []string, v tree.Value) {
	if !v.Exists() || v.Kind() == 'n' && schema.Get("nullable").True() {
		return
	}
	if !slices.ContainsFunc(types, func(t string) bool { return isOf(v, t) }) {
		r.report(exampleMismatch, in(v), "is %s, but its schema says %s", kinds[v.Kind()], strings.Join(types, " or "))
		return
	}
	choices := schema.Get("enum")
	if choices.Kind() != '[' || choices.Nodes() == 0 {
		return
	}
	for choice := range choices.Items() {
		if string(choice.Raw()) == string(v.Raw()) || v.Kind() == '"' && choice.Text() == v.Text() {
			return
		}
	}
	r.report(exampleMismatch, in(v), "is none of the values that its schema allows")
}

var kinds = map[byte]string{'{': "an object", '[': "a list", '"': "a text", '0': "a number", 't': "true", 'f': "false", 'n': "null"}

func isOf(v tree.Value, kind string) bool {
	switch v.Kind() {
	case '{':
		return kind == "object"
	case '[':
		return kind == "array"
	case '"':
		return kind == "string"
	case '0':
		if kind == "integer" {
			f, err := strconv.ParseFloat(string(v.Raw()), 64)
			return err == nil && f == float64(int64(f))
		}
		return kind == "number"
	case 't', 'f':
		return kind == "boolean"
	}
	return kind == "null"
}
