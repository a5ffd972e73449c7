package cli_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/client"
	"carnet.dev/carnet/internal/cli"
)

// TestWaitIsShown: a terminal shows what a task waits for, second by second, and nothing stays of it; elsewhere there is nothing. An
// interruption ends it at once.
func TestWaitIsShown(t *testing.T) {
	for name, c := range map[string]struct {
		live        bool
		interrupted time.Duration // 0: never
		exit        int
		took        time.Duration
		shown       []string
		end         string
	}{
		"on a terminal": {live: true, took: 12 * time.Second,
			shown: []string{"\r\x1b[Kwaits 12 s for api.example.com (429)", "\r\x1b[Kwaits 11 s for", "\r\x1b[Kwaits 1 s for"}, end: "(429)\r\x1b[K"},
		"in a pipe":   {took: 12 * time.Second},
		"interrupted": {live: true, interrupted: 4 * time.Second, exit: 130, took: 4 * time.Second, shown: []string{"waits 9 s"}, end: "\r\x1b[Kcarnet: interrupted\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stdout, stderr bytes.Buffer
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				if c.interrupted > 0 {
					time.AfterFunc(c.interrupted, interrupt)
				}
				began := time.Now()
				exit := cli.Main(ctx, cli.Env{
					Args: []string{"run", "desk", "op", "--wait", "1m"}, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Live: c.live,
					Getenv: func(string) string { return "" },
					Embedded: func(context.Context, cli.Options) (http.RoundTripper, func() error, error) {
						return client.Handler(http.HandlerFunc(busy)), func() error { return nil }, nil
					},
				})
				if took := time.Since(began); exit != c.exit || took != c.took {
					t.Errorf("exit %d in %s", exit, took)
				}
				if c.exit == 0 && stdout.String() != "done" {
					t.Errorf("printed %q", &stdout)
				}
				for _, want := range c.shown {
					if !strings.Contains(stderr.String(), want) {
						t.Errorf("%q is not in %q", want, &stderr)
					}
				}
				if !strings.HasSuffix(stderr.String(), c.end) || !c.live && stderr.Len() > 0 {
					t.Errorf("the end is %q", &stderr)
				}
			})
		})
	}
}

// busy is a server whose task waits for 12 seconds.
func busy(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Carnet-Tell") == "waiting" {
		w.Header().Set("Carnet-Waiting", `{"seconds":12,"host":"api.example.com","status":429}`)
		w.WriteHeader(http.StatusProcessing)
		w.Header().Del("Carnet-Waiting")
	}
	select {
	case <-time.After(12 * time.Second):
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Carnet-Status", "200 OK")
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, "done")
}
