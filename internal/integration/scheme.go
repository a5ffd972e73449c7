package integration

import (
	"maps"
	"slices"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
)

// A Field is something that a person fills in for a security scheme. An API key as the username of HTTP basic, and no password, is
// common, so that password is not required; which fields oauth2 requires depends on the grant.
type Field struct {
	Name     string
	Secret   bool
	Required bool // without it the scheme is not configured, unless a token was typed
	Optional bool // most need not look at it: the document tells it, or it has a good default
}

// Fields returns what a person fills in for a scheme, by its type.
func Fields(s model.Scheme) []Field {
	switch s.Type {
	case model.TypeAPIKey:
		return []Field{{Name: "value", Secret: true, Required: true}}
	case model.TypeHTTP:
		if s.Scheme == "basic" {
			return []Field{{Name: "username", Required: true}, {Name: "password", Secret: true}}
		}
		return []Field{{Name: "bearer", Secret: true, Required: true}}
	case model.TypeOAuth2, model.TypeOpenIDConnect:
		return oauthFields(s.Flows)
	}
	return nil
}

func oauthFields(f model.Flows) []Field {
	fields := []Field{{Name: "client_id"}, {Name: "client_secret", Secret: true}}
	if f.Password != nil {
		fields = append(fields, Field{Name: "username"}, Field{Name: "password", Secret: true})
	}
	missing := false
	for _, name := range f.Names() {
		missing = missing || name != model.GrantImplicit && f.Flow(name).TokenURL == ""
	}
	for _, name := range []string{"grant_type", "auth_method", "scope", "token_url", "refresh_url", "token"} {
		fields = append(fields, Field{Name: name, Optional: name != "token_url" || !missing})
	}
	return fields
}

// further are the fields of an oauth2 scheme that few need: they are accepted, and shown when they are set.
var further = []string{"username", "password", "scope_separator", "parameters", "response", "lifetime"}

// definition are the fields that define or correct a scheme.
var definition = []string{"type", "in", "name", "scheme", "flows"}

// accepted returns the names of the fields that a scheme's entry may have.
func accepted(s model.Scheme) []string {
	var names []string
	for _, f := range Fields(s) {
		names = append(names, f.Name)
	}
	if keepsToken(s) {
		names = append(names, further...)
	}
	slices.Sort(names)
	return slices.Compact(append(names, definition...))
}

func keepsToken(s model.Scheme) bool {
	return s.Type == model.TypeOAuth2 || s.Type == model.TypeOpenIDConnect
}

// Schemes returns the security schemes of an integration: the document's, corrected by the integration's definitions, and those
// that only the integration defines.
func Schemes(s Settings, m *model.Model) []model.Scheme {
	schemes := slices.Clone(m.Schemes)
	for i := range schemes {
		schemes[i] = s.Authentication[schemes[i].Key].define(schemes[i])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Authentication)) {
		if _, known := m.Scheme(name); !known && s.Authentication[name].Type != "" {
			schemes = append(schemes, s.Authentication[name].define(model.Scheme{Key: name}))
		}
	}
	return schemes
}

// define overlays a scheme with the definition.
func (a Authentication) define(s model.Scheme) model.Scheme {
	if a.Type != "" && a.Type != s.Type {
		s = model.Scheme{Key: s.Key, Type: a.Type}
	}
	if a.In != "" {
		s.In = a.In
	}
	if a.Name != "" {
		s.Name = a.Name
	}
	if a.Scheme != "" {
		s.Scheme = strings.ToLower(a.Scheme)
	}
	if a.Flows != nil {
		s.Flows = *a.Flows
	}
	if keepsToken(s) && len(s.Flows.Names()) == 0 && a.GrantType != "" { // a definition may be as short as a grant type
		s.Flows = flowsOf(a)
	}
	return s
}

// flowsOf makes the one flow that a grant type names.
func flowsOf(a Authentication) (f model.Flows) {
	flow := &model.Flow{TokenURL: a.TokenURL, RefreshURL: a.RefreshURL}
	switch a.GrantType {
	case model.GrantClientCredentials:
		f.ClientCredentials = flow
	case model.GrantPassword:
		f.Password = flow
	case model.GrantAuthorizationCode:
		f.AuthorizationCode = flow
	case model.GrantImplicit:
		f.Implicit = flow
	}
	return f
}

// Choose returns the schemes that authenticate an operation: of its alternatives the first that is configured, whole. Where an
// alternative says that none is needed a configured one is preferred to it. If the document says nothing about the operation,
// the first scheme that is configured is used; if it says that none is needed, none. hasToken reports whether a token was
// typed, or got before, for a scheme. fault.Invalid names what to fill in.
func Choose(name string, s Settings, m *model.Model, op *model.Operation, hasToken func(scheme string) bool) ([]model.Scheme, error) {
	schemes := map[string]model.Scheme{}
	all := Schemes(s, m)
	for _, scheme := range all {
		schemes[scheme.Key] = scheme
	}
	ready := func(scheme model.Scheme) bool {
		return s.configured(scheme) || keepsToken(scheme) && hasToken(scheme.Key)
	}
	alternatives := op.Security
	if s.Security != nil {
		alternatives = s.Security
	}
	if alternatives == nil {
		for _, scheme := range all {
			if ready(scheme) {
				return []model.Scheme{scheme}, nil
			}
		}
		return nil, nil
	}
	open := len(alternatives) == 0
	for _, requirement := range alternatives {
		if len(requirement) == 0 {
			open = true
			continue
		}
		chosen := pickAll(requirement, schemes)
		if len(chosen) == len(requirement) && !slices.ContainsFunc(chosen, func(c model.Scheme) bool { return !ready(c) }) {
			return chosen, nil
		}
	}
	if open {
		return nil, nil
	}
	return nil, unconfigured(name, s, schemes, alternatives)
}

// pickAll returns the schemes of a requirement that are known, by name.
func pickAll(r model.Requirement, schemes map[string]model.Scheme) (chosen []model.Scheme) {
	for _, key := range slices.Sorted(maps.Keys(r)) {
		if scheme, ok := schemes[key]; ok {
			chosen = append(chosen, scheme)
		}
	}
	return chosen
}

// configured reports whether the fields of a scheme are filled in.
func (s Settings) configured(scheme model.Scheme) bool {
	return supported(scheme) == "" && len(s.lacking(scheme)) == 0
}

// lacking returns the fields that a scheme still needs.
func (s Settings) lacking(scheme model.Scheme) []string {
	if scheme.Type == model.TypeMutualTLS {
		if s.TLS.Certificate == "" || s.TLS.Key.IsZero() {
			return []string{"tls.certificate", "tls.key"}
		}
		return nil
	}
	a := s.Authentication[scheme.Key]
	var names []string
	for _, b := range bindings(&a) {
		if slices.Contains(required(a, scheme), b.name) && b.empty() {
			names = append(names, scheme.Key+"."+b.name)
		}
	}
	return names
}

// required returns the fields that a scheme can't do without; for oauth2 those of the chosen grant.
func required(a Authentication, scheme model.Scheme) []string {
	var names []string
	if keepsToken(scheme) {
		switch a.GrantType {
		case model.GrantClientCredentials:
			return []string{"client_id", "token_url"}
		case model.GrantPassword:
			return []string{"username", "password", "token_url"}
		}
		return []string{"token"}
	}
	for _, f := range Fields(scheme) {
		if f.Required {
			names = append(names, f.Name)
		}
	}
	return names
}

// supported says why a scheme can't be used; "" if it can.
func supported(s model.Scheme) string {
	switch {
	case s.Type == model.TypeHTTP && s.Scheme != "basic" && s.Scheme != "bearer":
		return "HTTP authentication " + s.Scheme + " is not supported; define the scheme as basic, bearer or apiKey if the service takes that"
	case s.Type == model.TypeAPIKey, s.Type == model.TypeHTTP, s.Type == model.TypeMutualTLS, keepsToken(s):
		return ""
	}
	return "the type " + s.Type + " is not known; define the scheme with one that is"
}

// unconfigured says, for each alternative, what has to be filled in.
func unconfigured(name string, s Settings, schemes map[string]model.Scheme, alternatives []model.Requirement) error {
	err := fault.New(fault.Invalid, "integration %q has no credentials for this operation", name)
	first := ""
	for _, r := range alternatives {
		var wants []string
		for _, key := range slices.Sorted(maps.Keys(r)) {
			scheme, known := schemes[key]
			switch {
			case !known:
				wants = append(wants, "a definition of scheme "+key+", which the document lacks ("+key+".type=...)")
			case supported(scheme) != "":
				wants = append(wants, key+": "+supported(scheme))
			default:
				wants = append(wants, s.lacking(scheme)...)
			}
		}
		if first == "" {
			first = strings.Join(wants, ", ")
		}
		err.Problems = append(err.Problems, fault.Problem{Pointer: "/authentication", Message: "needs " + strings.Join(wants, ", ")})
	}
	return err.WithHint("fill in %s: carnet integration set %s FIELD=...", first, name)
}
