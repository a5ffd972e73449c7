// Package openapi reads OpenAPI documents (2.0, 3.0, 3.1 and 3.2; JSON and YAML; one file or several) and makes models of them. It
// is forgiving, for real documents are not what the specification says: what can be lived with becomes a warning, and only what
// leaves nothing to use is refused. It owns how an operation without an operationId is called, how OpenAPI 2.0 reads as OpenAPI 3,
// and the rules that a document may break ([Rules]).
package openapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

// A Source is a document to be read, and where what it refers to is found.
type Source struct {
	Data   []byte // must not change: the document keeps it
	Name   string // of its file; for people, and for a document without a title
	Origin string // the URL that it came from; empty if it came from none
	// Files are the documents that relative references lead to, by their paths: those that lead from the same place as Name.
	Files map[string][]byte
	// Fetch gets the document at a URL, several at once; nil: references to URLs lead nowhere.
	Fetch func(ctx context.Context, url string) ([]byte, error)
	// Notes: say what does no harm, too.
	Notes bool
}

// Read reads a document that is one text. origin is the URL that it came from, or empty.
func Read(data []byte, origin string) (*model.Document, error) {
	return Source{Data: data, Origin: origin}.Read(context.Background())
}

// Read reads a document, and what it refers to. fault.Invalid if it can't be used; its problems are all that were found, each with
// its place.
func (s Source) Read(ctx context.Context) (*model.Document, error) {
	main, err := parse(s.Name, s.Data)
	if err != nil {
		return nil, err
	}
	r := &reader{source: s, findings: findings{notes: s.Notes}, document: &model.Document{}}
	if err := r.bundle(ctx, main); err != nil {
		return nil, err
	}
	r.read()
	if s.Notes {
		r.check()
	}
	problems := r.problems(r.parts)
	if r.failed() {
		return nil, unusable(problems)
	}
	r.document.JSON = r.tree.Root().Raw()
	sum := sha256.Sum256(r.document.JSON)
	m := &r.document.Model
	m.Digest, m.Origin, m.Operations = hex.EncodeToString(sum[:]), s.Origin, len(r.document.Operations)
	m.Warnings = problems
	return r.document, nil
}

// A reader reads one document.
type reader struct {
	findings
	source   Source
	parts    []part // of the tree: which file is where
	tree     *tree.Tree
	root     tree.Value
	two      bool // OpenAPI 2.0
	minor    int  // of OpenAPI 3
	document *model.Document
	security []model.Requirement // of the document; nil: it says nothing
	places   []tree.Value        // of the operations
	noted    map[string]bool     // the servers of operations that the model has
}

// read reads the parts in turn, and goes on after a problem to find the others.
func (r *reader) read() {
	if r.root.Kind() != '{' {
		r.report(documentUnknown, in(r.root), "it is not an object")
		return
	}
	if !r.version() {
		return
	}
	r.twice()
	r.document.Model.Servers = r.allServers()
	r.info()
	r.tags()
	r.schemes()
	r.security = r.requirements(r.root.Get("security"))
	r.operations()
	r.schemas()
}

// twice reports members that have the name of another.
func (r *reader) twice() {
	for v := range r.root.Twice() {
		r.report(nameTwice, in(v), "this name occurs twice in the object; the last one counts")
	}
}

// info reads title and version, which name the model.
func (r *reader) info() {
	info := r.root.Get("info")
	if info.Kind() != '{' {
		r.report(infoMissing, lacks(r.root, "info"), "is missing, or not an object")
	}
	m := &r.document.Model
	m.Title, m.Version = r.named(info, "title"), r.named(info, "version")
	m.Description = info.Get("description").Text()
	m.VersionID = m.Title + ":" + m.Version
	if len(m.VersionID) > 1000 {
		r.report(infoTooLong, in(info), "title and version are longer than 1000 bytes together")
	}
}

func (r *reader) named(info tree.Value, field string) string {
	v := info.Get(field)
	text := strings.TrimSpace(scalar(v))
	switch {
	case text != "" && v.Kind() != '"':
		r.report(infoNotText, in(v), "is not a text; taken as %s", quote(text))
	case text == "":
		text = r.untitled()
		if field == "version" {
			text = unversioned
		}
		at := in(v)
		if !v.Exists() {
			at = lacks(info, field)
		}
		if info.Exists() {
			r.report(infoMissing, at, "is missing; taken as %s", quote(text))
		}
	}
	return text
}

// unversioned is the version of a document that says none. It has to be the same at the next import.
const unversioned = "0.0.0"

// tags reads what the document says of its tags; OpenAPI 3.2 has them in a hierarchy.
func (r *reader) tags() {
	for v := range r.root.Get("tags").Items() {
		t := model.Tag{
			Name: scalar(v.Get("name")), Summary: v.Get("summary").Text(), Description: v.Get("description").Text(),
			Parent: v.Get("parent").Text(), Kind: v.Get("kind").Text(),
		}
		if t.Name != "" {
			r.document.Model.Tags = append(r.document.Model.Tags, t)
		}
	}
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
