package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/interop/mongo/server"
	"carnet.dev/carnet/interop/mongo/wire"
)

// A Storm is one experiment.
type Storm struct {
	Name         string
	Integrations int
	Replicas     int
	Lasts        time.Duration
	Kills        bool // a random replica is killed with -9 every second, and started again
	Cuts         bool // connections to the store are cut, and commands lost, delayed and repeated
	Lies         bool // the provider answers 500 and 429, hangs, and closes in the middle of the answer
}

// A Result is what came of a storm.
type Result struct {
	Storm
	Calls, Succeeded int
	OnKilled         int            // failed, in flight on a replica that was killed
	ByStore          int            // refused with 503 while the store was cut off
	TooLate          int            // refused by the API, for the call took longer than its token lived
	ByProvider       int            // refused because the provider lied, and said so
	Unexplained      int            // failed for any other reason
	Examples         map[string]int // of unexplained failures
	Wrong            int            // answers of somebody else
	Reused           int            // refresh tokens spent twice
	Lost             int            // integrations that did not work any more in the end
	Tokens           int            // that the provider gave
	Lives            int            // of tokens, as long as they are good until they are renewed, in the time of the storm
	Early            int            // tokens that were asked for while the one before was not yet due
	Killed           int
	Slowest          time.Duration
}

// Run runs a storm.
func Run(ctx context.Context, dir string, storm Storm) (Result, error) {
	result := Result{Storm: storm, Examples: map[string]int{}}
	program, err := build(ctx, dir)
	if err != nil {
		return result, err
	}
	store, err := server.Start(dir)
	if err != nil {
		return result, err
	}
	defer store.Close()
	users := map[string]string{}
	for i := range storm.Integrations {
		users[user(i)] = "password of " + user(i)
	}
	p, err := newProvider(users)
	if err != nil {
		return result, err
	}
	defer p.close()
	f, err := newFleet(ctx, dir+"/fleet", program, store, "chaos", storm.Replicas, "--token-timeout", "3s")
	if err != nil {
		return result, err
	}
	defer f.close()
	if err := f.configure(ctx, p, storm.Integrations); err != nil {
		return result, err
	}
	return f.storm(ctx, p, store, result)
}

// load is what the server bears, in calls a second times integrations. FerretDB reads all records of a kind for a conditional update,
// 0.3 ms each and one update after another, and a call leads to four of them. Beyond that the store is what fails, and not what is tested.
const load = 500

func user(i int) string { return fmt.Sprintf("user%03d", i) }

// configure imports the provider's document, and makes an integration for every user.
func (f *Fleet) configure(ctx context.Context, p *provider, n int) error {
	c := f.replicas[0].client
	m, err := c.ImportModel(ctx, api.ModelRequest{Model: p.Document(p.address)})
	if err != nil {
		return err
	}
	for i := range n {
		if _, err := c.CreateIntegration(ctx, api.Integration{Name: user(i), Model: m.Model}); err != nil {
			return err
		}
		fields := api.Settings{}
		for field, value := range map[string]string{
			"client_id": clientID, "client_secret": clientSecret, "username": user(i), "password": "password of " + user(i),
		} {
			fields["passwordAuth."+field], _ = json.Marshal(value)
		}
		if _, err := c.SetIntegration(ctx, user(i), fields); err != nil {
			return err
		}
	}
	return nil
}

// callers is what the callers of a storm count.
type callers struct {
	mu     sync.Mutex
	result Result
}

// storm has callers call all integrations through all replicas while things go wrong.
func (f *Fleet) storm(ctx context.Context, p *provider, store *server.Server, result Result) (Result, error) {
	c := &callers{result: result}
	going, stop := context.WithTimeout(ctx, result.Lasts)
	defer stop()
	var work, trouble sync.WaitGroup
	if result.Kills {
		trouble.Go(func() { f.killing(going, ctx, c) })
	}
	if result.Cuts {
		trouble.Go(func() { cutting(going, store) })
	}
	if result.Lies {
		trouble.Go(func() { lying(going, p) })
	}
	trouble.Go(func() { janitor(going, store.URI(f.database), f.database) })
	between := time.Duration(result.Integrations*result.Integrations) * time.Second / load // of the calls of one integration
	for i := range result.Integrations {
		work.Go(func() {
			for time.Sleep(rand.N(between)); going.Err() == nil; time.Sleep(between/2 + rand.N(between)) {
				c.count(f.call(ctx, i))
			}
		})
	}
	work.Wait()
	trouble.Wait()
	store.OnCommand(nil)
	for i := range result.Integrations {
		work.Go(func() { c.lost(f.recovers(ctx, i)) })
	}
	work.Wait()
	stats := p.Stats()
	c.result.Reused, c.result.Tokens, c.result.Early = stats.Reused, stats.TokenRequests, p.early()
	c.result.Lives = int(result.Lasts/tokenLife) * result.Integrations
	return c.result, nil
}

// recovers calls an integration until it works again, which may take until the back-off of the last lie is over, and the last claim
// of a dead replica has lapsed.
func (f *Fleet) recovers(ctx context.Context, i int) (err error) {
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		one := f.call(ctx, i)
		if one.err == nil && !one.wrong {
			return nil
		}
		err = fmt.Errorf("in the end: %w", one.err)
	}
	return err
}

func (c *callers) lost(err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.result.Lost++
	c.result.Examples[err.Error()]++
}

var errRefused = errors.New("the API refused the call")

// call is what came of one call.
type call struct {
	err    error
	wrong  bool
	killed bool // the replica died meanwhile
	took   time.Duration
}

func (f *Fleet) call(ctx context.Context, i int) (one call) {
	r, life := f.choose()
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	result, err := r.client.RunOperation(ctx, user(i), "whoAmI", api.Task{})
	one.took = time.Since(began)
	if err != nil {
		ready, now := r.state()
		one.err, one.killed = err, !ready || now != life
		return one
	}
	var who struct{ User string }
	if result.Status != http.StatusOK {
		one.err = fmt.Errorf("%w: %d", errRefused, result.Status)
	} else if json.Unmarshal(result.Data, &who) != nil || who.User != user(i) {
		one.wrong = true
	}
	return one
}

// choose returns a replica that can be called, as a balancer would.
func (f *Fleet) choose() (*replica, int) {
	for {
		r := f.replicas[rand.IntN(len(f.replicas))]
		if ready, life := r.state(); ready {
			return r, life
		}
		time.Sleep(time.Millisecond)
	}
}

func (c *callers) count(one call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &c.result
	r.Calls++
	r.Slowest = max(r.Slowest, one.took)
	switch {
	case one.wrong:
		r.Wrong++
	case one.err == nil:
		r.Succeeded++
	case one.killed:
		r.OnKilled++
	case r.Lies && (fault.Is(one.err, fault.Unavailable) || fault.Is(one.err, fault.Reconnect)) && fault.HintOf(one.err) != "":
		r.ByProvider++
	case r.Cuts && fault.Is(one.err, fault.Unavailable) && fault.HintOf(one.err) != "":
		r.ByStore++
	case errors.Is(one.err, errRefused) && one.took > tokenLife:
		r.TooLate++
	default:
		r.Unexplained++
		r.Examples[fmt.Sprintf("%v, after %v", one.err, one.took.Round(time.Second/2))]++
	}
}

// killing kills a replica every second, and starts it again.
func (f *Fleet) killing(going, ctx context.Context, c *callers) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-going.Done():
			return
		case <-tick.C:
		}
		r := f.replicas[rand.IntN(len(f.replicas))]
		r.kill()
		c.mu.Lock()
		c.result.Killed++
		c.mu.Unlock()
		if err := f.start(ctx, r); err != nil && ctx.Err() == nil {
			c.mu.Lock()
			c.result.Unexplained++
			c.result.Examples[err.Error()]++
			c.mu.Unlock()
			return
		}
	}
}

// cutting loses, delays and repeats commands, and cuts all connections now and then.
func cutting(going context.Context, store *server.Server) {
	store.OnCommand(func(wire.Command) (fate wire.Fate) {
		switch n := rand.IntN(1000); {
		case n < 5:
			fate.Cut = true
		case n < 10:
			fate.Lost = true
		case n < 20:
			fate.Twice = true
		case n < 120:
			fate.Delay = time.Duration(rand.IntN(50)) * time.Millisecond
		}
		return fate
	})
	for {
		select {
		case <-going.Done():
			return
		case <-time.After(3 * time.Second):
			store.CutOnce()
		}
	}
}

// lying has one in six token requests go wrong, by chance, in one of several ways.
func lying(going context.Context, p *provider) {
	lies := []carnettest.Fault{
		{Status: http.StatusInternalServerError}, {Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "1"}},
		{Hang: true}, {Drop: true}, {Act: true},
	}
	p.pause(func() {
		if rand.IntN(6) == 0 {
			p.FailToken(lies[rand.IntN(len(lies))])
		}
	}, nil)
	<-going.Done()
	p.pause(nil, nil)
}
