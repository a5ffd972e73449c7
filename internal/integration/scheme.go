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
	case model.TypeSigV4:
		return []Field{{Name: "accessKeyId", Required: true}, {Name: "secretAccessKey", Secret: true, Required: true},
			{Name: "sessionToken", Secret: true, Optional: true}, {Name: "region", Optional: true}, {Name: "service", Optional: true}}
	case model.TypeHTTP:
		if s.Scheme == "basic" || s.Scheme == "digest" {
			return []Field{{Name: "username", Required: true}, {Name: "password", Secret: true}}
		}
		return []Field{{Name: "bearer", Secret: true, Required: true}}
	case model.TypeMutualTLS:
		return []Field{{Name: "certificate", Required: true}, {Name: "key", Secret: true, Required: true}, {Name: "ca", Optional: true}}
	case model.TypeOAuth2, model.TypeOpenIDConnect:
		return oauthFields(s)
	}
	return nil
}

func fieldNames(s model.Scheme) (names []string) {
	for _, f := range Fields(s) {
		names = append(names, f.Name)
	}
	return names
}

func oauthFields(s model.Scheme) []Field {
	f := s.Flows
	fields := []Field{{Name: "client_id"}, {Name: "client_secret", Secret: true}}
	if f.Password != nil {
		fields = append(fields, Field{Name: "username"}, Field{Name: "password", Secret: true})
	}
	missing := s.Type == model.TypeOpenIDConnect && s.OpenIDConnectURL == ""
	for _, name := range f.Names() {
		missing = missing || name != model.GrantImplicit && f.Flow(name).TokenURL == ""
	}
	for _, name := range []string{"grant_type", "auth_method", "scope", "token_url", "refresh_url", "token"} {
		fields = append(fields, Field{Name: name, Optional: name != "token_url" || !missing})
	}
	return fields
}

// definition are the fields that define or correct a scheme.
var definition = []string{"type", "in", "name", "scheme", "flows"}

// ofOthers are the fields that a scheme has only if its type says so.
var ofOthers = slices.Concat([]string{"value", "bearer", "format", "accessKeyId", "secretAccessKey", "sessionToken", "region", "service", "ca", "key"}, ofRoles)

// ofRoles are the fields by which an AWS role is assumed. A view shows those that are set.
var ofRoles = []string{"roleArn", "roleSessionName", "externalId", "durationSeconds", "webIdentityToken", "stsEndpoint"}

// accepted returns the names of the fields that a scheme's entry may have.
func accepted(a Authentication, s model.Scheme) []string {
	names := fieldNames(s)
	switch s.Type {
	case model.TypeAPIKey, model.TypeHTTP:
		names = append(names, "format", "inject", "grant_type", "secrets")
		if s.Type == model.TypeHTTP && a.Type != "" { // whichever scheme of HTTP authentication it comes to be
			names = append(names, "username", "password", "bearer")
		}
	case model.TypeSigV4:
		names = append(names, ofRoles...)
	}
	if takesToken(a, s) {
		for _, b := range bindings(&a) {
			if !slices.Contains(ofOthers, b.name) {
				names = append(names, b.name)
			}
		}
	}
	names = append(names, definition...)
	slices.Sort(names)
	return slices.Compact(names)
}

// apart are accepted fields that have to be named with their scheme, as in SCHEME.type: they are rare where they are not the scheme's
// own business.
func apart(a Authentication, s model.Scheme, field string) bool {
	if slices.Contains(definition, field) {
		return true
	}
	others := s.Type == model.TypeHTTP && !slices.Contains(fieldNames(s), field)
	return !takesToken(a, s) && (others || slices.Contains([]string{"grant_type", "secrets", "format", "inject"}, field))
}

// KeepsToken reports whether the credential of a scheme is a token that is asked for: that of oauth2 and openIdConnect always is, that
// of any other scheme if its entry says how. The temporary credentials of an AWS role are one too.
func KeepsToken(a Authentication, s model.Scheme) bool {
	return takesToken(a, s) || AssumesRole(a, s)
}

// AssumesRole reports whether requests are signed with the credentials of an AWS role.
func AssumesRole(a Authentication, s model.Scheme) bool {
	return s.Type == model.TypeSigV4 && a.RoleARN != ""
}

// takesToken reports whether a scheme's token is of the kind that a token endpoint gives and a person can type.
func takesToken(a Authentication, s model.Scheme) bool {
	switch s.Type {
	case model.TypeOAuth2, model.TypeOpenIDConnect:
		return true
	case model.TypeMutualTLS, model.TypeSigV4, "":
		return false
	}
	return a.GrantType != ""
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
	if takesToken(a, s) && len(s.Flows.Names()) == 0 && a.GrantType != "" { // a definition may be as short as a grant type
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
	case model.GrantDeviceCode:
		f.DeviceCode = flow
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
		return s.Configured(scheme) || KeepsToken(s.Authentication[scheme.Key], scheme) && hasToken(scheme.Key)
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

// Configured reports whether the fields of a scheme are filled in.
func (s Settings) Configured(scheme model.Scheme) bool {
	return supported(scheme) == "" && len(s.lacking(scheme)) == 0
}

// lacking returns the fields that a scheme still needs.
func (s Settings) lacking(scheme model.Scheme) []string {
	if scheme.Type == model.TypeMutualTLS && s.TLS.Certificate != "" && !s.TLS.Key.IsZero() {
		return nil // the certificate of all requests will do
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

// required returns the fields that a scheme can't do without; for one that keeps a token those of the chosen grant.
func required(a Authentication, scheme model.Scheme) []string {
	if takesToken(a, scheme) {
		return slices.DeleteFunc(requiredBy(a), func(name string) bool {
			return name == "token_url" && (a.Issuer != "" || a.OpenIDConnectURL != "") || name == "assertion" && a.Sign != nil
		})
	}
	if scheme.Type == model.TypeSigV4 && !a.WebIdentityToken.IsZero() {
		return []string{"roleArn"}
	}
	var names []string
	for _, f := range Fields(scheme) {
		written := a.Format != "" || len(a.Inject) > 0 // of whatever it names
		if f.Required && !written {
			names = append(names, f.Name)
		}
	}
	return names
}

func requiredBy(a Authentication) []string {
	switch a.GrantType {
	case model.GrantClientCredentials:
		return []string{"client_id", "token_url"}
	case model.GrantPassword:
		return []string{"username", "password", "token_url"}
	case model.GrantJWTBearer, model.GrantSAMLBearer:
		return []string{"assertion", "token_url"}
	case model.GrantTokenExchange:
		return []string{"subject_token", "token_url"}
	case model.GrantSigned:
		return []string{"private_key", "sign"}
	case "", model.GrantAuthorizationCode, model.GrantDeviceCode, model.GrantImplicit:
		return []string{"token"} // a person connects, or types it
	}
	return []string{"token_url"}
}

// supported says why a scheme can't be used; "" if it can.
func supported(s model.Scheme) string {
	switch s.Type {
	case model.TypeHTTP:
		if !slices.Contains([]string{"basic", "bearer", "digest"}, s.Scheme) {
			return "HTTP authentication " + s.Scheme + " is not supported; define the scheme as basic, digest, bearer or apiKey if the service takes that"
		}
		return ""
	case model.TypeAPIKey, model.TypeSigV4, model.TypeMutualTLS, model.TypeOAuth2, model.TypeOpenIDConnect:
		return ""
	}
	return "the type " + s.Type + " is not known; define the scheme with one that is"
}

// unconfigured says, for each alternative, what has to be filled in.
func unconfigured(name string, s Settings, schemes map[string]model.Scheme, alternatives []model.Requirement) error {
	err := fault.New(fault.Invalid, "integration %q has no credentials for this operation", name)
	first, person := "", ""
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
				if person == "" && first == "" {
					person = PersonHint(name, s.Effective(scheme), scheme)
				}
			}
		}
		if first == "" {
			first = strings.Join(wants, ", ")
		}
		err.Problems = append(err.Problems, fault.Problem{Pointer: "/authentication", Message: "needs " + strings.Join(wants, ", ")})
	}
	if person != "" {
		return err.WithHint("%s", person)
	}
	return err.WithHint("fill in %s: carnet integration set %s FIELD=...", first, name)
}
