package integration

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/recipe"
)

// extensions are what a document's security scheme says beyond OpenAPI.
type extensions struct {
	Token      jsontext.Value       `json:"x-carnet-token"`               // an entry's fields, as defaults
	Parameters []extensionParameter `json:"x-itential-parameters"`        // see reference of the compatible API
	Retrieval  *retrieval           `json:"x-itential-dynamic-retrieval"` // how an API key is fetched
}

// An extensionParameter goes along with some requests for tokens. Its value is a variable of the integration, or the entry of its
// name in the scheme's parameters.
type extensionParameter struct {
	Name     string   `json:"name"`
	In       string   `json:"in"`
	UseIn    []string `json:"x-itential-use-in"`
	Variable string   `json:"x-itential-variable"`
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
		a.Request = &recipe.Request{Method: strings.ToUpper(r.Method)}
		a.Response = &recipe.Response{AccessToken: recipe.Path{r.ResponsePointer}}
	}
	if e.Token == nil {
		return a, nil
	}
	d := &decoder{model: m}
	suggested := d.entry(e.Token, "/x-carnet-token", a, scheme)
	for _, b := range bindings(&suggested) {
		if _, secret := b.at.(interface{ Reveal() string }); secret && !b.empty() {
			d.problem("/x-carnet-token/"+b.name, "is a secret, which has no place in a document")
		}
	}
	if d.checkEntry("/x-carnet-token", &suggested); len(d.problems) > 0 {
		return a, d.problems
	}
	suggested.Token = nil
	return suggested, nil
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
		source := "parameters." + p.Name
		if p.Variable != "" {
			source = "variables." + p.Variable
		} else if a.Parameters[p.Name].IsZero() {
			continue
		}
		value := recipe.Template("${" + source + "}")
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
		if uses("authorization") {
			own := recipe.Authorization{}
			if a.Authorization != nil {
				own = *a.Authorization
			}
			own.Params = adding(own.Params, p.Name, value)
			a.Authorization = &own
		}
		a.Parameters = maps.Clone(a.Parameters)
		delete(a.Parameters, p.Name) // it goes where the document says, and nowhere else
	}
	return a
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
