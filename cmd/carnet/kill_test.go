package main

import (
	"math/rand/v2"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"carnet.dev/carnet/carnettest"
)

// workplace is a data directory with an integration, desk, of a provider's API.
type workplace struct {
	t        *testing.T
	dir      string
	provider *carnettest.Provider
	env      []string
}

func newWorkplace(t *testing.T, o carnettest.ProviderOptions, env ...string) *workplace {
	t.Helper()
	p := carnettest.NewProvider(o)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	w := &workplace{t: t, dir: dir, provider: p, env: environment(dir, env...)}
	w.must("", "model", "import", server.URL+"/openapi.json")
	w.must("", "integration", "create", "desk", "--model", "Carnet Shipping:1.0.0")
	w.must("clientsecret-4711", "integration", "set", "desk", "passwordAuth.client_id=office", "passwordAuth.username=ada", "passwordAuth.client_secret=@-")
	w.must("password-4711", "integration", "set", "desk", "passwordAuth.password=@-")
	return w
}

// command is a carnet process that has not started.
func (w *workplace) command(stdin string, args ...string) *exec.Cmd {
	command := exec.Command("carnet", args...)
	command.Env = w.env
	command.Stdin = strings.NewReader(stdin)
	return command
}

// must runs a command, which must succeed, and returns all that it printed.
func (w *workplace) must(stdin string, args ...string) string {
	w.t.Helper()
	out, err := w.command(stdin, args...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("carnet %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestKilledRenewals kills processes at any moment of a token renewal. The next one works, after waiting for one lapsed claim at
// most, and no refresh token is ever spent twice.
func TestKilledRenewals(t *testing.T) {
	rounds := 200
	if testing.Short() {
		rounds = 15
	}
	const timeout = 150 * time.Millisecond
	o := options
	o.Rotate = true
	w := newWorkplace(t, o, "CARNET_TOKEN_TIMEOUT="+timeout.String())
	w.must("", "run", "desk", "whoAmI")
	killed := 0
	for range rounds {
		w.provider.FailToken(carnettest.Fault{Delay: time.Duration(rand.IntN(20)) * time.Millisecond})
		renewal := w.command("", "token", "renew", "desk", "--scheme", "passwordAuth")
		if err := renewal.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond) // the moment is the point of the test
		renewal.Process.Kill()
		if renewal.Wait() != nil {
			killed++
		}
		w.provider.RevokeAccess() // the next one needs a new token, whatever the killed one left behind
		began := time.Now()
		w.must("", "run", "desk", "whoAmI")
		if took := time.Since(began); took > 10*timeout {
			t.Errorf("the next one took %s", took)
		}
	}
	stats := w.provider.Stats()
	t.Logf("%d of %d killed; the provider saw %+v", killed, rounds, stats)
	if stats.Reused != 0 {
		t.Errorf("%d refresh tokens were spent twice", stats.Reused)
	}
}
