package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/sqlite"
	"carnet.dev/carnet/internal/token"
)

// sizes are how many integrations a store holds, each with a token.
var sizes = []int{1_000, 10_000, 100_000}

const dueTokens = 100 // of all; what a sweep has to do

// scale measures what a store of many integrations costs. No line but the last may grow with their number.
func scale(dir string) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "integrations\tstart\tfirst page of 50\tpage in the middle\tshow one\tdue tokens found\tmemory after using all, each\tdatabase, each")
	for _, n := range sizes {
		line, err := measureScale(filepath.Join(dir, fmt.Sprint("scale", n)), n)
		if err != nil {
			return err
		}
		fmt.Fprintln(table, line)
	}
	return table.Flush()
}

func measureScale(dir string, n int) (string, error) {
	ctx := context.Background()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	file := filepath.Join(dir, "carnet.db")
	keys, err := seal.OpenKeyring(filepath.Join(dir, "carnet.key"))
	if err != nil {
		return "", err
	}
	if err := populate(ctx, file, keys, n); err != nil {
		return "", err
	}
	began := time.Now()
	s, err := openStore(ctx, file, keys)
	if err != nil {
		return "", err
	}
	defer s.Close()
	h := hub.New(s, hub.Options{})
	defer h.Close(ctx)
	if _, err := h.Health(ctx); err != nil {
		return "", err
	}
	start := time.Since(began)
	local := access.Local("bench")
	page := func(skip int) func() error {
		return func() error {
			list, err := h.Integrations(ctx, local, api.Query{Skip: skip, Limit: 50})
			if err == nil && (len(list.Results) != 50 || list.Total != n) {
				err = fmt.Errorf("%d of %d integrations", len(list.Results), list.Total)
			}
			return err
		}
	}
	first, err := fastest(page(0))
	if err != nil {
		return "", err
	}
	middle, err := fastest(page(n / 2))
	if err != nil {
		return "", err
	}
	show, err := fastest(func() error { _, err := h.Integration(ctx, local, name(n/2)); return err })
	if err != nil {
		return "", err
	}
	due, err := fastest(func() error {
		found, err := s.Tokens.Due(ctx, time.Now(), 1000)
		if err == nil && len(found) != dueTokens {
			err = fmt.Errorf("%d tokens are due", len(found))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	memory, err := used(ctx, s, n)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d\t%s\t%s\t%s\t%s\t%s\t%d bytes\t%d bytes", n, millis(start), millis(first), millis(middle), millis(show), millis(due), memory, int(info.Size())/n), nil
}

func fastest(do func() error) (best time.Duration, err error) {
	for i := range 9 {
		began := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		if took := time.Since(began); i == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

func name(i int) string { return fmt.Sprintf("integration-%06d", i) }

func openStore(ctx context.Context, file string, keys *seal.Keyring) (*store.Store, error) {
	d, err := sqlite.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, d, keys)
}

// populate stores a model, and integrations of it with live tokens, some of which are due.
func populate(ctx context.Context, file string, keys *seal.Keyring, n int) error {
	s, err := openStore(ctx, file, keys)
	if err != nil {
		return err
	}
	defer s.Close()
	h := hub.New(s, hub.Options{})
	provider := carnettest.NewProvider(carnettest.ProviderOptions{})
	if _, err := h.ImportModel(ctx, access.Local("bench"), api.ModelRequest{Model: provider.Document("http://127.0.0.1:9")}); err != nil {
		return err
	}
	var m model.Model
	for found, err := range s.Models(ctx) {
		if m = found; err != nil {
			return err
		}
	}
	work := make(chan int)
	failed := make(chan error, 64)
	for range cap(failed) {
		go func() {
			for i := range work {
				if err := put(ctx, s, &m, i, n); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	for i := range n {
		work <- i
	}
	close(work)
	for range cap(failed) {
		if err := <-failed; err != nil {
			return err
		}
	}
	return h.Close(ctx)
}

func put(ctx context.Context, s *store.Store, m *model.Model, i, n int) error {
	one := integration.New(m, name(i))
	for scheme, a := range one.Settings.Authentication {
		a.ClientID, a.ClientSecret = "client", seal.NewSecret("a client's secret of usual length")
		one.Settings.Authentication[scheme] = a
	}
	if _, err := s.Integrations.Put(ctx, one.Name, one, 0); err != nil {
		return err
	}
	now := time.Now()
	r := token.Record{ID: one.Name + "/" + one.UID + "/clientAuth", Generation: 1, Used: true, Token: token.Token{
		AccessToken: seal.NewSecret("an access token of forty characters......"), TokenType: "Bearer", CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}}
	if i%(n/dueTokens) == 0 {
		r.Token.CreatedAt, r.Token.ExpiresAt = now.Add(-time.Hour), now.Add(time.Minute)
	}
	_, err := s.Tokens.Put(ctx, r.ID, r, 0)
	return err
}

// used is what a keeper remembers of each of all tokens, when all were used.
func used(ctx context.Context, s *store.Store, n int) (int, error) {
	before := heap()
	k := token.NewKeeper(s.Tokens, token.Options{})
	for e, err := range s.Tokens.All(ctx, "") {
		if err != nil {
			return 0, err
		}
		subject := &token.Subject{ID: e.ID, Configuration: e.Value.Configuration, Source: endpoint{}}
		if _, err := k.Token(ctx, subject); err != nil {
			return 0, err
		}
	}
	after := heap()
	runtime.KeepAlive(k)
	return (after - before) / n, k.Close(ctx)
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
