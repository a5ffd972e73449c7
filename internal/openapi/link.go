package openapi

import (
	"net/url"
	"strings"

	"carnet.dev/carnet/internal/openapi/tree"
)

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

// A target is a value of a file.
type target struct {
	in *linked
	at tree.Value
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
