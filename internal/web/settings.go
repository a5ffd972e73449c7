package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// A schema is as much of a JSON Schema as forms are made from.
type schema struct {
	Type                 kinds              `json:"type"`
	Description          string             `json:"description"`
	WriteOnly            bool               `json:"writeOnly"`
	Enum                 choices            `json:"enum"`
	Examples             []string           `json:"examples"`
	Required             []string           `json:"required"`
	Properties           map[string]*schema `json:"properties"`
	AdditionalProperties json.RawMessage    `json:"additionalProperties"`
	AnyOf                []*schema          `json:"anyOf"`
}

// choices are the texts of an enum; what else is in it says that the setting may be cleared, or comes as another type.
type choices []string

// UnmarshalJSON reads a list of anything.
func (c *choices) UnmarshalJSON(data []byte) error {
	var all []any
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*c = nil
	for _, one := range all {
		if text, ok := one.(string); ok && text != "" {
			*c = append(*c, text)
		}
	}
	return nil
}

// kinds is the type of a schema, which may be one or several.
type kinds []string

// UnmarshalJSON reads a text or a list.
func (k *kinds) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*k = kinds{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(k))
}

// A field is one input of a form: one setting.
type field struct {
	Path     string // as SetIntegration takes it
	Pointer  string // of the same, in the settings
	Label    string
	Help     string
	Kind     string // text, area, secret, check, choice
	Value    string
	Stored   bool // there is a secret, which is not shown
	Required bool
	Choices  []string
	Examples []string
	Wrong    string
}

// ID is that of the field's element.
func (f field) ID() string { return "f" + f.Pointer }

// Multi reports whether a secret has several lines.
func (f field) Multi() bool { return strings.HasSuffix(f.Path, "key") && f.Kind == "secret" }

// A section is a part of the form.
type section struct {
	Name, Title, Note string
	Main, More        []field
	Elsewhere         []string // fields that are no single value
	Open, Filled      bool
	Lacking           []string
}

// A settingsForm is an integration's settings as fields.
type settingsForm struct {
	Schemes     []section
	Server, TLS section
	Variables   field
}

// first are the fields that people fill in, in this order; what else a scheme takes is for few.
var first = []string{"username", "password", "value", "bearer", "client_id", "client_secret", "accessKeyId", "secretAccessKey", "sessionToken",
	"region", "service", "roleArn", "grant_type", "scope", "issuer", "authorization_url", "device_url", "token_url", "redirect_uri", "ca", "certificate", "key",
	"protocol", "host", "port", "base_path", "enabled", "rejectUnauthorized"}

// always are those of them that are shown to everybody, alwaysOAuth those of a scheme with a token endpoint.
var (
	always = []string{"username", "password", "value", "bearer", "accessKeyId", "secretAccessKey", "region",
		"protocol", "host", "port", "base_path", "enabled", "rejectUnauthorized", "ca", "certificate", "key"}
	alwaysOAuth = []string{"client_id", "client_secret", "grant_type", "scope", "token_url"}
)

// byGrant are those that only some grants want.
var byGrant = map[string][]string{
	"password": {"username", "password"}, "authorizationCode": {"authorization_url", "redirect_uri"}, "deviceCode": {"device_url"}, "jwtBearer": {"assertion", "private_key"},
	"tokenExchange": {"subject_token", "subject_token_type"},
}

// newSettingsForm makes the form from the schema of the settings and their values.
func newSettingsForm(raw json.RawMessage, settings json.RawMessage, described []api.Scheme) (f settingsForm, err error) {
	var s schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return f, err
	}
	var values struct {
		Authentication map[string]json.RawMessage
		Server, TLS    map[string]any
		Variables      map[string]json.RawMessage
	}
	if err := json.Unmarshal(settings, &values); err != nil {
		return f, err
	}
	f.Server = newSection("Server", []string{"server"}, s.Properties["server"], values.Server)
	f.TLS = newSection("TLS", []string{"tls"}, s.Properties["tls"], values.TLS)
	f.Variables = field{Path: "variables", Pointer: "/variables", Label: "Variables", Kind: "area", Value: variableLines(values.Variables),
		Help: "one per line, as in region = eu; templates read them as ${variables.region}"}
	if all := s.Properties["authentication"]; all != nil {
		for _, name := range schemeOrder(all.Properties, described) {
			f.Schemes = append(f.Schemes, schemeSection(name, all.Properties[name], values.Authentication[name], described))
		}
	}
	openFirst(f.Schemes)
	return f, nil
}

// schemeOrder is that of the document, and then by name.
func schemeOrder(of map[string]*schema, described []api.Scheme) (names []string) {
	for _, d := range described {
		if of[d.Name] != nil {
			names = append(names, d.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func schemeSection(name string, s *schema, raw json.RawMessage, described []api.Scheme) section {
	if len(s.AnyOf) > 0 { // a bearer token may also be written without an object
		s = s.AnyOf[len(s.AnyOf)-1]
	}
	values := map[string]any{}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		values["bearer"] = text
	} else {
		json.Unmarshal(raw, &values) // what is no object has no values
	}
	sec := newSection(name, []string{"authentication", name}, s, values)
	for _, d := range described {
		if d.Name == name {
			sec.Note = strings.TrimSpace(d.Type + " " + d.Detail)
		}
	}
	return sec
}

// openFirst opens the schemes that are filled in; if none is, the first.
func openFirst(all []section) {
	open := false
	for i := range all {
		all[i].Open = all[i].Filled
		open = open || all[i].Filled
	}
	if !open && len(all) > 0 {
		all[0].Open = true
	}
}

func newSection(title string, at []string, s *schema, values map[string]any) section {
	sec := section{Name: at[len(at)-1], Title: title}
	if s == nil {
		return sec
	}
	grant, _ := values["grant_type"].(string)
	shown := always
	if s.Properties["client_id"] != nil {
		shown = append(slices.Clone(alwaysOAuth), byGrant[grant]...)
	}
	names := slices.SortedFunc(maps.Keys(s.Properties), func(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) })
	typed := 0
	for _, name := range names {
		f, ok := newField(name, append(slices.Clone(at), name), s.Properties[name], values[name])
		if !ok {
			if name != "token" {
				sec.Elsewhere = append(sec.Elsewhere, name)
			}
			continue
		}
		f.Required = slices.Contains(s.Required, name)
		if f.Required && f.Value == "" && !f.Stored {
			sec.Lacking = append(sec.Lacking, name)
		}
		if f.Stored || slices.Contains([]string{"client_id", "username", "accessKeyId"}, name) && f.Value != "" {
			typed++
		}
		if f.Required || f.Stored || slices.Contains(shown, name) || f.Value != "" && !slices.Contains(quiet, name) {
			sec.Main = append(sec.Main, f)
		} else {
			sec.More = append(sec.More, f)
		}
	}
	sec.Filled = typed > 0
	sec.Open = slices.ContainsFunc(sec.Main, func(f field) bool {
		return f.Stored || f.Kind == "area" && f.Value != "" || f.Label == "rejectUnauthorized" && f.Value != "true"
	})
	return sec
}

// quiet are fields that the document fills in, and hardly anybody changes.
var quiet = []string{"type", "in", "name", "scheme", "refresh_url", "auth_method"}

// rank orders fields: those that people fill in first come first.
func rank(name string) int {
	if at := slices.Index(first, name); at >= 0 {
		return at
	}
	return len(first)
}

// newField makes the input of a setting; false: it is no single value, and for the advanced view.
func newField(name string, at []string, s *schema, value any) (field, bool) {
	f := field{Path: strings.Join(at, "."), Pointer: pointer(at), Label: name, Help: s.Description, Choices: s.Enum, Examples: s.Examples, Kind: "text"}
	switch {
	case slices.Contains(s.Type, "object"), slices.Contains(s.Type, "array") && !slices.Contains(s.Type, "string"):
		return f, false
	case s.WriteOnly:
		f.Kind = "secret"
		f.Stored = value != nil && value != ""
		return f, true
	case slices.Contains(s.Type, "boolean") && !slices.Contains(s.Type, "number"): // a text may be written as any scalar
		f.Kind = "check"
	case len(s.Enum) > 0:
		f.Kind = "choice"
	case name == "certificate" || name == "ca":
		f.Kind = "area"
	}
	if value != nil {
		f.Value = fmt.Sprint(value)
	}
	return f, true
}

// pointer is a JSON Pointer (RFC 6901).
func pointer(at []string) string {
	var p jsontext.Pointer
	for _, step := range at {
		p = p.AppendToken(step)
	}
	return string(p)
}

// fields are all of the form.
func (f *settingsForm) fields() (all []*field) {
	sections := []*section{&f.Server, &f.TLS}
	for i := range f.Schemes {
		sections = append(sections, &f.Schemes[i])
	}
	for _, s := range sections {
		for i := range s.Main {
			all = append(all, &s.Main[i])
		}
		for i := range s.More {
			all = append(all, &s.More[i])
		}
	}
	return append(all, &f.Variables)
}

// changes are the settings that a person has changed: what was shown is sent along, so that what somebody else has changed
// meanwhile is left alone.
func (f *settingsForm) changes(in url.Values) api.Settings {
	changed := api.Settings{}
	for _, at := range f.fields() {
		now, was := unix(in.Get(at.Path)), unix(in.Get("was:"+at.Path))
		switch {
		case at.Kind == "secret" && in.Get("clear:"+at.Path) != "":
			changed[at.Path] = quoted("")
		case at.Kind == "secret" && now != "":
			changed[at.Path] = quoted(now)
		case at.Kind == "secret" || !in.Has("was:"+at.Path):
		case at.Kind == "check":
			if checked := in.Has(at.Path); checked != (was == "true") {
				changed[at.Path] = quoted(fmt.Sprint(checked))
			}
		case now == was:
		case at.Path == "variables":
			changed[at.Path] = parseVariables(now)
		default:
			changed[at.Path] = quoted(strings.TrimSpace(now))
		}
		if at.Kind != "secret" && in.Has("was:"+at.Path) {
			at.Value = now
			if at.Kind == "check" {
				at.Value = fmt.Sprint(in.Has(at.Path))
			}
		}
	}
	return changed
}

// unix is a text with the line ends that it had before a form changed them.
func unix(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

func quoted(text string) json.RawMessage {
	raw, _ := json.Marshal(text) // a text
	return raw
}

// blame puts the problems of an error beside the fields that they are about.
func (f *settingsForm) blame(err error) {
	for _, problem := range fault.ProblemsOf(err) {
		for _, at := range f.fields() {
			if at.Pointer == problem.Pointer {
				at.Wrong = problem.Message
			}
		}
	}
	for i, s := range f.Schemes {
		for _, at := range append(slices.Clone(s.Main), s.More...) {
			f.Schemes[i].Open = f.Schemes[i].Open || at.Wrong != ""
		}
	}
}

// variableLines shows variables as lines.
func variableLines(variables map[string]json.RawMessage) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		var text string
		if json.Unmarshal(variables[name], &text) != nil || json.Valid([]byte(text)) { // what reads as JSON is told apart by quotes
			text = string(variables[name])
		}
		lines = append(lines, name+" = "+text)
	}
	return strings.Join(lines, "\n")
}

// parseVariables reads such lines; a value that is JSON is meant as such.
func parseVariables(lines string) json.RawMessage {
	variables := map[string]json.RawMessage{}
	for line := range strings.Lines(lines) {
		name, value, _ := strings.Cut(line, "=")
		if name, value = strings.TrimSpace(name), strings.TrimSpace(value); name == "" {
			continue
		}
		if variables[name] = json.RawMessage(value); !json.Valid([]byte(value)) {
			variables[name] = quoted(value)
		}
	}
	raw, _ := json.Marshal(variables) // of valid JSON
	return raw
}
