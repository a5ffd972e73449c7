package catalogue

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// inBody changes the body in its format, and the format.
func (m *mutator) inBody() {
	body := m.of.sent.body
	switch format := m.bodyFormat(); format {
	case "form":
		values, err := url.ParseQuery(string(body))
		if err == nil {
			m.inForm(values)
		}
	case "json":
		if o, err := decodeObject(body); err == nil {
			m.inJSON(o)
		}
	case "xml":
		if n, err := readXML(body); err == nil {
			m.inXML(n)
		}
	default:
		m.as(OfFormat, "a body", func(d *draft) { d.setJSON(members("extra", "1")) })
	}
}

// bodyFormat is the format in which the body was sent.
func (m *mutator) bodyFormat() string {
	if f := m.of.shape.format; f != "either" {
		return f
	}
	return (&matcher{shape: m.of.shape}).format(m.of.sent)
}

func (d *draft) setForm(values url.Values) {
	d.header.Set("Content-Type", contentTypes["form"])
	d.body = []byte(values.Encode())
}

func (d *draft) setJSON(o Object) {
	text, err := json.Marshal(o)
	if err != nil {
		text = nil // which is refused too, and is no mutant that could survive
	}
	d.header.Set("Content-Type", contentTypes["json"])
	d.body = text
}

func (m *mutator) inForm(values url.Values) {
	edit := func(name string, change func(url.Values)) {
		m.mutant(name, func(d *draft) {
			edited := url.Values{}
			for name, list := range values {
				edited[name] = slices.Clone(list)
			}
			change(edited)
			d.setForm(edited)
		})
	}
	object := Object{}
	for name, list := range values {
		object = append(object, Member{name, list[0]})
		if !slices.Contains(m.of.shape.optional, name) {
			edit("parameter "+name+" missing", func(v url.Values) { v.Del(name) })
		}
		edit("parameter "+name+" changed", func(v url.Values) { v.Set(name, m.other(name, list[0])) })
		edit("parameter "+name+" empty", func(v url.Values) { v.Set(name, "") })
		edit("parameter "+name+" doubled", func(v url.Values) { v.Add(name, list[0]) })
		m.as(OfPlace, "parameter "+name+" in the query", func(d *draft) {
			edited := url.Values{}
			for other, list := range values {
				if other != name {
					edited[other] = list
				}
			}
			d.setForm(edited)
			d.query(func(q url.Values) { q[name] = list })
		})
	}
	edit("parameter too many", func(v url.Values) { v.Set("extra", "1") })
	for name, value := range m.client() {
		if !values.Has(name) && !slices.Contains(m.of.shape.optional, name) {
			edit("parameter "+name+" too", func(v url.Values) { v.Set(name, value) })
		}
	}
	if len(values) > 0 {
		m.as(OfFormat, "as a query", func(d *draft) {
			d.setForm(nil)
			d.query(func(q url.Values) { maps.Copy(q, values) })
		})
	}
	if len(values) > 0 && m.of.shape.format != "either" {
		m.as(OfFormat, "as JSON", func(d *draft) { d.setJSON(object) })
	}
}

// edited yields a request with other parameters in its body, if that is a form or JSON.
func (m *mutator) edited(name string, change func(*draft, Object) Object) {
	o, set := m.parameters()
	if set != nil {
		m.mutant(name, func(d *draft) { set(d, change(d, o)) })
	}
}

// parameters are those in the body, and how to put others there.
func (m *mutator) parameters() (Object, func(*draft, Object)) {
	switch m.bodyFormat() {
	case "form":
		values, err := url.ParseQuery(string(m.of.sent.body))
		if err != nil || len(values) == 0 {
			return nil, nil
		}
		return flatten(values), func(d *draft, o Object) { d.setForm(o.form()) }
	case "json":
		if o, err := decodeObject(m.of.sent.body); err == nil {
			return o, (*draft).setJSON
		}
	}
	return nil, nil
}

func flatten(values url.Values) (o Object) {
	for name, list := range values {
		for _, value := range list {
			o = append(o, Member{name, value})
		}
	}
	return o
}

func (o Object) form() url.Values {
	values := url.Values{}
	for _, m := range o {
		values.Add(m.Name, scalar(m.Value))
	}
	return values
}

// client is what belongs into the body only where it is described.
func (m *mutator) client() map[string]string {
	return map[string]string{"client_id": m.plan.facts.ClientID, "client_secret": m.plan.facts.ClientSecret}
}

func (m *mutator) inJSON(o Object) {
	edit := func(name string, changed Object) { m.mutant(name, func(d *draft) { d.setJSON(changed) }) }
	for _, path := range paths(o) {
		name, value := strings.Join(path, "."), o.value(path)
		if len(path) > 1 || !slices.Contains(m.of.shape.optional, name) {
			edit("parameter "+name+" missing", o.removed(path))
		}
		for _, wrong := range wrongValues(value) {
			edit("parameter "+name+" changed", o.replaced(path, wrong))
		}
	}
	flat := url.Values{}
	for _, member := range o {
		flat.Set(member.Name, scalar(member.Value))
		edit("parameter "+member.Name+" doubled", append(slices.Clone(o), member))
		m.as(OfPlace, "parameter "+member.Name+" in the query", func(d *draft) {
			d.setJSON(o.without(member.Name))
			d.query(func(q url.Values) { q.Set(member.Name, scalar(member.Value)) })
		})
		if inner, is := member.Value.(Object); is {
			edit("parameter "+member.Name+" with too many", o.with(member.Name, inner.with("extra", "1")))
		}
	}
	edit("parameter too many", o.with("extra", "1"))
	for name, value := range m.client() {
		if _, there := o.get(name); !there && !slices.Contains(m.of.shape.optional, name) {
			edit("parameter "+name+" too", o.with(name, value))
		}
	}
	m.as(OfFormat, "after the body another", func(d *draft) { d.body = append(d.body, []byte("{}")...) })
	if len(o) > 0 && m.of.shape.format != "either" {
		m.as(OfFormat, "as a form", func(d *draft) { d.setForm(flat) })
	}
}

// paths are those of everything in an object that is no object itself.
func paths(o Object) (all [][]string) {
	for _, member := range o {
		inner, is := member.Value.(Object)
		if !is {
			all = append(all, []string{member.Name})
		}
		for _, path := range paths(inner) {
			all = append(all, append([]string{member.Name}, path...))
		}
	}
	return all
}

func (o Object) value(path []string) any {
	value, _ := o.get(path[0])
	if len(path) == 1 {
		return value
	}
	return value.(Object).value(path[1:])
}

func (o Object) replaced(path []string, value any) Object {
	if len(path) > 1 {
		value = o.value(path[:1]).(Object).replaced(path[1:], value)
	}
	return o.with(path[0], value)
}

func (o Object) removed(path []string) Object {
	if len(path) == 1 {
		return o.without(path[0])
	}
	return o.with(path[0], o.value(path[:1]).(Object).removed(path[1:]))
}

// wrongValues are near the right one: another value of its type, the same as another type, nothing.
func wrongValues(value any) []any {
	switch v := value.(type) {
	case string:
		return []any{v + "x", []any{v}, nil, true}
	case bool:
		return []any{!v, scalar(v), nil}
	case json.Number:
		return []any{v + "1", string(v), nil}
	case []any:
		return []any{append(slices.Clone(v), "x"), []any{}, nil}
	}
	return []any{"", "x"}
}

func (m *mutator) inXML(root node) {
	edit := func(name string, n node) {
		m.mutant(name, func(d *draft) {
			text, err := xml.Marshal(n)
			if err != nil {
				text = nil // as in setJSON
			}
			d.body = text
		})
	}
	for name, changed := range root.variants {
		edit("element "+name, changed)
	}
	m.as(OfFormat, "as JSON", func(d *draft) { d.setJSON(members(root.name, "")) })
}

// variants yields the element with one thing changed in it.
func (n node) variants(yield func(string, node) bool) {
	changed := n
	changed.name += "x"
	if !yield(n.name+" named otherwise", changed) {
		return
	}
	changed = n
	changed.attributes = n.attributes.with("extra", "1")
	if !yield(n.name+" with an attribute too many", changed) {
		return
	}
	for _, a := range n.attributes {
		missing, other := n, n
		missing.attributes, other.attributes = n.attributes.without(a.Name), n.attributes.with(a.Name, scalar(a.Value)+"x")
		if !yield(n.name+" without attribute "+a.Name, missing) || !yield(n.name+" with another attribute "+a.Name, other) {
			return
		}
	}
	if len(n.children) == 0 {
		changed = n
		changed.text += "x"
		yield(n.name+" changed", changed)
		return
	}
	n.childVariants(yield)
}

func (n node) childVariants(yield func(string, node) bool) {
	for i, child := range n.children {
		missing, doubled := n, n
		missing.children = slices.Delete(slices.Clone(n.children), i, i+1)
		doubled.children = slices.Insert(slices.Clone(n.children), i, child)
		if !yield(child.name+" missing", missing) || !yield(child.name+" doubled", doubled) {
			return
		}
		if i > 0 {
			swapped := n
			swapped.children = slices.Clone(n.children)
			swapped.children[i], swapped.children[i-1] = n.children[i-1], child
			if !yield(child.name+" before its turn", swapped) {
				return
			}
		}
		for name, changed := range child.variants {
			outer := n
			outer.children = slices.Clone(n.children)
			outer.children[i] = changed
			if !yield(name, outer) {
				return
			}
		}
	}
}
