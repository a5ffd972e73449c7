package integration

import (
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/reference"
	"carnet.dev/carnet/internal/seal"
)

// Unresolved says why references could not be resolved: by security scheme, and under "" for all that every request needs.
type Unresolved map[string]error

// Refers reports whether the settings hold references.
func (s Settings) Refers() bool {
	found := false
	s.resolve(func(text string) (seal.Secret, error) {
		found = true
		return seal.NewSecret(text), nil
	})
	return found
}

// Resolve returns the settings with what their references name in the place of the references. One that can't be read stays.
func (s Settings) Resolve(read func(text string) (seal.Secret, error)) (Settings, Unresolved) {
	return s.resolve(read)
}

func (s Settings) resolve(read func(string) (seal.Secret, error)) (Settings, Unresolved) {
	r := &resolver{read: read, failed: Unresolved{}}
	s = clone(s)
	r.fields("", "server", serverBindings(&s.Server))
	r.fields("", "tls", tlsBindings(&s.TLS))
	for _, name := range slices.Sorted(maps.Keys(s.Variables)) {
		var text string
		if raw := s.Variables[name]; raw.Kind() == '"' && json.Unmarshal(raw, &text) == nil && reference.Is(text) {
			if value, ok := r.value("", "variables."+name, text); ok {
				s.Variables[name], _ = json.Marshal(value.Reveal()) // a text, which marshals
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Authentication)) {
		a := s.Authentication[name]
		r.fields(name, name, bindings(&a))
		s.Authentication[name] = a
	}
	return s, r.failed
}

// A resolver reads references; the first failure of a section counts.
type resolver struct {
	read   func(string) (seal.Secret, error)
	failed Unresolved
}

func (r *resolver) value(section, field, text string) (seal.Secret, bool) {
	value, err := r.read(text)
	if err != nil {
		r.fail(section, fault.Wrap(fault.KindOf(err), err, "%s", field).WithHint("%s", fault.HintOf(err)))
	}
	return value, err == nil
}

func (r *resolver) fail(section string, err error) {
	if r.failed[section] == nil {
		r.failed[section] = err
	}
}

func (r *resolver) fields(section, at string, all []binding) {
	for _, b := range all {
		if many, ok := b.at.(*map[string]seal.Secret); ok {
			for _, name := range slices.Sorted(maps.Keys(*many)) {
				if text := (*many)[name].Reveal(); reference.Is(text) {
					if value, ok := r.value(section, at+"."+b.name+"."+name, text); ok {
						(*many)[name] = value
					}
				}
			}
			continue
		}
		text := b.referring()
		if text == "" {
			continue
		}
		if value, ok := r.value(section, at+"."+b.name, text); ok && !b.take(value) {
			r.fail(section, fault.New(fault.Invalid, "%s.%s: what %s names is not what the field takes: %s", at, b.name, text, b.help))
		}
	}
}

// referring is the reference that a field holds; "" if it holds none, or can't.
func (b binding) referring() (text string) {
	switch at := b.at.(type) {
	case *string:
		if text = *at; !b.refers() {
			return ""
		}
	case *address:
		text = string(*at)
	case *scopes:
		text = string(*at)
	case *pem:
		text = string(*at)
	case *seal.Secret:
		text = at.Reveal()
	}
	if !reference.Is(text) {
		return ""
	}
	return text
}

// refers reports whether a text may be a reference: not one of a few choices, and not one that says what a scheme is.
func (b binding) refers() bool {
	return b.choices == nil && !slices.Contains(definition, b.name) && b.name != "grant_type" && b.name != "version"
}

// take puts a value into a field, if that takes it.
func (b binding) take(value seal.Secret) bool {
	d := &decoder{}
	raw, _ := json.Marshal(value.Reveal()) // a text, which marshals
	if d.field(jsontext.Value(raw), "", b); b.name == "host" {
		d.checkServer(Server{Host: value.Reveal()})
	}
	return len(d.problems) == 0
}
