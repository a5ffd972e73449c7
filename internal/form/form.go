// Package form makes the fields of a form from a schema of an OpenAPI document, and JSON of what a person filled in. It knows
// nothing of HTML: a Node says what is to be asked, and by which name its input is posted.
//
// A form and JSON text are two ways to write the same value, and one becomes the other without loss: whatever of a value its
// schema has no field for stays as JSON in a field of that kind (FuzzForm shows it). What is left empty is not part of the value.
// Fields are made as far as the value leads to them, so that neither the size of a schema nor its circles matter.
package form

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Kinds of nodes: those that hold others, and those that are one input.
const (
	Group  = "group"  // an object: Fields, More, Rest
	List   = "list"   // an array: Fields are its items
	Shapes = "shapes" // one of several schemas: Fields has the one that is chosen
	Text   = "text"
	Area   = "area" // a text of several lines
	Number = "number"
	Date   = "date"
	Choice = "choice"
	Any    = "any"  // JSON, and what is none is a text
	JSON   = "json" // of what there are no fields for
	File   = "file"
)

// A Node is a place of a form.
type Node struct {
	Kind    string
	At      string // the path of the place; with the kind before it, the name of its input
	Pointer string // the JSON Pointer by which errors name the place
	Label   string
	Type    string // for people
	Help    string
	Hint    string // an example
	Value   string // of an input
	Choices []Option
	Wrong   string // what is wrong with what was filled in

	Required, Deprecated bool
	Several              bool // files
	Open                 bool // something in it is filled in, or has to be
	Fresh                bool // it was just added

	Fields []*Node
	More   []*Node  // fields of a group that few fill in
	Rest   *Node    // members of a group that it has no fields for; nil: there are none
	Kinds  []string // shapes that there are to choose from
	Shape  int      // that is chosen, counted from 1
}

// An Option is a value of a choice.
type Option struct{ Text, Value string }

// Name is that of the node's input.
func (n *Node) Name() string { return n.Kind + ":" + n.At }

// ID is that of the node's element.
func (n *Node) ID() string { return "f-" + url.QueryEscape(n.At) }

// Whole reports whether the node is one input, rather than others.
func (n *Node) Whole() bool { return n.Kind != Group && n.Kind != List && n.Kind != Shapes }

// Item reports whether the node stands in a list.
func (n *Node) Item() bool { return strings.HasSuffix(n.At, "]") }

// A Maker makes forms.
type Maker struct {
	Schemas map[string]json.RawMessage // that "$ref"s name
	Files   bool                       // members of the value that are bytes are files, not fields
}

// Make makes the form of a schema. v is what is filled in; nil: nobody has been asked yet, and what is required holds the example or
// the default that the document has for it.
func (m Maker) Make(root Root, schema, example json.RawMessage, v *Value) *Node {
	return m.work().node(root.place(), jsontext.Value(schema), jsontext.Value(example), v, root.Required)
}

// A Root is where a form begins.
type Root struct {
	At       string // path of the root
	Pointer  string // by which errors name it
	Label    string
	Required bool
}

// escape makes a name a step of a path, in which items are "[0]".
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "[", "~2").Replace(name)
}

func unescape(step string) string {
	return strings.NewReplacer("~2", "[", "~1", "/", "~0", "~").Replace(step)
}

// At is the path of a root of that name.
func At(prefix, name string) string { return prefix + "." + escape(name) }

// All calls do for a node and all in it.
func (n *Node) All(do func(*Node)) {
	if n == nil {
		return
	}
	do(n)
	for _, f := range n.Fields {
		f.All(do)
	}
	for _, f := range n.More {
		f.All(do)
	}
	n.Rest.All(do)
}

// Blame puts what is wrong at a place beside the nearest node, and reports whether the place is within the form.
func (n *Node) Blame(pointer, wrong string) bool {
	if pointer != n.Pointer && !strings.HasPrefix(pointer, n.Pointer+"/") {
		return false
	}
	at := n
	n.All(func(in *Node) {
		if in != n.Rest && len(in.Pointer) >= len(at.Pointer) && (pointer == in.Pointer || strings.HasPrefix(pointer, in.Pointer+"/")) {
			at = in
		}
	})
	if at.Wrong == "" {
		at.Wrong = wrong
	}
	n.open(pointer)
	return true
}

// open opens the groups on the way to a place.
func (n *Node) open(pointer string) {
	n.All(func(in *Node) {
		in.Open = in.Open || in.Pointer == pointer || strings.HasPrefix(pointer, in.Pointer+"/")
	})
}

// MoreOpen reports whether something among the fields that few fill in is filled in, wrong, or new.
func (n *Node) MoreOpen() (open bool) {
	for _, f := range append(n.More[:len(n.More):len(n.More)], n.Rest) {
		f.All(func(in *Node) { open = open || in.Wrong != "" || in.Value != "" || in.Fresh })
	}
	return open
}
