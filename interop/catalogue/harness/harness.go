// Package harness holds Carnet against the catalogue: for every entry it starts the strict servers, makes an integration of the entry's
// facts through the public API, gets a token, calls, lets it expire, renews it and calls again, twice.
package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/interop/catalogue"
	"carnet.dev/carnet/interop/catalogue/integrate"
)

// Life is that of the servers' tokens. Calls come in its first half, while a token is not yet renewed ahead: it leaves room for a
// machine that is busy.
const Life = 4 * time.Second

const redirectURI = "http://127.0.0.1:9/callback"

// calls are as many as show that the second token is good, and that what renewed it was saved: the third needs its refresh token.
const calls = 3

// An Outcome is what came of one entry.
type Outcome struct {
	Name, Kind string
	Err        error
	CanRefresh bool // by a refresh request
	Refreshed  bool
	Trial      catalogue.Trial
	Auto       Auto
	Other      Other
	Requests   []string // as they were accepted
	Reading    string
}

// Auto is what comes of nothing but URL, id, secret and the entry's extra values.
type Auto struct{ Tried, Works bool }

// Other is what comes of the other way to use the entry, where there is one.
type Other struct {
	Has bool
	Err error
}

// A Harness runs entries against one Carnet.
type Harness struct {
	carnet *carnettest.Carnet
	keys   *catalogue.Keys
	runs   atomic.Int64
}

// New returns a harness over a Carnet in memory.
func New(t carnettest.TB) (*Harness, error) {
	keys, err := catalogue.NewKeys()
	return &Harness{carnet: carnettest.New(t), keys: keys}, err
}

// Run runs the entries, some at once, and tells of each as it ends. The outcomes are in the order of the entries.
func (h *Harness) Run(ctx context.Context, entries []catalogue.Entry, ended func(Outcome)) []Outcome {
	outcomes := make([]Outcome, len(entries))
	slots := make(chan struct{}, 64) // they mostly wait for tokens to expire
	var work sync.WaitGroup
	var mu sync.Mutex
	for i, e := range entries {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			outcomes[i] = h.Entry(ctx, e)
			mu.Lock()
			defer mu.Unlock()
			ended(outcomes[i])
		})
	}
	work.Wait()
	return outcomes
}

// Entry runs one entry.
func (h *Harness) Entry(ctx context.Context, e catalogue.Entry) Outcome {
	o := Outcome{Name: e.Name, Kind: e.AuthMode, Reading: catalogue.Reading(e.Name)}
	o.Err = h.served(ctx, e, false, integrate.Settings, func(s *catalogue.Server) error {
		o.CanRefresh = s.Expected(calls)["refresh request"] > 0
		o.Refreshed = s.Counts()["refresh request"] > 0
		for _, a := range s.Exchange().Accepted {
			o.Requests = append(o.Requests, a.String())
		}
		o.Trial = s.Exchange().Try()
		return strict(s)
	})
	if o.Other.Has = e.Sparse(); o.Other.Has {
		o.Other.Err = h.served(ctx, e, true, integrate.Settings, strict)
	}
	if o.Auto.Tried = e.AuthMode == "OAUTH2_CC"; o.Auto.Tried {
		plain := func(e catalogue.Entry, f catalogue.Facts) (json.RawMessage, bool, error) {
			settings, err := integrate.Plain(e, f)
			return settings, false, err
		}
		o.Auto.Works = h.served(ctx, e, false, plain, func(*catalogue.Server) error { return nil }) == nil
	}
	return o
}

// served starts an entry's servers, and lets a token live through its calls. Then it looks at the servers.
func (h *Harness) served(ctx context.Context, e catalogue.Entry, sparse bool,
	configure func(catalogue.Entry, catalogue.Facts) (json.RawMessage, bool, error), look func(*catalogue.Server) error) error {
	s, err := catalogue.Start(e, catalogue.Options{Life: Life, RedirectURI: redirectURI, Keys: h.keys, Sparse: sparse})
	if err != nil {
		return err
	}
	defer s.Close()
	settings, consent, err := configure(e, s.Facts())
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s %d", e.Name, h.runs.Add(1))
	err = h.life(ctx, name, s, settings, consent)
	if looked := look(s); err == nil {
		return looked
	}
	return err
}

// strict wants that the servers refused nothing, and got no request too many.
func strict(s *catalogue.Server) error {
	if refusals := s.Refusals(); len(refusals) > 0 {
		return fmt.Errorf("the servers refused: %s", strings.Join(refusals, "; "))
	}
	got := s.Counts()
	delete(got, "authorization request")
	if want := s.Expected(calls); !maps.Equal(got, want) {
		return fmt.Errorf("the servers counted %v, want %v", got, want)
	}
	return nil
}

// life is that of three tokens, one after another: got, used, over; renewed, used, over; renewed, used.
func (h *Harness) life(ctx context.Context, name string, s *catalogue.Server, settings json.RawMessage, consent bool) error {
	m, err := h.carnet.ImportModel(ctx, api.ModelRequest{Model: s.Document()})
	if err != nil {
		return err
	}
	i := api.Integration{Name: name, Model: m.Model}
	i.Properties.Properties = settings
	if _, err := h.carnet.CreateIntegration(ctx, i); err != nil {
		return err
	}
	defer func() {
		_ = h.carnet.DeleteIntegration(ctx, name)
		_ = h.carnet.DeleteModel(ctx, m.VersionID)
	}()
	if consent {
		if err := h.consent(ctx, name); err != nil {
			return err
		}
	}
	for n := range calls {
		if err := h.call(ctx, name); err != nil {
			return fmt.Errorf("call %d: %w; refused were: %s", n+1, err, strings.Join(s.Refusals(), "; "))
		}
		if n == calls-1 {
			break
		}
		if err := sleep(ctx, Life+300*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// consent is what the person and the browser do.
func (h *Harness) consent(ctx context.Context, name string) error {
	c, err := h.carnet.ConnectIntegration(ctx, name, integrate.Scheme, api.Connect{RedirectURI: redirectURI})
	if err != nil {
		return err
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.AuthorizationURL, nil)
	if err != nil {
		return err
	}
	answer, err := browser.Do(r)
	if err != nil {
		return err
	}
	answer.Body.Close()
	back, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || answer.StatusCode != http.StatusFound && answer.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("the authorization endpoint answered %s", answer.Status)
	}
	redirect := map[string]string{}
	for name := range back.Query() {
		redirect[name] = back.Query().Get(name)
	}
	_, err = h.carnet.FinishConnection(ctx, redirect)
	return err
}

func (h *Harness) call(ctx context.Context, name string) error {
	result, err := h.carnet.RunOperation(ctx, name, "ping", api.Task{})
	if err != nil {
		return err
	}
	if result.Status != http.StatusOK {
		return fmt.Errorf("the API answered %d %s", result.Status, result.Data)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
