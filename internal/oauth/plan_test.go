package oauth_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	key "carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// outline is a plan in few words: each request's purpose, condition, method, URL and body.
func outline(p oauth.Plan) (all []string) {
	for _, r := range p.Requests {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s|%s|%s %s|%s", r.Purpose, r.When, r.Method, r.URL, r.Body)))
	}
	return all
}

// TestPlan has for each way of asking what would be sent. The endpoint must not hear of it, and no secret be shown.
func TestPlan(t *testing.T) {
	e := serve(t, ok)
	const mask = seal.Mask
	tests := map[string]struct {
		change func(*oauth.Config)
		ask    token.Ask
		want   []string // URL is the endpoint's address
		note   string   // in the last request's
	}{
		"password": {func(*oauth.Config) {}, token.Ask{}, []string{"token||POST URL/token|audience=" + mask + "&grant_type=password&password=" + mask + "&username=ada"}, "form-encoded"},
		"refresh": {func(*oauth.Config) {}, token.Ask{RefreshToken: seal.NewSecret(refreshToken)},
			[]string{"refresh||POST URL/refresh|grant_type=refresh_token&refresh_token=" + mask}, "client_id app"},
		"in the body, as worked last": {func(*oauth.Config) {}, token.Ask{AuthMethod: oauth.MethodPost},
			[]string{"token||POST URL/token|audience=" + mask + "&client_id=app&client_secret=" + mask + "&grant_type=password&password=" + mask + "&username=ada"}, ""},
		"a signed assertion": {func(c *oauth.Config) {
			c.Grant, c.Parameters, c.ClientSecret, c.PrivateKey, c.KeyID = model.GrantClientCredentials, nil, seal.Secret{}, key.NewProofKey(), "k1"
		}, token.Ask{}, []string{"token||POST URL/token|client_assertion=" + mask + "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_id=app&grant_type=client_credentials"},
			"iss and sub app, aud URL/token, good for 2 minutes, kid k1"},
		"steps, and a URL that one of them tells": {func(c *oauth.Config) {
			c.Grant = model.GrantRequest
			c.Steps = []recipe.Step{{Name: "find", Call: recipe.Call{URL: recipe.Template(e.URL + "/find"), Request: recipe.Request{Method: "GET"}}}}
			c.TokenURL = "${steps.find.where}"
			c.Request = recipe.Request{Params: recipe.Params(`{"user":"${username}","pin":"${password}"}`), Query: map[string]recipe.Template{"key": "${parameters.audience}"}}
			c.Parameters["user"] = seal.NewSecret("x")
		}, token.Ask{}, []string{"step find||GET URL/find|",
			"token||POST (told by an answer)/" + mask + "?key=" + mask + `|{"audience":"` + mask + `","user":"ada","pin":"` + mask + `"}`}, ""},
		"introspection": {func(c *oauth.Config) {
			c.Grant, c.Parameters, c.IntrospectionURL = model.GrantClientCredentials, nil, e.URL+"/what"
		}, token.Ask{},
			[]string{"token||POST URL/token|grant_type=client_credentials", "introspection|if the answer does not say when the token expires|POST URL/what|token=" + mask}, ""},
		"an issuer that was not asked yet": {func(c *oauth.Config) {
			c.Grant, c.Parameters, c.TokenURL, c.Issuer = model.GrantClientCredentials, nil, "", e.URL+"/realm"
		}, token.Ask{},
			[]string{"discovery||GET URL/realm/.well-known/openid-configuration|",
				"discovery|if there are no metadata at the place before|GET URL/.well-known/oauth-authorization-server/realm|",
				"discovery|if there are no metadata at the place before|GET URL/.well-known/openid-configuration/realm|",
				"token||POST (told by an answer)/token_endpoint|grant_type=client_credentials"}, ""},
		"a code": {func(c *oauth.Config) { c.Grant, c.Parameters = model.GrantAuthorizationCode, nil },
			token.Ask{With: oauth.Config{Grant: model.GrantAuthorizationCode}.Consented()},
			[]string{"token||POST URL/token|code=" + mask + "&code_verifier=" + mask + "&grant_type=authorization_code&redirect_uri=http%3A%2F%2F127.0.0.1%2F"}, ""},
		"DPoP": {func(c *oauth.Config) {
			c.Grant, c.Parameters, c.ClientSecret, c.DPoP = model.GrantClientCredentials, nil, seal.Secret{}, true
		}, token.Ask{},
			[]string{"token||POST URL/token|client_id=app&grant_type=client_credentials"}, "DPoP is a proof"},
		"a token that is made here": {func(c *oauth.Config) {
			c.Grant, c.PrivateKey, c.Sign = model.GrantSigned, key.NewProofKey(), &recipe.Signature{}
		}, token.Ask{}, nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := config(e.URL)
			test.change(&c)
			plan, err := oauth.New(client(t), oauth.NewPace(), oauth.NewMetadata(), c).Plan(test.ask)
			if err != nil {
				t.Fatal(err)
			}
			got := outline(plan)
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], e.URL, "URL")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if n := len(plan.Requests); n > 0 && !strings.Contains(strings.ReplaceAll(plan.Requests[n-1].Note, e.URL, "URL"), test.note) {
				t.Errorf("the note is %q", plan.Requests[n-1].Note)
			}
			all, _ := json.Marshal(plan)
			for _, secret := range []string{clientSecret, "s3cr3t", password, parameter, refreshToken, "BEGIN"} {
				if strings.Contains(string(all), secret) {
					t.Errorf("%q is in the plan: %s", secret, all)
				}
			}
		})
	}
	if n := len(e.requests()); n != 0 {
		t.Errorf("the endpoint heard of %d requests", n)
	}
}

// What is planned is what is sent: the same method, URL, headers and parameters, but for the masks.
func TestPlanIsWhatIsSent(t *testing.T) {
	var sent []string
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"password", "audience", "client_secret"} {
			if r.PostForm.Has(name) {
				r.PostForm.Set(name, seal.Mask)
			}
		}
		body := strings.ReplaceAll(r.PostForm.Encode(), "%2A", "*")
		sent = append(sent, strings.TrimSpace(r.Method+" http://"+r.Host+r.URL.RequestURI()+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("Accept")+" "+r.Header.Get("X-Tenant")+" "+body))
		io.WriteString(w, `{"access_token":"a"}`)
	})
	c := config(e.URL)
	c.AuthMethod, c.Scope = oauth.MethodPost, []string{"read", "write"}
	c.Request = recipe.Request{Query: map[string]recipe.Template{"v": "${username}"}, Headers: map[string]recipe.Template{"X-Tenant": "t-${client_id}"}}
	s := oauth.New(client(t), oauth.NewPace(), oauth.NewMetadata(), c)
	plan, err := s.Plan(token.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ask(t.Context(), token.Ask{}); err != nil {
		t.Fatal(err)
	}
	var planned []string
	for _, r := range plan.Requests {
		planned = append(planned, r.Method+" "+r.URL+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("Accept")+" "+r.Header.Get("X-Tenant")+" "+r.Body)
	}
	if diff := cmp.Diff(sent, planned); diff != "" {
		t.Errorf("-sent +planned\n%s", diff)
	}
}

// What can't be made says why, after what can.
func TestPlanThatCantBeMade(t *testing.T) {
	c := config("https://a.example")
	c.Steps = []recipe.Step{{Name: "one", Call: recipe.Call{URL: "https://a.example/one"}}}
	c.Request.Headers = map[string]recipe.Template{"X": "${variables.tenant}"}
	plan, err := oauth.New(client(t), oauth.NewPace(), oauth.NewMetadata(), c).Plan(token.Ask{})
	if err == nil || !strings.Contains(err.Error(), "variables.tenant") || len(plan.Requests) != 1 {
		t.Errorf("%v, after %d requests", err, len(plan.Requests))
	}
}
