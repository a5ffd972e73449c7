package integration_test

import (
	"slices"
	"testing"

	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
)

func TestBreaks(t *testing.T) {
	flow := &model.Flow{TokenURL: "https://a.example/token"}
	old := &model.Model{Schemes: []model.Scheme{
		{Key: "key", Type: model.TypeAPIKey, In: "header", Name: "X"},
		{Key: "basic", Type: model.TypeHTTP, Scheme: "basic"},
		{Key: "login", Type: model.TypeOAuth2, Flows: model.Flows{Password: flow, ClientCredentials: flow, Implicit: flow}},
		{Key: "unused", Type: model.TypeHTTP, Scheme: "bearer"},
		{Key: "typed", Type: model.TypeOAuth2, Flows: model.Flows{Implicit: flow}},
	}}
	settings := integration.Settings{Authentication: map[string]integration.Authentication{
		"key": {Value: seal.NewSecret("v")}, "basic": {Username: "u"},
		"login": {GrantType: model.GrantClientCredentials, ClientID: "c", TokenURL: "https://a.example/token"},
		"own":   {Type: model.TypeHTTP, Scheme: "bearer", Bearer: seal.NewSecret("b")},
	}}
	hasToken := func(scheme string) bool { return scheme == "typed" }
	for name, c := range map[string]struct {
		edit func(all []model.Scheme) []model.Scheme
		want []string
	}{
		"nothing":                            {func(all []model.Scheme) []model.Scheme { return all }, nil},
		"a scheme that nobody uses has gone": {func(all []model.Scheme) []model.Scheme { return slices.Delete(all, 3, 4) }, nil},
		"an API key is sent elsewhere":       {func(all []model.Scheme) []model.Scheme { all[0].In = "query"; return all }, nil},
		"a flow that nobody uses has gone":   {func(all []model.Scheme) []model.Scheme { all[2].Flows.Password = nil; return all }, nil},
		"the flow in use has gone": {func(all []model.Scheme) []model.Scheme { all[2].Flows.ClientCredentials = nil; return all },
			[]string{`the scheme "login" has no flow clientCredentials any more`}},
		"a scheme has gone":              {func(all []model.Scheme) []model.Scheme { return all[1:] }, []string{`the document has no scheme "key" any more`}},
		"a scheme with a token has gone": {func(all []model.Scheme) []model.Scheme { return all[:4] }, []string{`the document has no scheme "typed" any more`}},
		"another type": {func(all []model.Scheme) []model.Scheme {
			all[0].Type = model.TypeHTTP
			all[0].Scheme = "bearer"
			return all
		}, []string{`the scheme "key" is http bearer, was apiKey`}},
		"another scheme of HTTP": {func(all []model.Scheme) []model.Scheme { all[1].Scheme = "bearer"; return all }, []string{`the scheme "basic" is http bearer, was http basic`}},
	} {
		now := &model.Model{Schemes: c.edit(slices.Clone(old.Schemes))}
		if got := integration.Breaks(settings, old, now, hasToken); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestDefinedSchemesDoNotBreak(t *testing.T) {
	old := &model.Model{Schemes: []model.Scheme{{Key: "key", Type: model.TypeHTTP, Scheme: "oauth"}}}
	settings := integration.Settings{Authentication: map[string]integration.Authentication{
		"key": {Type: model.TypeAPIKey, In: "header", Name: "X", Value: seal.NewSecret("v")}}}
	none := func(string) bool { return false }
	if got := integration.Breaks(settings, old, &model.Model{}, none); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

func TestFollow(t *testing.T) {
	at := func(url, version string) *model.Model {
		return &model.Model{VersionID: "T:" + version, Version: version, Servers: []model.Server{{URL: url}}}
	}
	old := at("https://a.example/v1", "1")
	for name, c := range map[string]struct {
		now    *model.Model
		server integration.Server
		want   integration.Server
		stays  bool
	}{
		"the same":     {at("https://a.example/v1", "2"), suggested(old), suggested(old), false},
		"another path": {at("https://a.example/v2", "2"), suggested(old), suggested(at("https://a.example/v2", "2")), false},
		"another host": {at("https://b.example/v1", "2"), suggested(old), suggested(old), true},
		"no more TLS":  {at("http://a.example/v2", "2"), suggested(old), suggested(old), true},
		"no host":      {at("/v2", "2"), suggested(old), suggested(old), false},
		"set by hand":  {at("https://a.example/v2", "2"), integration.Server{Protocol: "https", Host: "own.example"}, integration.Server{Protocol: "https", Host: "own.example"}, false},
	} {
		i := integration.New(old, "desk")
		i.Settings.Server = c.server
		next, stays := integration.Follow(i, old, c.now)
		if next.Settings.Server != c.want || stays != c.stays {
			t.Errorf("%s: got %+v %v", name, next.Settings.Server, stays)
		}
		if next.Model != "T:2" || next.Settings.Version != "2" || next.UID != i.UID {
			t.Errorf("%s: got %+v", name, next)
		}
	}
}

func suggested(m *model.Model) integration.Server { return integration.New(m, "x").Settings.Server }
