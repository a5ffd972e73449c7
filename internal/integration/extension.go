package integration

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/reference"
	"carnet.dev/carnet/internal/seal"
)

// extensions are what a document's security scheme says beyond OpenAPI.
type extensions struct {
	Token      jsontext.Value       `json:"x-carnet-token"`               // an entry's fields, as defaults
	Parameters []extensionParameter `json:"x-itential-parameters"`        // see reference of the compatible API
	Retrieval  *retrieval           `json:"x-itential-dynamic-retrieval"` // how an API key is fetched
}

// An extensionParameter goes along with some requests for tokens.
type extensionParameter struct {
	Name     string         `json:"name"`
	In       string         `json:"in"`
	UseIn    []string       `json:"x-itential-use-in"`
	Variable string         `json:"x-itential-variable"`
	Schema   jsontext.Value `json:"schema"`
}

// byDefault is the value that the schema has, if any.
func (p extensionParameter) byDefault() (string, bool) {
	var schema struct {
		Default jsontext.Value `json:"default"`
	}
	if p.Schema.Kind() != '{' || json.Unmarshal(p.Schema, &schema) != nil {
		return "", false
	}
	return plain(schema.Default)
}

// Where a parameter may be, and which requests may carry it.
var (
	parameterPlaces = []string{"header", "query", "body"}
	parameterUses   = []string{"token", "refresh", "key", "authorization"}
)

// check says what is wrong with a parameter; it is left out then.
func (p extensionParameter) check() string {
	switch {
	case p.Name == "":
		return "has no name"
	case !slices.Contains(parameterPlaces, p.In) && !slices.Equal(p.UseIn, []string{"authorization"}):
		return "has to be in one of " + strings.Join(parameterPlaces, ", ")
	case len(p.UseIn) == 0:
		return "does not say in x-itential-use-in which requests carry it: " + strings.Join(parameterUses, ", ")
	}
	for _, use := range p.UseIn {
		if !slices.Contains(parameterUses, use) {
			return fmt.Sprintf("names %q in x-itential-use-in, %s", use, unknown(use, parameterUses))
		}
	}
	return ""
}

type retrieval struct {
	Method          string `json:"method"`
	URL             string `json:"url"`
	ResponsePointer string `json:"responsePointer"`
}

func extensionsOf(s model.Scheme) (e extensions) {
	if s.Raw != nil {
		_ = json.Unmarshal(s.Raw, &e) // what can't be read was warned of at the import
	}
	e.Parameters = slices.DeleteFunc(e.Parameters, func(p extensionParameter) bool { return p.check() != "" })
	return e
}

// defaultAuthentication is a scheme's entry as the document suggests it, and what is wrong with the suggestions.
func defaultAuthentication(scheme model.Scheme, m *model.Model) (Authentication, []fault.Problem) {
	grant, e := scheme.Flows.Default(), extensionsOf(scheme)
	if e.Retrieval != nil {
		grant = model.GrantRequest
	}
	a := Authentication{GrantType: grant}
	a.takeURLs(scheme.Flows.Flow(grant), m.Origin)
	if scheme.Type == model.TypeOpenIDConnect {
		a.OpenIDConnectURL = absolute(scheme.OpenIDConnectURL, m.Origin)
	}
	if r := e.Retrieval; r != nil {
		a.TokenURL = absolute(r.URL, m.Origin)
		a.Request = &recipe.Request{Method: cmp.Or(strings.ToUpper(r.Method), http.MethodGet)}
		a.Response = &recipe.Response{AccessToken: recipe.Path{r.ResponsePointer}}
	}
	if e.Token == nil {
		return a, nil
	}
	d := &decoder{model: m}
	suggested := d.entry(e.Token, "/x-carnet-token", a, scheme)
	for _, b := range bindings(&suggested) {
		if b.noneOfDocuments() {
			d.problem("/x-carnet-token/"+b.name, "is a secret, which has no place in a document")
		}
	}
	if refers(e.Token) { // whoever writes documents does not choose what is read here and sent there
		d.problem("/x-carnet-token", "refers to the environment or to a file, which a document may not")
	}
	if d.checkEntry("/x-carnet-token", &suggested); len(d.problems) > 0 {
		return a, d.problems
	}
	return suggested, nil
}

// noneOfDocuments reports whether an entry holds a secret. Parameters of a request may be in a document: an audience is one.
func (b binding) noneOfDocuments() bool {
	switch b.at.(type) {
	case *seal.Secret, **Token:
		return !b.empty()
	}
	return b.name == "secrets" && !b.empty()
}

// refers reports whether a reference is among the texts of a value.
func refers(raw jsontext.Value) bool {
	in := jsontext.NewDecoder(bytes.NewReader(raw))
	for t, err := in.ReadToken(); err == nil; t, err = in.ReadToken() {
		if t.Kind() == '"' && reference.Is(t.String()) {
			return true
		}
	}
	return false
}

// CheckExtensions returns what is wrong with the extensions in a document's security schemes, by the places there.
func CheckExtensions(m *model.Model) (problems []fault.Problem) {
	root := "/components/securitySchemes/"
	if strings.HasPrefix(m.Specification, "Swagger") {
		root = "/securityDefinitions/"
	}
	for _, s := range m.Schemes {
		var e extensions
		if s.Raw != nil && json.Unmarshal(s.Raw, &e) != nil {
			problems = append(problems, fault.Problem{Pointer: root + escape(s.Key), Message: "has an x-itential or x-carnet extension of another form than the documented one; left out"})
			continue
		}
		for i, p := range e.Parameters {
			if wrong := p.check(); wrong != "" {
				problems = append(problems, fault.Problem{Pointer: fmt.Sprintf("%s%s/x-itential-parameters/%d", root, escape(s.Key), i), Message: wrong + "; left out"})
			}
		}
		_, wrong := defaultAuthentication(s, m)
		for _, p := range wrong {
			problems = append(problems, fault.Problem{Pointer: root + escape(s.Key) + p.Pointer, Message: p.Message + "; left out"})
		}
	}
	return problems
}

// Effective returns the entry of a scheme with what the document's extensions add to its requests.
func (s Settings) Effective(scheme model.Scheme) Authentication {
	a := s.Authentication[scheme.Key]
	if a.GrantType == "" {
		a.GrantType = scheme.Flows.Default()
	}
	if a.GrantType == "" && scheme.Type == model.TypeOpenIDConnect {
		a.GrantType = model.GrantAuthorizationCode // OpenID Connect Core 3.1
	}
	for _, p := range extensionsOf(scheme).Parameters {
		if p.Variable == "" && !slices.Contains(a.Placed, p.Name) {
			a.Placed = append(slices.Clone(a.Placed), p.Name)
		}
		if value, given := a.valueOf(p, s.Variables); given {
			a.place(p, value)
		}
	}
	return a
}

// valueOf is what an extension's parameter has as its value: a variable of the integration, or the entry of its name in the scheme's
// parameters, or else its schema's default.
func (a Authentication) valueOf(p extensionParameter, variables map[string]jsontext.Value) (recipe.Template, bool) {
	text, given := plain(variables[p.Variable])
	if p.Variable == "" {
		if !a.Parameters[p.Name].IsZero() {
			return recipe.Template("${placed." + strconv.Itoa(slices.Index(a.Placed, p.Name)) + "}"), true
		}
		given = false
	}
	if !given || text == "" {
		text, given = p.byDefault()
	}
	return recipe.Template(strings.ReplaceAll(text, "${", "$${")), given && text != ""
}

// place adds a parameter to the requests that carry it.
func (a *Authentication) place(p extensionParameter, value recipe.Template) {
	uses := func(use string) bool { return slices.Contains(p.UseIn, use) }
	if uses("token") || uses("key") {
		a.Request = with(a.Request, p, value)
	}
	if uses("refresh") {
		refresh := recipe.Refresh{}
		if a.Refresh != nil {
			refresh = *a.Refresh
		}
		refresh.Request = *with(&refresh.Request, p, value)
		a.Refresh = &refresh
	}
	if uses("authorization") { // by a browser, whose requests have a query and nothing else
		own := recipe.Authorization{}
		if a.Authorization != nil {
			own = *a.Authorization
		}
		own.Params = adding(own.Params, p.Name, value)
		a.Authorization = &own
	}
}

// with returns a request that carries the parameter too.
func with(r *recipe.Request, p extensionParameter, value recipe.Template) *recipe.Request {
	next := recipe.Request{}
	if r != nil {
		next = *r
	}
	switch p.In {
	case "header":
		next.Headers = adding(next.Headers, p.Name, value)
	case "query":
		next.Query = adding(next.Query, p.Name, value)
	default:
		params := map[string]any{}
		_ = json.Unmarshal(next.Params, &params) // it was checked when it was stored
		if _, own := params[p.Name]; !own {
			params[p.Name] = value
		}
		raw, _ := json.Marshal(params, json.Deterministic(true)) // texts and JSON, which marshal
		next.Params = raw
	}
	return &next
}

// adding returns the map with the entry, unless it has one of that name.
func adding(m map[string]recipe.Template, name string, value recipe.Template) map[string]recipe.Template {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]recipe.Template{}
	}
	if _, own := m[name]; !own {
		m[name] = value
	}
	return m
}

// CallTemplates returns the texts by which calls are made.
func (a Authentication) CallTemplates() []string {
	texts := []string{string(a.ServerURL), string(a.Format)}
	for _, i := range a.Inject {
		texts = append(texts, string(i.Format))
	}
	return texts
}
