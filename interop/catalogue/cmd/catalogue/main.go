// Command catalogue holds Carnet against the catalogue of real token endpoints, and prints a table by kind.
//
//	go run ./catalogue/cmd/catalogue [-only NAME,NAME] [-v]
//
// CATALOGUE names another file of the same form.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/interop/catalogue"
	"carnet.dev/carnet/interop/catalogue/harness"
)

func main() {
	only := flag.String("only", "", "names of entries, separated by commas")
	verbose := flag.Bool("v", false, "print how entries were read, and what was sent")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "catalogue:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, verbose bool) error {
	path, err := catalogue.Path()
	if err != nil {
		return err
	}
	entries, err := catalogue.Load(path)
	if err != nil {
		return err
	}
	if only != "" {
		names := strings.Split(only, ",")
		entries = slices.DeleteFunc(entries, func(e catalogue.Entry) bool { return !slices.Contains(names, e.Name) })
	}
	t := &test{}
	defer t.end()
	h, err := harness.New(t)
	if err != nil {
		return err
	}
	began, done := time.Now(), 0
	outcomes := h.Run(ctx, entries, func(harness.Outcome) {
		if done++; done%20 == 0 || done == len(entries) {
			fmt.Fprintf(os.Stderr, "%d of %d, %s\n", done, len(entries), time.Since(began).Round(time.Second))
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	return report(os.Stdout, outcomes, verbose)
}

// report prints what came of all, and returns an error if not all is well.
func report(w io.Writer, outcomes []harness.Outcome, verbose bool) error {
	amiss := 0
	complain := func(o harness.Outcome, format string, args ...any) {
		amiss++
		fmt.Fprintf(w, "%s: "+format+"\n", append([]any{o.Name}, args...)...)
	}
	for _, o := range outcomes {
		if o.Err != nil {
			complain(o, "%v", o.Err)
		}
		if o.Other.Err != nil {
			complain(o, "in another way: %v", o.Other.Err)
		}
		for _, original := range o.Trial.Refused {
			complain(o, "the replay was refused: %s", original)
		}
		for _, mutant := range o.Trial.Taken {
			complain(o, "a mutant was taken: %s", mutant)
		}
		if o.Auto.Tried && !o.Auto.Works {
			fmt.Fprintf(w, "%s: needs configuration\n", o.Name)
		}
		if verbose {
			details(w, o)
		}
	}
	fmt.Fprintln(w)
	total := printEntries(w, outcomes)
	fmt.Fprintln(w)
	printMutants(w, outcomes)
	if amiss > 0 || total.canRefresh != total.refreshed {
		return fmt.Errorf("%d things are amiss", amiss)
	}
	return nil
}

func details(w io.Writer, o harness.Outcome) {
	if o.Reading != "" {
		fmt.Fprintf(w, "%s: read so: %s\n", o.Name, o.Reading)
	}
	for _, request := range o.Requests {
		fmt.Fprintf(w, "%s: %s", o.Name, request)
	}
}

// test is what carnettest.New needs of a test.
type test struct{ cleanups []func() }

func (t *test) Helper()           {}
func (t *test) Cleanup(f func())  { t.cleanups = append(t.cleanups, f) }
func (t *test) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func (t *test) end() {
	for _, f := range slices.Backward(t.cleanups) {
		f()
	}
}
