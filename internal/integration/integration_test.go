package integration_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
)

// shop is a model with a scheme of each kind, as documents in the wild have them.
func shop() *model.Model {
	return &model.Model{
		VersionID: "Shop:1.0", Version: "1.0", Origin: "https://docs.example.com/specs/shop.json",
		Servers: []model.Server{{URL: "https://{region}.example.com/v2/", Variables: map[string]model.ServerVariable{"region": {Default: "eu"}}}},
		Schemes: []model.Scheme{
			{Key: "oauth", Type: model.TypeOAuth2, Flows: model.Flows{
				ClientCredentials: &model.Flow{TokenURL: "/token"},
				Password:          &model.Flow{TokenURL: "https://id.example.com/password", RefreshURL: "https://id.example.com/refresh"}}},
			{Key: "key", Type: model.TypeAPIKey, In: "header", Name: "X-Key"},
			{Key: "login.v2", Type: model.TypeHTTP, Scheme: "basic"},
			{Key: "bearer", Type: model.TypeHTTP, Scheme: "bearer"},
			{Key: "odd", Type: model.TypeHTTP, Scheme: "hoba"},
		},
	}
}

func decode(t *testing.T, m *model.Model, old integration.Settings, text string) integration.Settings {
	t.Helper()
	s, err := integration.Decode(jsontext.Value(text), m, old)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func set(t *testing.T, m *model.Model, s integration.Settings, pairs ...string) (integration.Settings, error) {
	t.Helper()
	assignments := map[string]jsontext.Value{}
	for i := 0; i < len(pairs); i += 2 {
		assignments[pairs[i]] = jsontext.Value(pairs[i+1])
	}
	return integration.Set(s, m, assignments)
}

func TestDefaultsComeFromTheDocument(t *testing.T) {
	i := integration.New(shop(), "s")
	s := i.Settings
	if s.Server != (integration.Server{Protocol: "https", Host: "eu.example.com", BasePath: "/v2"}) || !s.TLS.Enabled || !s.TLS.RejectUnauthorized {
		t.Errorf("server %+v, tls %+v", s.Server, s.TLS)
	}
	if a := s.Authentication["oauth"]; a.GrantType != "clientCredentials" || a.TokenURL != "https://docs.example.com/token" {
		t.Errorf("oauth is %+v", a)
	}
	if i.UID == "" || i.UID == integration.New(shop(), "s").UID {
		t.Error("the uid is not drawn")
	}
}

func TestServersOfDocuments(t *testing.T) {
	for _, test := range []struct{ url, origin, want string }{
		{"https://api.example.com:8443/v1", "", "https://api.example.com:8443/v1"},
		{"/v3", "https://host.example.com/docs/openapi.json", "https://host.example.com/v3"},
		{"v3", "https://host.example.com/docs/openapi.json", "https://host.example.com/docs/v3"},
		{"//api.example.com/v1", "", "https://api.example.com/v1"},
		{"/v3", "", ""},
		{"https://{tenant}.example.com", "", ""},
		{"http://[::1]:8080/x", "", "http://[::1]:8080/x"},
		{"", "", ""},
	} {
		m := &model.Model{Origin: test.origin, Servers: []model.Server{{URL: test.url}}}
		u, err := integration.New(m, "s").Settings.OperationURL(m, &model.Operation{})
		if test.want == "" {
			if !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" {
				t.Errorf("%s: got %v %v", test.url, u, err)
			}
			continue
		}
		if err != nil || u.String() != test.want {
			t.Errorf("%s from %s: got %v %v, want %s", test.url, test.origin, u, err, test.want)
		}
	}
}

// TestServersOfOperations: variables, servers of a path or an operation, and what a person changed (OpenAPI 3.2, 4.6 and 4.10).
func TestServersOfOperations(t *testing.T) {
	main := model.Server{URL: "https://{region}.example.com/{version}", Variables: map[string]model.ServerVariable{
		"region": {Default: "us", Enum: []string{"us", "eu"}}, "version": {Default: "v1"}}}
	upload := []model.Server{{URL: "https://upload.{region}.example.com", Variables: main.Variables}}
	relative := []model.Server{{URL: "/v9"}}
	for name, test := range map[string]struct {
		servers   []model.Server
		own       []model.Server
		settings  []string
		variables string
		want      string
	}{
		"defaults":                        {[]model.Server{main}, nil, nil, `{}`, "https://us.example.com/v1"},
		"variables":                       {[]model.Server{main}, nil, nil, `{"region": "eu", "version": 2}`, "https://eu.example.com/2"},
		"an empty one is not given":       {[]model.Server{main}, nil, nil, `{"region": ""}`, "https://us.example.com/v1"},
		"not among the choices":           {[]model.Server{main}, nil, nil, `{"region": "mars"}`, "error: variables.region"},
		"one that is not declared":        {[]model.Server{{URL: "https://{tenant}.example.com"}}, nil, nil, `{"tenant": "acme"}`, "https://acme.example.com"},
		"nor given":                       {[]model.Server{{URL: "https://{tenant}.example.com"}}, nil, nil, `{}`, "error: server.host is empty"},
		"the operation's":                 {[]model.Server{main}, upload, nil, `{"region": "eu"}`, "https://upload.eu.example.com"},
		"the operation's, relative":       {[]model.Server{main}, relative, nil, `{}`, "https://us.example.com/v9"},
		"another base path":               {[]model.Server{main}, nil, []string{"server.base_path", `"/v3"`}, `{"region": "eu"}`, "https://eu.example.com/v3"},
		"another host":                    {[]model.Server{main}, nil, []string{"server.host", `"private.example.net"`}, `{"region": "eu"}`, "https://private.example.net/v1"},
		"another host, for all":           {[]model.Server{main}, upload, []string{"server.host", `"private.example.net"`}, `{}`, "https://private.example.net/v1"},
		"another host, and a path":        {[]model.Server{main}, relative, []string{"server.host", `"private.example.net"`}, `{}`, "https://private.example.net/v9"},
		"a host that the document lacked": {[]model.Server{{URL: "/v1"}}, nil, []string{"server.host", `"h.example.net"`}, `{}`, "https://h.example.net/v1"},
		"which says where uploads go":     {[]model.Server{{URL: "/v1"}}, upload, []string{"server.host", `"h.example.net"`}, `{}`, "https://upload.us.example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &model.Model{VersionID: "T:1", Servers: test.servers, OperationServers: test.own}
			s := integration.New(m, "s").Settings
			s, err := set(t, m, s, append([]string{"variables", test.variables}, test.settings...)...)
			if err != nil {
				t.Fatal(err)
			}
			u, err := s.OperationURL(m, &model.Operation{Servers: test.own})
			if want, failing := strings.CutPrefix(test.want, "error: "); failing {
				if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v %v", u, err)
				}
			} else if err != nil || u.String() != want {
				t.Errorf("got %v %v, want %s", u, err, want)
			}
		})
	}
}

func TestWhatIsWrongIsNamedAndNothingChanges(t *testing.T) {
	m := shop()
	old := integration.New(m, "s").Settings
	for text, wants := range map[string][]string{
		`{"server": {"hots": "x"}}`: {"/server/hots is not known; did you mean host?"},
		`{"sever": {}}`:             {"/sever is not known; did you mean server?"},
		`{"server": {"host": "https://x", "port": 70000, "protocol": "ftp"}}`: {"/server/host has to be", "/server/port has to be", `/server/protocol "ftp" is not known`},
		`{"server": {"host": "x:80"}}`:                                        {"give it in server.port"},
		`{"server": []}`:                                                      {"/server has to be an object"},
		`{"authentication": {"oauth": {"token_url": "nonsense", "lifetime": "long", "auth_method": "magic", "grant_type": "x"}}}`: {
			"/authentication/oauth/token_url has to begin with", "/authentication/oauth/lifetime has to be a number"},
		`{"authentication": {"oauth": {"auth_method": "magic", "grant_type": "pasword"}}}`: {
			`/authentication/oauth/auth_method "magic" is not known`, `did you mean password?`},
		`{"authentication": {"oauth": {"token_url": "https://u:p@x/"}}}`:         {"must not hold a name or password"},
		`{"authentication": {"oauth": {"value": "x"}}}`:                          {"/authentication/oauth/value is not known"},
		`{"authentication": {"oauth": "x"}}`:                                     {"/authentication/oauth has to be an object with client_id, client_secret"},
		`{"authentication": {"oath": {"client_id": "x"}}}`:                       {"/authentication/oath is no security scheme of the document, which has oauth; to define one, give its type"},
		`{"authentication": {"oauth": {"client_secret": 5, "password": ["x"]}}}`: {"/authentication/oauth/password has to be a text"},
		`{"authentication": {"key": {"value": "********"}}}`:                     {"/authentication/key/value is masked"},
		`{"authentication": {"oauth": {"token": {"expires_at": "tomorrow"}}}}`:   {"/authentication/oauth/token/expires_at has to be a time"},
		`{"security": [{"none": []}]}`:                                           {"/security/0/none is no security scheme"},
		`{"security": "none"}`:                                                   {"/security has to be a list"},
		`{"tls": {"ca": "no PEM", "enabled": "perhaps"}}`:                        {"/tls/enabled has to be true or false"},
		`{"tls": {"ca": "no PEM"}}`:                                              {"/tls/ca is no PEM text"},
		`[1]`:                                                                    {"has to be an object"},
	} {
		_, err := integration.Decode(jsontext.Value(text), m, old)
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v", text, err)
			continue
		}
		all := ""
		for _, p := range fault.ProblemsOf(err) {
			all += p.Pointer + " " + p.Message + "\n"
		}
		for _, want := range wants {
			if !strings.Contains(all, want) {
				t.Errorf("%s: no %q in\n%s", text, want, all)
			}
		}
	}
}

func TestMasksKeepAndTextsReplace(t *testing.T) {
	m := shop()
	s := decode(t, m, integration.New(m, "s").Settings, `{"authentication": {
		"oauth": {"client_id": "me", "client_secret": "hunter2", "scope": ["a", "b"], "parameters": {"audience": "x", "tenant": "y"}},
		"bearer": "bear", "key": {"value": "kkk"}}, "variables": {"region": "us"}}`)
	i := integration.Integration{Settings: s}
	view := integration.View(i, m, nil)
	for _, secret := range []string{"hunter2", "bear\"", "kkk", "\"x\""} {
		if strings.Contains(string(view), secret) {
			t.Errorf("%s shows in %s", secret, view)
		}
	}
	again := decode(t, m, s, string(view))
	if got := integration.View(integration.Integration{Settings: again}, m, nil); string(got) != string(view) {
		t.Errorf("was\n%s\nis\n%s", view, got)
	}
	a := again.Authentication["oauth"]
	if a.ClientSecret.Reveal() != "hunter2" || a.Scope != "a b" || a.Parameters["audience"].Reveal() != "x" || again.Authentication["bearer"].Bearer.Reveal() != "bear" {
		t.Errorf("oauth is %+v", a)
	}
	cleared := decode(t, m, again, `{"authentication": {"oauth": {"client_secret": "", "parameters": {"tenant": "********"}}, "key": null}}`)
	if a := cleared.Authentication["oauth"]; !a.ClientSecret.IsZero() || len(a.Parameters) != 1 || a.Parameters["tenant"].Reveal() != "y" {
		t.Errorf("oauth is %+v", a)
	}
	if !cleared.Authentication["key"].Value.IsZero() || again.Authentication["key"].Value.IsZero() {
		t.Error("null does not clear, or clears what it was read from")
	}
}

func TestSetByPath(t *testing.T) {
	m := shop()
	s := integration.New(m, "s").Settings
	s, err := set(t, m, s, "client_id", `"me"`, "oauth.client_secret", `"hunter2"`, "value", `"k"`, "login.v2.username", `"ada"`, "bearer", `"bear"`,
		"server.port", `"8443"`, "tls.rejectUnauthorized", `"false"`, "variables.region", `"us"`, "oauth.parameters.audience", `"x"`,
		"authentication.oauth.scope", `"a"`)
	if err != nil {
		t.Fatal(err)
	}
	a := s.Authentication["oauth"]
	if a.ClientID != "me" || a.ClientSecret.Reveal() != "hunter2" || a.Scope != "a" || a.Parameters["audience"].Reveal() != "x" ||
		s.Authentication["key"].Value.Reveal() != "k" || s.Authentication["login.v2"].Username != "ada" ||
		s.Authentication["bearer"].Bearer.Reveal() != "bear" || s.Server.Port != 8443 || s.TLS.RejectUnauthorized || string(s.Variables["region"]) != `"us"` {
		t.Errorf("set: %+v", s)
	}
	s, err = set(t, m, s, "oauth.parameters.tenant", `"y"`, "variables.zone", `1`)
	if err != nil || len(s.Authentication["oauth"].Parameters) != 2 || len(s.Variables) != 2 {
		t.Errorf("%v %+v", err, s)
	}
	for path, want := range map[string]string{
		"nonsense": "there is no field nonsense", "clientid": "did you mean client_id", "username": "could mean several schemes",
		"server.hots": "did you mean host", "other.client_id": "there is no field other.client_id",
	} {
		if _, err := set(t, m, s, path, `"x"`); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error()+" "+fault.HintOf(err), want) {
			t.Errorf("%s: got %v (%s)", path, err, fault.HintOf(err))
		}
	}
}

// TestGrantTypeBringsItsURLs: whoever changes the grant type gets the URLs of that flow, unless they have set their own.
func TestGrantTypeBringsItsURLs(t *testing.T) {
	m := shop()
	s, err := set(t, m, integration.New(m, "s").Settings, "grant_type", `"password"`)
	if a := s.Authentication["oauth"]; err != nil || a.TokenURL != "https://id.example.com/password" || a.RefreshURL != "https://id.example.com/refresh" {
		t.Errorf("%+v %v", a, err)
	}
	s, _ = set(t, m, s, "token_url", `"https://own.example.com/"`)
	s, err = set(t, m, s, "grant_type", `"clientCredentials"`)
	if a := s.Authentication["oauth"]; err != nil || a.TokenURL != "https://own.example.com/" {
		t.Errorf("%+v %v", a, err)
	}
}

// TestGrantTypeDoesNotMoveSecrets is failure mode 46: the URL of another flow, on another host, is not taken over by itself once
// there are secrets.
func TestGrantTypeDoesNotMoveSecrets(t *testing.T) {
	m := shop()
	s, _ := set(t, m, integration.New(m, "s").Settings, "client_secret", `"hunter2"`)
	_, err := set(t, m, s, "grant_type", `"password"`)
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "token_url is on docs.example.com") || !strings.Contains(err.Error(), "https://id.example.com/password") {
		t.Errorf("got %v", err)
	}
	s, err = integration.Set(s, m, map[string]jsontext.Value{"grant_type": jsontext.Value(`"password"`), "token_url": jsontext.Value(`"https://id.example.com/password"`)})
	if a := s.Authentication["oauth"]; err != nil || a.TokenURL != "https://id.example.com/password" {
		t.Errorf("confirmed: %+v %v", a, err)
	}
}

// TestWhatIsNoValueIsRefused: an object or a list where a number or a truth has to be is not taken for nothing.
func TestWhatIsNoValueIsRefused(t *testing.T) {
	m := shop()
	s := integration.New(m, "s").Settings
	for _, field := range []string{"tls.rejectUnauthorized", "tls.enabled", "server.port", "oauth.lifetime", "oauth.max_refreshes", "oauth.dpop", "oauth.token.expires_at"} {
		for _, value := range []string{`{}`, `[]`} {
			if next, err := set(t, m, s, field, value); !fault.Is(err, fault.Invalid) || next.TLS != s.TLS {
				t.Errorf("%s = %s: %v", field, value, err)
			}
		}
	}
}

func TestChoiceOfSchemes(t *testing.T) {
	m := shop()
	blank := integration.New(m, "s").Settings
	with := func(pairs ...string) integration.Settings {
		s, err := set(t, m, blank, pairs...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	key := with("value", `"k"`)
	both := with("value", `"k"`, "login.v2.username", `"ada"`)
	oauth := with("client_id", `"me"`, "client_secret", `"x"`)
	or, and := []model.Requirement{{"oauth": nil}, {"key": nil}}, []model.Requirement{{"key": nil, "login.v2": nil}}
	for name, test := range map[string]struct {
		settings integration.Settings
		security []model.Requirement
		token    string
		want     string // "-": an error
	}{
		"first alternative":             {oauth, or, "", "oauth"},
		"the one that is configured":    {key, or, "", "key"},
		"a typed token is enough":       {key, or, "oauth", "oauth"},
		"all of a set":                  {both, and, "", "key login.v2"},
		"half of a set":                 {key, and, "", "-"},
		"nothing is configured":         {blank, or, "", "-"},
		"none is needed":                {key, []model.Requirement{}, "", ""},
		"none is needed, one is there":  {key, []model.Requirement{{}, {"key": nil}}, "", "key"},
		"none is needed, none is there": {blank, []model.Requirement{{"key": nil}, {}}, "", ""},
		"the document says nothing":     {both, nil, "", "key"},
		"and nothing is configured":     {blank, nil, "", ""},
		"an unknown scheme":             {both, []model.Requirement{{"ghost": nil}}, "", "-"},
		"an unsupported scheme":         {both, []model.Requirement{{"odd": nil}}, "", "-"},
		"the integration knows better":  {with("value", `"k"`, "security", `[{"key": []}]`), and, "", "key"},
		"a scheme the document lacks":   {with("value", `"k"`, "ghost.type", `"apiKey"`, "ghost.in", `"query"`, "ghost.name", `"q"`), []model.Requirement{{"ghost": nil}}, "", "-"},
		"an unsupported one, defined":   {with("odd.type", `"http"`, "odd.scheme", `"bearer"`, "odd.bearer", `"b"`), []model.Requirement{{"odd": nil}}, "", "odd"},
	} {
		t.Run(name, func(t *testing.T) {
			chosen, err := integration.Choose("s", test.settings, m, &model.Operation{Security: test.security}, func(s string) bool { return s == test.token })
			if test.want == "-" {
				if !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" || len(fault.ProblemsOf(err)) == 0 {
					t.Errorf("got %v, %v", chosen, err)
				}
				return
			}
			var names []string
			for _, s := range chosen {
				names = append(names, s.Key)
			}
			if err != nil || strings.Join(names, " ") != test.want {
				t.Errorf("got %v, %v", names, err)
			}
		})
	}
}

func TestTypedTokensAreTakenOut(t *testing.T) {
	m := shop()
	s := decode(t, m, integration.New(m, "s").Settings, `{"authentication": {"oauth": {"token": {
		"access_token": "abc", "expires_in": "3600", "created_at": 1700000000000, "expires_at": "2023-11-14T23:13:20Z", "scope": ["a", "b"]}}}}`)
	tokens := s.TakeTokens(m)
	got := tokens["oauth"]
	if got.AccessToken.Reveal() != "abc" || got.ExpiresIn != 3600 || got.Scope != "a b" || got.CreatedAt.Unix() != 1700000000 || got.ExpiresAt.Unix() != 1700003600 {
		t.Errorf("took %+v", got)
	}
	if len(s.TakeTokens(m)) != 0 {
		t.Error("the token stays")
	}
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{"zoom": true, "my lab 2.0": true, "": false, "a/b": false, " x": false, "a\nb": false, "..": false, strings.Repeat("x", 129): false, "ü": true} {
		if err := integration.ValidName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
