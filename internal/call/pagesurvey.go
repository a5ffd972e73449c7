package call

import (
	"bytes"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A survey is what an answer says of itself, beside its items.
type survey struct {
	answer   *Answer
	root     jsontext.Value
	fields   []field
	builder  *builder
	targets  []target
	paging   Paging
	count    int            // of the page's items
	lastItem jsontext.Value // of them
}

// A field is a member of the answer that may be about its pages: one of the answer itself, or of an object in it whose name says so.
type field struct {
	pointer string
	norm    string // its name, see norm
	parent  string // that of the object around it; "" at the top
	value   jsontext.Value
}

const (
	maxSurvey     = 500 // fields of an object; one that has more is a table
	maxFieldDepth = 4   // meta.pagination.links.next
	maxLinks      = 20
)

// look reads the fields of an answer. Its lists are not looked into, but for one of links.
func look(a *Answer, data jsontext.Value) *survey {
	s := &survey{answer: a, root: data}
	if data.Kind() == '{' {
		s.gather("", "", data, maxFieldDepth)
	}
	return s
}

func (s *survey) gather(pointer, parent string, object jsontext.Value, depth int) {
	before := len(s.fields)
	for name, v := range members(object) {
		f := field{below(pointer, name), norm(name), parent, v}
		if s.fields = append(s.fields, f); len(s.fields)-before > maxSurvey {
			s.fields = s.fields[:before]
			return
		}
	}
	for _, f := range slices.Clone(s.fields[before:]) {
		switch {
		case depth > 1 && f.value.Kind() == '{' && wrappers.has(f.norm):
			s.gather(f.pointer, f.norm, f.value, depth-1)
		case f.value.Kind() == '[' && (f.norm == "links" || f.norm == "link"):
			s.relations(f)
		}
	}
}

// relations takes the links in a list of objects with rel and href for fields of their relations.
func (s *survey) relations(list field) {
	n := 0
	for item := range elements(list.value) {
		if n++; n > maxLinks {
			return
		}
		if rel := at(item, "/rel"); rel.Kind() == '"' {
			relation := primitive(rel)
			s.fields = append(s.fields, field{below(list.pointer, relation) + "/href", "href", norm(relation), at(item, "/href")})
		}
	}
}

// norm is a name without its way of writing: next_page_token, nextPageToken and NextPageToken are one, as are page[number] and pageNumber.
func norm(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
}

// members are the members of an object that is valid JSON, which are not copied.
func members(raw jsontext.Value) iter.Seq2[string, jsontext.Value] {
	return func(yield func(string, jsontext.Value) bool) {
		if raw.Kind() != '{' {
			return
		}
		d := inside(raw)
		for d.PeekKind() == '"' {
			name, err := d.ReadToken()
			if err != nil {
				return
			}
			text := name.String()
			if v, ok := next(d, raw); !ok || !yield(text, v) {
				return
			}
		}
	}
}

// elements are the items of an array that is valid JSON, which are not copied.
func elements(raw jsontext.Value) iter.Seq[jsontext.Value] {
	return func(yield func(jsontext.Value) bool) {
		if raw.Kind() != '[' {
			return
		}
		d := inside(raw)
		for d.PeekKind() != ']' {
			if v, ok := next(d, raw); !ok || !yield(v) {
				return
			}
		}
	}
}

// inside reads what is in an array or object.
func inside(raw jsontext.Value) *jsontext.Decoder {
	d := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	d.ReadToken() // its beginning
	return d
}

func next(d *jsontext.Decoder, raw jsontext.Value) (jsontext.Value, bool) {
	v, err := d.ReadValue()
	if err != nil {
		return nil, false
	}
	end := int(d.InputOffset())
	return raw[end-len(v) : end : end], true
}

// at is the value that a JSON Pointer leads to (RFC 6901); nil: there is none. In a list of links a step is the relation of one.
func at(v jsontext.Value, pointer string) jsontext.Value {
	for step := range jsontext.Pointer(pointer).Tokens() {
		if v.Kind() == '[' {
			v = element(v, step)
		} else {
			v = member1(v, step)
		}
	}
	return v
}

// element is the item of that number, or with that relation; nil: there is none.
func element(list jsontext.Value, step string) jsontext.Value {
	n := 0
	for item := range elements(list) {
		if strconv.Itoa(n) == step || item.Kind() == '{' && primitive(member1(item, "rel")) == step {
			return item
		}
		n++
	}
	return nil
}

// member1 is a member of an object; nil: there is none.
func member1(object jsontext.Value, name string) jsontext.Value {
	for own, v := range members(object) {
		if own == name {
			return v
		}
	}
	return nil
}

// below is the JSON Pointer to a member (RFC 6901).
func below(pointer, name string) string { return string(jsontext.Pointer(pointer).AppendToken(name)) }

// primitive is the text of a text or number, or what stands there.
func primitive(v jsontext.Value) string {
	if v.Kind() == '"' {
		return unquote(v)
	}
	return string(v)
}

func quoted(text string) jsontext.Value {
	v, _ := jsontext.AppendQuote(nil, text) // fails on invalid UTF-8 only, which it replaces
	return v
}

// blank reports whether a value says that there is no next page: nothing, null, false, an empty text, or a number that is none, as the 0
// and -1 of several services.
func blank(v jsontext.Value) bool {
	switch v.Kind() {
	case '"', '0':
		text := primitive(v)
		return text == "" || text == "0" || text == "-1"
	case '{':
		return !holds(v)
	}
	return true
}

// holds reports whether an object has any member.
func holds(object jsontext.Value) bool {
	for range members(object) {
		return true
	}
	return false
}

// value is what a rule's source holds: a place of the answer, or a header.
func (s *survey) value(from string) jsontext.Value {
	if name, header := strings.CutPrefix(from, "header:"); header {
		if text := s.answer.Header.Get(name); text != "" {
			return quoted(text)
		}
		return nil
	}
	return at(s.root, from)
}

// address is the address that a value holds: a text, or an object with one. An empty one is no next page.
func address(v jsontext.Value) (string, bool) {
	if v.Kind() == '{' {
		for name, inner := range members(v) {
			if hrefs.has(norm(name)) {
				return address(inner)
			}
		}
		return "", !holds(v)
	}
	switch v.Kind() {
	case '"':
		return primitive(v), true
	case '[': // a few have a list of them
		for first := range elements(v) {
			return address(first)
		}
		return "", true
	}
	return "", blank(v)
}

// looksLikeAddress tells an address from a cursor.
func looksLikeAddress(text string) bool {
	for _, begin := range []string{"http://", "https://", "/", "?"} {
		if strings.HasPrefix(text, begin) {
			return true
		}
	}
	return false
}

// more reports whether the answer says that there are more pages, or that there are not.
func (s *survey) more() (more, told bool) {
	for _, f := range s.fields {
		yes, no := f.value.Kind() == 't' || string(f.value) == `"true"`, f.value.Kind() == 'f' || string(f.value) == `"false"`
		switch {
		case !yes && !no:
		case moreFlags.has(f.norm):
			return yes, true
		case endFlags.has(f.norm):
			return no, true
		}
	}
	return false, false
}

// total is how many items there are on all pages.
func (s *survey) total() (int, bool) {
	if n, ok := s.number(totals); ok {
		return n, true
	}
	return s.numberIn("X-Total-Count", "X-Total", "X-WP-Total", "Total-Count", "X-Pagination-Total-Count")
}

// totalPages is how many pages there are.
func (s *survey) totalPages() (int, bool) {
	if n, ok := s.number(pageTotals); ok {
		return n, true
	}
	return s.numberIn("X-Total-Pages", "X-WP-TotalPages", "X-Page-Count", "X-Pagination-Page-Count", "Total-Pages")
}

// number is the first of the fields with one of these names that holds a number.
func (s *survey) number(wanted names) (int, bool) {
	for _, f := range s.fields {
		if wanted.has(f.norm) {
			if n, err := strconv.Atoi(primitive(f.value)); err == nil && n >= 0 {
				return n, true
			}
		}
	}
	return 0, false
}

func (s *survey) numberIn(headers ...string) (int, bool) {
	for _, name := range headers {
		if n, err := strconv.Atoi(strings.TrimSpace(s.answer.Header.Get(name))); err == nil && n >= 0 {
			return n, true
		}
	}
	return 0, false
}
