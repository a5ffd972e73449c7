package carnettest

import (
	"context"
	"net/http"
	"time"

	"carnet.dev/carnet/client"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/server"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/mem"
)

// TB is what [New] needs of a *testing.T, so that a program which links this package does not link package testing.
type TB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
}

// A Carnet is a whole Carnet in memory, with its client. Nobody has to sign in. It forgets everything when the test ends.
type Carnet struct{ *client.Client }

// New returns a Carnet for a test.
func New(t TB) *Carnet {
	t.Helper()
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), mem.New().Open(), keys)
	if err != nil {
		t.Fatal(err)
	}
	h := hub.New(s, hub.Options{Version: "test"})
	caller := access.Local("test")
	transport := client.Handler(server.New(h, server.Options{Caller: &caller}))
	c, err := client.New("http://carnet.test", client.Options{HTTP: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Fatal(err)
		}
		s.Close()
	})
	return &Carnet{c}
}
