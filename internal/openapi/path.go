package openapi

import (
	"fmt"
	"slices"
	"strings"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

// methods of a path item (OpenAPI 3.2, 4.9); query is new there.
var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}

// operations reads all operations, in the order of the document.
func (r *reader) operations() {
	given := r.root.Get("paths")
	paths := r.deref(given)
	if paths.Kind() != '{' {
		r.pathless(given)
		return
	}
	for path, item := range paths.Members() {
		if strings.HasPrefix(path, "x-") || path == "$ref" {
			continue
		}
		if item = r.within(item); !item.Exists() {
			continue
		}
		clean := strings.TrimSpace(path)
		if !strings.HasPrefix(clean, "/") {
			r.report(pathSlash, in(item), "the path does not begin with a slash; one was added")
			clean = "/" + clean
		}
		if len(clean) > 1 && strings.HasSuffix(clean, "/") {
			r.report(pathTrailingSlash, in(item), "the path ends in a slash; it is sent as it is")
		}
		r.pathItem(clean, item)
	}
	if len(r.document.Operations) == 0 {
		r.report(operationNone, in(given), "there is no operation to call")
	}
	r.name()
}

// pathless judges a document without paths: since OpenAPI 3.1 it need not have any (4.8.1).
func (r *reader) pathless(paths tree.Value) {
	switch {
	case paths.Exists():
		r.report(pathsMissing, in(paths), "is not an object")
	case r.root.Get("webhooks").Exists():
		r.report(operationNone, lacks(r.root, "paths"), "it has webhooks only: there is no operation to call")
	case r.minor >= 1 && r.root.Get("components").Exists():
		r.report(operationNone, lacks(r.root, "paths"), "it has components only: there is no operation to call")
	default:
		r.report(pathsMissing, lacks(r.root, "paths"), "is missing, or not an object")
	}
}

// within is a value that has to be an object, perhaps by reference; missing, after a report, if it is none. References beside
// other members are left to the caller.
func (r *reader) within(v tree.Value) tree.Value {
	if v.Kind() == '{' {
		return v
	}
	if v.Kind() != 'n' {
		r.report(structure, in(v), "is not an object; left out")
	}
	return tree.Value{}
}

// pathItem reads the operations of a path: its own, and those of the path item that it refers to, which the specification leaves
// open (OpenAPI 3.2, 4.9).
func (r *reader) pathItem(path string, item tree.Value) {
	var shared []parameter
	var servers []model.Server
	known := map[string]bool{}
	for range maxChain {
		shared = merge(r.parameters(item.Get("parameters"), path), shared)
		if servers == nil {
			servers = r.servers(item)
		}
		r.methodsOf(path, item, known, func(op *model.Operation) {
			op.Servers = servers
		}, shared)
		ref := item.Get("$ref")
		if ref.Kind() != '"' {
			return
		}
		next, err := r.target(ref.Text())
		if err != nil {
			r.broken(ref, err)
			return
		}
		if item = r.within(next); !item.Exists() {
			return
		}
	}
	r.report(refCircular, in(item.Get("$ref")), "leads in a circle; left out")
}

// methodsOf reads the operations that stand in a path item itself, unless their methods are known already. A method that occurs
// twice counts as it stands the last time.
func (r *reader) methodsOf(path string, item tree.Value, known map[string]bool, inherit func(*model.Operation), shared []parameter) {
	found := map[string]int{}
	add := func(method string, v tree.Value) {
		if known[method] {
			return
		}
		if v = r.deref(v); v.Kind() != '{' {
			if v.Exists() && v.Kind() != 'n' {
				r.report(structure, in(v), "is not an object; left out")
			}
			return
		}
		op := r.operation(method, path, v, shared)
		if op.Servers == nil {
			inherit(&op)
		}
		r.note(op.Servers)
		if i, twice := found[method]; twice {
			r.document.Operations[i], r.places[i] = op, v
			return
		}
		found[method] = len(r.document.Operations)
		r.document.Operations = append(r.document.Operations, op)
		r.places = append(r.places, v)
	}
	for name, v := range item.Members() {
		switch lower := strings.ToLower(name); {
		case slices.Contains(methods, lower):
			if name != lower {
				r.report(structure, in(v), "%s is written %s; taken as that", quote(name), lower)
			}
			add(strings.ToUpper(name), v)
		case name == "additionalOperations": // OpenAPI 3.2, 4.9: methods as they are sent
			for method, v := range v.Members() {
				if !token(method) {
					r.report(structure, in(v), "%s can be no method; left out", quote(method))
					continue
				}
				add(method, v)
			}
		case strings.HasPrefix(name, "x-"), slices.Contains([]string{"$ref", "summary", "description", "servers", "parameters"}, name):
		default:
			r.report(memberUnknown, in(v), "there is no method %s, nor anything else of that name in a path", quote(name))
		}
	}
	for method := range found {
		known[method] = true
	}
}

// note remembers the servers of operations in the model.
func (r *reader) note(servers []model.Server) {
	for _, s := range servers {
		s.Description = ""
		key := fmt.Sprint(s)
		if r.noted[key] {
			continue
		}
		if r.noted == nil {
			r.noted = map[string]bool{}
		}
		r.noted[key] = true
		r.document.Model.OperationServers = append(r.document.Model.OperationServers, s)
	}
}

// token reports whether a text can be a method (RFC 9110, 5.6.2).
func token(s string) bool {
	return s != "" && strings.Trim(s, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

// templated makes the path parameters agree with the path: one that is not declared becomes a required text, and one that does
// not occur is left out, unless it is clear how it is meant.
func (r *reader) templated(op *model.Operation, v tree.Value, all []parameter) {
	names := placeholders(op.Path)
	missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(op.Parameters, func(p model.Parameter) bool { return p.In == model.InPath && p.Name == name })
	})
	op.Parameters = slices.DeleteFunc(op.Parameters, func(p model.Parameter) bool {
		return p.In == model.InPath && !slices.Contains(names, p.Name)
	})
	for _, p := range all {
		if p.In != model.InPath || slices.Contains(names, p.Name) {
			continue
		}
		if name, ok := meant(p.Name, missing); ok {
			r.report(parameterAbsent, in(p.raw), "is called {%s} in the path %s; taken as that", name, quote(op.Path))
			missing = slices.DeleteFunc(missing, func(other string) bool { return other == name })
			p.Name = name
		} else if path, ok := colon(op.Path, p.Name); ok {
			r.report(parameterAbsent, in(p.raw), "is written :%s in the path %s; taken as {%s}", p.Name, quote(op.Path), p.Name)
			op.Path = path
		} else {
			r.report(parameterAbsent, in(p.raw), "the path %s has no {%s}; left out", quote(op.Path), p.Name)
			continue
		}
		op.Parameters = append(op.Parameters, p.Parameter)
	}
	for _, name := range missing {
		r.report(parameterUndeclared, in(v), "the path parameter {%s} is not declared; taken as a text", name)
		op.Parameters = append(op.Parameters, model.Parameter{Name: name, In: model.InPath, Required: true, Style: "simple", Type: "string"})
	}
}

// meant is the only one of the names that differs from name in nothing but capital letters, blanks and dashes.
func meant(name string, names []string) (string, bool) {
	var like []string
	for _, other := range names {
		if plain(other) == plain(name) {
			like = append(like, other)
		}
	}
	if len(like) != 1 {
		return "", false
	}
	return like[0], true
}

// plain is a name without what people write in several ways.
func plain(s string) string { return strings.ToLower(joiners.Replace(s)) }

var joiners = strings.NewReplacer("_", "", "-", "", " ", "")

// colon writes a path with a segment :name, as routers have it, as OpenAPI does.
func colon(path, name string) (string, bool) {
	segments := strings.Split(path, "/")
	i := slices.Index(segments, ":"+name)
	if i < 0 {
		return "", false
	}
	segments[i] = "{" + name + "}"
	return strings.Join(segments, "/"), true
}

// placeWords are other words for the places of parameters. "url" is the path if it has the name, else the query.
var placeWords = map[string]string{
	"path": model.InPath, "query": model.InQuery, "header": model.InHeader, "cookie": model.InCookie, "querystring": model.InQuerystring,
	"body": "body", "formdata": "formData",
	"headers": model.InHeader, "cookies": model.InCookie, "queries": model.InQuery, "queryparam": model.InQuery, "params": "url", "uri": "url", "url": "url", "": "url",
	"pathparam": model.InPath, "form": "formData", "multipart": "formData", "requestbody": "body", "json": "body", "payload": "body",
}

// placeOf is where a parameter goes; "" if that can't be told.
func (r *reader) placeOf(v tree.Value, name, path string) string {
	given := scalar(v.Get("in"))
	at := in(v.Get("in"))
	if !v.Get("in").Exists() {
		at = lacks(v, "in")
	}
	place := placeWords[given]
	if place != given {
		place = placeWords[plain(given)]
	}
	if place == "url" {
		place = model.InQuery
		if slices.Contains(placeholders(path), name) {
			place = model.InPath
		}
	}
	switch {
	case place == "":
	case place == given && !r.two && (place == "body" || place == "formData"):
		r.report(foreignWord, at, "%s is a word of OpenAPI 2.0; read as the body", place)
	case place != given:
		r.report(parameterIn, at, "there is no place %s for the parameter %s; taken as %s", quote(given), quote(name), place)
	}
	return place
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
