// Package openapi reads OpenAPI documents (2.0, 3.0 and 3.1; JSON and YAML) and makes models of them. It is forgiving, for real
// documents are not what the specification says: what can be lived with becomes a warning, and only what leaves nothing to use
// is refused. It owns how an operation without an operationId is called, and how OpenAPI 2.0 reads as OpenAPI 3.
package openapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

// Read reads a document. origin is the URL that it came from, or empty. The document keeps the data, which must not change.
// fault.Invalid if it can't be used; its problems are all that were found, each with its place.
func Read(data []byte, origin string) (*model.Document, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	t, source, err := parse(data)
	if err != nil {
		return nil, err
	}
	r := &reader{tree: t, root: t.Root(), noted: map[string]bool{}, document: &model.Document{JSON: source}}
	r.read()
	if len(r.problems) > 0 {
		return nil, unusable(r.problems)
	}
	sum := sha256.Sum256(source)
	m := &r.document.Model
	m.Digest, m.Origin, m.Operations = hex.EncodeToString(sum[:]), origin, len(r.document.Operations)
	m.Warnings = r.bounded()
	return r.document, nil
}

func unusable(problems []fault.Problem) error {
	err := fault.New(fault.Invalid, "the document can't be used: %s", problems[0].Message)
	if problems[0].Pointer != "" {
		err.Message = fmt.Sprintf("the document can't be used: %s: %s", problems[0].Pointer, problems[0].Message)
	}
	if more := len(problems) - 1; more > 0 {
		err.Message += fmt.Sprintf(" (and %d more)", more)
	}
	err.Problems = problems
	return err.WithHint("correct the document at the places named, and import it again")
}

// A reader reads one document.
type reader struct {
	tree     *tree.Tree
	root     tree.Value
	two      bool // OpenAPI 2.0
	document *model.Document
	security []model.Requirement // of the document; nil: it says nothing
	problems []fault.Problem
	warnings []fault.Problem
	unkept   int             // warnings beyond the limit
	noted    map[string]bool // the servers of operations that the model has
}

const maxWarnings = 1000

func (r *reader) problem(pointer, format string, args ...any) {
	r.problems = append(r.problems, fault.Problem{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

func (r *reader) warn(pointer, format string, args ...any) {
	if len(r.warnings) == maxWarnings {
		r.unkept++
		return
	}
	r.warnings = append(r.warnings, fault.Problem{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

// bounded returns the warnings, with a line for those that were too many.
func (r *reader) bounded() []fault.Problem {
	if r.unkept > 0 {
		return append(r.warnings, fault.Problem{Message: fmt.Sprintf("and %d warnings more", r.unkept)})
	}
	return r.warnings
}

// read reads the parts in turn, and goes on after a problem to find the others.
func (r *reader) read() {
	if r.root.Kind() != '{' {
		r.problem("", "it is not an object")
		return
	}
	if !r.version() {
		return
	}
	r.info()
	r.document.Model.Servers = r.servers(r.root, "")
	if r.two {
		r.document.Model.Servers = r.host()
	}
	r.schemes()
	r.security = r.requirements(r.root.Get("security"), "/security")
	r.operations()
	r.schemas()
}

// version finds out which specification the document follows.
func (r *reader) version() bool {
	swagger, openapi := r.root.Get("swagger"), r.root.Get("openapi")
	m := &r.document.Model
	switch text := scalar(openapi); {
	case text == "3.0", strings.HasPrefix(text, "3.0."), text == "3.1", strings.HasPrefix(text, "3.1."), text == "3":
		m.Specification = "OpenAPI " + text
		return true
	case text != "":
		r.problem("/openapi", "version %s is not supported: 3.0 and 3.1 are, and Swagger 2.0", quote(text))
		return false
	}
	switch text := scalar(swagger); {
	case text == "2.0", text == "2":
		r.two = true
		m.Specification = "Swagger 2.0"
		return true
	case text != "", r.root.Get("swaggerVersion").Exists():
		r.problem("/swagger", "Swagger %s is not supported: 2.0 is, and OpenAPI 3.0 and 3.1", scalar(swagger)+scalar(r.root.Get("swaggerVersion")))
		return false
	}
	r.problem("", "it has neither \"openapi\" nor \"swagger\": it is not an OpenAPI document")
	return false
}

// info reads title and version, which name the model.
func (r *reader) info() {
	info := r.root.Get("info")
	if info.Kind() != '{' {
		r.problem("/info", "is missing, or not an object")
		return
	}
	m := &r.document.Model
	m.Title, m.Version = r.named(info, "title"), r.named(info, "version")
	m.Description = info.Get("description").Text()
	m.VersionID = m.Title + ":" + m.Version
	if len(m.VersionID) > 1000 {
		r.problem("/info", "title and version are longer than 1000 bytes together")
	}
}

func (r *reader) named(info tree.Value, field string) string {
	v := info.Get(field)
	text := strings.TrimSpace(scalar(v))
	switch {
	case text == "" && field == "title": // a name can be found for it; for a version not
		text = r.untitled()
		r.warn("/info/title", "is missing; taken as %s", quote(text))
	case text == "":
		r.problem("/info/"+field, "is missing")
	case v.Kind() != '"':
		r.warn("/info/"+field, "is not a text; taken as %s", quote(text))
	}
	return text
}

// untitled names a document without a title after its host.
func (r *reader) untitled() string {
	servers := r.servers(r.root, "")
	if r.two {
		servers = r.host()
	}
	for _, s := range servers {
		if u, err := url.Parse(s.URL); err == nil && u.Host != "" {
			return u.Host
		}
	}
	return "Untitled"
}

// scalar is the text of a string, number or boolean; "" of anything else.
func scalar(v tree.Value) string {
	switch v.Kind() {
	case '"':
		return v.Text()
	case '0', 't', 'f':
		return string(v.Raw())
	}
	return ""
}

// quote is a text of the document's in a message.
func quote(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		s = string(runes[:60]) + "..."
	}
	return fmt.Sprintf("%q", s)
}

// deref follows a "$ref", and the "$ref" that it leads to, and so on. A missing Value: it leads nowhere, or out of the document,
// which is a warning.
func (r *reader) deref(v tree.Value, pointer string) tree.Value {
	for range 32 {
		ref := v.Get("$ref")
		if ref.Kind() != '"' {
			return v
		}
		next, err := r.target(ref.Text())
		if err != nil {
			r.warn(pointer, "%s", err)
			return tree.Value{}
		}
		v = next
	}
	r.warn(pointer, "its $ref leads in a circle; left out")
	return tree.Value{}
}

// target is what a "$ref" refers to.
func (r *reader) target(ref string) (tree.Value, error) {
	pointer, local := strings.CutPrefix(ref, "#")
	if !local {
		return tree.Value{}, errors.New("refers to another document, " + quote(ref) + ", which is not read; left out")
	}
	if strings.Contains(pointer, "%") { // a fragment of a URL is percent-encoded (RFC 6901 6)
		pointer = unescapeFragment(pointer)
	}
	v := r.tree.Lookup(pointer)
	if !v.Exists() {
		return v, errors.New("refers to " + quote(ref) + ", which does not exist; left out")
	}
	return v, nil
}
