package guide_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
)

func TestMain(m *testing.M) {
	os.Setenv("SHOP_SECRET", "s3cret")
	os.Exit(m.Run())
}

// TestEveryExample: the integration gets its token, calls, and when the token has expired renews it and calls again, with the requests
// that the page shows and no other.
func TestEveryExample(t *testing.T) {
	all := page(t)
	for _, x := range all {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			if err := x.lives(t, x.document, x.settings); err != nil {
				t.Error(err)
			}
		})
	}
	if len(all) < 40 {
		t.Errorf("the page has %d examples", len(all))
	}
}

// lives runs an example in simulated time.
func (x example) lives(t *testing.T, document map[string]any, settings map[string]map[string]any) (err error) {
	dir := secrets(t)
	settled.Do(func() { // what packages make once and keep in channels has to be made outside of simulated time
		c := carnettest.New(t)
		if err := (story{t: t, carnet: c}).integrate(x.document, nil, dir); err != nil {
			t.Error(err)
		}
		if _, err := c.RunOperation(t.Context(), "it", "listThings", api.Task{DryRun: true}); err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		c := carnettest.NewWith(t, carnettest.Options{Dial: s.dial, Env: []string{"SHOP_*"}, Files: []string{dir}})
		err = errors.Join(story{t, s, c, x}.told(document, settings, dir), s.verdict())
	})
	return err
}

var settled sync.Once

// A story is an example under way.
type story struct {
	t *testing.T
	*service
	carnet *carnettest.Carnet
	example
}

func (s story) told(document map[string]any, settings map[string]map[string]any, dir string) error {
	if err := s.integrate(document, settings, dir); err != nil {
		return err
	}
	sections := s.sections
	if len(sections) == 1 {
		sections = append(slices.Clone(sections), section{exchanges: sections[0].exchanges, after: -1})
	}
	for n, part := range sections {
		if err := s.pause(part); err != nil {
			return err
		}
		s.expect(part.complete())
		if err := s.clear(part); err != nil {
			return err
		}
		if err := s.play(part); err != nil {
			return fmt.Errorf("part %d: %w", n+1, err)
		}
		if synctest.Wait(); s.verdict() != nil {
			return nil // it is told
		}
	}
	return nil
}

func (s story) integrate(document map[string]any, settings map[string]map[string]any, dir string) error {
	raw, err := json.Marshal(document)
	if err != nil {
		return err
	}
	m, err := s.carnet.ImportModel(s.t.Context(), api.ModelRequest{Model: raw})
	if err != nil {
		return err
	}
	for _, w := range m.Warnings {
		if strings.Contains(w.Pointer, "x-carnet-token") {
			return fmt.Errorf("the import warns of %s: %s", w.Pointer, w.Message)
		}
	}
	properties, err := json.Marshal(map[string]any{"authentication": settings, "tls": map[string]any{"ca": registered().ca}, "variables": map[string]any{"site": "eu-1"}})
	if err != nil {
		return err
	}
	properties = []byte(strings.ReplaceAll(string(properties), "/run/secrets", dir))
	it := api.Integration{Name: "it", Model: m.Model, Properties: api.IntegrationProperties{Properties: properties}}
	_, err = s.carnet.CreateIntegration(s.t.Context(), it)
	return err
}

// clear clears the token, if the section begins so.
func (s story) clear(part section) error {
	list, err := s.carnet.Tokens(s.t.Context(), "it")
	if err != nil || !part.clear {
		return err
	}
	return s.carnet.ClearToken(s.t.Context(), "it", list.Tokens[0].Scheme)
}

// pause lets the time pass that is between two sections; -1: until the token has expired.
func (s story) pause(part section) error {
	if part.after >= 0 {
		time.Sleep(part.after)
		return nil
	}
	list, err := s.carnet.Tokens(s.t.Context(), "it")
	if err != nil {
		return err
	}
	for _, token := range list.Tokens {
		if token.ExpiresAt != nil {
			time.Sleep(time.Until(*token.ExpiresAt) + time.Second)
		}
	}
	return nil
}

const operations = "https://api.example.com/things"

// complete is a section with what the page leaves out because it is always the same.
func (part section) complete() []exchange {
	all, called := slices.Clone(part.exchanges), false
	for i, x := range all {
		called = called || x.calls()
		if x.status != 0 {
			continue
		}
		if all[i].status, all[i].answerBody = http.StatusOK, "{}"; !x.calls() {
			all[i].answerBody = `{"access_token": "{access}", "token_type": "Bearer", "expires_in": 3600}`
		}
	}
	if !called && !part.fails {
		all = append(all, exchange{method: http.MethodGet, url: operations, headers: [][2]string{{"Authorization", "Bearer {access}"}}, status: http.StatusOK, answerBody: "{}"})
	}
	return all
}

func (x exchange) calls() bool {
	return strings.HasPrefix(x.url, operations) || strings.Contains(x.url, ".example.com/things")
}

// play connects if a person has to, and calls.
func (s story) play(part section) error {
	operation, task := "listThings", api.Task{}
	for _, x := range part.exchanges {
		at, err := url.Parse(strings.ReplaceAll(x.url, "{", "%7B"))
		if err != nil {
			return err
		}
		if slices.Contains([]string{"/authorize", "/consent", "/tv"}, at.Path) {
			if err := s.connect(); err != nil {
				return err
			}
		}
		if x.calls() && x.method == http.MethodPost {
			operation, task.RequestBodyPayload = "addThing", json.RawMessage(`{"name": "crate"}`)
		}
	}
	result, err := s.carnet.RunOperation(s.t.Context(), "it", operation, task)
	if part.fails {
		if err == nil {
			return fmt.Errorf("the call got %d", result.Status)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if result.Status != http.StatusOK {
		return fmt.Errorf("the call got %d", result.Status)
	}
	return nil
}

// connect is a person who consents.
func (s story) connect() error {
	list, err := s.carnet.Tokens(s.t.Context(), "it")
	if err != nil {
		return err
	}
	began, err := s.carnet.ConnectIntegration(s.t.Context(), "it", list.Tokens[0].Scheme, api.Connect{})
	if err != nil {
		return err
	}
	with := map[string]string{"state": began.State}
	if began.AuthorizationURL != "" {
		if with, err = s.browse(began.AuthorizationURL); err != nil {
			return err
		}
	}
	for {
		got, err := s.carnet.FinishConnection(s.t.Context(), with)
		if err != nil || got.Token != nil {
			return err
		}
		time.Sleep(time.Duration(got.Interval * float64(time.Second)))
	}
}

// browse is a browser, in which the service sends the person back at once.
func (s story) browse(to string) (map[string]string, error) {
	browser := &http.Client{Transport: &http.Transport{DialContext: s.dial, TLSClientConfig: trusting()},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, to, nil)
	if err != nil {
		return nil, err
	}
	answer, err := browser.Do(r)
	if err != nil {
		return nil, err
	}
	answer.Body.Close()
	browser.CloseIdleConnections()
	back, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || answer.StatusCode/100 != 3 {
		return nil, fmt.Errorf("the browser is not sent back: %s", answer.Status)
	}
	with := map[string]string{}
	for name := range maps.Keys(back.Query()) {
		with[name] = back.Query().Get(name)
	}
	return with, nil
}

// below runs the examples under a headline of the page.
func below(t *testing.T, headline string, least int) {
	t.Helper()
	n := 0
	for _, x := range page(t) {
		if strings.HasPrefix(x.name, headline+" ") {
			n++
			if err := x.lives(t, x.document, x.settings); err != nil {
				t.Errorf("%s: %v", x.name, err)
			}
		}
	}
	if n < least {
		t.Errorf("there are %d examples of %s", n, headline)
	}
}

func TestFailureMode7TheTokenInAnotherPlace(t *testing.T) {
	below(t, "Where the answer has the token", 3)
}

func TestFailureMode12TwoRequests(t *testing.T) { below(t, "Several requests", 1) }

func TestFailureMode13AnotherPlaceOnTheCall(t *testing.T) {
	below(t, "Where the token goes on calls", 2)
}
