package call

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
)

// items finds the items of a page, and keeps the last of them. A page may have none, and then some services leave out the list.
func (s *survey) items() (pointer *string, count int, err error) {
	p := s.paging.Items
	if p == nil {
		if p, err = s.list(); p == nil || err != nil {
			return nil, 0, err
		}
	}
	if *p != "" && !strings.HasPrefix(*p, "/") {
		return nil, 0, fault.New(fault.Invalid, "%q is no place in an answer", *p).WithHint("write it as in --items /data/orders; empty: the answer is the list")
	}
	v := at(s.root, *p)
	if v == nil && s.paging.From == nil {
		if other, _ := s.list(); other != nil && s.paging.Items != nil {
			return nil, 0, fault.New(fault.Invalid, "the answer has nothing at %s", *p).WithHint("there is a list at %q", *other)
		}
	}
	switch v.Kind() {
	case '[':
		for item := range elements(v) {
			s.lastItem = item
			count++
		}
	case 0, 'n':
	default: // one that is no list
		s.lastItem, count = v, 1
	}
	return p, count, nil
}

// list is where the items are; nil: there is no list. At the top, or in one object of it.
func (s *survey) list() (*string, error) {
	if s.root.Kind() == '[' {
		top := ""
		return &top, nil
	}
	lists := listsIn("", s.root)
	if len(lists) == 0 {
		for name, v := range members(s.root) {
			if v.Kind() == '{' && !otherLists.has(norm(name)) {
				maps.Copy(lists, listsIn(below("", name), v))
			}
		}
	}
	return chosen(lists)
}

// listsIn are the lists in an object that may be of items, by their places. An object with very many members is a table.
func listsIn(pointer string, object jsontext.Value) map[string]jsontext.Value {
	lists, n := map[string]jsontext.Value{}, 0
	for name, v := range members(object) {
		if n++; n > maxSurvey {
			return map[string]jsontext.Value{}
		}
		if v.Kind() == '[' && !otherLists.has(norm(name)) {
			lists[below(pointer, name)] = v
		}
	}
	return lists
}

// chosen is the list of items among several: the only one, the only one of a usual name, or the only one of objects.
func chosen(lists map[string]jsontext.Value) (*string, error) {
	only := func(fits func(pointer string, list jsontext.Value) bool) *string {
		var found []string
		for pointer, list := range lists {
			if fits(pointer, list) {
				found = append(found, pointer)
			}
		}
		if len(found) != 1 {
			return nil
		}
		return &found[0]
	}
	if len(lists) == 0 {
		return nil, nil
	}
	for _, fits := range []func(string, jsontext.Value) bool{
		func(string, jsontext.Value) bool { return true },
		func(pointer string, _ jsontext.Value) bool {
			return itemLists.has(norm(pointer[strings.LastIndexByte(pointer, '/')+1:]))
		},
		func(_ string, list jsontext.Value) bool { return firstKind(list) == '{' },
	} {
		if p := only(fits); p != nil {
			return p, nil
		}
	}
	names := slices.Sorted(maps.Keys(lists))
	return nil, fault.New(fault.Invalid, "the answer has several lists: %s", strings.Join(names, ", ")).
		WithHint("say which has the items: --items %s", names[0])
}

func firstKind(list jsontext.Value) jsontext.Kind {
	return jsontext.Value(bytes.TrimLeft(list[1:], " \t\r\n")).Kind()
}
