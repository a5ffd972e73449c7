package carnettest

import (
	"context"
	"net"
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

// Options of a Carnet for a test.
type Options struct {
	// Dial makes the connections to APIs and token endpoints, in place of the network, so that any host name leads to the test's own server.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Env and Files are what references in settings may name: variables, and directories.
	Env, Files []string
}

// New returns a Carnet for a test.
func New(t TB) *Carnet { return NewWith(t, Options{}) }

// NewWith returns a Carnet for a test, with options.
func NewWith(t TB, o Options) *Carnet {
	t.Helper()
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), mem.New().Open(), keys)
	if err != nil {
		t.Fatal(err)
	}
	of := hub.Options{Version: "test"}
	of.Egress.Dial, of.References.Env, of.References.Files = o.Dial, o.Env, o.Files
	h := hub.New(s, of)
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
