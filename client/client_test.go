package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
)

// answering is a client of a server that is the handler.
func answering(t *testing.T, o client.Options, h http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := client.New(server.URL+"/", o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRequests(t *testing.T) {
	ctx := t.Context()
	document := json.RawMessage(`{"a": "<b>"}`)
	for want, call := range map[string]func(*client.Client) error{
		`POST /integration-models {"model":{"a": "<b>"},"origin":"https://o"}`: func(c *client.Client) error {
			_, err := c.ImportModel(ctx, api.ModelRequest{Model: document, Origin: "https://o"})
			return err
		},
		`POST /integration-models {"url":"https://o"}`: func(c *client.Client) error {
			_, err := c.ImportModel(ctx, api.ModelRequest{URL: "https://o"})
			return err
		},
		`PUT /integration-models {"model":{"a": "<b>"}}`: func(c *client.Client) error {
			_, err := c.UpdateModel(ctx, api.ModelRequest{Model: document}, api.UpdateOptions{})
			return err
		},
		`PUT /integration-models?dryRun=true&force=true&model=A%3A1 {"model":{"a": "<b>"}}`: func(c *client.Client) error {
			_, err := c.UpdateModel(ctx, api.ModelRequest{Model: document}, api.UpdateOptions{Model: "A:1", DryRun: true, Force: true})
			return err
		},
		"GET /integration-models/A%2FB%20C:1%3F": func(c *client.Client) error {
			_, err := c.Model(ctx, "A/B C:1?")
			return err
		},
		"GET /integrations?contains=a+b&containsField=name&limit=2&order=-1&skip=1": func(c *client.Client) error {
			_, err := c.Integrations(ctx, api.Query{Skip: 1, Limit: 2, Order: -1, Contains: "a b", ContainsField: "name"})
			return err
		},
		"GET /integrations/desk/operations?search=a%26b": func(c *client.Client) error {
			_, err := c.Operations(ctx, "desk", "a&b", api.Query{})
			return err
		},
		`POST /integrations/desk/operations/get%20%2Fa%2F%7Bid%7D/run {"parameters":{"id":7}}`: func(c *client.Client) error {
			_, err := c.RunOperation(ctx, "desk", "get /a/{id}", api.Task{Parameters: map[string]json.RawMessage{"id": json.RawMessage("7")}})
			return err
		},
		"GET /integrations/desk/tokens/-/explanation": func(c *client.Client) error {
			_, err := c.ExplainToken(ctx, "desk", "")
			return err
		},
		"POST /integrations/desk/tokens/-/renew": func(c *client.Client) error {
			_, err := c.RenewToken(ctx, "desk", "")
			return err
		},
		`PUT /integrations/desk/tokens/o {"access_token":"t"}`: func(c *client.Client) error {
			_, err := c.SetToken(ctx, "desk", "o", api.GivenToken{AccessToken: "t"})
			return err
		},
		"DELETE /integrations/desk/tokens/o": func(c *client.Client) error { return c.ClearToken(ctx, "desk", "o") },
		"GET /audit?limit=5&since=2026-11-23T00%3A00%3A00Z": func(c *client.Client) error {
			_, err := c.AuditEntries(ctx, api.AuditQuery{Limit: 5, Since: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)})
			return err
		},
		`PUT /users/ada/password {"password":"p"}`: func(c *client.Client) error { return c.SetPassword(ctx, "ada", "p") },
	} {
		var got string
		c := answering(t, client.Options{}, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = strings.TrimSpace(r.Method + " " + r.RequestURI + " " + string(body))
			io.WriteString(w, "{}")
		})
		if err := call(c); err != nil || got != want {
			t.Errorf("sent %s\nwant %s (%v)", got, want, err)
		}
	}
}

// TestFailures has an error of each shape that the API answers with, and what other servers say.
func TestFailures(t *testing.T) {
	problems := []fault.Problem{{Pointer: "/info", Message: "is missing"}, {Pointer: "/paths", Message: "is missing"}}
	for _, c := range []struct {
		status int
		body   string
		want   *fault.Error
	}{
		{424, `{"kind": "reconnect", "message": "no token", "hint": "renew it"}`, &fault.Error{Kind: fault.Reconnect, Message: "no token", Hint: "renew it"}},
		{400, `{"message": "two are wrong", "problems": [{"instancePath": "/info", "message": "is missing"}, {"instancePath": "/paths", "message": "is missing"}]}`,
			&fault.Error{Kind: fault.Invalid, Message: "two are wrong", Problems: problems}},
		{400, `[{"instancePath": "/info", "message": "is missing"}, {"instancePath": "/paths", "message": "is missing"}]`,
			&fault.Error{Kind: fault.Invalid, Message: "/info is missing", Problems: problems}},
		{404, `"integration \"desk\" does not exist."`, &fault.Error{Kind: fault.NotFound, Message: `integration "desk" does not exist`}},
		{401, `{"error": "invalid_client", "error_description": "unknown"}`, &fault.Error{Kind: fault.Unauthenticated, Message: "invalid_client unknown"}},
		{502, `<html>50% of it`, &fault.Error{Kind: fault.Upstream, Message: "the server answered 502 Bad Gateway", Hint: "check that it is a Carnet that listens there"}},
		{418, ``, &fault.Error{Kind: fault.Internal, Message: "the server answered 418 I'm a teapot", Hint: "check that it is a Carnet that listens there"}},
	} {
		carnet := answering(t, client.Options{}, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		})
		_, err := carnet.Health(t.Context())
		got, _ := errors.AsType[*fault.Error](err)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%d %s: -want +got\n%s", c.status, c.body, diff)
		}
	}
}

func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Health(t.Context()); !fault.Is(err, fault.Unavailable) || fault.HintOf(err) == "" {
		t.Errorf("a server that is not there: %v", err)
	}
	for _, base := range []string{"", "localhost:8700", "ftp://a", "http://", "http://a b"} {
		if _, err := client.New(base, client.Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("the address %q: %v", base, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	for want, o := range map[string]client.Options{
		"Basic YWRhOnA6dw==": {Username: "ada", Password: "p:w"},
		"Bearer t":           {Token: "t", Username: "ada"},
		"":                   {},
	} {
		c := answering(t, o, func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Authorization"); got != want {
				t.Errorf("sent %q, want %q", got, want)
			}
			io.WriteString(w, "{}")
		})
		if _, err := c.Health(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// accounts is a server that gives access tokens to a service account, and accepts the last.
type accounts struct {
	mu    sync.Mutex
	given int
	live  string
	life  int
}

func (a *accounts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case r.URL.Path == "/oauth/token" && r.FormValue("client_secret") == "secret":
		a.given++
		a.live = strings.Repeat("t", a.given)
		json.NewEncoder(w).Encode(api.AccessToken{AccessToken: a.live, TokenType: "Bearer", ExpiresIn: a.life})
	case a.live != "" && r.Header.Get("Authorization") == "Bearer "+a.live:
		io.WriteString(w, "{}")
	default:
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error": "invalid_client"}`)
	}
}

func (a *accounts) revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.live = ""
}

func TestServiceAccountKeepsItsToken(t *testing.T) {
	a := &accounts{life: 3600}
	c := answering(t, client.Options{ClientID: "ci", ClientSecret: "secret"}, a.ServeHTTP)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := c.Health(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if a.given != 1 {
		t.Errorf("20 calls at once took %d tokens, want 1", a.given)
	}
	a.revoke()
	if _, err := c.Health(t.Context()); err != nil || a.given != 2 {
		t.Errorf("after a revocation: %v, %d tokens, want 2", err, a.given)
	}
	a.life = 30 // less than the minute ahead of the expiry
	a.revoke()
	for range 2 {
		if _, err := c.Health(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if a.given != 4 {
		t.Errorf("tokens that are about to expire: %d in all, want 4", a.given)
	}
}

func TestWrongSecretIsTriedOnce(t *testing.T) {
	asked := 0
	a := &accounts{}
	c := answering(t, client.Options{ClientID: "ci", ClientSecret: "wrong"}, func(w http.ResponseWriter, r *http.Request) {
		asked++
		a.ServeHTTP(w, r)
	})
	if _, err := c.Health(t.Context()); !fault.Is(err, fault.Unauthenticated) || asked != 1 {
		t.Errorf("%v after %d requests", err, asked)
	}
}

// TestWaitingEndsWithItsContext has one call hang at the token endpoint; another does not wait longer than it wants to.
func TestWaitingEndsWithItsContext(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	c := answering(t, client.Options{ClientID: "ci", ClientSecret: "secret"}, func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	})
	done := make(chan struct{})
	go func() { defer close(done); c.Health(context.WithoutCancel(t.Context())) }()
	<-arrived
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Health(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the second: %v", err)
	}
	close(release)
	<-done
}

func TestHandlerIsATransport(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Method+" "+r.URL.EscapedPath()+" "+r.RequestURI)
		if len(body) > 0 {
			w.WriteHeader(http.StatusCreated)
		}
		w.Write(body)
	})
	hc := &http.Client{Transport: client.Handler(h)}
	for body, status := range map[string]int{"": 200, "hello": 201} {
		answer, err := hc.Post("http://embedded/a%2Fb?q=1", "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		if answer.StatusCode != status || string(got) != body || err != nil {
			t.Errorf("%d %q %v, want %d %q", answer.StatusCode, got, err, status, body)
		}
		if seen := answer.Header.Get("X-Seen"); seen != "POST /a%2Fb /a%2Fb?q=1" {
			t.Errorf("the handler saw %s", seen)
		}
	}
}
