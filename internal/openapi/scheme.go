package openapi

import (
	"slices"
	"strings"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi/tree"
)

// schemes reads the security schemes, in the order of the document.
func (r *reader) schemes() {
	three, two := r.deref(r.root.Get("components")).Get("securitySchemes"), r.root.Get("securityDefinitions")
	own, foreign := three, two
	if r.two {
		own, foreign = two, three
	}
	for _, all := range []tree.Value{own, foreign} {
		if all == foreign && all.Exists() {
			r.report(foreignWord, in(all), "is a word of another version of OpenAPI; read as the security schemes")
		}
		for key, v := range r.deref(all).Members() {
			r.addScheme(key, v)
		}
	}
}

func (r *reader) addScheme(key string, v tree.Value) {
	target := r.deref(v)
	if target.Kind() != '{' {
		if target.Exists() {
			r.report(structure, in(v), "is not an object; left out")
		}
		return
	}
	s := r.scheme(key, target)
	if i := slices.IndexFunc(r.document.Model.Schemes, func(o model.Scheme) bool { return o.Key == key }); i >= 0 {
		r.document.Model.Schemes[i] = s // the last one counts
		return
	}
	r.document.Model.Schemes = append(r.document.Model.Schemes, s)
}

func (r *reader) scheme(key string, v tree.Value) model.Scheme {
	s := model.Scheme{
		Key: key, Type: strings.TrimSpace(v.Get("type").Text()), Description: v.Get("description").Text(),
		In: strings.ToLower(strings.TrimSpace(v.Get("in").Text())), Name: strings.TrimSpace(v.Get("name").Text()),
		Scheme: strings.ToLower(strings.TrimSpace(v.Get("scheme").Text())), BearerFormat: v.Get("bearerFormat").Text(),
		OpenIDConnectURL: strings.TrimSpace(v.Get("openIdConnectUrl").Text()), Raw: v.Raw(),
	}
	r.schemeType(&s, v)
	switch s.Type {
	case model.TypeAPIKey:
		r.apiKey(&s, v)
	case model.TypeHTTP:
		r.httpScheme(&s, v)
	case model.TypeOAuth2:
		s.Flows = r.flows(v)
	case model.TypeOpenIDConnect:
		if s.OpenIDConnectURL == "" {
			r.report(schemeIncomplete, in(v), "has no openIdConnectUrl; an integration has to say it")
		}
	}
	if s.Flows.Default() == model.GrantImplicit {
		r.report(flowImplicit, in(v), "has only the implicit flow, which is no longer used (RFC 9700 2.1.2): set an integration's grant_type to authorizationCode if the service has that, or type a token")
	}
	return s
}

// typeWords are other words for the types of security schemes, letters only.
var typeWords = map[string]string{
	"apikey": model.TypeAPIKey, "key": model.TypeAPIKey,
	"http":  model.TypeHTTP,
	"oauth": model.TypeOAuth2, "oauth2": model.TypeOAuth2, "oauth20": model.TypeOAuth2,
	"openidconnect": model.TypeOpenIDConnect, "openid": model.TypeOpenIDConnect, "oidc": model.TypeOpenIDConnect,
	"mutualtls": model.TypeMutualTLS, "mtls": model.TypeMutualTLS,
}

// schemeWords are types that are really schemes of HTTP.
var schemeWords = map[string]string{
	"basic": "basic", "httpbasic": "basic", "bearer": "bearer", "httpbearer": "bearer", "jwt": "bearer", "bearerauth": "bearer",
	"basicauth": "basic", "digest": "digest",
}

// schemeType finds out what is meant by a type.
func (r *reader) schemeType(s *model.Scheme, v tree.Value) {
	if r.two && s.Type == "basic" {
		s.Type, s.Scheme = model.TypeHTTP, "basic"
		return
	}
	given := s.Type
	word := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, strings.ToLower(given))
	if scheme := schemeWords[word]; scheme != "" {
		s.Type, s.Scheme = model.TypeHTTP, scheme
		r.report(schemeMended, in(v.Get("type")), "%s is no type of security scheme; taken as http with the scheme %s", quote(given), scheme)
		return
	}
	if kind := typeWords[word]; kind != "" {
		s.Type = kind
	} else if given == "" {
		s.Type = r.untyped(s, v)
	}
	at := in(v.Get("type"))
	if given == "" {
		at = lacks(v, "type")
	}
	switch {
	case typeWords[strings.ToLower(s.Type)] == "":
		r.report(schemeType, at, "%s is no type of security scheme; an integration has to define it", quote(given))
	case s.Type != given:
		r.report(schemeMended, at, "is %s; taken as %s", quote(given), s.Type)
	}
}

// untyped is the type of a scheme that says none, by what else it says.
func (r *reader) untyped(s *model.Scheme, v tree.Value) string {
	switch {
	case v.Get("flows").Exists(), v.Get("flow").Exists():
		return model.TypeOAuth2
	case s.OpenIDConnectURL != "":
		return model.TypeOpenIDConnect
	case s.Scheme != "":
		return model.TypeHTTP
	case s.In != "" && s.Name != "":
		return model.TypeAPIKey
	}
	return ""
}

func (r *reader) apiKey(s *model.Scheme, v tree.Value) {
	if strings.EqualFold(v.Get("x-amazon-apigateway-authtype").Text(), model.TypeSigV4) {
		s.Type = model.TypeSigV4
		return
	}
	given := v.Get("in").Text()
	if at, known := keyPlaces[s.In]; known {
		s.In = at
	}
	switch {
	case s.Name == "" || !slices.Contains([]string{"header", "query", "cookie"}, s.In):
		r.report(schemeIncomplete, in(v), "an API key needs a name, and in: header, query or cookie; an integration has to define it")
	case s.In != given:
		at := in(v.Get("in"))
		if given == "" {
			at = lacks(v, "in")
		}
		r.report(schemeMended, at, "is %s; taken as %s", quote(given), s.In)
	}
}

// keyPlaces are other words for where an API key goes. Most that do not say it mean a header.
var keyPlaces = map[string]string{"": "header", "headers": "header", "querystring": "query", "params": "query", "url": "query", "cookies": "cookie"}

func (r *reader) httpScheme(s *model.Scheme, v tree.Value) {
	at := in(v.Get("scheme"))
	switch s.Scheme {
	case "basic", "bearer", "digest":
		return
	case "":
		at = lacks(v, "scheme")
		if s.BearerFormat != "" {
			s.Scheme = "bearer"
		}
	case "jwt", "bearertoken", "bearer token", "bearerauth", "token bearer":
		s.Scheme = "bearer"
	case "basicauth", "basic auth":
		s.Scheme = "basic"
	case "oauth", "oauth2":
		// OAuth 2.0's token goes as a bearer's (RFC 6750); OAuth 1 signs, and its parameters stand beside.
		if v.Get("flows").Exists() || v.Get("flow").Exists() {
			s.Type, s.Scheme, s.Flows = model.TypeOAuth2, "", r.flows(v)
			r.report(schemeMended, at, "%s with flows; taken as the type oauth2", quote(v.Get("scheme").Text()))
			return
		}
	}
	if given := v.Get("scheme").Text(); slices.Contains([]string{"basic", "bearer"}, s.Scheme) {
		r.report(schemeMended, at, "is %s; taken as %s", quote(given), s.Scheme)
		return
	}
	r.report(schemeType, at, "%s is not supported; an integration has to define it", quote(s.Scheme))
}

// flowWords are the flows by all their names: OpenAPI 3's, OpenAPI 2.0's, and OAuth's grant types.
var flowWords = map[string]string{
	"clientcredentials": model.GrantClientCredentials, "application": model.GrantClientCredentials,
	"password": model.GrantPassword, "resourceownerpassword": model.GrantPassword,
	"authorizationcode": model.GrantAuthorizationCode, "accesscode": model.GrantAuthorizationCode, "code": model.GrantAuthorizationCode,
	"implicit":            model.GrantImplicit,
	"deviceauthorization": model.GrantDeviceCode, "devicecode": model.GrantDeviceCode,
}

// flowName is the name that a flow has in the version at hand.
func (r *reader) flowName(flow string) string {
	if r.two {
		return map[string]string{model.GrantClientCredentials: "application", model.GrantAuthorizationCode: "accessCode"}[flow]
	}
	if flow == model.GrantDeviceCode {
		return "deviceAuthorization"
	}
	return flow
}

// flows reads the `flows` of an oauth2 scheme, or the one flow that OpenAPI 2.0 has in the scheme itself.
func (r *reader) flows(v tree.Value) (f model.Flows) {
	flows, flow := v.Get("flows"), v.Get("flow")
	switch {
	case flows.Kind() == '{':
		if r.two {
			r.report(foreignWord, in(flows), "is a word of OpenAPI 3; read as that")
		}
		for name, one := range flows.Members() {
			if !strings.HasPrefix(name, "x-") {
				r.flow(&f, name, one, one)
			}
		}
	case flow.Kind() == '"':
		if !r.two {
			r.report(foreignWord, in(flow), "is a word of OpenAPI 2.0; read as that")
		}
		r.flow(&f, flow.Text(), v, flow)
	default:
		r.report(schemeIncomplete, in(v), "has no flows; an integration has to say the token endpoint")
	}
	return f
}

// flow adds the flow of that name.
func (r *reader) flow(f *model.Flows, name string, v, at tree.Value) {
	flow := flowWords[plain(name)]
	usual := r.flowName(flow)
	if usual == "" {
		usual = flow
	}
	switch flow {
	case model.GrantClientCredentials:
		f.ClientCredentials = readFlow(v)
	case model.GrantPassword:
		f.Password = readFlow(v)
	case model.GrantAuthorizationCode:
		f.AuthorizationCode = readFlow(v)
	case model.GrantImplicit:
		f.Implicit = readFlow(v)
	case model.GrantDeviceCode:
		f.DeviceCode = readFlow(v)
	default:
		r.report(flowUnknown, in(at), "there is no flow %s; left out", quote(name))
		return
	}
	if name != usual {
		r.report(schemeMended, in(at), "the flow %s is called %s", quote(name), usual)
	}
}

func readFlow(v tree.Value) *model.Flow {
	text := func(name string) string { return strings.TrimSpace(v.Get(name).Text()) }
	flow := &model.Flow{
		AuthorizationURL: text("authorizationUrl"), DeviceURL: text("deviceAuthorizationUrl"), TokenURL: text("tokenUrl"), RefreshURL: text("refreshUrl"),
	}
	for scope, description := range v.Get("scopes").Members() {
		if flow.Scopes == nil {
			flow.Scopes = map[string]string{}
		}
		flow.Scopes[scope] = description.Text()
	}
	for scope := range v.Get("scopes").Items() { // a list, which some write
		if flow.Scopes == nil {
			flow.Scopes = map[string]string{}
		}
		flow.Scopes[scope.Text()] = ""
	}
	return flow
}

// requirements reads a `security`: nil if there is none, empty if it says that none is needed.
func (r *reader) requirements(v tree.Value) []model.Requirement {
	switch v.Kind() {
	case '[':
	case '{': // one alone
		r.report(structure, in(v), "is not a list; taken as a list of one")
		return []model.Requirement{r.requirement(v)}
	default:
		if v.Exists() && v.Kind() != 'n' {
			r.report(structure, in(v), "is not a list; left out")
		}
		return nil
	}
	all := []model.Requirement{}
	for item := range v.Items() {
		if item.Kind() == '"' { // a name alone
			r.report(structure, in(item), "is not an object; taken as the name of a scheme")
		}
		all = append(all, r.requirement(item))
	}
	return all
}

func (r *reader) requirement(v tree.Value) model.Requirement {
	requirement := model.Requirement{}
	if v.Kind() == '"' {
		requirement[r.schemeNamed(v.Text(), v)] = []string{}
	}
	for name, scopes := range v.Members() {
		name = r.schemeNamed(name, scopes)
		requirement[name] = []string{}
		for scope := range scopes.Items() {
			requirement[name] = append(requirement[name], scope.Text())
		}
	}
	return requirement
}

// schemeNamed is the key of the scheme that a requirement names: since OpenAPI 3.2 by a URI too (4.30); capital letters are
// forgiven if only one scheme is meant.
func (r *reader) schemeNamed(name string, at tree.Value) string {
	schemes := r.document.Model.Schemes
	if _, known := r.document.Model.Scheme(name); known {
		return name
	}
	if key, found := strings.CutPrefix(name, "#/components/securitySchemes/"); found {
		if _, known := r.document.Model.Scheme(key); known {
			return key
		}
	}
	var like []string
	for _, s := range schemes {
		if strings.EqualFold(s.Key, name) {
			like = append(like, s.Key)
		}
	}
	if len(like) == 1 {
		r.report(schemeMended, in(at), "the security scheme %s is called %s", quote(name), quote(like[0]))
		return like[0]
	}
	r.report(schemeMissing, in(at), "names the security scheme %s, which does not exist; an integration has to define it", quote(name))
	return name
}
