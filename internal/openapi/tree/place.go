package tree

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Where a value is, asked for when something has to be said of it. A tree keeps nothing for that but what it has anyway.

// Node is the number of the value's node, in the order of the document; of a member, that of its name. Names and values count.
func (v Value) Node() int {
	if v.at > 0 && v.tree.nodes[v.at-1].flags&isName != 0 {
		return int(v.at - 1)
	}
	return int(v.at)
}

// Nodes is how many names and values there are in the whole document.
func (t *Tree) Nodes() int { return len(t.nodes) }

// Nodes is how many names and values there are inside the value.
func (v Value) Nodes() int {
	if v.tree == nil {
		return 0
	}
	return int(v.node().next-v.at) - 1
}

// Value is the value that a node is, which must not be a name.
func (t *Tree) Value(node int) Value { return Value{t, uint32(node)} }

// Offset is where a node begins in the source, in bytes.
func (t *Tree) Offset(node int) int { return int(t.nodes[node].start) }

// Pointer is the JSON Pointer that leads from the root to the value (RFC 6901).
func (v Value) Pointer() string {
	if v.tree == nil {
		return ""
	}
	var pointer strings.Builder
	nodes := v.tree.nodes
	for at := uint32(0); at < v.at; {
		// One of the children of at is the value, or holds it.
		child, index := at+1, 0
		for object := nodes[at].kind == '{'; ; index++ {
			value := child
			if object {
				value++
			}
			if v.at < nodes[value].next {
				if object {
					pointer.WriteString("/" + Escape(v.tree.text(&nodes[child])))
				} else {
					pointer.WriteString("/" + strconv.Itoa(index))
				}
				at = value
				break
			}
			child = nodes[value].next
		}
	}
	return pointer.String()
}

// A Position is a place in a text as people count: from 1, columns in characters.
type Position struct{ Line, Column int }

// A Lines finds positions in a text. It goes through the text once if it is asked for places in their order.
type Lines struct {
	text   []byte
	at     int // where the last line that was found begins
	number int // of the lines before it
}

// NewLines returns a Lines over the text.
func NewLines(text []byte) *Lines { return &Lines{text: text} }

// Position returns where the byte at an offset is.
func (l *Lines) Position(offset int) Position {
	offset = min(offset, len(l.text))
	if offset < l.at {
		l.at, l.number = 0, 0
	}
	passed := l.text[l.at:offset]
	if last := bytes.LastIndexByte(passed, '\n'); last >= 0 {
		l.number += bytes.Count(passed, []byte{'\n'})
		l.at += last + 1
	}
	return Position{Line: l.number + 1, Column: utf8.RuneCount(l.text[l.at:offset]) + 1}
}
