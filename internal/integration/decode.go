package integration

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/reference"
)

// Decode reads settings as they come over the wire. What is not given keeps its old value, within server, tls and authentication
// field by field; variables, parameters and security are given whole. A field that is null or empty is cleared, and so is a
// scheme's entry that is null. A masked secret keeps the old one. fault.Invalid with a problem for every field that is wrong;
// then nothing has changed.
func Decode(raw jsontext.Value, m *model.Model, old Settings) (Settings, error) {
	s := clone(old)
	d := &decoder{model: m, old: old}
	if len(bytes.TrimSpace(raw)) > 0 && raw.Kind() != 'n' {
		d.settings(raw, &s)
	}
	if len(d.problems) == 0 {
		d.check(s)
	}
	if len(d.problems) > 0 {
		return old, d.failure()
	}
	return s, nil
}

// clone copies what Decode may change.
func clone(s Settings) Settings {
	s.Authentication = maps.Clone(s.Authentication)
	if s.Authentication == nil {
		s.Authentication = map[string]Authentication{}
	}
	for name, a := range s.Authentication {
		a.Parameters, a.Secrets = maps.Clone(a.Parameters), maps.Clone(a.Secrets)
		s.Authentication[name] = a
	}
	s.Variables = maps.Clone(s.Variables)
	return s
}

// A decoder collects what is wrong.
type decoder struct {
	model    *model.Model
	old      Settings
	problems []fault.Problem
}

func (d *decoder) problem(pointer, format string, args ...any) {
	d.problems = append(d.problems, fault.Problem{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

func (d *decoder) failure() error {
	first := d.problems[0]
	field := strings.ReplaceAll(strings.TrimPrefix(first.Pointer, "/"), "/", ".")
	err := fault.New(fault.Invalid, "%s %s", field, first.Message)
	if field == "" {
		err.Message = "the settings: " + first.Message
	}
	if more := len(d.problems) - 1; more > 0 {
		err.Message += fmt.Sprintf(" (and %d more)", more)
	}
	err.Problems = d.problems
	return err.WithHint("nothing was changed; correct it and try again")
}

// sections of the settings.
var sections = []string{"authentication", "server", "tls", "variables", "version", "security"}

func (d *decoder) settings(raw jsontext.Value, s *Settings) {
	d.object(raw, "", sections, func(name, pointer string, raw jsontext.Value) {
		switch name {
		case "authentication":
			d.authentication(raw, pointer, s)
		case "server":
			d.fields(raw, pointer, serverBindings(&s.Server))
		case "tls":
			d.fields(raw, pointer, tlsBindings(&s.TLS))
		case "variables":
			s.Variables = map[string]jsontext.Value{}
			d.object(raw, pointer, nil, func(name, _ string, raw jsontext.Value) { s.Variables[name] = raw.Clone() })
		case "version":
			d.field(raw, pointer, binding{name: "version", at: &s.Version})
		case "security":
			d.security(raw, pointer, s)
		}
	})
}

// object walks over the members of an object; known are the names that it may have, nil: any.
func (d *decoder) object(raw jsontext.Value, pointer string, known []string, member func(name, pointer string, raw jsontext.Value)) {
	if raw.Kind() == 'n' {
		return
	}
	in := jsontext.NewDecoder(bytes.NewReader(raw))
	if in.PeekKind() != '{' {
		d.problem(pointer, "has to be an object")
		return
	}
	in.ReadToken()
	for in.PeekKind() != '}' {
		t, err := in.ReadToken()
		if err != nil {
			d.problem(pointer, "is not JSON, or has a name twice")
			return
		}
		name := t.String()
		value, err := in.ReadValue()
		if err != nil {
			d.problem(pointer, "is not JSON")
			return
		}
		at := pointer + "/" + escape(name)
		if known != nil && !slices.Contains(known, name) {
			d.problem(at, "%s", unknown(name, known))
			continue
		}
		member(name, at, value.Clone())
	}
}

// escape writes a name into a JSON Pointer (RFC 6901 3).
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

func unknown(name string, known []string) string {
	like := fault.Nearest(name, known)
	switch {
	case like != "":
		return "is not known; did you mean " + like + "?"
	case len(known) > 20:
		return "is not known; GET /schema/integrations/{name} tells all that are"
	}
	return "is not known; there are " + strings.Join(known, ", ")
}

// fields decodes an object into bindings.
func (d *decoder) fields(raw jsontext.Value, pointer string, bindings []binding) {
	names := make([]string, len(bindings))
	for i, b := range bindings {
		names[i] = b.name
	}
	d.object(raw, pointer, names, func(name, pointer string, raw jsontext.Value) {
		d.field(raw, pointer, bindings[slices.Index(names, name)])
	})
}

func (d *decoder) authentication(raw jsontext.Value, pointer string, s *Settings) {
	d.object(raw, pointer, nil, func(name, pointer string, raw jsontext.Value) {
		scheme, documented := d.model.Scheme(name)
		old, defined := s.Authentication[name]
		if documented && !defined { // the document got it after the integration was made
			old, _ = defaultAuthentication(scheme, d.model)
		}
		if raw.Kind() == 'n' {
			delete(s.Authentication, name)
			if documented {
				s.Authentication[name], _ = defaultAuthentication(scheme, d.model)
			}
			return
		}
		scheme.Key = name
		scheme = defining(raw, old).define(scheme)
		if !documented && !defined && scheme.Type == "" {
			d.problem(pointer, "is no security scheme of the document%s; to define one, give its type", d.like(name))
			return
		}
		s.Authentication[name] = d.entry(raw, pointer, old, scheme)
	})
}

// like suggests a scheme of the document.
func (d *decoder) like(name string) string {
	var names []string
	for _, s := range d.model.Schemes {
		names = append(names, s.Key)
	}
	if len(names) == 0 {
		return ", which has none"
	}
	if like := fault.Nearest(name, names); like != "" {
		return ", which has " + like
	}
	return ", which has " + strings.Join(names, ", ")
}

// defining is the old entry with what the new one says of the scheme's type, on which depends which fields it may have.
func defining(raw jsontext.Value, old Authentication) Authentication {
	var says struct {
		Type   *string `json:"type"`
		Scheme *string `json:"scheme"`
	}
	if raw.Kind() != '{' || json.Unmarshal(raw, &says) != nil { // what is wrong with it is told field by field
		return old
	}
	if says.Type != nil {
		old.Type = *says.Type
	}
	if says.Scheme != nil {
		old.Scheme = *says.Scheme
	}
	return old
}

// granted returns the grant type that an entry chooses, if it does.
func granted(raw jsontext.Value) string {
	var chosen struct {
		GrantType string `json:"grant_type"`
	}
	if raw.Kind() != '{' || json.Unmarshal(raw, &chosen) != nil {
		return ""
	}
	return chosen.GrantType
}

// entry decodes one scheme's entry over the old one.
func (d *decoder) entry(raw jsontext.Value, pointer string, old Authentication, scheme model.Scheme) Authentication {
	a := old
	if grant := granted(raw); grant != "" {
		a.GrantType = grant
	}
	if raw.Kind() == '"' { // http bearer: the credential is the string itself
		if scheme.Type != model.TypeHTTP || scheme.Scheme == "basic" || scheme.Scheme == "digest" {
			d.problem(pointer, "has to be an object with %s", strings.Join(fieldNames(scheme), ", "))
			return old
		}
		d.field(raw, pointer, binding{name: "bearer", at: &a.Bearer})
		return a
	}
	all, may := bindings(&a), accepted(defining(raw, a), scheme)
	d.object(raw, pointer, may, func(name, pointer string, raw jsontext.Value) {
		d.field(raw, pointer, all[slices.IndexFunc(all, func(b binding) bool { return b.name == name })])
	})
	d.followGrant(pointer, &a, old, scheme)
	a.takeFlows(d.model.Origin)
	return a
}

// followGrant gives an entry whose grant type was changed the URLs of the new flow, where it has those of the old one. They may be
// elsewhere only if a person says so (failure mode 46).
func (d *decoder) followGrant(pointer string, a *Authentication, old Authentication, scheme model.Scheme) {
	before, after := scheme.Flows.Flow(old.GrantType), scheme.Flows.Flow(a.GrantType)
	if a.GrantType == old.GrantType || after == nil {
		return
	}
	if before == nil {
		before = &model.Flow{}
	}
	for _, f := range []struct {
		name         string
		at           *string
		before, from string
	}{
		{"token_url", &a.TokenURL, before.TokenURL, after.TokenURL}, {"refresh_url", &a.RefreshURL, before.RefreshURL, after.RefreshURL},
		{"authorization_url", &a.AuthorizationURL, before.AuthorizationURL, after.AuthorizationURL}, {"device_url", &a.DeviceURL, before.DeviceURL, after.DeviceURL},
	} {
		if *f.at != absolute(f.before, d.model.Origin) {
			continue
		}
		next := absolute(f.from, d.model.Origin)
		if is, was := hostOf(next), hostOf(*f.at); is != "" && was != "" && is != was && old.holdsSecrets() {
			d.problem(pointer+"/"+f.name, "is on %s, and for this grant type it would be on %s; if that is right, give it too: %s", was, is, next)
			continue
		}
		*f.at = next
	}
}

func (d *decoder) security(raw jsontext.Value, pointer string, s *Settings) {
	if raw.Kind() == 'n' {
		s.Security = nil
		return
	}
	var requirements []model.Requirement
	if json.Unmarshal(raw, &requirements) != nil {
		d.problem(pointer, `has to be a list of alternatives, such as [{"scheme": []}]`)
		return
	}
	s.Security = requirements
	if requirements == nil {
		s.Security = []model.Requirement{}
	}
}

// known values of fields that are a choice. A grant type may also be any text that the service knows.
var (
	grantTypes = []string{model.GrantClientCredentials, model.GrantPassword, model.GrantAuthorizationCode, model.GrantDeviceCode,
		model.GrantJWTBearer, model.GrantSAMLBearer, model.GrantTokenExchange, model.GrantRequest, model.GrantSigned, model.GrantImplicit}
	authMethods = []string{"auto", "client_secret_basic", "client_secret_basic_raw", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "none"}
	types       = []string{model.TypeAPIKey, model.TypeHTTP, model.TypeOAuth2, model.TypeOpenIDConnect, model.TypeMutualTLS, model.TypeSigV4}
)

// check looks at settings as a whole: values that are wrong though their types are right.
func (d *decoder) check(s Settings) {
	d.checkServer(s.Server)
	for _, name := range slices.Sorted(maps.Keys(s.Authentication)) {
		a, at := s.Authentication[name], "/authentication/"+escape(name)
		d.checkEntry(at, &a)
	}
	for i, r := range s.Security {
		for _, name := range slices.Sorted(maps.Keys(r)) {
			if !slices.ContainsFunc(Schemes(s, d.model), func(scheme model.Scheme) bool { return scheme.Key == name }) {
				d.problem(fmt.Sprintf("/security/%d/%s", i, escape(name)), "is no security scheme%s", d.like(name))
			}
		}
	}
}

func (d *decoder) checkEntry(at string, a *Authentication) {
	for _, b := range bindings(a) {
		if text, ok := b.at.(*string); ok && b.choices != nil {
			d.choice(at+"/"+b.name, *text, b.choices)
		}
	}
	if strings.ContainsAny(a.GrantType, " \t\n") {
		d.problem(at+"/grant_type", "has to be one of %s, or a grant type URN", strings.Join(grantTypes, ", "))
	} else if !strings.Contains(a.GrantType, ":") {
		if like := fault.Nearest(a.GrantType, grantTypes); like != "" && !slices.Contains(grantTypes, a.GrantType) {
			d.problem(at+"/grant_type", "%q is not known; did you mean %s?", a.GrantType, like)
		}
	}
	for name, seconds := range map[string]float64{"lifetime": a.Lifetime, "renew_before": a.RenewBefore, "session_lifetime": a.SessionLifetime} {
		if seconds < 0 {
			d.problem(at+"/"+name, "has to be a number of seconds")
		}
	}
	if a.MaxRefreshes < 0 {
		d.problem(at+"/max_refreshes", "has to be a whole number")
	}
	if a.RoleARN != "" && !reference.Is(a.RoleARN) && (strings.Count(a.RoleARN, ":") < 5 || !strings.HasPrefix(a.RoleARN, "arn:")) {
		d.problem(at+"/roleArn", "is no ARN; it looks like arn:aws:iam::123456789012:role/name")
	}
	if s := a.DurationSeconds; s != 0 && (s < 900 || s > 43200) {
		d.problem(at+"/durationSeconds", "has to be 900 to 43200")
	}
}

func (d *decoder) checkServer(s Server) {
	d.choice("/server/protocol", s.Protocol, []string{"https", "http"})
	if reference.Is(s.Host) {
		s.Host = ""
	}
	if reference.Is(s.BasePath) {
		s.BasePath = ""
	}
	if strings.ContainsAny(s.Host, "/?#@ \t\r\n") {
		d.problem("/server/host", "has to be a host's name or address alone; the protocol, port and base_path are fields of their own")
	} else if strings.Count(s.Host, ":") == 1 {
		d.problem("/server/host", "must not hold the port; give it in server.port")
	}
	if s.Port < 0 || s.Port > 65535 {
		d.problem("/server/port", "has to be 1 to 65535")
	}
	if strings.ContainsAny(s.BasePath, "?# \t\r\n") {
		d.problem("/server/base_path", "has to be a path alone")
	}
}

func (d *decoder) choice(pointer, value string, among []string) {
	if value != "" && !slices.Contains(among, value) {
		d.problem(pointer, "%q %s", value, unknown(value, among))
	}
}
