package spec

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A pair is one of a query, of cookies or of a form: its name as text, its value as it is written.
type pair struct{ name, raw string }

const plusIsBlank = true

// split takes pairs apart.
func split(text, mark string, plus bool) (pairs []pair, ok bool) {
	if text == "" {
		return nil, true
	}
	for one := range strings.SplitSeq(text, mark) {
		name, raw, _ := strings.Cut(one, "=")
		if plus {
			name, raw = strings.ReplaceAll(name, "+", "%20"), strings.ReplaceAll(raw, "+", "%20")
		}
		plain, err := url.PathUnescape(name)
		if _, wrong := url.PathUnescape(raw); err != nil || wrong != nil {
			return nil, false
		}
		pairs = append(pairs, pair{plain, raw})
	}
	return pairs, true
}

// unescaped is a text with its percent-encoding taken off.
func unescaped(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return plain
}

func same(s string) string { return s }

// is reports whether a text stands for a value: a primitive is written plain, and what has no style of its own as JSON.
func is(written string, v any) bool {
	switch v := v.(type) {
	case string, json.Number, bool:
		return written == text(v)
	}
	return isJSON(written, v)
}

// isJSON reports whether a text is a value as JSON.
func isJSON(written string, v any) bool {
	d := json.NewDecoder(strings.NewReader(written))
	d.UseNumber()
	var got any
	return d.Decode(&got) == nil && !d.More() && reflect.DeepEqual(got, v)
}

func shown(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// Styled is how an argument is written, in words.
func (p *Parameter) Styled() string {
	switch {
	case p.Content != "":
		return "content " + p.Content
	case p.Explode:
		return p.Style + " explode"
	}
	return p.Style
}

// readList reports whether items, written with a mark in between, are those of a list.
func readList(raw, mark string, plain func(string) string, want []any) bool {
	parts := strings.Split(raw, mark)
	if len(parts) != len(want) {
		return false
	}
	for i := range parts {
		if !is(plain(parts[i]), want[i]) {
			return false
		}
	}
	return true
}

// readMembers reports whether members are those of an object: with a mark between them, and another between name and value.
func readMembers(raw, mark, within string, plain func(string) string, want map[string]any) bool {
	parts := strings.Split(raw, mark)
	if mark == within {
		if len(parts)%2 != 0 {
			return false
		}
		var joined []string
		for i := 0; i < len(parts); i += 2 {
			joined = append(joined, parts[i]+"\x00"+parts[i+1])
		}
		parts, within = joined, "\x00"
	}
	if len(parts) != len(want) {
		return false
	}
	for _, part := range parts {
		name, value, found := strings.Cut(part, within)
		member, known := want[plain(name)]
		if !found || !known || !is(plain(value), member) {
			return false
		}
	}
	return true
}

// readPath reads an argument in a path (RFC 6570 3.2.2, 3.2.5, 3.2.7).
func (p *Parameter) readPath(raw string, v any) bool {
	if p.Content != "" {
		return isContent(p.Content, unescaped(raw), v)
	}
	start, mark, within := "", ",", ","
	switch p.Style {
	case "label":
		start = "."
		if p.Explode {
			mark, within = ".", "="
		}
	case "matrix":
		start = ";" + url.PathEscape(p.Name) + "="
		if p.Explode {
			mark, within = start, "="
			if _, isObject := v.(map[string]any); isObject {
				start, mark = ";", ";"
			}
		}
	case "spaceDelimited", "pipeDelimited", "tabDelimited":
		mark = delimiter(p.Style)
	default:
		if p.Explode {
			within = "="
		}
	}
	rest, ok := strings.CutPrefix(raw, start)
	if !ok {
		return false
	}
	switch v := v.(type) {
	case []any:
		return readList(rest, mark, unescaped, v)
	case map[string]any:
		return readMembers(rest, mark, within, unescaped, v)
	}
	return is(unescaped(rest), v)
}

// delimiter is what stands between items, percent-encoded.
func delimiter(style string) string {
	switch style {
	case "spaceDelimited":
		return "%20"
	case "pipeDelimited":
		return "%7C"
	case "tabDelimited":
		return "%09"
	}
	return ","
}

// readPairs reads an argument out of pairs, and returns those that are left.
func (p *Parameter) readPairs(pairs []pair, v any) (ok bool, rest []pair) {
	if p.Style == "deepObject" && p.Content == "" {
		return readDeep(pairs, p.Name, v)
	}
	take := func(name string) []string {
		var raws []string
		rest = nil
		for _, one := range pairs {
			if one.name == name {
				raws = append(raws, one.raw)
			} else {
				rest = append(rest, one)
			}
		}
		return raws
	}
	if o, isObject := v.(map[string]any); isObject && p.Explode && p.Content == "" {
		for name, member := range o {
			i := slices.IndexFunc(pairs, func(one pair) bool { return one.name == name && is(unescaped(one.raw), member) })
			if i < 0 {
				return false, nil
			}
			pairs = slices.Delete(slices.Clone(pairs), i, i+1)
		}
		return true, pairs
	}
	raws := take(p.Name)
	if l, isList := v.([]any); isList && p.Explode && p.Content == "" {
		if len(raws) != len(l) {
			return false, nil
		}
		for i := range l {
			if !is(unescaped(raws[i]), l[i]) {
				return false, nil
			}
		}
		return true, rest
	}
	if len(raws) != 1 {
		return false, nil
	}
	mark := delimiter(p.Style)
	raw := strings.ReplaceAll(raws[0], "|", "%7C")
	switch v := v.(type) {
	case []any:
		if p.Content == "" {
			return readList(raw, mark, unescaped, v), rest
		}
	case map[string]any:
		if p.Content == "" {
			return readMembers(raw, mark, mark, unescaped, v), rest
		}
	}
	if p.Content != "" {
		return isContent(p.Content, unescaped(raw), v), rest
	}
	return is(unescaped(raw), v), rest
}

// readDeep reads name[member]=value. What is deeper, of which the specification says nothing, may be written as those who read such
// queries do: an array as name[], or with indices, or by the name alone.
func readDeep(pairs []pair, name string, v any) (ok bool, rest []pair) {
	switch v := v.(type) {
	case map[string]any:
		for member, inner := range v {
			if ok, pairs = readDeep(pairs, name+"["+member+"]", inner); !ok {
				return false, nil
			}
		}
		return true, pairs
	case []any:
		left := pairs
		for i, item := range v {
			ok = false
			for _, called := range []string{name + "[" + strconv.Itoa(i) + "]", name + "[]", name} {
				if ok, rest = readDeep(left, called, item); ok {
					left = rest
					break
				}
			}
			if !ok {
				return false, nil
			}
		}
		return true, left
	}
	i := slices.IndexFunc(pairs, func(one pair) bool { return one.name == name })
	if i < 0 || !is(unescaped(pairs[i].raw), v) {
		return false, nil
	}
	return true, slices.Delete(slices.Clone(pairs), i, i+1)
}

// readHeader reads an argument in a header, where nothing is encoded.
func (p *Parameter) readHeader(raw string, v any) bool {
	if p.Content != "" {
		return isContent(p.Content, raw, v)
	}
	mark, within := unescaped(delimiter(p.Style)), ","
	if p.Explode {
		within = "="
	}
	switch v := v.(type) {
	case []any:
		return readList(raw, mark, same, v)
	case map[string]any:
		return readMembers(raw, mark, within, same, v)
	}
	return is(raw, v)
}

// isContent reports whether a text is a value as the media type.
func isContent(kind, written string, v any) bool {
	if s, ok := v.(string); ok && !isJSONType(kind) {
		return written == s
	}
	return isJSON(written, v)
}
