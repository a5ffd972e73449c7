package call

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
)

// Auto has the way from page to page found in the answer and in the operation's parameters.
const Auto = "auto"

// Paging is how somebody wants to go through the pages of an operation. Whoever asks for the next page says it all again, with what
// the last page said: nothing is kept between two pages.
type Paging struct {
	Rule  string  // [Auto], or the rule of the last page
	Items *string // where the items of a page are, a JSON Pointer (RFC 6901); nil: that is found out
	From  *Next   // where the last page said that the next one is; nil: this is the first
}

// A Page is what an answer says of itself as one page of several.
type Page struct {
	Rule  string  // by which the next one is found, as a person may give it; "": the answer is no page of several
	Items *string // where its items are; nil: none were found
	Count int     // how many
	Next  *Next   // nil: this is the last page
	Note  string  // what a person should know
}

// A Next is where the next page is: at an address, or in an argument.
type Next struct {
	URL       string         // path and query at the same server
	Parameter string         // the parameter, or
	Field     string         // the member of the body, that
	Value     jsontext.Value // this value is for
	Before    int            // how many items there were before the next page; 0: not known
}

// Pageable reports whether the pages of an operation may be asked for: it has to be one that reads. What a POST that searches takes as a
// cursor is said by a rule or by its parameters; its links are not followed, for they would be a GET of something else.
func Pageable(op *model.Operation, p Paging, a Arguments) error {
	var r rule
	if p.Rule != Auto {
		var err error
		if r, err = parseRule(p.Rule); err != nil {
			return err
		}
	}
	switch op.Method {
	case "GET", "QUERY", "POST":
	default:
		return fault.New(fault.Invalid, "operation %q is a %s, which has no pages", op.ID, op.Method).WithHint("run it without --paginate")
	}
	if a.Upload != nil {
		return fault.New(fault.Invalid, "files are sent once, and not for every page").WithHint("run it without --paginate")
	}
	if op.Method == "POST" && (r.kind == linkHeader || r.kind == link || p.From != nil && p.From.URL != "") {
		return fault.New(fault.Invalid, "links are not followed after a POST").WithHint("say which parameter takes the cursor: --paginate=/POINTER=PARAMETER")
	}
	return nil
}

// Apply puts an argument for the next page in the place of the one that was given for the first.
func (n *Next) Apply(a Arguments) Arguments {
	if n == nil || n.URL != "" {
		return a
	}
	t := target{name: n.Parameter}
	if n.Field != "" {
		t = target{name: strings.TrimPrefix(n.Field, "body."), body: true}
	}
	kept := map[string]jsontext.Value{}
	for name, v := range a.Parameters {
		if !t.is(name) {
			kept[name] = v
		}
	}
	var typed []Typed
	for _, one := range a.Typed {
		if one.Field == "" && t.is(one.Parameter) || one.Field != "" && t.isField(one.Field) {
			continue
		}
		typed = append(typed, one)
	}
	next := Typed{Parameter: n.Parameter, Field: n.Field, Value: n.Value}
	if kind := n.Value.Kind(); kind == '"' || kind == '0' { // the schema says whether a cursor is a number
		next.Text, next.Value = primitive(n.Value), nil
	}
	a.Parameters, a.Typed = kept, append(typed, next)
	return a
}

// Page reads an answer as a page of an operation that was asked with these arguments. An answer that has a next page which can't be
// asked for is an error, as is one that has several ways to the next page, or to its items: a guess might lose some.
func (a *Answer) Page(op *model.Operation, args Arguments, p Paging) (*Page, error) {
	data, encoding := a.Data()
	if encoding != "" {
		data = nil
	}
	s := look(a, data)
	s.builder, s.paging = &builder{op: op, args: args}, p
	s.targets = s.builder.targets()
	items, count, unclear := s.items()
	page := &Page{Items: items, Count: count}
	s.count = count
	var r rule
	var err error
	if p.Rule == Auto {
		r, err = s.detect()
	} else if r, err = parseRule(p.Rule); err == nil {
		r.param, err = s.declared(r.param)
	}
	if err != nil {
		return nil, err
	}
	page.Rule = r.String()
	if r.kind == none && !s.declares() {
		return &Page{}, nil
	}
	if unclear != nil {
		return nil, unclear
	}
	if r.kind == none {
		return page, s.single(page)
	}
	page.Next, err = s.next(r, page)
	return page, err
}

// single is an answer without a next page of an operation that takes what asks for one.
func (s *survey) single(page *Page) error {
	if total, fewer := s.fewer(); fewer {
		return fault.New(fault.Upstream, "the answer holds %d of %d items, and nothing tells how to get the others", page.Count, total).
			WithHint(sayRule)
	}
	if len(s.fields) == 0 && page.Count > 0 { // a list has no place for a cursor
		if i := slices.IndexFunc(s.targets, func(t target) bool { return cursorParameters.has(t.norm) }); i >= 0 {
			name := s.targets[i].text()
			page.Note = "the answer does not tell whether there is another page; the operation takes " + name +
				", which --paginate=last:/POINTER=" + name + " fills with something of the last item"
		}
	}
	return nil
}

// next finds the next page by a rule; nil: there is none.
func (s *survey) next(r rule, page *Page) (*Next, error) {
	switch r.kind {
	case linkHeader:
		to, _ := nextLink(s.answer.Header.Values("Link"))
		return s.follow(to)
	case link:
		if more, told := s.more(); told && !more {
			return nil, nil
		}
		text, ok := address(s.value(r.from))
		if !ok {
			return nil, fault.New(fault.Invalid, "%s of the answer is no address", r.from).
				WithHint("say which parameter takes it: --paginate=%s=PARAMETER", r.from)
		}
		return s.follow(text)
	case cursor:
		return s.cursor(r)
	case last:
		return s.last(r, page)
	}
	return s.counted(r, page)
}

// cursor puts what the answer says into a parameter.
func (s *survey) cursor(r rule) (*Next, error) {
	v := s.value(r.from)
	more, told := s.more()
	switch {
	case told && !more:
		return nil, nil
	case blank(v) && told:
		return nil, fault.New(fault.Upstream, "the answer says that there is more, and %s holds nothing to ask for it with", r.from).
			WithHint(sayRule)
	case blank(v):
		return nil, nil
	}
	if text := primitive(v); v.Kind() == '"' && looksLikeAddress(text) { // the cursor is in the query of a link
		if u, err := url.Parse(text); err == nil && u.Query().Has(r.param.name) {
			v = quoted(u.Query().Get(r.param.name))
		}
	}
	return r.param.takes(v), nil
}

// last puts something of the last item into a parameter.
func (s *survey) last(r rule, page *Page) (*Next, error) {
	more, told := s.more()
	if told && !more || page.Count == 0 && !told {
		return nil, nil
	}
	if page.Count > 0 {
		if v := at(s.lastItem, r.from); !blank(v) {
			return r.param.takes(v), nil
		}
	}
	return nil, fault.New(fault.Upstream, "there is more, and the last item of the page has no %s to ask for it with", r.from).
		WithHint(sayRule)
}

// counted counts on: pages, or items.
func (s *survey) counted(r rule, page *Page) (*Next, error) {
	here, given, err := s.current(r)
	if err != nil {
		return nil, err
	}
	before := -1 // not known, as of pages that began in the middle
	switch f := s.paging.From; {
	case r.kind == offset && r.sure:
		before = here - r.first
	case r.kind == offset: // if it is counted from 1, there were fewer
		before = max(here-1, 0)
	case f != nil && f.Before > 0:
		before = f.Before
	case f == nil && here == r.first:
		before = 0
	}
	over, err := s.over(r, page, here, before)
	if over || err != nil {
		return nil, err
	}
	if !given && r.doubt {
		return nil, r.doubtful()
	}
	step := 1
	if r.kind == offset {
		if step = page.Count; step == 0 {
			return nil, fault.New(fault.Upstream, "the answer says that there is more, and holds no items")
		}
	}
	n := r.param.takes(jsontext.Value(strconv.Itoa(here + step)))
	if before >= 0 {
		n.Before = before + page.Count
	}
	return n, nil
}

// fewer reports whether a first page has fewer items than there are.
func (s *survey) fewer() (total int, fewer bool) {
	total, known := s.total()
	return total, known && s.count < total && s.paging.From == nil
}

// over reports whether this was the last page of those that are counted. What can be trusted: a flag, a total, an empty page. A page with
// fewer items than were asked for is not enough, for services have limits of their own.
func (s *survey) over(r rule, page *Page, here, before int) (bool, error) {
	if more, told := s.more(); told {
		return !more, nil
	}
	if r.kind == pages {
		if total, known := s.totalPages(); known {
			return here-r.first+1 >= total, nil
		}
	}
	if len(s.answer.Body) == 0 { // 204, behind the last page
		return true, nil
	}
	total, known := s.total()
	if page.Items == nil && !(known && total == 0) {
		return false, fault.New(fault.Invalid, "the answer has no list of items, without which nobody knows which page is the last").
			WithHint("say where it is: --items /POINTER")
	}
	return page.Count == 0 || known && before >= 0 && before+page.Count >= total, nil
}
