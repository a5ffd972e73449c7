package integration

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/reference"
	"carnet.dev/carnet/internal/seal"
)

// Template shows the settings that a new integration of the model would have.
func Template(m *model.Model) jsontext.Value { return View(Integration{Settings: defaults(m)}, m, nil) }

// View shows an integration's settings: every secret masked, every field that the type of a scheme has, also when it is empty,
// and the given state of tokens, by scheme. Writing a view back changes nothing.
func View(i Integration, m *model.Model, tokens map[string]Token) jsontext.Value {
	var out bytes.Buffer
	w := writer{jsontext.NewEncoder(&out)}
	s := i.Settings
	w.object(func() {
		w.name("authentication")
		w.object(func() {
			for _, scheme := range shown(s, m) {
				w.name(scheme.Key)
				w.entry(s.Authentication[scheme.Key], scheme, tokens[scheme.Key])
			}
		})
		w.name("server")
		w.bindings(serverBindings(&s.Server), "protocol", "host", "base_path")
		w.name("tls")
		w.bindings(tlsBindings(&s.TLS), "enabled", "rejectUnauthorized")
		w.name("variables")
		w.object(func() {
			for _, name := range slices.Sorted(maps.Keys(s.Variables)) {
				w.name(name)
				w.e.WriteValue(s.Variables[name])
			}
		})
		w.name("version")
		w.value(s.Version)
		if s.Security != nil {
			w.name("security")
			w.value(s.Security)
		}
	})
	return bytes.TrimSpace(out.Bytes())
}

// shown returns the schemes to show: also those that have gone from the document, for their secrets are still stored.
func shown(s Settings, m *model.Model) []model.Scheme {
	schemes := Schemes(s, m)
	for _, name := range slices.Sorted(maps.Keys(s.Authentication)) {
		if !slices.ContainsFunc(schemes, func(have model.Scheme) bool { return have.Key == name }) {
			schemes = append(schemes, model.Scheme{Key: name})
		}
	}
	return schemes
}

// A writer writes JSON into memory, which does not fail for what View writes.
type writer struct{ e *jsontext.Encoder }

func (w writer) object(members func()) {
	w.e.WriteToken(jsontext.BeginObject)
	members()
	w.e.WriteToken(jsontext.EndObject)
}

func (w writer) name(s string) { w.e.WriteToken(jsontext.String(s)) }

func (w writer) value(v any) { json.MarshalEncode(w.e, v, json.Deterministic(true)) }

func (w writer) entry(a Authentication, scheme model.Scheme, t Token) {
	if scheme.Type == model.TypeHTTP && scheme.Scheme != "basic" && scheme.Scheme != "digest" && a.Type == "" && a.Scheme == "" {
		w.value(shownSecret(a.Bearer))
		return
	}
	var always []string
	for _, f := range Fields(scheme) {
		always = append(always, f.Name)
	}
	if takesToken(a, scheme) {
		a.Token = &t
	}
	w.bindings(bindings(&a), always...)
}

// bindings writes the fields that are set, and those that are always shown.
func (w writer) bindings(all []binding, always ...string) {
	w.object(func() {
		for _, b := range all {
			if b.empty() && !slices.Contains(always, b.name) {
				continue
			}
			w.name(b.name)
			w.binding(b)
		}
	})
}

func (w writer) binding(b binding) {
	switch at := b.at.(type) {
	case *string:
		w.value(*at)
	case *address:
		w.value(string(*at))
	case *scopes:
		w.value(string(*at))
	case *seal.Secret:
		w.value(shownSecret(*at))
	case *handedOn:
		w.value(seal.Secret(*at).String())
	case *bool:
		w.value(*at)
	case *int:
		w.value(*at)
	case *float64:
		if *at == 0 { // unknown
			w.value("")
			return
		}
		w.value(*at)
	case *time.Time:
		w.moment(*at)
	case **model.Flows:
		w.value(*at)
	case *pem:
		w.value(string(*at))
	case *map[string]seal.Secret:
		w.object(func() {
			for _, name := range slices.Sorted(maps.Keys(*at)) {
				w.name(name)
				w.value(shownSecret((*at)[name]))
			}
		})
	case **Token:
		if *at == nil {
			*at = &Token{}
		}
		w.bindings(tokenBindings(*at), "access_token", "refresh_token", "token_type", "expires_in", "expires_at", "created_at", "scope")
	default: // a part of package recipe, which holds no secrets
		w.value(at)
	}
}

// shownSecret is the mask of a secret, or the reference in its place, which is none.
func shownSecret(s seal.Secret) string {
	if text := s.Reveal(); reference.Is(text) {
		return text
	}
	return s.String()
}

func (w writer) moment(t time.Time) {
	if t.IsZero() {
		w.value("")
		return
	}
	w.value(t.UTC().Format(time.RFC3339))
}
