package hub_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mem"
	"carnet.dev/carnet/internal/token"
)

// line is a driver that hangs while it is cut, as a network does that loses everything.
type line struct {
	driver.Driver
	cut *atomic.Bool
}

func (l line) wait(ctx context.Context) error {
	if !l.cut.Load() {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (l line) Get(ctx context.Context, kind, id string) (driver.Record, error) {
	if err := l.wait(ctx); err != nil {
		return driver.Record{}, err
	}
	return l.Driver.Get(ctx, kind, id)
}

func (l line) Put(ctx context.Context, r driver.Record, replaces int64) error {
	if err := l.wait(ctx); err != nil {
		return err
	}
	return l.Driver.Put(ctx, r, replaces)
}

func (l line) List(ctx context.Context, kind string, p driver.Page) ([]driver.Record, error) {
	if err := l.wait(ctx); err != nil {
		return nil, err
	}
	return l.Driver.List(ctx, kind, p)
}

// replicas are hubs that share a store whose line can be cut, and a provider.
type replicas struct {
	hubs     []*hub.Hub
	store    *store.Store // of the last one
	provider *carnettest.Provider
	cut      atomic.Bool
}

var local = access.Local("test")

func newReplicas(t *testing.T, n int) *replicas {
	t.Helper()
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	r := &replicas{provider: carnettest.NewProvider(carnettest.ProviderOptions{Rotate: true,
		Clients: map[string]string{"night": "client-secret-2"}})}
	server := httptest.NewServer(r.provider)
	t.Cleanup(server.Close)
	data := mem.New()
	for range n {
		s, err := store.Open(t.Context(), line{data.Open(), &r.cut}, keys)
		if err != nil {
			t.Fatal(err)
		}
		// Patient, so that a claim does not lapse because the machine is busy.
		h := hub.New(s, hub.Options{Token: token.Options{AskTimeout: 2 * time.Minute}})
		t.Cleanup(func() {
			r.cut.Store(false)
			h.Close(context.Background())
		})
		r.hubs, r.store = append(r.hubs, h), s
	}
	m, err := r.hubs[0].ImportModel(t.Context(), local, api.ModelRequest{Model: r.provider.Document(server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.hubs[0].CreateIntegration(t.Context(), local, api.Integration{Name: "robot", Model: m.Model}); err != nil {
		t.Fatal(err)
	}
	r.set(t, "client-secret-2")
	return r
}

func (r *replicas) set(t *testing.T, secret string) {
	t.Helper()
	value, _ := json.Marshal(secret)
	_, err := r.hubs[0].SetIntegration(t.Context(), local, "robot", api.Settings{
		"clientAuth.client_id": json.RawMessage(`"night"`), "clientAuth.client_secret": value,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (r *replicas) run(t *testing.T, h *hub.Hub, c access.Caller) {
	t.Helper()
	result, err := h.RunOperation(t.Context(), c, "robot", "whoAmI", api.Task{})
	if err != nil || result.Status != http.StatusOK {
		t.Fatalf("whoAmI: %d %s: %v", result.Status, result.Data, err)
	}
}

func TestTasksAreServedWhileTheStoreIsAway(t *testing.T) {
	r := newReplicas(t, 1)
	h := r.hubs[0]
	if _, err := h.EnsureAdmin(t.Context(), seal.NewSecret("password of admin")); err != nil {
		t.Fatal(err)
	}
	session, err := h.Login(t.Context(), access.FirstUser, seal.NewSecret("password of admin"))
	if err != nil {
		t.Fatal(err)
	}
	admin, err := h.CallerBySession(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	r.run(t, h, admin)

	r.cut.Store(true)
	time.Sleep(1100 * time.Millisecond) // what was read a second ago is not good without another look
	for range 20 {
		admin, err := h.CallerBySession(t.Context(), session)
		if err != nil {
			t.Fatalf("the session is not known any more: %v", err)
		}
		r.run(t, h, admin)
	}
	if n := r.provider.Stats().TokenRequests; n != 1 {
		t.Errorf("%d token requests", n)
	}
	health, err := h.Health(t.Context())
	if !fault.Is(err, fault.Unavailable) || health.Status != "unavailable" {
		t.Errorf("health is %+v: %v", health, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err = h.SetIntegration(ctx, local, "robot", api.Settings{"clientAuth.scope": json.RawMessage(`"x"`)})
	if !fault.Is(err, fault.Unavailable) || fault.HintOf(err) == "" {
		t.Errorf("an edit: %v, hint %q", err, fault.HintOf(err))
	}
	if _, err := h.RunOperation(ctx, admin, "unknown", "whoAmI", api.Task{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("an integration that was never read: %v", err)
	}

	r.cut.Store(false)
	r.run(t, h, admin)
	deadline := time.Now().Add(10 * time.Second)
	for runs := 0; runs != 23; { // with one before, one after, and the one that could not be served
		list, err := h.AuditEntries(t.Context(), local, api.AuditQuery{Limit: 0})
		if time.Now().After(deadline) {
			t.Fatalf("%d tasks are in the audit log: %v", runs, err)
		}
		runs = 0
		for _, e := range list.Entries {
			if e.Action == string(access.OperationRun) && e.Outcome != "started" {
				runs++
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestWhatAnotherReplicaMakesIsUsableAtOnce(t *testing.T) {
	r := newReplicas(t, 2)
	r.run(t, r.hubs[1], local)
	r.run(t, r.hubs[0], local)
	if n := r.provider.Stats().TokenRequests; n != 1 {
		t.Errorf("two replicas made %d token requests", n)
	}
}

func TestAnEditOnAnotherReplicaCountsWithinTwoSeconds(t *testing.T) {
	r := newReplicas(t, 2)
	r.run(t, r.hubs[1], local)
	r.set(t, "wrong")
	for edited := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		_, err := r.hubs[1].RunOperation(t.Context(), local, "robot", "whoAmI", api.Task{})
		if fault.Is(err, fault.Reconnect) {
			return
		}
		if time.Since(edited) > 2*time.Second {
			t.Fatalf("the old configuration is still in use: %v", err)
		}
	}
}

func TestAnEditOnAnotherReplicaCountsAtOnceAfterA401(t *testing.T) {
	r := newReplicas(t, 2)
	r.run(t, r.hubs[1], local)
	if _, err := r.hubs[0].RenewToken(t.Context(), local, "robot", "clientAuth"); err != nil {
		t.Fatal(err)
	}
	r.provider.RevokeAccess() // all but what comes after
	if _, err := r.hubs[0].RenewToken(t.Context(), local, "robot", "clientAuth"); err != nil {
		t.Fatal(err)
	}
	before := r.provider.Stats().TokenRequests
	r.run(t, r.hubs[1], local) // with the old token first, which is refused
	if n := r.provider.Stats().TokenRequests; n != before {
		t.Errorf("%d token requests too many", n-before)
	}
}

func TestASweepForgetsTokensWithoutAnIntegration(t *testing.T) {
	r := newReplicas(t, 1)
	h, tokens := r.hubs[0], r.store.Tokens
	r.run(t, h, local)
	left := token.Record{ID: "robot/another-uid/clientAuth", Used: true, Token: token.Token{
		AccessToken: seal.NewSecret("left behind"), CreatedAt: time.Now().Add(-2 * time.Hour), ExpiresAt: time.Now().Add(-time.Hour),
	}}
	if _, err := tokens.Put(t.Context(), left.ID, left, 0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go h.Sweep(ctx, func(err error) { t.Error(err) })
	defer cancel()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		n, err := tokens.Count(t.Context())
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d tokens are left: %v", n, err)
		}
		if n == 1 {
			break
		}
	}
	r.run(t, h, local)
}
