package form

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// JSON is what is filled in, in the order of the form; nil: nothing is. What is wrong is left out; see Wrongs.
func (n *Node) JSON() jsontext.Value {
	switch n.Kind {
	case File:
		return nil
	case Shapes:
		return n.Fields[0].JSON()
	case List:
		raw := array(func(yield func(jsontext.Value)) {
			for _, f := range n.Fields {
				yield(f.JSON())
			}
		})
		if string(raw) == "[]" {
			return nil
		}
		return raw
	case Group:
		return n.object()
	case JSON:
		raw := jsontext.Value(strings.TrimSpace(n.Value))
		if len(raw) == 0 || !raw.IsValid() {
			return nil
		}
		return raw
	}
	return meant(n.Kind, n.Value)
}

func (n *Node) object() jsontext.Value {
	raw := object(func(yield func(string, jsontext.Value)) {
		given := map[string]bool{}
		for _, f := range append(n.Fields[:len(n.Fields):len(n.Fields)], n.More...) {
			if own := f.JSON(); own != nil {
				given[f.name()] = true
				yield(f.name(), own)
			}
		}
		if n.Rest == nil {
			return
		}
		for _, m := range members(jsontext.Value(n.Rest.Value)) {
			if !given[m.name] {
				yield(m.name, m.raw)
			}
		}
	})
	if string(raw) == "{}" {
		return nil
	}
	return raw
}

// name is that of a member, which the last step of its path is.
func (n *Node) name() string { return unescape(n.At[strings.LastIndexByte(n.At, '/')+1:]) }

// Files are the inputs of files.
func (n *Node) Files() (files []*Node) {
	n.All(func(in *Node) {
		if in.Kind == File {
			files = append(files, in)
		}
	})
	return files
}

// Wrongs are the inputs that hold no JSON where they should.
func (n *Node) Wrongs() (wrong []*Node) {
	n.All(func(in *Node) {
		if in.Wrong != "" {
			wrong = append(wrong, in)
		}
	})
	return wrong
}
