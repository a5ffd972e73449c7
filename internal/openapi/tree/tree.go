// Package tree reads JSON (RFC 8259) into one flat array of nodes over the bytes of the source. Nothing is copied: a value's raw
// text is a slice of the source, so a document of megabytes costs little more than its own size. It knows nothing of OpenAPI.
package tree

import (
	"bytes"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A Tree is a document that was read.
type Tree struct {
	source []byte
	nodes  []node
	found  map[string]int32             // nodes by JSON Pointer, as far as they were asked for
	names  map[uint32]map[string]uint32 // the members of large objects, as far as a pointer went through them
}

// large is how many members an object has whose names are worth a map.
const large = 64

// A node is a value, or the name of an object's member, which stands before its value. Nodes are in the order of the source: the
// inside of an array or object follows it, and next is the first node after that.
type node struct {
	start, end uint32 // in the source
	next       uint32 // index of a node
	kind       byte   // one of the kinds below
	flags      byte
}

const (
	escapes byte = 1 << iota // a text with escapes in it
	isName                   // the name of a member
)

// A Value is a value of a tree. The zero Value is one that is missing.
type Value struct {
	tree *Tree
	at   uint32
}

// Kind is '{', '[', '"', '0', 't', 'f' or 'n' as in package jsontext, or 0 if the value is missing.
func (v Value) Kind() byte {
	if v.tree == nil {
		return 0
	}
	return v.node().kind
}

func (v Value) node() *node { return &v.tree.nodes[v.at] }

// Exists reports whether the value is there.
func (v Value) Exists() bool { return v.tree != nil }

// Raw is the value's text in the source; nil if it is missing.
func (v Value) Raw() []byte {
	if v.tree == nil {
		return nil
	}
	n := v.node()
	return v.tree.source[n.start:n.end:n.end]
}

// Text is the text of a string, and "" of anything else.
func (v Value) Text() string {
	if v.Kind() != '"' {
		return ""
	}
	return v.tree.text(v.node())
}

func (t *Tree) text(n *node) string {
	raw := t.source[n.start:n.end]
	if inner := raw[1 : len(raw)-1]; n.flags&escapes == 0 && utf8.Valid(inner) {
		return string(inner)
	}
	text, _ := jsontext.AppendUnquote(nil, raw) // what it finds wrong, parts of characters, it has replaced
	return string(text)
}

// is reports whether a name is that text, without making a text of it.
func (t *Tree) is(n *node, name string) bool {
	if n.flags&escapes == 0 {
		return string(t.source[n.start+1:n.end-1]) == name
	}
	return t.text(n) == name
}

// True reports whether the value is true.
func (v Value) True() bool { return v.Kind() == 't' }

// Members walks over an object's members in their order; over nothing if it is no object.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != '{' {
			return
		}
		t := v.tree
		for at, end := v.at+1, v.node().next; at < end; {
			value := Value{t, at + 1}
			if !yield(t.text(&t.nodes[at]), value) {
				return
			}
			at = value.node().next
		}
	}
}

// Items walks over an array's items; over nothing if it is no array.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != '[' {
			return
		}
		for at, end := v.at+1, v.node().next; at < end; at = v.tree.nodes[at].next {
			if !yield(Value{v.tree, at}) {
				return
			}
		}
	}
}

// Get returns the member of that name, the last one if it occurs twice; a missing Value if there is none.
func (v Value) Get(name string) (found Value) {
	if v.Kind() != '{' {
		return found
	}
	t := v.tree
	for at, end := v.at+1, v.node().next; at < end; at = t.nodes[at+1].next {
		if t.is(&t.nodes[at], name) {
			found = Value{t, at + 1}
		}
	}
	return found
}

// item returns the item of an array with that index.
func (v Value) item(index string) Value {
	n, err := strconv.Atoi(index)
	if err != nil || n < 0 {
		return Value{}
	}
	for item := range v.Items() {
		if n == 0 {
			return item
		}
		n--
	}
	return Value{}
}

// Root is the whole document.
func (t *Tree) Root() Value { return Value{t, 0} }

// Lookup returns the value that a JSON Pointer leads to (RFC 6901); a missing Value if it leads nowhere.
func (t *Tree) Lookup(pointer string) Value {
	if pointer == "" {
		return t.Root()
	}
	if at, ok := t.found[pointer]; ok {
		if at < 0 {
			return Value{}
		}
		return Value{t, uint32(at)}
	}
	cut := strings.LastIndexByte(pointer, '/')
	if cut < 0 {
		return Value{}
	}
	v := t.Lookup(pointer[:cut]).Step(pointer[cut+1:])
	t.found[pointer] = -1
	if v.Exists() {
		t.found[pointer] = int32(v.at)
	}
	return v
}

// Step is the member or item that one step of a JSON Pointer leads to.
func (v Value) Step(step string) Value {
	step = unescape.Replace(step)
	if v.Kind() == '[' {
		return v.item(step)
	}
	if v.Kind() != '{' || v.node().next-v.at < 2*large {
		return v.Get(step)
	}
	names := v.tree.names[v.at]
	if names == nil {
		names = map[string]uint32{}
		for at := range v.members() {
			names[string(v.tree.name(at))] = at + 1
		}
		v.tree.names[v.at] = names
	}
	if at, ok := names[step]; ok {
		return Value{v.tree, at}
	}
	return Value{}
}

var (
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
)

// Escape writes a name into a JSON Pointer.
func Escape(name string) string { return escape.Replace(name) }

// Named walks over all members of that name, however deep inside the value.
func (v Value) Named(name string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.tree == nil {
			return
		}
		nodes := v.tree.nodes
		for at, end := v.at, v.node().next; at < end; at++ {
			n := &nodes[at]
			if n.flags&isName != 0 && v.tree.is(n, name) && !yield(Value{v.tree, at + 1}) {
				return
			}
		}
	}
}

// Values walks over all values inside an array or object, however deep, each with the name that it has in its object; "" if it is
// in none.
func (v Value) Values() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.tree == nil {
			return
		}
		nodes := v.tree.nodes
		for at, end := v.at+1, v.node().next; at < end; at++ {
			name := ""
			if n := &nodes[at]; n.flags&isName != 0 {
				name = v.tree.text(n)
				at++
			}
			if !yield(name, Value{v.tree, at}) {
				return
			}
		}
	}
}

// Twice walks over the values of all members, however deep inside the value, that have the name of an earlier one in their object.
func (v Value) Twice() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.tree == nil {
			return
		}
		names := map[string]bool{} // of a large object; small ones are compared in pairs
		var few [][]byte
		for at, end := v.at, v.node().next; at < end; at++ {
			if v.tree.nodes[at].kind != '{' {
				continue
			}
			few = few[:0]
			clear(names)
			for member := range (Value{v.tree, at}).members() {
				name := v.tree.name(member)
				again := names[string(name)] || slices.ContainsFunc(few, func(other []byte) bool { return bytes.Equal(name, other) })
				if again && !yield(Value{v.tree, member + 1}) {
					return
				}
				if len(few) < 12 {
					few = append(few, name)
				} else {
					names[string(name)] = true
				}
			}
		}
	}
}

// members walks over the nodes of an object's names.
func (v Value) members() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for at, end := v.at+1, v.node().next; at < end; at = v.tree.nodes[at+1].next {
			if !yield(at) {
				return
			}
		}
	}
}

// name is the text of a name's node; without escapes it is the source's own.
func (t *Tree) name(at uint32) []byte {
	if n := &t.nodes[at]; n.flags&escapes != 0 {
		return []byte(t.text(n))
	}
	return t.source[t.nodes[at].start+1 : t.nodes[at].end-1]
}

// Entries walks over an object's members as Members does, without making texts of their names, which must not be changed.
func (v Value) Entries() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v.Kind() != '{' {
			return
		}
		for at := range v.members() {
			if !yield(v.tree.name(at), Value{v.tree, at + 1}) {
				return
			}
		}
	}
}
