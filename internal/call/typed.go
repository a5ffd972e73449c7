package call

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
)

// A Typed is an argument as a person types it: a name and a text, of which the schema at that place says what it means.
type Typed struct {
	// Parameter is a parameter's name, perhaps with a path into it: "limit", "query.id", "filter.status", "ids[0]".
	Parameter string
	// Field is the path of a member of the body, in place of Parameter: "customer.address.city", "items[0].name", "tags[]".
	Field string
	Text  string
	Value jsontext.Value // taken as it is, in place of Text
}

// typed makes arguments of what was typed, beside and over those that were given as JSON.
func (b *builder) typed() {
	if len(b.args.Typed) == 0 {
		return
	}
	parameters := map[string]*value{}
	body, media := &value{kind: 'n'}, model.MediaType{}
	if slices.ContainsFunc(b.args.Typed, func(t Typed) bool { return t.Field != "" }) {
		var ok bool
		if body, media, ok = b.typedBody(); !ok {
			return
		}
	}
	s := &setter{builder: b, touched: map[string]bool{}}
	for _, t := range b.args.Typed {
		if t.Field != "" {
			s.typed, s.pointer = t, bodyPointer
			s.field(body, media.Schema)
			continue
		}
		s.typed = t
		s.parameter(parameters)
	}
	b.args.Parameters = maps.Clone(b.args.Parameters)
	if b.args.Parameters == nil {
		b.args.Parameters = map[string]jsontext.Value{}
	}
	for key, v := range parameters {
		b.args.Parameters[key] = v.json()
	}
	if body.some() {
		b.args.Payload = body.json()
	}
}

// typedBody is the body as far as it was given as JSON, and the media type that typed fields are of.
func (b *builder) typedBody() (body *value, media model.MediaType, ok bool) {
	if b.args.Bytes != nil {
		b.problem(bodyPointer, "the body is no JSON, so that a field can't be set in it")
		return nil, media, false
	}
	body, media = &value{kind: 'n'}, b.mediaType(jsontext.Value("{}"))
	if b.args.Upload != nil {
		media = b.multipartType()
	}
	if len(b.args.Payload) > 0 {
		v, null, err := parse(b.args.Payload)
		if err != nil {
			b.problem(bodyPointer, "the body is not JSON")
			return nil, media, false
		}
		if !null {
			*body = v
		}
	}
	return body, media, true
}

// A setter puts what was typed where its path leads.
type setter struct {
	*builder
	typed   Typed
	pointer string
	touched map[string]bool // pointers of what was typed before
}

// parameter sets a parameter, or something in it. One that is not known is named later, with all others.
func (s *setter) parameter(all map[string]*value) {
	p, key, path := s.find(s.typed.Parameter)
	if p == nil {
		all[key] = &value{kind: '"', text: s.typed.Text}
		return
	}
	schema := p.Schema
	if len(schema) == 0 {
		schema = plainSchema(p)
	}
	v := all[key]
	if v == nil {
		v = &value{kind: 'n'}
		if raw := s.args.Parameters[key]; len(raw) > 0 && path != "" {
			if given, null, err := parse(raw); err == nil && !null {
				*v = given
			}
		}
		all[key] = v
	}
	s.pointer = "/parameters/" + key
	if wrong := s.set(v, schema, path, key); wrong != "" {
		s.problem(s.pointer, "%s", wrong)
	}
}

// find finds the parameter that a typed name means: one of that name, or else the longest that the name goes into.
func (s *setter) find(name string) (p *model.Parameter, key, path string) {
	for i := range s.op.Parameters {
		q := &s.op.Parameters[i]
		for _, own := range []string{q.Name, q.In + "." + q.Name} {
			rest, found := strings.CutPrefix(name, own)
			if !found || rest != "" && rest[0] != '.' && rest[0] != '[' || len(own) <= len(key) && p != nil {
				continue
			}
			if own == q.Name && s.ambiguous(q) {
				continue
			}
			p, key, path = q, own, strings.TrimPrefix(rest, ".")
		}
	}
	if p == nil {
		return nil, name, ""
	}
	return p, key, path
}

// field sets a field of the body, which may be written with "body." before it.
func (s *setter) field(body *value, schema jsontext.Value) {
	path := s.typed.Field
	if rest, found := strings.CutPrefix(path, "body"); found && rest != "" && (rest[0] == '.' || rest[0] == '[') {
		if _, own := s.shapeOf(schema).properties["body"]; !own {
			path = strings.TrimPrefix(rest, ".")
		}
	}
	if wrong := s.set(body, schema, path, ""); wrong != "" {
		s.problem(s.pointer, "%s", wrong)
	}
}

// set follows a path and sets what is at its end. name is what was gone through, for people.
func (s *setter) set(v *value, schema jsontext.Value, path, name string) (wrong string) {
	if path == "" {
		return s.assign(v, schema, name)
	}
	if strings.Count(s.pointer, "/") > maxDepth {
		return subject(name) + " goes too deep"
	}
	step, rest := "", ""
	if inside, after, closed := strings.Cut(strings.TrimPrefix(path, "["), "]"); closed && path[0] == '[' {
		n, err := strconv.Atoi(inside)
		rest = strings.TrimPrefix(after, ".")
		if inside == "" || err == nil && n >= 0 && v.kind != '{' {
			if inside == "" {
				n = len(v.items)
			}
			return s.item(v, schema, n, rest, name)
		}
		step = inside
	}
	h := s.shapeOf(schema)
	if step == "" {
		step, rest = h.split(path)
	}
	if v.some() && v.kind != '{' {
		return fmt.Sprintf("%s is no object: it has no %s", subject(name), step)
	}
	next, known := h.properties[step]
	if !known {
		next = h.additional
		if len(h.properties) > 0 && !h.open && s.typed.Value == nil && !s.args.NoCheck {
			return unknownField(join(name, step), name, step, sortedKeys(h.properties))
		}
	}
	v.kind = '{'
	i := slices.IndexFunc(v.members, func(m member) bool { return m.name == step })
	if i < 0 {
		v.members = append(v.members, member{name: step, value: value{kind: 'n'}})
		i = len(v.members) - 1
	}
	s.pointer = below(s.pointer, step)
	return s.set(&v.members[i].value, next, rest, join(name, step))
}

// item sets something in an item of a list, or a new one behind its last.
func (s *setter) item(v *value, schema jsontext.Value, n int, rest, name string) string {
	if v.some() && v.kind != '[' {
		return subject(name) + " is no list"
	}
	if n > len(v.items) {
		return fmt.Sprintf("%s has no item [%d] yet: the next is [%d]", subject(name), n, len(v.items))
	}
	v.kind = '['
	if n == len(v.items) {
		v.items = append(v.items, value{kind: 'n'})
	}
	s.pointer += "/" + strconv.Itoa(n)
	return s.set(&v.items[n], s.shapeOf(schema).items, rest, fmt.Sprintf("%s[%d]", name, n))
}

// assign sets a value. What is typed a second time is the next item of a list.
func (s *setter) assign(v *value, schema jsontext.Value, name string) string {
	h := s.shapeOf(schema)
	list := h.types["array"] && !h.types["string"]
	var given value
	if s.typed.Value != nil {
		var err error
		var null bool
		if given, null, err = parse(s.typed.Value); err != nil {
			return subject(name) + " is not JSON"
		}
		if null {
			given.kind = 'n'
		}
	} else {
		given = s.meant(h, s.typed.Text)
	}
	again := s.touched[s.pointer]
	s.touched[s.pointer] = true
	switch {
	case !again && list && given.kind != '[' && given.some() && (given.kind != '"' || given.text != ""):
		*v = value{kind: '[', items: []value{given}}
	case !again:
		*v = given
	case v.kind == '[' && list && given.kind == '[':
		v.items = append(v.items, given.items...)
	case v.kind == '[':
		v.items = append(v.items, given)
	case len(h.types) == 0 || list:
		*v = value{kind: '[', items: []value{*v, given}}
	default:
		return subject(name) + " is given twice"
	}
	return ""
}

// meant is the value that a text spells, of the types that a schema takes; the text itself if it spells none of them.
func (s *setter) meant(h shape, text string) value {
	plain := value{kind: '"', text: text}
	raw := jsontext.Value(strings.TrimSpace(text))
	spelt := plain
	if raw.IsValid() {
		if v, null, err := parse(raw); null {
			spelt = value{kind: 'n'}
		} else if err == nil {
			spelt = v
		}
	}
	switch {
	case h.texts[text]: // an enum has the text as it is
	case h.types["boolean"] && (text == "true" || text == "false"),
		h.types["integer"] && spelt.literal && raw.Kind() == '0' && !strings.ContainsAny(text, ".eE"),
		h.types["number"] && raw.Kind() == '0',
		h.types["null"] && text == "null" && !h.types["string"],
		h.types["array"] && spelt.kind == '[',
		h.types["object"] && spelt.kind == '{':
		return spelt
	case h.types["array"] && !h.types["string"] && text != "":
		return s.meant(s.shapeOf(h.items), text)
	}
	return plain
}

func unknownField(full, owner, name string, known []string) string {
	if like := fault.Nearest(name, known); like != "" {
		return fmt.Sprintf("there is no field %s; did you mean %s?", full, join(owner, like))
	}
	if len(known) > 12 {
		known = append(slices.Clone(known[:12]), "...")
	}
	return fmt.Sprintf("there is no field %s; there are %s", full, strings.Join(known, ", "))
}

func join(name, member string) string {
	if name == "" {
		return member
	}
	return name + "." + member
}

func subject(name string) string {
	if name == "" {
		return "the body"
	}
	return name
}
