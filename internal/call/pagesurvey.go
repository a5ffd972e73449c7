package call

import (
	"bytes"
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
	all := members(object)
	if len(all) > maxSurvey {
		return
	}
	for _, m := range all {
		f := field{pointer + "/" + escape(m.name), norm(m.name), parent, m.raw}
		s.fields = append(s.fields, f)
		switch {
		case depth > 1 && m.raw.Kind() == '{' && wrappers[f.norm]:
			s.gather(f.pointer, f.norm, m.raw, depth-1)
		case m.raw.Kind() == '[' && (f.norm == "links" || f.norm == "link"):
			for relation, href := range relations(m.raw) {
				s.fields = append(s.fields, field{f.pointer + "/" + escape(relation) + "/href", "href", norm(relation), href})
			}
		}
	}
}

// relations are the links in a list of objects with rel and href, by their relation.
func relations(list jsontext.Value) map[string]jsontext.Value {
	items := elements(list)
	if len(items) > maxLinks {
		return nil
	}
	found := map[string]jsontext.Value{}
	for _, item := range items {
		if rel := at(item, "/rel"); rel.Kind() == '"' {
			found[primitive(rel)] = at(item, "/href")
		}
	}
	return found
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
func members(raw jsontext.Value) (all []named) {
	if raw.Kind() != '{' {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	d.ReadToken()
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return all
		}
		m := named{name: name.String()}
		v, err := d.ReadValue()
		if err != nil {
			return all
		}
		end := int(d.InputOffset())
		m.raw = raw[end-len(v) : end : end]
		all = append(all, m)
	}
	return all
}

// elements are the items of an array that is valid JSON, which are not copied.
func elements(raw jsontext.Value) (all []jsontext.Value) {
	if raw.Kind() != '[' {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	d.ReadToken()
	for d.PeekKind() != ']' {
		v, err := d.ReadValue()
		if err != nil {
			return all
		}
		end := int(d.InputOffset())
		all = append(all, raw[end-len(v):end:end])
	}
	return all
}

// at is the value that a JSON Pointer leads to (RFC 6901); nil: there is none. In a list of links a step is the relation of one.
func at(v jsontext.Value, pointer string) jsontext.Value {
	if pointer == "" {
		return v
	}
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch v.Kind() {
		case '{':
			all := members(v)
			i := slices.IndexFunc(all, func(m named) bool { return m.name == step })
			if i < 0 {
				return nil
			}
			v = all[i].raw
		case '[':
			all := elements(v)
			i := slices.IndexFunc(all, func(item jsontext.Value) bool { return primitive(member1(item, "rel")) == step })
			if n, err := strconv.Atoi(step); err == nil && n >= 0 && n < len(all) {
				i = n
			}
			if i < 0 {
				return nil
			}
			v = all[i]
		default:
			return nil
		}
	}
	return v
}

// member1 is a member of an object; nil: there is none.
func member1(object jsontext.Value, name string) jsontext.Value {
	for _, m := range members(object) {
		if m.name == name {
			return m.raw
		}
	}
	return nil
}

func escape(step string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(step) }

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
		return len(members(v)) == 0
	}
	return true
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
		for _, m := range members(v) {
			if hrefs[norm(m.name)] {
				return address(m.raw)
			}
		}
		return "", len(members(v)) == 0
	}
	switch v.Kind() {
	case '"':
		return primitive(v), true
	case '[': // a few have a list of them
		for _, first := range elements(v) {
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
		case moreFlags[f.norm]:
			return yes, true
		case endFlags[f.norm]:
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
func (s *survey) number(names map[string]bool) (int, bool) {
	for _, f := range s.fields {
		if names[f.norm] {
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
