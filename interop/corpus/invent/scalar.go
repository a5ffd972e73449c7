package invent

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// formats are texts of the formats that documents name, by their names in lower case.
var formats = map[string][]string{
	"date": {"2024-02-29"}, "date-time": {"2024-02-29T12:30:45Z", "2024-02-29T12:30:45+00:00", "2024-02-29T12:30:45.123Z"}, "datetime": {"2024-02-29T12:30:45Z"}, "time": {"12:30:45Z"}, "duration": {"P3DT4H"},
	"uuid": {"3f2b8c1e-5d4a-4f6b-9c7d-8e9f0a1b2c3d"}, "guid": {"3f2b8c1e-5d4a-4f6b-9c7d-8e9f0a1b2c3d"},
	"uri": {"https://example.com/a?b=c"}, "url": {"https://example.com/a?b=c"}, "uri-reference": {"/a/b"}, "iri": {"https://example.com/a"}, "iri-reference": {"/a/b"},
	"uri-template": {"https://example.com/{a}"}, "email": {"ada@example.com"}, "idn-email": {"ada@example.com"}, "hostname": {"host.example.com"}, "idn-hostname": {"host.example.com"},
	"ipv4": {"192.0.2.7"}, "ipv6": {"2001:db8::7"}, "ip": {"192.0.2.7"}, "byte": {"Y2FybmV0"}, "base64": {"Y2FybmV0"}, "binary": {"bytes"}, "json-pointer": {"/a/0"}, "regex": {"^a+$"},
	"int64": {"7"}, "int32": {"7"},
}

func (m *Maker) text(s map[string]any) (any, bool) {
	least, most := count(s, "minLength", 0), count(s, "maxLength", 1<<20)
	if least > most || least > 10_000 {
		return nil, false
	}
	format, _ := s["format"].(string)
	for _, text := range formats[strings.ToLower(format)] {
		if fitsText(s, text) {
			return text, true
		}
	}
	if pattern, ok := s["pattern"].(string); ok {
		if text, ok := m.matching(s, pattern, least, most); ok {
			return text, true
		}
		for _, known := range []any{s["example"], s["default"]} {
			if text, ok := known.(string); ok && Fits(m.Resolve, s, text) {
				return text, true
			}
		}
		return nil, false
	}
	for _, i := range m.rand.Perm(len(m.Texts)) {
		if text := m.Texts[i]; long(text, least, most) {
			return text, true
		}
	}
	text := m.Texts[0]
	for utf8.RuneCountInString(text) < least {
		text += m.Texts[0]
	}
	return text[:min(len(text), most)], most > 0 || least == 0 // the first is of ASCII
}

// long reports whether a text has a length within the bounds.
func long(text string, least, most int) bool {
	n := utf8.RuneCountInString(text)
	return n >= least && n <= most
}

// number makes a number within its bounds.
func (m *Maker) number(s map[string]any, whole bool) (any, bool) {
	low, high := bounds(s, whole)
	if low > high {
		return nil, false
	}
	step := 1.0
	if !whole {
		step = 0.5
	}
	if multiple, ok := float(s["multipleOf"]); ok && multiple > 0 {
		step = multiple
		if whole && step != math.Trunc(step) {
			step = 1
		}
	}
	least := math.Ceil(low / step)
	most := math.Floor(high / step)
	if least > most {
		return json.Number(strconv.FormatFloat(low, 'f', -1, 64)), !whole && step == 0.5
	}
	from := math.Max(least, math.Min(most, 0)) // as near to zero as can be
	n := from + float64(m.rand.IntN(int(math.Min(most-from, 40))+1))
	return json.Number(strconv.FormatFloat(n*step, 'f', -1, 64)), true
}

// bounds are the least and the greatest number that a schema allows, within what every reader of numbers can hold.
func bounds(s map[string]any, whole bool) (low, high float64) {
	low, high = -1<<31, 1<<31-1
	edge := 1.0
	if !whole {
		edge = 1e-3
	}
	if v, ok := float(s["minimum"]); ok {
		if low = v; s["exclusiveMinimum"] == true {
			low += edge
		}
	}
	if v, ok := float(s["exclusiveMinimum"]); ok {
		low = math.Max(low, v+edge)
	}
	if v, ok := float(s["maximum"]); ok {
		if high = v; s["exclusiveMaximum"] == true {
			high -= edge
		}
	}
	if v, ok := float(s["exclusiveMaximum"]); ok {
		high = math.Min(high, v-edge)
	}
	if low > 1<<31-1 && high == 1<<31-1 { // the least is all that is said
		high = low + 10*edge
	}
	return low, high
}

func float(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

func less(a, b any) bool {
	x, ok := float(a)
	y, also := float(b)
	return ok && also && x < y
}

func equal(a, b any) bool {
	if x, ok := float(a); ok {
		y, also := float(b)
		return also && x == y
	}
	return reflect.DeepEqual(a, b)
}
