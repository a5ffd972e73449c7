// Package harness holds Carnet against the catalogue: for every entry it starts the strict servers, makes an integration of the entry's
// facts through the public API, gets a token, calls, lets it expire, renews it and calls again.
package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/interop/catalogue"
	"carnet.dev/carnet/interop/catalogue/integrate"
)

// Life is that of the servers' tokens.
const Life = 2 * time.Second

const redirectURI = "http://127.0.0.1:9/callback"

// An Outcome is what came of one entry.
type Outcome struct {
	Name, Kind string
	Err        error
	Refreshed  bool     // by a refresh request, where the service has one
	Survivors  []string // mutants of the good requests that the servers took
	Mutants    int
	Auto       bool // it works with nothing but URL, id, secret and extra values
	AutoTried  bool
	Reading    string
}

// A Harness runs entries against one Carnet.
type Harness struct {
	carnet *carnettest.Carnet
	keys   *catalogue.Keys
}

// New returns a harness over a Carnet in memory.
func New(t carnettest.TB) (*Harness, error) {
	keys, err := catalogue.NewKeys()
	return &Harness{carnettest.New(t), keys}, err
}

// Run runs the entries, some at once, and tells of each as it ends. The outcomes are in the order of the entries.
func (h *Harness) Run(ctx context.Context, entries []catalogue.Entry, ended func(Outcome)) []Outcome {
	outcomes := make([]Outcome, len(entries))
	slots := make(chan struct{}, 16) // they mostly wait for tokens to expire
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
	s, err := catalogue.Start(e, catalogue.Options{Life: Life, RedirectURI: redirectURI, Keys: h.keys})
	if err != nil {
		o.Err = err
		return o
	}
	defer s.Close()
	settings, consent, err := integrate.Settings(e, s.Facts())
	if err == nil {
		err = h.life(ctx, e.Name, s, settings, consent)
	}
	if refusals := s.Refusals(); err == nil && len(refusals) > 0 {
		err = fmt.Errorf("the servers refused: %s", strings.Join(refusals, "; "))
	} else if err != nil && len(refusals) > 0 {
		err = fmt.Errorf("%w; the servers refused: %s", err, strings.Join(refusals, "; "))
	}
	if o.Err = err; err != nil {
		return o
	}
	o.Refreshed = s.Counts()["refresh request"] > 0
	o.Survivors, o.Mutants = s.Exchange().Survivors()
	if e.AuthMode == "OAUTH2_CC" {
		o.AutoTried, o.Auto = true, h.auto(ctx, e)
	}
	return o
}

// life is a token's: got, used, expired, renewed, used.
func (h *Harness) life(ctx context.Context, name string, s *catalogue.Server, settings json.RawMessage, consent bool) error {
	m, err := h.carnet.ImportModel(ctx, api.ModelRequest{Model: s.Document()})
	if err != nil {
		return err
	}
	i := api.Integration{Name: name, Model: m.Model}
	i.Properties.Properties = settings
	if _, err := h.carnet.CreateIntegration(ctx, i); err != nil {
		return problems(err)
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
	if err := h.call(ctx, name); err != nil {
		return fmt.Errorf("first call: %w", err)
	}
	if err := sleep(ctx, Life+300*time.Millisecond); err != nil {
		return err
	}
	if err := h.call(ctx, name); err != nil {
		return fmt.Errorf("after the expiry: %w", err)
	}
	return nil
}

// problems is an error with all that it complains of.
func problems(err error) error {
	if e, ok := err.(interface{ Unwrap() error }); ok && e != nil {
		return fmt.Errorf("%w %v", err, err)
	}
	return err
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

// auto reports whether an entry works without configuration.
func (h *Harness) auto(ctx context.Context, e catalogue.Entry) bool {
	s, err := catalogue.Start(e, catalogue.Options{Life: Life, RedirectURI: redirectURI, Keys: h.keys})
	if err != nil {
		return false
	}
	defer s.Close()
	settings, err := integrate.Plain(e, s.Facts())
	if err == nil {
		err = h.life(ctx, e.Name+" (auto)", s, settings, false)
	}
	return err == nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
