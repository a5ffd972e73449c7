package openapi

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

func (r *reader) operation(method, path string, v tree.Value, shared []parameter) model.Operation {
	op := model.Operation{
		Summary: model.Summary{
			ID: strings.TrimSpace(scalar(v.Get("operationId"))), Method: method, Path: path,
			Summary: v.Get("summary").Text(), Deprecated: v.Get("deprecated").True(),
		},
		Description: v.Get("description").Text(),
		Servers:     r.servers(v),
		Security:    r.security,
	}
	for tag := range v.Get("tags").Items() {
		op.Tags = append(op.Tags, scalar(tag))
	}
	if own := r.requirements(v.Get("security")); own != nil {
		op.Security = own
	}
	all := merge(shared, r.parameters(v.Get("parameters"), path))
	for _, p := range all {
		if !p.body {
			op.Parameters = append(op.Parameters, p.Parameter)
		}
	}
	r.templated(&op, v, all)
	op.Body = r.bodyOf(v, all)
	op.Responses = r.responses(v)
	return op
}

// bodyOf reads an operation's body as its version has it, and if there is none, as another version has it.
func (r *reader) bodyOf(v tree.Value, all []parameter) *model.Body {
	three := v.Get("requestBody")
	if !r.two && three.Exists() {
		return r.body(three)
	}
	if b := r.body2(v, all); b != nil || !three.Exists() {
		return b
	}
	r.report(foreignWord, in(three), "is a word of OpenAPI 3; read as that")
	return r.body(three)
}

// merge puts an operation's parameters over those of its path.
func merge(shared, own []parameter) []parameter {
	var all []parameter
	for _, p := range shared {
		if !slices.ContainsFunc(own, func(o parameter) bool { return o.Name == p.Name && o.In == p.In }) {
			all = append(all, p)
		}
	}
	return append(all, own...)
}

func (r *reader) responses(v tree.Value) []model.Response {
	var all []model.Response
	for status, response := range v.Get("responses").Members() {
		if strings.HasPrefix(status, "x-") {
			continue
		}
		response = r.deref(response)
		one := model.Response{Status: status, Description: response.Get("description").Text()}
		schema := func(kind string, v tree.Value) {
			if one.Schemas == nil {
				one.Schemas = map[string]jsontext.Value{}
			}
			one.Schemas[kind] = v.Raw()
		}
		for kind, media := range response.Get("content").Members() {
			one.Types = append(one.Types, kind)
			if s := r.deref(media).Get("schema"); s.Exists() {
				schema(kind, s)
			}
		}
		if r.two {
			one.Types = append(one.Types, r.types2(v, "produces")...)
			if s := response.Get("schema"); s.Exists() {
				schema("*/*", s)
			}
		}
		all = append(all, one)
	}
	return all
}

// body reads a `requestBody`; nil if there is none.
func (r *reader) body(v tree.Value) *model.Body {
	if v = r.deref(v); v.Kind() != '{' {
		return nil
	}
	b := &model.Body{Required: v.Get("required").True(), Description: v.Get("description").Text()}
	for kind, media := range v.Get("content").Members() {
		media = r.deref(media) // since OpenAPI 3.2 it may be a reference (4.14)
		one := model.MediaType{Type: kind, Schema: media.Get("schema").Raw(), ItemSchema: media.Get("itemSchema").Raw(), Example: media.Get("example").Raw()}
		if one.Example == nil {
			for _, example := range media.Get("examples").Members() {
				one.Example = exampleValue(r.deref(example))
				break
			}
		}
		one.Encoding = r.encoding(media.Get("encoding"))
		b.Content = append(b.Content, one)
	}
	return b
}

// encoding reads how the members of a body are written (OpenAPI 3.2, 4.15). One that names neither style, explode nor
// allowReserved goes by its media type.
func (r *reader) encoding(v tree.Value) map[string]model.Encoding {
	var all map[string]model.Encoding
	for name, e := range v.Members() {
		one := model.Encoding{ContentType: e.Get("contentType").Text(), AllowReserved: e.Get("allowReserved").True()}
		if e.Get("style").Exists() || e.Get("explode").Exists() || e.Get("allowReserved").Exists() {
			p := parameter{raw: e, Parameter: model.Parameter{In: model.InQuery}}
			r.style(&p)
			one.Style, one.Explode = p.Style, p.Explode
		}
		for header, h := range e.Get("headers").Members() {
			if h = r.deref(h); h.Kind() == '{' {
				p := parameter{raw: h, Parameter: model.Parameter{Name: header, In: model.InHeader, Required: h.Get("required").True()}}
				r.style(&p)
				one.Headers = append(one.Headers, p.Parameter)
			}
		}
		if all == nil {
			all = map[string]model.Encoding{}
		}
		all[name] = one
	}
	return all
}

// exampleValue is the value of an Example Object; OpenAPI 3.2 calls it dataValue (4.19).
func exampleValue(v tree.Value) jsontext.Value {
	if data := v.Get("dataValue"); data.Exists() {
		return data.Raw()
	}
	return v.Get("value").Raw()
}

// schemas collects what the operations refer to, and what that refers to, and so on.
func (r *reader) schemas() {
	seen := map[string]bool{}
	var queue []tree.Value
	collect := func(v tree.Value) {
		references(v, func(ref tree.Value) {
			if text := ref.Text(); !seen[text] {
				seen[text] = true
				queue = append(queue, ref)
			}
		})
	}
	collect(r.root.Get("paths"))
	for len(queue) > 0 {
		ref := queue[0]
		queue = queue[1:]
		v, err := r.target(ref.Text())
		if err != nil {
			if !plainName(ref) {
				r.broken(ref, err)
			}
			continue
		}
		r.document.Schemas = append(r.document.Schemas, model.NamedSchema{Ref: ref.Text(), Value: v.Raw()})
		collect(v)
	}
}
