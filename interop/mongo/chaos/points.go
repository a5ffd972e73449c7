package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/interop/mongo/server"
	"carnet.dev/carnet/interop/mongo/wire"
)

// A Death is what follows on the death of a process at one point of a renewal.
type Death struct {
	Point   string
	Next    string // what the next process does
	Took    time.Duration
	Reused  int // refresh tokens spent twice
	Failure error
}

// points are the points of a renewal in their order: each says how to stop the world there. reached is called when the process is
// there, and returns when it is dead.
var points = []struct {
	name string
	stop func(store *server.Server, p *provider, whose string, reached func())
}{
	{"before the claim", func(store *server.Server, _ *provider, whose string, reached func()) {
		store.OnCommand(once(claims(whose), func() wire.Fate { reached(); return wire.Fate{Cut: true} }))
	}},
	{"after the claim", func(store *server.Server, _ *provider, whose string, reached func()) {
		store.OnCommand(once(claims(whose), func() wire.Fate { return wire.Fate{Answered: reached, Lost: true} }))
	}},
	{"while the token endpoint answers", func(_ *server.Server, p *provider, _ string, reached func()) {
		p.pause(sync.OnceFunc(reached), nil)
	}},
	{"after the answer", func(_ *server.Server, p *provider, _ string, reached func()) {
		p.pause(nil, sync.OnceFunc(reached))
	}},
	{"before the save", func(store *server.Server, _ *provider, whose string, reached func()) {
		store.OnCommand(once(saves(whose), func() wire.Fate { reached(); return wire.Fate{Cut: true} }))
	}},
	{"after the save", func(store *server.Server, _ *provider, whose string, reached func()) {
		store.OnCommand(once(saves(whose), func() wire.Fate { return wire.Fate{Answered: reached, Lost: true} }))
	}},
}

// claims and saves tell the two writes of the renewal of somebody's token apart: a record without a claim has no such member. A save
// counts if its claim has been seen too: a sweep of another replica may be at the same token.
func claims(whose string) func(wire.Command) bool {
	return func(c wire.Command) bool { return writesToken(c, whose) && hasClaim(c) }
}

func saves(whose string) func(wire.Command) bool {
	var claimed atomic.Bool
	return func(c wire.Command) bool {
		if writesToken(c, whose) && hasClaim(c) {
			claimed.Store(true)
			return false
		}
		return writesToken(c, whose) && claimed.Load()
	}
}

func writesToken(c wire.Command, whose string) bool {
	return c.Collection == "token" && (c.Name == "update" || c.Name == "insert") && bytes.Contains(c.Message, []byte(whose+"/"))
}

func hasClaim(c wire.Command) bool { return bytes.Contains(c.Message, []byte("claim\x00")) }

// once has the first command of a kind meet a fate.
func once(kind func(wire.Command) bool, fate func() wire.Fate) func(wire.Command) wire.Fate {
	var met sync.Once
	return func(c wire.Command) (decided wire.Fate) {
		if kind(c) {
			met.Do(func() { decided = fate() })
		}
		return decided
	}
}

// Deaths kills a process at every point of a renewal in turn, and has another one call at once.
func Deaths(ctx context.Context, dir string) ([]Death, error) {
	program, err := build(ctx, dir)
	if err != nil {
		return nil, err
	}
	store, err := server.Start(dir)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	users := map[string]string{}
	for i := range points {
		users[user(i)] = "password of " + user(i)
	}
	p, err := newProvider(users)
	if err != nil {
		return nil, err
	}
	defer p.close()
	f, err := newFleet(ctx, dir+"/fleet", program, store, "deaths", 2, "--token-timeout", "3s")
	if err != nil {
		return nil, err
	}
	defer f.close()
	if err := f.configure(ctx, p, len(points)); err != nil {
		return nil, err
	}
	var deaths []Death
	for i, point := range points {
		death, err := f.dieSurely(ctx, p, i, func(reached func()) { point.stop(store, p, user(i), reached) }, func() {
			store.OnCommand(nil)
			p.pause(nil, nil)
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", point.name, err)
		}
		death.Point = point.name
		deaths = append(deaths, death)
	}
	return deaths, nil
}

var errElsewhere = errors.New("another replica's sweep renewed the token")

// dieSurely tries again where another replica's sweep was faster: only after the last point is there a token that was saved.
func (f *Fleet) dieSurely(ctx context.Context, p *provider, i int, stop func(reached func()), resume func()) (death Death, err error) {
	for range 3 {
		death, err = f.die(ctx, p, i, stop, resume)
		if err == nil && death.Next == usesSaved && i < len(points)-1 {
			err = errElsewhere
		}
		if !errors.Is(err, errElsewhere) {
			return death, err
		}
		resume()
	}
	return death, err
}

const usesSaved = "uses the token that was saved"

// die has the first replica die in the middle of a renewal, and the second one call.
func (f *Fleet) die(ctx context.Context, p *provider, i int, stop func(reached func()), resume func()) (Death, error) {
	doomed, next := f.replicas[0], f.replicas[1]
	if _, err := doomed.client.RunOperation(ctx, user(i), "whoAmI", api.Task{}); err != nil {
		return Death{}, err
	}
	time.Sleep(tokenLife + 100*time.Millisecond) // its token is dead
	there, dead := make(chan struct{}), make(chan struct{})
	stop(sync.OnceFunc(func() {
		close(there)
		<-dead
	}))
	go doomed.client.RunOperation(ctx, user(i), "whoAmI", api.Task{})
	select {
	case <-there:
	case <-time.After(10 * time.Second):
		close(dead)
		return Death{}, errElsewhere
	}
	before := p.Stats()
	doomed.kill()
	close(dead)
	resume()
	began := time.Now()
	result, err := next.client.RunOperation(ctx, user(i), "whoAmI", api.Task{})
	if err == nil && result.Status != 200 {
		err = fmt.Errorf("the API answered %d", result.Status)
	}
	after := p.Stats()
	death := Death{Took: time.Since(began), Reused: after.Reused, Failure: err, Next: usesSaved}
	switch {
	case after.Passwords > before.Passwords:
		death.Next = "asks afresh, and does not send the refresh token"
	case after.Refreshes > before.Refreshes:
		death.Next = "spends the refresh token"
	}
	return death, f.start(ctx, doomed)
}

// withDirectory calls do with a directory that is there while it runs.
func withDirectory(do func(dir string) error) error {
	dir, err := os.MkdirTemp("", "carnet-chaos-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return do(dir)
}
