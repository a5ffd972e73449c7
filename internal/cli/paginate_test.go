package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/internal/cli"
)

// pagesWithoutEnd runs a command line against an API whose pages have no end: each has its number. asked is called before each.
func pagesWithoutEnd(ctx context.Context, env cli.Env, asked func(n int), args ...string) (exit int, stdout, stderr string) {
	var out, err bytes.Buffer
	env.Args, env.Stdout, env.Stderr, env.Getenv = args, &out, &err, func(string) string { return "" }
	env.Embedded = func(context.Context, cli.Options) (http.RoundTripper, func() error, error) {
		return client.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var task api.Task
			json.NewDecoder(r.Body).Decode(&task)
			n := 1
			if task.From != nil {
				fmt.Sscan(string(task.From.Value), &n)
			}
			if asked(n); ctx.Err() != nil {
				panic(http.ErrAbortHandler)
			}
			json.NewEncoder(w).Encode(api.Result{OK: true, Status: 200, Data: json.RawMessage(fmt.Sprintf("[%d]", n)), Page: &api.Page{
				Rule: "/next=cursor", Items: new(""), Count: 1, Next: &api.Next{Parameter: "cursor", Value: json.RawMessage(fmt.Sprint(n + 1))}}})
		})), func() error { return nil }, nil
	}
	exit = cli.Main(ctx, env)
	return exit, out.String(), err.String()
}

// TestPagesWithoutEnd: a run that nobody limited stops with an error, for these are not all pages.
func TestPagesWithoutEnd(t *testing.T) {
	exit, out, err := pagesWithoutEnd(t.Context(), cli.Env{}, func(int) {}, "run", "desk", "list", "--paginate", "-o", "jsonl")
	if exit != 2 || strings.Count(out, "\n") != 1000 || !strings.Contains(err, "stopped after 1000 pages, 1000 items; there are more") ||
		!strings.Contains(err, "this run goes on with --paginate=/next=cursor --from cursor:=1001") {
		t.Errorf("exit %d, %d lines\n%s", exit, strings.Count(out, "\n"), err)
	}
	seen := 0
	exit, out, err = pagesWithoutEnd(t.Context(), cli.Env{}, func(n int) { seen = max(seen, n) }, "run", "desk", "list", "--paginate=/next=cursor", "--from", "cursor:=1001", "--max-pages", "2", "-o", "json")
	if exit != 0 || out != "[\n1001,\n1002\n]\n" || seen != 1002 || !strings.Contains(err, "--from cursor:=1003") {
		t.Errorf("exit %d\n%s%s", exit, out, err)
	}
}

// TestPagesInterrupted: what was printed is a list, and the run can go on.
func TestPagesInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	exit, out, err := pagesWithoutEnd(ctx, cli.Env{}, func(n int) {
		if n == 3 {
			cancel()
		}
	}, "run", "desk", "list", "--paginate", "-o", "json")
	if exit != 130 || out != "[\n1,\n2\n]\n" || !strings.Contains(err, "2 pages, 2 items are printed; go on with --paginate=/next=cursor --from cursor:=3\n") {
		t.Errorf("exit %d\n%s%s", exit, out, err)
	}
}

// TestPagesProgress: it is shown where a person sees it and the items go elsewhere, and nothing is left of it.
func TestPagesProgress(t *testing.T) {
	for name, test := range map[string]struct {
		env   cli.Env
		shown bool
	}{
		"a file, watched": {cli.Env{Live: true}, true}, "a terminal": {cli.Env{Live: true, Terminal: true}, false}, "nobody": {cli.Env{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slow := func(int) { time.Sleep(time.Second) }
				_, _, err := pagesWithoutEnd(t.Context(), test.env, slow, "run", "desk", "list", "--paginate", "-o", "jsonl", "--max-pages", "3")
				if shown := strings.Contains(err, "\r\x1b[K1 page, 1 item\r\x1b[K2 pages, 2 items\r\x1b[Kcarnet: stopped after 3 pages, 3 items"); shown != test.shown || !test.shown && strings.Contains(err, "\r") {
					t.Errorf("%q", err)
				}
			})
		})
	}
}
