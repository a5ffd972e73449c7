package tree

import (
	"bytes"
	"fmt"
	"math"
)

// MaxDepth is how deep arrays and objects may be nested.
const MaxDepth = 1000

// A SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	Message string
	Offset  int // in bytes, from 0
	Position
	TooDeep bool
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Read reads one JSON value and nothing else. The tree keeps the source, which must not change. Errors are [*SyntaxError].
func Read(source []byte) (*Tree, error) {
	if len(source) >= math.MaxInt32 {
		return nil, &SyntaxError{Message: "larger than 2 GB", Position: Position{1, 1}}
	}
	// A document has a node for every dozen bytes or so: growing the array would cost twice its memory.
	r := reader{source: source, nodes: make([]node, 0, len(source)/12+16)}
	r.blanks()
	if !r.value(0) {
		return nil, r.failure()
	}
	if r.blanks(); r.at < len(source) {
		r.fail("something follows the value")
		return nil, r.failure()
	}
	return &Tree{source: source, nodes: r.nodes, found: map[string]int32{}, names: map[uint32]map[string]uint32{}}, nil
}

// A reader reads from at. Its methods return false after a failure, which is kept.
type reader struct {
	source  []byte
	at      int
	nodes   []node
	message string
	tooDeep bool
}

func (r *reader) fail(message string) bool {
	r.message = message
	return false
}

// failure says where the reader stands.
func (r *reader) failure() *SyntaxError {
	if r.at >= len(r.source) && !r.tooDeep {
		r.message = "the text ends too early"
	}
	at := min(r.at, len(r.source))
	return &SyntaxError{Message: r.message, Offset: at, TooDeep: r.tooDeep, Position: NewLines(r.source).Position(at)}
}

func (r *reader) blanks() {
	for r.at < len(r.source) {
		switch r.source[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end.
func (r *reader) peek() byte {
	if r.at < len(r.source) {
		return r.source[r.at]
	}
	return 0
}

// open begins a node; close ends it.
func (r *reader) open(kind byte) int {
	r.nodes = append(r.nodes, node{start: uint32(r.at), kind: kind})
	return len(r.nodes) - 1
}

func (r *reader) close(n int) bool {
	r.nodes[n].end, r.nodes[n].next = uint32(r.at), uint32(len(r.nodes))
	return true
}

func (r *reader) value(depth int) bool {
	switch c := r.peek(); c {
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case '"':
		return r.text(0)
	case 't':
		return r.word("true")
	case 'f':
		return r.word("false")
	case 'n':
		return r.word("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return r.number()
	default:
		return r.fail(fmt.Sprintf("a value cannot begin with %q", rune(c)))
	}
}

// inside steps into an array or object.
func (r *reader) inside(depth int) bool {
	if depth >= MaxDepth {
		r.tooDeep = true
		return r.fail(fmt.Sprintf("nested more than %d levels deep", MaxDepth))
	}
	r.at++
	r.blanks()
	return true
}

func (r *reader) object(depth int) bool {
	n := r.open('{')
	if !r.inside(depth) {
		return false
	}
	if r.peek() == '}' {
		r.at++
		return r.close(n)
	}
	for {
		if r.peek() != '"' {
			return r.fail("the name of a member has to be a text in double quotes")
		}
		if !r.text(isName) {
			return false
		}
		if r.blanks(); r.peek() != ':' {
			return r.fail("a colon has to follow the name of a member")
		}
		r.at++
		if r.blanks(); !r.value(depth + 1) {
			return false
		}
		switch r.blanks(); r.peek() {
		case ',':
			r.at++
			r.blanks()
		case '}':
			r.at++
			return r.close(n)
		default:
			return r.fail("a comma or the end of the object is missing")
		}
	}
}

func (r *reader) array(depth int) bool {
	n := r.open('[')
	if !r.inside(depth) {
		return false
	}
	if r.peek() == ']' {
		r.at++
		return r.close(n)
	}
	for {
		if !r.value(depth + 1) {
			return false
		}
		switch r.blanks(); r.peek() {
		case ',':
			r.at++
			r.blanks()
		case ']':
			r.at++
			return r.close(n)
		default:
			return r.fail("a comma or the end of the array is missing")
		}
	}
}

func (r *reader) word(w string) bool {
	n := r.open(w[0])
	if !bytes.HasPrefix(r.source[r.at:], []byte(w)) {
		return r.fail("there are no other words than true, false and null")
	}
	r.at += len(w)
	return r.close(n)
}

func (r *reader) text(flags byte) bool {
	n := r.open('"')
	for r.at++; ; r.at++ {
		r.at += ordinary(r.source[r.at:])
		switch c := r.peek(); {
		case c == '"':
			r.at++
			r.nodes[n].flags = flags
			return r.close(n)
		case c == '\\':
			if flags |= escapes; !r.escape() {
				return false
			}
		default:
			return r.fail("a line break or control character has to be escaped in a text")
		}
	}
}

// special are the bytes that mean something in a text.
var special = func() (table [256]bool) {
	for c := range ' ' {
		table[c] = true
	}
	table['"'], table['\\'] = true, true
	return table
}()

// ordinary counts the bytes before the first special one.
func ordinary(s []byte) int {
	for i, c := range s {
		if special[c] {
			return i
		}
	}
	return len(s)
}

// escape checks an escape sequence and stops at its last byte.
func (r *reader) escape() bool {
	r.at++
	switch r.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		for range 4 {
			r.at++
			if c := r.peek(); (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return r.fail("four hexadecimal digits have to follow \\u")
			}
		}
		return true
	}
	return r.fail("there is no such escape in JSON")
}

func (r *reader) number() bool {
	n := r.open('0')
	if r.peek() == '-' {
		r.at++
	}
	if r.peek() == '0' {
		r.at++
	} else if !r.digits() {
		return false
	}
	if r.peek() == '.' {
		if r.at++; !r.digits() {
			return false
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.at++
		if c := r.peek(); c == '+' || c == '-' {
			r.at++
		}
		if !r.digits() {
			return false
		}
	}
	return r.close(n)
}

func (r *reader) digits() bool {
	if c := r.peek(); c < '0' || c > '9' {
		return r.fail("a digit is missing in a number")
	}
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.at++
	}
	return true
}
