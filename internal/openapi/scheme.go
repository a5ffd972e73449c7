package openapi

import (
	"slices"
	"strings"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

// schemes reads the security schemes, in the order of the document.
func (r *reader) schemes() {
	pointer, all := "/components/securitySchemes", r.root.Get("components").Get("securitySchemes")
	if r.two {
		pointer, all = "/securityDefinitions", r.root.Get("securityDefinitions")
	}
	for key, v := range all.Members() {
		at := pointer + "/" + tree.Escape(key)
		v = r.deref(v, at)
		if v.Kind() != '{' {
			r.warn(at, "is not an object; left out")
			continue
		}
		r.document.Model.Schemes = append(r.document.Model.Schemes, r.scheme(key, at, v))
	}
}

func (r *reader) scheme(key, at string, v tree.Value) model.Scheme {
	s := model.Scheme{
		Key: key, Type: v.Get("type").Text(), Description: v.Get("description").Text(),
		In: v.Get("in").Text(), Name: v.Get("name").Text(),
		Scheme: strings.ToLower(v.Get("scheme").Text()), BearerFormat: v.Get("bearerFormat").Text(),
		OpenIDConnectURL: v.Get("openIdConnectUrl").Text(), Raw: v.Raw(),
	}
	types := []string{model.TypeAPIKey, model.TypeHTTP, model.TypeOAuth2, model.TypeOpenIDConnect, model.TypeMutualTLS}
	if i := slices.IndexFunc(types, func(t string) bool { return strings.EqualFold(t, s.Type) }); i >= 0 {
		s.Type = types[i]
	} else if r.two && s.Type == "basic" {
		s.Type, s.Scheme = model.TypeHTTP, "basic"
	} else {
		r.warn(at+"/type", "%s is no type of security scheme; an integration has to define it", quote(s.Type))
	}
	switch {
	case s.Type == model.TypeAPIKey && strings.EqualFold(v.Get("x-amazon-apigateway-authtype").Text(), model.TypeSigV4):
		s.Type = model.TypeSigV4
	case s.Type == model.TypeAPIKey && (s.Name == "" || !slices.Contains([]string{"header", "query", "cookie"}, s.In)):
		r.warn(at, "an API key needs a name, and in: header, query or cookie; an integration has to define it")
	case s.Type == model.TypeHTTP && !slices.Contains([]string{"basic", "bearer", "digest"}, s.Scheme):
		r.warn(at+"/scheme", "%s is not supported; an integration has to define it", quote(s.Scheme))
	case s.Type == model.TypeOAuth2 && r.two:
		s.Flows = r.flow2(v, at)
	case s.Type == model.TypeOAuth2:
		s.Flows = r.flows(v.Get("flows"), at+"/flows")
	}
	if s.Flows.Default() == model.GrantImplicit {
		r.warn(at, "has only the implicit flow, which is no longer used (RFC 9700 2.1.2): set an integration's grant_type to authorizationCode if the service has that, or type a token")
	}
	return s
}

func (r *reader) flows(v tree.Value, at string) (f model.Flows) {
	for name, flow := range v.Members() {
		switch name {
		case model.GrantClientCredentials:
			f.ClientCredentials = readFlow(flow)
		case model.GrantPassword:
			f.Password = readFlow(flow)
		case model.GrantAuthorizationCode:
			f.AuthorizationCode = readFlow(flow)
		case model.GrantImplicit:
			f.Implicit = readFlow(flow)
		case "deviceAuthorization": // OpenAPI 3.2
			f.DeviceCode = readFlow(flow)
		default:
			if !strings.HasPrefix(name, "x-") {
				r.warn(at+"/"+tree.Escape(name), "there is no such flow")
			}
		}
	}
	return f
}

// flow2 reads the one flow of an OpenAPI 2.0 scheme, which has other names there.
func (r *reader) flow2(v tree.Value, at string) (f model.Flows) {
	switch flow := v.Get("flow").Text(); flow {
	case "application":
		f.ClientCredentials = readFlow(v)
	case "password":
		f.Password = readFlow(v)
	case "accessCode":
		f.AuthorizationCode = readFlow(v)
	case "implicit":
		f.Implicit = readFlow(v)
	default:
		r.warn(at+"/flow", "there is no flow %s", quote(flow))
	}
	return f
}

func readFlow(v tree.Value) *model.Flow {
	flow := &model.Flow{
		AuthorizationURL: v.Get("authorizationUrl").Text(),
		DeviceURL:        v.Get("deviceAuthorizationUrl").Text(),
		TokenURL:         v.Get("tokenUrl").Text(),
		RefreshURL:       v.Get("refreshUrl").Text(),
	}
	for scope, description := range v.Get("scopes").Members() {
		if flow.Scopes == nil {
			flow.Scopes = map[string]string{}
		}
		flow.Scopes[scope] = description.Text()
	}
	return flow
}

// requirements reads a `security`: nil if there is none, empty if it says that none is needed.
func (r *reader) requirements(v tree.Value, at string) []model.Requirement {
	if v.Kind() != '[' {
		if v.Exists() {
			r.warn(at, "is not a list; left out")
		}
		return nil
	}
	all := []model.Requirement{}
	for item := range v.Items() {
		requirement := model.Requirement{}
		for name, scopes := range item.Members() {
			if _, known := r.document.Model.Scheme(name); !known {
				r.warn(at, "names the security scheme %s, which does not exist; an integration has to define it", quote(name))
			}
			requirement[name] = []string{}
			for scope := range scopes.Items() {
				requirement[name] = append(requirement[name], scope.Text())
			}
		}
		all = append(all, requirement)
	}
	return all
}
