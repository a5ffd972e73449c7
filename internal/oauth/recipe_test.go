package oauth_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// Failure mode 7: the token is somewhere else in the answer, or is all of it.
func TestTokenInAnotherPlace(t *testing.T) {
	for path, answer := range map[string]func(http.ResponseWriter){
		"data.token.access_token": func(w http.ResponseWriter) { io.WriteString(w, `{"data":{"token":{"access_token":"t0ken"}}}`) },
		"/a~1b/0/jwt":             func(w http.ResponseWriter) { io.WriteString(w, `{"a/b":[{"jwt":"t0ken"}]}`) },
		"sessions.1.id":           func(w http.ResponseWriter) { io.WriteString(w, `{"sessions":[{"id":"x"},{"id":"t0ken"}]}`) },
		"answer.session.@id":      func(w http.ResponseWriter) { io.WriteString(w, `<answer><session id="t0ken">x</session></answer>`) },
		"SessionId":               func(w http.ResponseWriter) { io.WriteString(w, `{"SessionId":"t0ken"}`) },
		"body":                    func(w http.ResponseWriter) { io.WriteString(w, "t0ken\n") },
		"header:X-Auth-Token":     func(w http.ResponseWriter) { w.Header().Set("X-Auth-Token", "t0ken") },
		"cookie:SID":              func(w http.ResponseWriter) { http.SetCookie(w, &http.Cookie{Name: "SID", Value: "t0ken", Path: "/"}) },
	} {
		t.Run(path, func(t *testing.T) {
			e := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w) })
			c := config(e.URL)
			c.Response.AccessToken = recipe.Path{path}
			got, err := ask(t, c, token.Ask{})
			if err != nil || got.Token.AccessToken.Reveal() != "t0ken" {
				t.Errorf("%v", err)
			}
		})
	}
}

// Failure modes 4 and 12: one request finds out where to ask, the next carries what the first has brought, in headers and parameters
// that the service alone wants; a refresh has its own, and none of these (failure mode 39).
func TestTwoRequestsForAToken(t *testing.T) {
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/discover":
			json.NewEncoder(w).Encode(map[string]string{"place": "/eu/token", "ticket": "t1cket"})
		default:
			io.WriteString(w, `{"access_token":"a","refresh_token":"`+refreshToken+`"}`)
		}
	})
	c := config(e.URL)
	c.Grant, c.Parameters = model.GrantRequest, nil
	c.Steps = []recipe.Step{{Name: "first", Call: recipe.Call{URL: recipe.Template(e.URL + "/discover"), Request: recipe.Request{Method: "GET"}}}}
	c.TokenURL = e.URL + "${steps.first.place}"
	c.RefreshURL = e.URL + "/renew"
	c.Variables = map[string]jsontext.Value{"account": []byte(`"acme"`)}
	c.Request = recipe.Request{Format: "form", Params: []byte(`{"ticket":"${steps.first.ticket}","account_id":"${variables.account}"}`),
		Headers: map[string]recipe.Template{"X-Key": "${secrets.key}"}}
	c.Refresh = &recipe.Refresh{Call: recipe.Call{Request: recipe.Request{Format: "form", Params: []byte(`{"again":"${refresh_token}"}`)}}}
	c.Secrets = map[string]seal.Secret{"key": seal.NewSecret("k3y")}
	got, err := ask(t, c, token.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t, c, token.Ask{RefreshToken: got.Token.RefreshToken, Previous: got.Token}); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, r := range e.requests() {
		seen = append(seen, r.Method+" "+r.URL.Path+" "+r.PostForm.Encode()+" "+r.Header.Get("X-Key"))
	}
	want := []string{"GET /discover  ", "POST /eu/token account_id=acme&ticket=t1cket k3y", "POST /renew again=" + refreshToken + " "}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}

// Failure mode 44: while a secret is being replaced, the second is tried after invalid_client alone, and comes first from then on.
func TestSecondSecret(t *testing.T) {
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.PostForm.Get("client_secret") != "the next one" {
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"error":"invalid_client"}`)
			return
		}
		io.WriteString(w, `{"access_token":"a"}`)
	})
	c := config(e.URL)
	c.AuthMethod, c.ClientSecretNext = oauth.MethodPost, seal.NewSecret("the next one")
	got, err := ask(t, c, token.Ask{})
	if n := len(e.requests()); err != nil || n != 2 {
		t.Fatalf("%d requests: %v", n, err)
	}
	if _, err := ask(t, c, token.Ask{AuthMethod: got.AuthMethod}); err != nil || len(e.requests()) != 3 {
		t.Errorf("%d requests: %v", len(e.requests()), err)
	}
	away := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	c.TokenURL = away.URL
	if _, err := ask(t, c, token.Ask{}); err == nil || len(away.requests()) != 1 {
		t.Errorf("%d requests to a server that is away", len(away.requests()))
	}
}
