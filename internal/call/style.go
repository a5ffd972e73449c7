package call

import (
	"strconv"
	"strings"

	"carnet.dev/carnet/internal/model"
)

// The styles of OpenAPI 3.2, 4.12.3, which are those of RFC 6570 and a few more. tabDelimited is OpenAPI 2.0's tsv.
const (
	styleSimple     = "simple"
	styleLabel      = "label"
	styleMatrix     = "matrix"
	styleForm       = "form"
	styleSpace      = "spaceDelimited"
	stylePipe       = "pipeDelimited"
	styleTab        = "tabDelimited"
	styleDeepObject = "deepObject"
	styleCookie     = "cookie"
)

// pathText writes an argument into a path.
func pathText(p *model.Parameter, v value) string {
	escape := escaped
	if p.AllowReserved {
		escape = reservedInPath
	}
	switch p.Style {
	case styleLabel:
		if p.Explode {
			return "." + list(v, ".", "=", escape)
		}
		return "." + list(v, ",", ",", escape)
	case styleMatrix:
		return matrix(p, v, escape)
	case styleSpace, stylePipe, styleTab:
		mark := escaped(delimiter(p.Style))
		return list(v, mark, mark, escape)
	}
	return list(v, ",", memberMark(p), escape)
}

func matrix(p *model.Parameter, v value, escape func(string) string) string {
	name := escaped(p.Name)
	switch {
	case v.kind == '{' && p.Explode:
		return ";" + list(v, ";", "=", escape)
	case v.kind == '[' && p.Explode:
		return ";" + name + "=" + list(v, ";"+name+"=", "", escape)
	case v.kind == '"' && v.text == "": // RFC 6570 3.2.7: an empty value has no "="
		return ";" + name
	}
	return ";" + name + "=" + list(v, ",", ",", escape)
}

// memberMark stands between the name and the value of an object's member.
func memberMark(p *model.Parameter) string {
	if p.Explode {
		return "="
	}
	return ","
}

// delimiter stands between the items of an array, before it is escaped.
func delimiter(style string) string {
	switch style {
	case styleSpace:
		return " "
	case stylePipe:
		return "|"
	case styleTab:
		return "\t"
	}
	return ","
}

// queryText writes an argument into a query. An array or object without members is written like an empty text. What the
// specification leaves undefined is written as style form.
func queryText(p *model.Parameter, v value) string {
	escape := escaped
	if p.AllowReserved {
		escape = reserved
	}
	return pairs(p, v, "&", escape)
}

// cookieText writes an argument into a Cookie header (RFC 6265 4.2.1). Style form escapes it, style cookie leaves it as it is,
// but for what would end the pair (OpenAPI 3.2, 4.12.3 and appendix D).
func cookieText(p *model.Parameter, v value) string {
	escape := escaped
	if p.Style == styleCookie || p.AllowReserved {
		escape = func(s string) string { return strings.ReplaceAll(s, ";", "%3B") }
	}
	return pairs(p, v, "; ", escape)
}

// pairs writes name=value, several with a mark in between.
func pairs(p *model.Parameter, v value, between string, escape func(string) string) string {
	name := escaped(p.Name)
	if p.Style == styleCookie {
		name = p.Name
	}
	switch {
	case v.kind == '"':
		return name + "=" + escape(v.text)
	case v.empty():
		return name + "="
	case p.Style == styleDeepObject:
		return strings.Join(deep(nil, name, v, escape), between)
	case p.Explode && v.kind == '{':
		return list(v, between, "=", escape)
	case p.Explode:
		return name + "=" + list(v, between+name+"=", "", escape)
	}
	mark := delimiter(p.Style)
	if mark != "," {
		mark = escaped(mark)
	}
	return name + "=" + list(v, mark, mark, escape)
}

// deep writes an object as name[member]=value, and what is in it likewise. The specification defines one level of texts. Beyond
// that this is what PHP, Rails and the qs library of JavaScript read: an array of texts as name[]=value, and one of arrays or
// objects with its indices, without which they could not be told apart.
func deep(all []string, name string, v value, escape func(string) string) []string {
	switch v.kind {
	case '{':
		for _, m := range v.members {
			all = deep(all, name+"%5B"+escaped(m.name)+"%5D", m.value, escape)
		}
	case '[':
		flat := !v.nested()
		for i, item := range v.items {
			index := strconv.Itoa(i)
			if flat {
				index = ""
			}
			all = deep(all, name+"%5B"+index+"%5D", item, escape)
		}
	case '"':
		all = append(all, name+"="+escape(v.text))
	}
	return all
}

// headerText writes an argument into a header, where nothing is escaped.
func headerText(p *model.Parameter, v value) string {
	same := func(s string) string { return s }
	if mark := delimiter(p.Style); mark != "," {
		return list(v, mark, mark, same)
	}
	return list(v, ",", memberMark(p), same)
}

// list writes a primitive as it is, an array with a mark between its items, and an object with one between its members and
// another between a member's name and value. What is null is left out (RFC 6570 2.3).
func list(v value, between, within string, escape func(string) string) string {
	var texts []string
	switch v.kind {
	case '[':
		for _, item := range v.items {
			if item.kind != 'n' {
				texts = append(texts, escape(item.flat()))
			}
		}
	case '{':
		for _, m := range v.members {
			if m.value.kind != 'n' {
				texts = append(texts, escape(m.name)+within+escape(m.value.flat()))
			}
		}
	default:
		return escape(v.text)
	}
	return strings.Join(texts, between)
}

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// escaped percent-encodes all but the unreserved characters (RFC 3986 2.3).
func escaped(s string) string { return percent(s, unreserved, false) }

// reserved leaves the reserved characters and what is percent-encoded already (RFC 6570 3.2.3), but for the number sign, which
// would end the query, and the brackets, which a query can't hold (RFC 3986 3.4).
func reserved(s string) string { return percent(s, unreserved+":/?@!$&'()*+,;=", true) }

// reservedInPath is reserved without what would divide or end the path (OpenAPI 3.2, 4.8.2).
func reservedInPath(s string) string { return percent(s, unreserved+":@!$&'()*+,;=", true) }

// percent encodes all characters but those to keep; triplets: a percent sign that begins an encoded character is kept too.
func percent(s, keep string, triplets bool) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		if c := s[i]; strings.IndexByte(keep, c) >= 0 || triplets && c == '%' && triplet(s[i:]) {
			out.WriteByte(c)
		} else {
			out.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return out.String()
}

func triplet(s string) bool {
	const hex = "0123456789ABCDEFabcdef"
	return len(s) > 2 && strings.IndexByte(hex, s[1]) >= 0 && strings.IndexByte(hex, s[2]) >= 0
}
