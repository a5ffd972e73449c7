package call

import (
	"strings"

	"carnet.dev/carnet/fault"
)

// A rule is a way from a page to the next. A person writes it as String does:
//
//	link                  the Link header (RFC 8288)
//	/next                 the address at that place of the answer
//	header:X-Next         the address in that header
//	/meta/cursor=after    what is at that place, in that parameter; header:X-Next-Page=page
//	last:/id=after        what is at that place of the last item, in that parameter
//	page=page             pages are counted from 1; page0=page: from 0
//	offset=skip           items are left out; offset0=skip: the first is 0, offset1=startIndex: it is 1
//
// A parameter may have a path (page.number), and body.NAME is a member of the body.
type rule struct {
	kind  ruleKind
	from  string // JSON Pointer, or header:NAME
	param target
	first int  // of what is counted
	sure  bool // that it is the first, so that totals can be compared with
	doubt bool // nobody knows what the first is
}

type ruleKind int

const (
	none ruleKind = iota
	linkHeader
	link
	cursor
	last
	pages
	offset
)

// String is the rule as a person gives it.
func (r rule) String() string {
	with := "=" + r.param.text()
	if r.param.name == "" {
		with = ""
	}
	switch r.kind {
	case linkHeader:
		return "link"
	case link, cursor:
		return r.from + with
	case last:
		return "last:" + r.from + with
	case pages:
		return []string{"page0", "page"}[r.first] + with
	case offset:
		if !r.sure {
			return "offset" + with
		}
		return []string{"offset0", "offset1"}[r.first] + with
	}
	return ""
}

func parseRule(text string) (r rule, err error) {
	from, param, given := text, "", false
	if i := strings.LastIndexByte(text, '='); i >= 0 {
		from, param, given = text[:i], text[i+1:], text[i+1:] != ""
	}
	r = rule{from: from, param: target{name: param}}
	counts := map[string]rule{"page": {kind: pages, first: 1, sure: true}, "page0": {kind: pages, sure: true},
		"offset": {kind: offset}, "offset0": {kind: offset, sure: true}, "offset1": {kind: offset, first: 1, sure: true}}
	source, named := strings.CutPrefix(from, "header:")
	item, ofLast := strings.CutPrefix(from, "last:")
	switch c, counted := counts[from]; {
	case text == "link":
		return rule{kind: linkHeader}, nil
	case counted && given:
		c.param = r.param
		return c, nil
	case ofLast && given && strings.HasPrefix(item, "/"):
		r.kind, r.from = last, item
	case named && source != "", strings.HasPrefix(from, "/"):
		if r.kind = link; given {
			r.kind = cursor
		}
	default:
		return r, fault.New(fault.Invalid, "there is no way to the next page called %q", text).
			WithHint("use link, /POINTER, /POINTER=PARAMETER, header:NAME=PARAMETER, last:/POINTER=PARAMETER, page=PARAMETER (page0=) or offset=PARAMETER (offset0=, offset1=)")
	}
	return r, nil
}
