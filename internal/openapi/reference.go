package openapi

import (
	"errors"
	"net/url"
	"strings"

	"carnet.dev/carnet/internal/openapi/tree"
)

const maxChain = 32 // references that lead to references

// deref follows a "$ref", and the "$ref" that it leads to, and so on. A missing Value: it leads nowhere, which is reported.
func (r *reader) deref(v tree.Value) tree.Value {
	first := v
	for range maxChain {
		ref := v.Get("$ref")
		if ref.Kind() != '"' {
			return v
		}
		next, err := r.target(ref.Text())
		if err != nil {
			r.broken(ref, err)
			return tree.Value{}
		}
		v = next
	}
	r.report(refCircular, in(first.Get("$ref")), "leads in a circle; left out")
	return tree.Value{}
}

// errOutside: a reference leads out of the document. Putting its files together has said why.
var errOutside = errors.New("refers to another document")

// broken reports a reference that leads nowhere.
func (r *reader) broken(ref tree.Value, err error) {
	if err != errOutside {
		r.report(refBroken, in(ref), "%s", err)
	}
}

// target is what a "$ref" refers to.
func (r *reader) target(ref string) (tree.Value, error) {
	pointer, local := strings.CutPrefix(ref, "#")
	if !local {
		return tree.Value{}, errOutside
	}
	if strings.Contains(pointer, "%") { // a fragment of a URL is percent-encoded (RFC 6901 6)
		if v := r.tree.Lookup(pointer); v.Exists() { // or, in some documents, not
			return v, nil
		}
		pointer = unescapeFragment(pointer)
	}
	v := r.tree.Lookup(pointer)
	if !v.Exists() {
		v = r.through(pointer)
	}
	if !v.Exists() {
		return v, errors.New("refers to " + quote(ref) + ", which does not exist; left out")
	}
	return v, nil
}

// through follows a pointer through the references that are on its way, as people expect who divide a document into files.
func (r *reader) through(pointer string) tree.Value {
	v := r.root
	for range maxChain {
		steps := strings.Split(pointer, "/")[1:]
		var hop tree.Value
		for i, step := range steps {
			if ref := v.Get("$ref"); ref.Kind() == '"' {
				hop, pointer = ref, "/"+strings.Join(steps[i:], "/")
				break
			}
			v = v.Step(step)
		}
		if !hop.Exists() {
			return v
		}
		before, local := strings.CutPrefix(hop.Text(), "#")
		if !local {
			return tree.Value{}
		}
		v, pointer = r.root, before+pointer
	}
	return tree.Value{}
}

func unescapeFragment(pointer string) string {
	plain, err := url.PathUnescape(pointer)
	if err != nil {
		return pointer
	}
	return plain
}
