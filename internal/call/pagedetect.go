package call

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
)

// detect finds the way to the next page: what the answer says comes before what the operation takes, and an address before a cursor, a
// cursor before counting. Only what the operation declares is sent. Several ways of one kind are an error.
func (s *survey) detect() (rule, error) {
	reads := s.builder.op.Method != http.MethodPost
	if _, present := nextLink(s.answer.Header.Values("Link")); present && reads {
		return rule{kind: linkHeader}, nil
	}
	found, orphan, ended, err := s.told(reads)
	if found.kind != none || err != nil {
		return found, err
	}
	more, flagged := s.more()
	if !flagged || !more {
		if _, fewer := s.fewer(); ended.kind == none && !fewer {
			ended = s.promised(reads)
		}
		if ended.kind != none {
			return ended, nil
		}
	}
	if reads {
		for _, try := range []func() (rule, error){s.keyed, s.numbered} {
			if found, err = try(); found.kind != none || err != nil {
				return found, err
			}
		}
	}
	switch {
	case orphan != "":
		return rule{}, fault.New(fault.Invalid, "the answer has a cursor at %s, and the operation declares no parameter that is known to take it", orphan).
			WithHint("say which: --paginate=%s=PARAMETER", orphan)
	case flagged && more:
		return rule{}, fault.New(fault.Invalid, "the answer says that there is more, and not how to get it").WithHint(sayRule)
	}
	return rule{}, nil
}

const sayRule = "say how: --paginate=RULE (carnet run --help)"

// told is what the fields say: an address, or a cursor that a parameter takes. orphan is the place of a cursor that none is known to take,
// ended one where there is no next page.
func (s *survey) told(reads bool) (found rule, orphan string, ended rule, err error) {
	if reads {
		if found, ended = s.addressed(); found.kind != none {
			return found, "", ended, nil
		}
	}
	found, orphan, err = s.pointed()
	if found.kind != none && blank(s.value(found.from)) {
		if ended.kind == none {
			ended = found
		}
		found = rule{}
	}
	return found, orphan, ended, err
}

// promised is what the fields would say that the document promises, and that the answer does not have: many services leave out the cursor
// of the last page.
func (s *survey) promised(reads bool) rule {
	other := &survey{answer: &Answer{}, builder: s.builder, targets: s.targets, paging: s.paging}
	if r := expected(s.builder.op.Responses, s.answer.Status); r != nil {
		for _, kind := range r.Types {
			if schema := r.Schemas[kind]; isJSON(kind) && len(schema) > 0 {
				other.schemaFields("", "", schema, maxFieldDepth)
			}
		}
		if len(other.fields) == 0 {
			other.schemaFields("", "", r.Schemas["*/*"], maxFieldDepth) // OpenAPI 2.0 has one for all
		}
	}
	_, _, ended, _ := other.told(reads)
	return ended
}

// schemaFields are the fields of the answers that a schema is of.
func (s *survey) schemaFields(pointer, parent string, schema jsontext.Value, depth int) {
	if len(schema) == 0 || depth == 0 {
		return
	}
	h := s.builder.shapeOf(schema)
	for _, name := range sortedKeys(h.properties) {
		f := field{pointer: below(pointer, name), norm: norm(name), parent: parent}
		if wrappers.has(f.norm) {
			before := len(s.fields)
			if s.schemaFields(f.pointer, f.norm, h.properties[name], depth-1); len(s.fields) > before {
				continue // it is an object
			}
		}
		s.fields = append(s.fields, f)
	}
}

// addressed finds an address of the next page in the body. ended is a place for one that is empty.
func (s *survey) addressed() (found, ended rule) {
	for _, f := range s.fields {
		inside := hrefs.has(f.norm) && linkNames.has(f.parent)
		if !linkNames.has(f.norm) && !inside {
			continue
		}
		text, ok := address(f.value)
		sure := inside || f.norm != "next" && f.norm != "nextpage" || f.value.Kind() == '{'
		switch {
		case ok && text != "" && (sure || looksLikeAddress(text) || strings.Contains(text, "?")):
			return rule{kind: link, from: f.pointer}, rule{}
		case ok && text == "" && ended.kind == none:
			ended = rule{kind: link, from: f.pointer}
		}
	}
	return rule{}, ended
}

// inHeader finds a cursor in a header, whose name may have the service's before it: X-Next-Page, Opc-Next-Page, X-Ms-Continuation. A few
// have an address there.
func (s *survey) inHeader() (found rule, err error) {
	for _, name := range sortedKeys(s.answer.Header) {
		full, text := norm(name), strings.Join(s.answer.Header[name], "")
		own := ""
		for c := range strings.FieldsSeq(string(headerCursors)) {
			if strings.HasSuffix(full, c) && len(c) > len(own) {
				own = c
			}
		}
		if own == "" {
			continue
		}
		if looksLikeAddress(text) {
			return rule{kind: link, from: "header:" + name}, nil
		}
		t, ok, err := s.taker(field{pointer: "header:" + name, norm: own, value: quoted(text)}, full)
		if ok || err != nil {
			return rule{kind: cursor, from: "header:" + name, param: t}, err
		}
	}
	return rule{}, nil
}

// pointed finds a cursor that a parameter takes. orphan is the place of one that none is known to take.
func (s *survey) pointed() (found rule, orphan string, err error) {
	if found, err = s.inHeader(); found.kind != none || err != nil {
		return found, "", err
	}
	var ended rule
	for _, weak := range []bool{false, true} {
		for _, f := range s.fields {
			strong := cursors.has(f.norm) || (f.parent == "next" || f.parent == "nextpage") && weakCursors.has(f.norm)
			plain := weakCursors.has(f.norm) || f.norm == "offset" && f.value.Kind() == '"' && !numeric(primitive(f.value))
			if weak && (strong || !plain) || !weak && !strong || f.value.Kind() == '{' || f.value.Kind() == '[' || f.value.Kind() == 't' {
				continue
			}
			t, ok, err := s.taker(f)
			empty := blank(f.value)
			switch {
			case err != nil && !empty:
				return rule{}, "", err
			case ok && !empty:
				return rule{kind: cursor, from: f.pointer, param: t}, "", nil
			case ok && ended.kind == none:
				ended = rule{kind: cursor, from: f.pointer, param: t}
			case !ok && !empty && strong && orphan == "":
				orphan = f.pointer
			}
		}
	}
	return ended, orphan, nil
}

// taker finds the parameter that takes a cursor: the one of its name, of its name without "next", of its name in a deep object "page";
// and else the only one that is known to take cursors.
func (s *survey) taker(f field, names ...string) (target, bool, error) {
	plain := strings.TrimPrefix(f.norm, "next")
	if len(plain) == 0 {
		plain = f.norm
	}
	for _, wanted := range [][]string{append(names, f.norm), {plain}, {"page" + plain, plain + "token"}} {
		if t, ok, err := s.only(f.pointer, func(t target) bool { return slices.Contains(wanted, t.norm) }); ok || err != nil {
			return t, ok, err
		}
	}
	switch {
	case f.norm == "position" || f.norm == "offset":
		return target{}, false, nil
	case plain == "page" || plain == "pagenumber":
		if t, ok, err := s.only(f.pointer, func(t target) bool { return pageParameters.has(t.norm) || t.norm == "pagenumber" }); ok || err != nil || numeric(primitive(f.value)) {
			return t, ok, err
		}
	case (plain == "offset" || plain == "start" || plain == "skip" || plain == "index") && numeric(primitive(f.value)):
		return s.only(f.pointer, func(t target) bool { return plainOffsets.has(t.norm) || otherOffsets.has(t.norm) && t.counts() })
	}
	t, ok, err := s.only(f.pointer, func(t target) bool { return cursorParameters.has(t.norm) && t.kind != "boolean" })
	if ok || err != nil || !strings.HasSuffix(f.norm, "token") {
		return t, ok, err
	}
	return s.only(f.pointer, func(t target) bool { return t.norm == "token" && aboutPages().MatchString(t.description) }) // others sign in
}

var aboutPages = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(pag(e|es|ing|inated|ination)|next|results)\b`)
})

// only finds the one target that fits. Several are an error, for the caller has to say which; unless they differ in how they are written:
// then the first is meant, which converters have put others behind (those of AWS's documents).
func (s *survey) only(from string, fits func(target) bool) (found target, ok bool, err error) {
	var several []string
	for _, t := range s.targets {
		if !fits(t) || ok && t.norm == found.norm && t.body == found.body {
			continue
		}
		if !ok {
			found, ok = t, true
		}
		several = append(several, t.text())
	}
	if len(several) < 2 {
		return found, ok, nil
	}
	return target{}, false, fault.New(fault.Invalid, "%s may ask for the next page", strings.Join(several, " or ")).
		WithHint("say which: --paginate=%s=%s", from, several[0])
}

// keyed is for services that go on behind the last item, and say whether there is more.
func (s *survey) keyed() (rule, error) {
	if _, told := s.more(); !told {
		return rule{}, nil
	}
	t, ok, err := s.only("last:/id", func(t target) bool { return keysets.has(t.norm) })
	if !ok || err != nil || t.norm == "after" && s.takesNumbers() {
		return rule{}, err
	}
	for _, f := range s.fields {
		if f.norm == "lastid" && f.parent == "" {
			return rule{kind: cursor, from: f.pointer, param: t}, nil
		}
	}
	return rule{kind: last, from: "/id", param: t}, nil
}

// isPage reports whether a target is the number of a page. Where it is a text, which may be a cursor, the answer has to have numbers.
func (s *survey) isPage(t target) bool {
	if !pageParameters.has(t.norm) || t.counts() {
		return pageParameters.has(t.norm)
	}
	_, echo := s.number(pageEchoes)
	_, total := s.totalPages()
	return t.kind == "string" && t.norm != "p" && !t.choices && (echo || total || numeric(primitive(t.preset)))
}

func isOffset(t target) bool {
	if otherOffsets.has(t.norm) {
		return t.kind == "integer" || t.kind == "number"
	}
	return plainOffsets.has(t.norm) && (t.counts() || t.kind == "string" && !t.choices)
}

// takesNumbers reports whether there is something to count.
func (s *survey) takesNumbers() bool {
	return slices.ContainsFunc(s.targets, func(t target) bool { return s.isPage(t) || isOffset(t) })
}

// declares reports whether the operation takes anything that asks for another page.
func (s *survey) declares() bool {
	return s.takesNumbers() || slices.ContainsFunc(s.targets, func(t target) bool { return cursorParameters.has(t.norm) })
}

// numbered counts pages or items, if the operation takes their number.
func (s *survey) numbered() (rule, error) {
	t, ok, err := s.only("page", s.isPage)
	if err != nil {
		return rule{}, err
	}
	if ok {
		r := rule{kind: pages, param: t, first: 1}
		r.first, r.sure = s.begins(t, pageEchoes, 1)
		r.doubt = !r.sure
		return r, nil
	}
	if t, ok, err = s.only("offset", isOffset); !ok || err != nil {
		return rule{}, err
	}
	r := rule{kind: offset, param: t}
	r.first, r.sure = s.begins(t, offsetEchoes, 0)
	r.doubt = !r.sure && fromOne.has(t.norm) // of the others, from 0 loses nothing if it is wrong
	return r, nil
}

// doubtful says that counting can't begin: nobody knows from what.
func (r rule) doubtful() error {
	name := r.param.text()
	if r.kind == pages {
		return fault.New(fault.Invalid, "nothing tells whether the first page of %s is 0 or 1", name).WithHint("give it: -p %s=1, or -p %[1]s=0", name)
	}
	return fault.New(fault.Invalid, "nothing tells whether the first item of %s is 0 or 1", name).WithHint("give it: -p %s=1, or -p %[1]s=0", name)
}

// begins finds out whether something is counted from 0 or from 1: by the answer to a request that did not say, by the default, by the
// least that is taken, by what the document says in words.
func (s *survey) begins(t target, echoes names, otherwise int) (first int, sure bool) {
	one := func(n int, ok bool) bool { return ok && (n == 0 || n == 1) }
	given, said := s.builder.given(t)
	if !said {
		n, ok := s.number(echoes)
		if !ok {
			n, ok = s.numberIn("X-Page", "X-Current-Page", "X-Pagination-Current-Page")
		}
		if one(n, ok) {
			return n, true
		}
	}
	if n, err := strconv.Atoi(primitive(t.preset)); one(n, err == nil) {
		return n, true
	}
	if n, ok := s.builder.minimum(t); one(n, ok) {
		return n, true
	}
	if said := begins().FindStringSubmatch(t.description); said != nil {
		word := strings.ToLower(said[1] + said[2])
		return map[string]int{"1": 1, "one": 1}[word], true
	}
	if given == "0" {
		return 0, true
	}
	return otherwise, false
}

// begins is how documents tell in words what is counted from.
var begins = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("(?i)\\b(?:defaults?(?: value)?(?: is| to)?|start(?:s|ing)? (?:at|from|with)|first page is)[ :=]{1,2}[`'\"]?([01]|zero|one)\\b|\\b([01]|zero|one)[- ](?:based|indexed)\\b")
})

func numeric(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}
