package openapi

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/openapi/tree"
)

// A document of several files becomes one: the others stand whole under [inside], and every "$ref" leads there. So what is stored
// and exported never needs the outside again, and a "$ref" that leads in a circle through files is one like any other.

// inside is the member of the document that holds what other files it refers to.
const inside = "x-carnet-documents"

// A part is a file within the tree.
type part struct {
	*file
	first  int    // the node of the tree that its first one is
	prefix string // of pointers
}

// A bundler gathers files.
type bundler struct {
	source Source
	ids    map[string]target // by URI without fragment, or with one that is an anchor
	all    []*linked
	failed map[string]string // by URI: why it is not there
	inside string            // the member of the document that will hold the others
	size   int
}

// bundle makes the tree of a document. One that refers to nothing else is the tree as it was read.
func (r *reader) bundle(ctx context.Context, main *file) error {
	r.parts = []part{{file: main}}
	r.tree, r.root = main.tree, main.tree.Root()
	r.found(main)
	if r.root.Kind() != '{' || !mayRefer(main.json) {
		return nil
	}
	b := &bundler{source: r.source, ids: map[string]target{}, failed: map[string]string{}, inside: inside}
	for r.root.Get(b.inside).Exists() { // it is a bundle already, and refers to more
		b.inside += "-"
	}
	if err := b.gather(ctx, main); err != nil {
		return err
	}
	if len(b.all) > 1 || slices.ContainsFunc(b.all[0].refs, func(l link) bool { _, ok := b.find(b.all[0], l); return ok }) {
		whole := b.write(r)
		t, err := tree.Read(whole)
		if err != nil {
			return fault.Wrap(fault.Internal, err, "the files of a document can't be put together")
		}
		r.tree, r.root = t, t.Root()
	}
	r.unfound(b)
	return nil
}

// found takes over what reading a file's text found.
func (r *reader) found(f *file) { r.direct = append(r.direct, f.problems...) }

// References returns what a text refers to outside of itself, without fragments. It is for those who have to bring the files that a
// document consists of; what can't be read refers to nothing.
func References(text []byte) (refs []string) {
	if !mayRefer(text) {
		return nil
	}
	f, err := parse("", text)
	if err != nil {
		return nil
	}
	take := func(ref tree.Value) {
		to, _, _ := strings.Cut(strings.TrimSpace(ref.Text()), "#")
		if to != "" && !plainName(ref) && !slices.Contains(refs, to) {
			refs = append(refs, to)
		}
	}
	walker{extensions: true}.walk(f.tree.Root(), false, func(object tree.Value) { referred(object, take) })
	return refs
}

// mayRefer reports whether a text, JSON or YAML, may refer to others, or name parts of itself by URIs.
func mayRefer(text []byte) bool {
	for _, mark := range []string{"$self", "$id", "$anchor"} {
		for _, end := range []string{`"`, "'", ":", " "} {
			if bytes.Contains(text, []byte(mark+end)) {
				return true
			}
		}
	}
	for rest := text; ; {
		before, after, found := bytes.Cut(rest, []byte("$ref"))
		if !found {
			return false
		}
		rest = after
		if bytes.HasSuffix(before, []byte("/")) { // a path of OData
			continue
		}
		value := bytes.TrimLeft(after, " \t\r\n:\"'")
		if len(value) > 0 && value[0] != '#' {
			return true
		}
	}
}

// write puts the files together, with links that lead to where they are now, and tells the reader which part is which.
func (b *bundler) write(r *reader) []byte {
	var out bytes.Buffer
	main := bytes.TrimRight(b.rewritten(b.all[0]), " \t\r\n")
	out.Write(main[:len(main)-1]) // without the brace at its end
	if b.all[0].tree.Root().Nodes() > 0 {
		out.WriteByte(',')
	}
	out.WriteString(strconv.Quote(b.inside) + ":{")
	first := b.all[0].tree.Nodes() + 2
	for i, f := range b.all[1:] {
		if i > 0 {
			out.WriteByte(',')
		}
		name, _ := jsontext.AppendQuote(nil, f.key)
		out.Write(name)
		out.WriteByte(':')
		out.Write(b.rewritten(f))
		r.parts = append(r.parts, part{file: f.file, first: first + 1, prefix: f.prefix})
		r.found(f.file)
		first += 1 + f.tree.Nodes()
	}
	out.WriteString("}}")
	return out.Bytes()
}

// rewritten is the JSON of a file with its links as they are in the bundle.
func (b *bundler) rewritten(f *linked) []byte {
	var out bytes.Buffer
	done := 0
	refs := slices.Clone(f.refs)
	slices.SortFunc(refs, func(a, b link) int { return a.ref.Node() - b.ref.Node() })
	for _, l := range refs {
		to, ok := b.find(f, l)
		if !ok {
			continue
		}
		at := f.tree.Offset(l.ref.Node() + 1)
		text, _ := jsontext.AppendQuote(nil, to)
		out.Write(f.json[done:at])
		out.Write(text)
		done = at + len(l.ref.Raw())
	}
	out.Write(f.json[done:])
	return out.Bytes()
}

// unfound reports the links that lead to no file, each at its place.
func (r *reader) unfound(b *bundler) {
	for i, f := range b.all {
		for _, l := range f.refs {
			if _, ok := b.find(f, l); ok || !l.firm {
				continue
			}
			why := b.failed[bare(l.to).String()]
			if why == "" {
				why = "there is nothing of that name"
			}
			at := r.tree.Value(r.parts[i].first + l.ref.Node() + 1)
			r.report(refBroken, in(at), "refers to %s: %s; left out", quote(l.ref.Text()), why)
		}
	}
}
