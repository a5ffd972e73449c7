package openapi

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"carnet.dev/carnet/internal/openapi/tree"
)

// newest is the last minor version of OpenAPI 3 that is read as what it is.
const newest = 2

// version finds out which specification the document follows; false if it is none that can be read.
func (r *reader) version() bool {
	openapi, swagger := r.root.Get("openapi"), r.root.Get("swagger")
	at, text := openapi, plainVersion(openapi)
	switch {
	case text == "":
		at, text = swagger, plainVersion(swagger)
	case swagger.Exists():
		r.report(versionGuessed, in(swagger), "there is an \"openapi\" too, which counts")
	}
	if old := r.root.Get("swaggerVersion"); text == "" && old.Exists() {
		at, text = old, scalar(old)
	}
	if text == "" {
		return r.guess()
	}
	major, rest, _ := strings.Cut(text, ".")
	minor, _, _ := strings.Cut(rest, ".")
	switch major {
	case "2":
		r.two = true
		r.document.Model.Specification = "Swagger 2.0"
		if at == openapi {
			r.report(versionGuessed, in(at), "version %s; read as Swagger 2.0", quote(text))
		}
		return true
	case "3":
		r.minor, _ = strconv.Atoi(minor)
		if r.minor > newest {
			r.report(versionGuessed, in(at), "version %s is newer than 3.%d; read as that", quote(text), newest)
		}
		if at == swagger {
			r.report(versionGuessed, in(at), "version %s; read as OpenAPI %s", quote(text), text)
		}
		r.document.Model.Specification = "OpenAPI " + text
		return true
	}
	if at == openapi {
		r.report(versionUnsupported, in(at), "version %s is not supported: 3.0, 3.1 and 3.2 are, and Swagger 2.0", quote(text))
	} else {
		r.report(versionUnsupported, in(at), "Swagger %s is not supported: 2.0 is, and OpenAPI 3.0, 3.1 and 3.2", text)
	}
	return false
}

// plainVersion is a version as the specification writes it: some write a number, or "v3.0".
func plainVersion(v tree.Value) string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(scalar(v))), "v")
}

// guess takes the version from what the document looks like.
func (r *reader) guess() bool {
	if r.root.Get("paths").Kind() != '{' {
		r.report(documentUnknown, in(r.root), "it has neither \"openapi\" nor \"swagger\": %s", r.other())
		return false
	}
	r.document.Model.Specification = "OpenAPI 3.0"
	for _, name := range []string{"host", "basePath", "definitions", "securityDefinitions", "consumes", "produces"} {
		if r.root.Get(name).Exists() {
			r.two, r.document.Model.Specification = true, "Swagger 2.0"
		}
	}
	r.report(versionGuessed, lacks(r.root, "openapi"), "is missing; read as %s", r.document.Model.Specification)
	return true
}

// other says what else the document may be.
func (r *reader) other() string {
	for _, kind := range []struct{ name, member string }{
		{"an AsyncAPI document", "asyncapi"},
		{"an Arazzo document", "arazzo"},
		{"an OpenAPI overlay, which changes another document", "overlay"},
		{"a Google discovery document", "discoveryVersion"},
		{"a recording of requests (HAR)", "log"},
		{"a Postman collection; Postman exports it as OpenAPI", "item"},
	} {
		if r.root.Get(kind.member).Exists() {
			return fmt.Sprintf("it is %s", kind.name)
		}
	}
	return "it is not an OpenAPI document"
}

// untitled names a document without a title after its file, or its host.
func (r *reader) untitled() string {
	file := r.source.Name
	if file == "" {
		file = r.source.Origin
	}
	if u, err := url.Parse(file); err == nil && u.Host != "" {
		file = u.Path
	}
	file = path.Base(strings.ReplaceAll(file, `\`, "/"))
	name := strings.TrimSuffix(file, ".gz")
	name = strings.TrimSuffix(name, path.Ext(name))
	usual := []string{"", ".", "/", "-", "openapi", "swagger", "api", "api-docs", "spec", "index", "doc", "schema"}
	if !slices.Contains(usual, strings.ToLower(name)) {
		return name
	}
	for _, s := range r.document.Model.Servers {
		if u, err := url.Parse(s.URL); err == nil && u.Host != "" {
			return u.Host
		}
	}
	return "Untitled"
}
