package openapi

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/openapi/tree"
)

// A document of several files becomes one: the others stand whole under [inside], and every "$ref" leads there. So what is stored
// and exported never needs the outside again, and a "$ref" that leads in a circle through files is one like any other.

// inside is the member of the document that holds what other files it refers to.
const inside = "x-carnet-documents"

// How much a document may refer to.
const (
	mostFiles = 5000
	mostBytes = 128 << 20
	fetchers  = 8
)

// A part is a file within the tree.
type part struct {
	*file
	first  int    // the node of the tree that its first one is
	prefix string // of pointers
}

// A linked is a file with what it refers to.
type linked struct {
	*file
	at     *url.URL // where it was got
	key    string   // its name among the others; "" for the document itself
	prefix string   // of pointers to what is in it
	refs   []link
}

// A link is a reference that leads to another file, or that is no JSON Pointer.
type link struct {
	ref       tree.Value
	to        *url.URL // with the fragment
	elsewhere *url.URL // the same from where the file was got, if that is another place than it says itself
	firm      bool     // a $ref, not a discriminator's
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

// A target is a value of a file.
type target struct {
	in *linked
	at tree.Value
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

// gather reads a document and, level by level, what it refers to.
func (b *bundler) gather(ctx context.Context, main *file) error {
	b.add(main, b.place(), "")
	for {
		var wanted []*url.URL
		seen := map[string]bool{}
		for _, f := range b.all {
			for _, l := range f.refs {
				if u := b.wanted(l); u != nil && !seen[u.String()] {
					seen[u.String()] = true
					wanted = append(wanted, u)
				}
			}
		}
		if len(wanted) == 0 {
			return nil
		}
		if err := b.load(ctx, wanted); err != nil {
			return err
		}
	}
}

// place is where the document is, for what is relative to it.
func (b *bundler) place() *url.URL {
	if u, err := url.Parse(b.source.Origin); err == nil && u.Host != "" && len(b.source.Files) == 0 {
		u.Fragment = ""
		return u
	}
	name := strings.ReplaceAll(b.source.Name, `\`, "/")
	return &url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(name, "/")}
}

// wanted is the file that a link needs and that is not here; nil if there is none.
func (b *bundler) wanted(l link) *url.URL {
	if !l.firm || b.known(l.to) || l.elsewhere != nil && b.known(l.elsewhere) {
		return nil
	}
	u := bare(l.to)
	if l.elsewhere != nil && b.given(l.elsewhere) {
		u = bare(l.elsewhere)
	}
	for _, u := range []*url.URL{u, l.elsewhere} {
		if u == nil {
			continue
		}
		if u = bare(u); b.failed[u.String()] == "" {
			return u
		}
	}
	return nil
}

func (b *bundler) known(u *url.URL) bool {
	_, known := b.ids[bare(u).String()]
	return known
}

// given reports whether a file was given together with the document.
func (b *bundler) given(u *url.URL) bool {
	_, ok := b.source.Files[strings.TrimPrefix(u.Path, "/")]
	return ok && u.Scheme == "file"
}

func bare(u *url.URL) *url.URL {
	plain := *u
	plain.Fragment, plain.RawFragment = "", ""
	return &plain
}

// load gets files, several at once.
func (b *bundler) load(ctx context.Context, wanted []*url.URL) error {
	if len(b.all)+len(wanted) > mostFiles {
		return fault.New(fault.Invalid, "the document refers to more than %d files", mostFiles).WithHint("put them together first")
	}
	type answer struct {
		file *file
		err  error
	}
	answers := make([]answer, len(wanted))
	turn := make(chan struct{}, fetchers)
	var work sync.WaitGroup
	for i, u := range wanted {
		work.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			data, err := b.get(ctx, u)
			if err == nil {
				answers[i].file, err = parse(b.nameOf(u), data)
			}
			answers[i].err = err
		})
	}
	work.Wait()
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Unavailable, err, "getting what the document refers to took too long")
	}
	for i, a := range answers {
		if a.err != nil {
			b.failed[wanted[i].String()] = a.err.Error()
			continue
		}
		if b.size += len(a.file.json); b.size > mostBytes {
			return fault.New(fault.Invalid, "what the document refers to is larger than %d MiB", mostBytes>>20)
		}
		b.add(a.file, wanted[i], b.key(wanted[i]))
	}
	return nil
}

func (b *bundler) get(ctx context.Context, u *url.URL) ([]byte, error) {
	switch {
	case b.given(u):
		return b.source.Files[strings.TrimPrefix(u.Path, "/")], nil
	case u.Scheme == "file":
		return nil, errors.New("no such file came with the document")
	case b.source.Fetch == nil || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("it is not fetched from there")
	}
	return b.source.Fetch(ctx, u.String())
}

// nameOf is how a file is called to people.
func (b *bundler) nameOf(u *url.URL) string {
	if u.Scheme == "file" {
		return strings.TrimPrefix(u.Path, "/")
	}
	return u.String()
}

// key is the name of a file under inside: its path from the document, or its URL.
func (b *bundler) key(u *url.URL) string {
	base := b.place()
	if u.Scheme != base.Scheme || u.Host != base.Host || u.RawQuery != "" {
		return u.String()
	}
	if below, ok := strings.CutPrefix(u.Path, strings.TrimSuffix(path.Dir(base.Path), "/")+"/"); ok {
		return below
	}
	return u.Path
}

// add takes a file up, with the URIs that it and its schemas have, and its links.
func (b *bundler) add(f *file, at *url.URL, key string) {
	one := &linked{file: f, at: at, key: key}
	if key != "" {
		one.prefix = "/" + b.inside + "/" + tree.Escape(key)
	}
	b.all = append(b.all, one)
	b.ids[at.String()] = target{one, f.tree.Root()}
	base := at
	if self, err := url.Parse(f.tree.Root().Get("$self").Text()); err == nil && self.String() != "" { // OpenAPI 3.2, 4.1.2.2.1
		base = bare(at.ResolveReference(self))
		b.ids[base.String()] = target{one, f.tree.Root()}
	}
	b.links(one, f.tree.Root(), base)
}

// links collects the links of a file, and the URIs within: a schema's $id is what its references are relative to (JSON Schema
// 2020-12, 8.2.1), and its $anchor names a part of it (8.2.2).
func (b *bundler) links(f *linked, v tree.Value, base *url.URL) {
	type scope struct {
		end  int
		base *url.URL
		root bool // of the file
	}
	scopes := []scope{{end: f.tree.Nodes(), base: base, root: true}}
	walker{extensions: true}.walk(v, false, func(object tree.Value) {
		for len(scopes) > 1 && object.Node() >= scopes[len(scopes)-1].end {
			scopes = scopes[:len(scopes)-1]
		}
		in := scopes[len(scopes)-1]
		if id, err := url.Parse(object.Get("$id").Text()); err == nil && id.String() != "" && !strings.HasPrefix(id.String(), "#") {
			in = scope{end: object.Node() + object.Nodes() + 1, base: bare(in.base.ResolveReference(id))}
			scopes = append(scopes, in)
			b.ids[in.base.String()] = target{f, object}
		}
		if anchor := object.Get("$anchor").Text(); anchor != "" {
			u := *in.base
			u.Fragment = anchor
			b.ids[u.String()] = target{f, object}
		}
		add := func(ref tree.Value, firm bool) {
			if f.key == "" && in.root && strings.HasPrefix(ref.Text(), "#/") {
				return // it is right as it is
			}
			if l, ok := newLink(f, ref, in.base); ok {
				l.firm = firm
				f.refs = append(f.refs, l)
			}
		}
		if ref := object.Get("$ref"); ref.Kind() == '"' {
			add(ref, true)
		}
		for _, ref := range object.Get("discriminator").Get("mapping").Members() {
			if ref.Kind() == '"' && !plainName(ref) {
				add(ref, false)
			}
		}
	})
}

func newLink(f *linked, ref tree.Value, base *url.URL) (link, bool) {
	text := strings.TrimSpace(ref.Text())
	if text == "#" && f.key == "" {
		return link{}, false
	}
	u, err := url.Parse(text)
	if err != nil {
		return link{}, false
	}
	l := link{ref: ref, to: base.ResolveReference(u)}
	if base != f.at && !strings.HasPrefix(text, "#") {
		l.elsewhere = f.at.ResolveReference(u)
	}
	return l, true
}

// find is the JSON Pointer, as a fragment of the bundle, that a link leads to.
func (b *bundler) find(f *linked, l link) (string, bool) {
	for _, u := range []*url.URL{l.to, l.elsewhere} {
		if u == nil {
			continue
		}
		if t, ok := b.ids[u.String()]; ok && u.Fragment != "" { // an anchor
			return t.fragment(""), true
		}
		t, ok := b.ids[bare(u).String()]
		if !ok || u.Fragment != "" && !strings.HasPrefix(u.Fragment, "/") {
			continue
		}
		if root := f.tree.Root(); t.at != t.in.tree.Root() && !t.below(u.Fragment).Exists() && f.tree.Lookup(u.Fragment).Exists() {
			t = target{f, root} // a document whose schemas have an $id, and that thinks nothing of it
		}
		return t.fragment(u.Fragment), true
	}
	return "", false
}

// below is the value that a pointer leads to from the target.
func (t target) below(pointer string) tree.Value { return t.in.tree.Lookup(t.at.Pointer() + pointer) }

// fragment is the place of a value below the target in the bundle.
func (t target) fragment(pointer string) string {
	return "#" + percent.Replace(t.in.prefix+t.at.Pointer()+pointer)
}

// percent escapes what a fragment may not hold as it is, and a reader would take for an escape (RFC 3986 3.5).
var percent = strings.NewReplacer("%", "%25", " ", "%20", "#", "%23", `"`, "%22", "<", "%3C", ">", "%3E", "^", "%5E", "`", "%60", "{", "%7B", "|", "%7C", "}", "%7D")

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
