package call

import (
	"strings"

	"carnet.dev/carnet/internal/model"
)

// The styles of OpenAPI 3.1, 4.8.12.3, which are those of RFC 6570 and a few more. tabDelimited is OpenAPI 2.0's tsv.
const (
	styleSimple     = "simple"
	styleLabel      = "label"
	styleMatrix     = "matrix"
	styleForm       = "form"
	styleSpace      = "spaceDelimited"
	stylePipe       = "pipeDelimited"
	styleTab        = "tabDelimited"
	styleDeepObject = "deepObject"
)

// pathText writes an argument into a path.
func pathText(p *model.Parameter, v value) string {
	switch p.Style {
	case styleLabel:
		if p.Explode {
			return "." + list(v, ".", "=", escaped)
		}
		return "." + list(v, ",", ",", escaped)
	case styleMatrix:
		return matrix(p, v)
	}
	return list(v, ",", memberMark(p), escaped)
}

func matrix(p *model.Parameter, v value) string {
	name := escaped(p.Name)
	switch {
	case v.kind == '{' && p.Explode:
		return ";" + list(v, ";", "=", escaped)
	case v.kind == '[' && p.Explode:
		return ";" + name + "=" + list(v, ";"+name+"=", "", escaped)
	}
	return ";" + name + "=" + list(v, ",", ",", escaped)
}

// memberMark stands between the name and the value of an object's member.
func memberMark(p *model.Parameter) string {
	if p.Explode {
		return "="
	}
	return ","
}

// queryText writes an argument into a query; "" if an array or object is empty.
func queryText(p *model.Parameter, v value) string {
	escape := escaped
	if p.AllowReserved {
		escape = reserved
	}
	name := escaped(p.Name)
	if v.kind == '"' {
		return name + "=" + escape(v.text)
	}
	if len(v.items)+len(v.members) == 0 {
		return ""
	}
	switch {
	case p.Style == styleDeepObject && v.kind == '{':
		return strings.Join(deep(nil, name, v, escape), "&")
	case p.Explode && v.kind == '{':
		return list(v, "&", "=", escape)
	case p.Explode:
		return name + "=" + list(v, "&"+name+"=", "", escape)
	}
	mark := map[string]string{styleSpace: "%20", stylePipe: "%7C", styleTab: "%09"}[p.Style]
	if mark == "" {
		mark = ","
	}
	return name + "=" + list(v, mark, mark, escape)
}

// deep writes an object as name[member]=value, and what is in it likewise. The specification defines one level; those who use
// more write them so.
func deep(pairs []string, name string, v value, escape func(string) string) []string {
	switch v.kind {
	case '{':
		for _, m := range v.members {
			pairs = deep(pairs, name+"%5B"+escaped(m.name)+"%5D", m.value, escape)
		}
	case '[':
		for _, item := range v.items {
			pairs = append(pairs, name+"="+escape(item.flat()))
		}
	default:
		pairs = append(pairs, name+"="+escape(v.text))
	}
	return pairs
}

// headerText writes an argument into a header, where nothing is escaped.
func headerText(p *model.Parameter, v value) string {
	return list(v, ",", memberMark(p), func(s string) string { return s })
}

// list writes a primitive as it is, an array with a mark between its items, and an object with one between its members and
// another between a member's name and value.
func list(v value, between, within string, escape func(string) string) string {
	switch v.kind {
	case '[':
		texts := make([]string, len(v.items))
		for i, item := range v.items {
			texts[i] = escape(item.flat())
		}
		return strings.Join(texts, between)
	case '{':
		texts := make([]string, len(v.members))
		for i, m := range v.members {
			texts[i] = escape(m.name) + within + escape(m.value.flat())
		}
		return strings.Join(texts, between)
	}
	return escape(v.text)
}

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// escaped percent-encodes all but the unreserved characters (RFC 3986 2.3).
func escaped(s string) string { return percent(s, unreserved) }

// reserved leaves the reserved characters too (RFC 6570 3.2.3), but for the number sign, which would end the query.
func reserved(s string) string { return percent(s, unreserved+":/?[]@!$&'()*+,;=") }

func percent(s, keep string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		if c := s[i]; strings.IndexByte(keep, c) >= 0 {
			out.WriteByte(c)
		} else {
			out.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return out.String()
}
