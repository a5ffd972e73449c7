package openapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

// methods of a path item (OpenAPI 3.1, 4.8.9).
var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// operations reads all operations, in the order of the document.
func (r *reader) operations() {
	paths := r.root.Get("paths")
	switch {
	case !paths.Exists() && r.root.Get("webhooks").Exists():
		r.warn("", "has webhooks only: there is no operation to run")
		return
	case paths.Kind() != '{':
		r.problem("/paths", "is missing, or not an object")
		return
	}
	for path, item := range paths.Members() {
		if strings.HasPrefix(path, "x-") {
			continue
		}
		at := "/paths/" + tree.Escape(path)
		if item = r.deref(item, at); item.Kind() != '{' {
			if item.Exists() {
				r.problem(at, "is not an object")
			}
			continue
		}
		if !strings.HasPrefix(path, "/") {
			r.warn(at, "does not begin with a slash; one was added")
			path = "/" + path
		}
		r.pathItem(path, at, item)
	}
	r.name()
}

func (r *reader) pathItem(path, at string, item tree.Value) {
	shared := r.parameters(item.Get("parameters"), at+"/parameters")
	servers := r.servers(item, at)
	for method, v := range item.Members() {
		if !slices.Contains(methods, method) {
			continue
		}
		at := at + "/" + method
		if v.Kind() != '{' {
			r.problem(at, "is not an object")
			continue
		}
		op := r.operation(method, path, at, v, shared)
		if op.Servers == nil {
			op.Servers = servers
		}
		r.note(op.Servers)
		r.document.Operations = append(r.document.Operations, op)
	}
}

// note remembers the servers of operations in the model.
func (r *reader) note(servers []model.Server) {
	for _, s := range servers {
		s.Description = ""
		if key := fmt.Sprint(s); !r.noted[key] {
			r.noted[key] = true
			r.document.Model.OperationServers = append(r.document.Model.OperationServers, s)
		}
	}
}

func (r *reader) operation(method, path, at string, v tree.Value, shared []parameter) model.Operation {
	op := model.Operation{
		Summary: model.Summary{
			ID: strings.TrimSpace(scalar(v.Get("operationId"))), Method: strings.ToUpper(method), Path: path,
			Summary: v.Get("summary").Text(), Deprecated: v.Get("deprecated").True(),
		},
		Description: v.Get("description").Text(),
		Servers:     r.servers(v, at),
		Security:    r.security,
	}
	for tag := range v.Get("tags").Items() {
		op.Tags = append(op.Tags, tag.Text())
	}
	if own := r.requirements(v.Get("security"), at+"/security"); own != nil {
		op.Security = own
	}
	all := merge(shared, r.parameters(v.Get("parameters"), at+"/parameters"))
	for _, p := range all {
		if !p.body {
			op.Parameters = append(op.Parameters, p.Parameter)
		}
	}
	op.Parameters = r.templated(path, at, op.Parameters)
	if r.two {
		op.Body = r.body2(v, all)
	} else {
		op.Body = r.body(v.Get("requestBody"), at+"/requestBody")
	}
	op.Responses = r.responses(v, at+"/responses")
	return op
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

// templated makes the path parameters agree with the path: one that is not declared becomes a required text, and one that does
// not occur is left out.
func (r *reader) templated(path, at string, parameters []model.Parameter) []model.Parameter {
	names := placeholders(path)
	parameters = slices.DeleteFunc(parameters, func(p model.Parameter) bool {
		stray := p.In == model.InPath && !slices.Contains(names, p.Name)
		if stray {
			r.warn(at+"/parameters", "the path has no {%s}; left out", p.Name)
		}
		return stray
	})
	for _, name := range names {
		if !slices.ContainsFunc(parameters, func(p model.Parameter) bool { return p.In == model.InPath && p.Name == name }) {
			r.warn(at, "the path parameter {%s} is not declared; taken as a text", name)
			parameters = append(parameters, model.Parameter{Name: name, In: model.InPath, Required: true, Style: "simple", Type: "string"})
		}
	}
	return parameters
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

func (r *reader) responses(v tree.Value, at string) []model.Response {
	var all []model.Response
	for status, response := range v.Get("responses").Members() {
		if strings.HasPrefix(status, "x-") {
			continue
		}
		response = r.deref(response, at+"/"+status)
		one := model.Response{Status: status, Description: response.Get("description").Text()}
		schema := func(kind string, v tree.Value) {
			if one.Schemas == nil {
				one.Schemas = map[string]jsontext.Value{}
			}
			one.Schemas[kind] = v.Raw()
		}
		for kind, media := range response.Get("content").Members() {
			one.Types = append(one.Types, kind)
			if s := media.Get("schema"); s.Exists() {
				schema(kind, s)
			}
		}
		if r.two {
			one.Types = r.types2(v, "produces")
			if s := response.Get("schema"); s.Exists() {
				schema("*/*", s)
			}
		}
		all = append(all, one)
	}
	return all
}

// body reads a `requestBody`; nil if there is none.
func (r *reader) body(v tree.Value, at string) *model.Body {
	if v = r.deref(v, at); v.Kind() != '{' {
		return nil
	}
	b := &model.Body{Required: v.Get("required").True(), Description: v.Get("description").Text()}
	for kind, media := range v.Get("content").Members() {
		one := model.MediaType{Type: kind, Schema: media.Get("schema").Raw(), Example: media.Get("example").Raw()}
		if one.Example == nil {
			for _, example := range media.Get("examples").Members() {
				one.Example = r.deref(example, at).Get("value").Raw()
				break
			}
		}
		one.Encoding = r.encoding(media.Get("encoding"), at)
		b.Content = append(b.Content, one)
	}
	return b
}

// encoding reads how the members of a body are written (OpenAPI 3.2, 4.15). One that names neither style, explode nor
// allowReserved goes by its media type.
func (r *reader) encoding(v tree.Value, at string) map[string]model.Encoding {
	var all map[string]model.Encoding
	for name, e := range v.Members() {
		one := model.Encoding{ContentType: e.Get("contentType").Text(), AllowReserved: e.Get("allowReserved").True()}
		if e.Get("style").Exists() || e.Get("explode").Exists() || e.Get("allowReserved").Exists() {
			p := parameter{raw: e, Parameter: model.Parameter{In: model.InQuery}}
			r.style(&p)
			one.Style, one.Explode = p.Style, p.Explode
		}
		for header, h := range e.Get("headers").Members() {
			if h = r.deref(h, at); h.Kind() == '{' {
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

// schemas collects what the operations' schemas refer to, and what that refers to, and so on.
func (r *reader) schemas() {
	seen := map[string]bool{}
	var queue []string
	collect := func(v tree.Value) {
		for ref := range v.Named("$ref") {
			if !seen[ref] {
				seen[ref] = true
				queue = append(queue, ref)
			}
		}
	}
	for _, item := range r.root.Get("paths").Members() {
		collect(item)
	}
	for len(queue) > 0 {
		ref := queue[0]
		queue = queue[1:]
		v, err := r.target(ref)
		if err != nil {
			r.warn("", "a schema %s", err)
			continue
		}
		r.document.Schemas = append(r.document.Schemas, model.NamedSchema{Ref: ref, Value: v.Raw()})
		collect(v)
	}
}

// name gives every operation an id that no other has: the operationId, or one made of method and path. Of several with the same
// id the one whose path and method come first in alphabetical order keeps it, wherever they stand in the document.
func (r *reader) name() {
	operations := r.document.Operations
	order := make([]int, len(operations))
	for i := range operations {
		order[i] = i
		if operations[i].ID == "" {
			operations[i].ID = made(operations[i].Method, operations[i].Path)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return strings.Compare(operations[a].Path+" "+operations[a].Method, operations[b].Path+" "+operations[b].Method)
	})
	taken := map[string]bool{}
	var later []int
	for _, i := range order {
		if taken[operations[i].ID] {
			later = append(later, i)
		}
		taken[operations[i].ID] = true
	}
	for _, i := range later {
		op := &operations[i]
		given := op.ID
		for op.ID += "_" + made(op.Method, op.Path); taken[op.ID]; {
			op.ID += "_"
		}
		taken[op.ID] = true
		at := "/paths/" + tree.Escape(op.Path) + "/" + strings.ToLower(op.Method)
		r.warn(at, "the operationId %s occurs more than once; this one is called %s", quote(given), quote(op.ID))
	}
}

// made is the id of an operation that has none: GET /users/{id}/repos is get_users_by_id_repos.
func made(method, path string) string {
	var id strings.Builder
	id.WriteString(strings.ToLower(method))
	path = strings.NewReplacer("{", "/by/", "}", "/").Replace(path)
	words := strings.FieldsFunc(path, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c < 0x80
	})
	for _, word := range words {
		id.WriteString("_" + word)
	}
	if len(words) == 0 {
		id.WriteString("_root")
	}
	return id.String()
}
