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
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"

	"carnet.dev/carnet/interop/catalogue"
	"carnet.dev/carnet/interop/catalogue/harness"
)

func main() {
	only := flag.String("only", "", "names of entries, separated by commas")
	verbose := flag.Bool("v", false, "print the readings of entries too")
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
	done := 0
	outcomes := h.Run(ctx, entries, func(harness.Outcome) {
		done++
		fmt.Fprintf(os.Stderr, "\r%d of %d", done, len(entries))
	})
	fmt.Fprintln(os.Stderr)
	return table(outcomes, verbose)
}

// table prints what came of all, and returns an error if not all is well.
func table(outcomes []harness.Outcome, verbose bool) error {
	type row struct{ all, work, refreshed, auto, autoTried, mutants, survivors int }
	rows := map[string]*row{}
	total := &row{}
	for _, o := range outcomes {
		if rows[o.Kind] == nil {
			rows[o.Kind] = &row{}
		}
		for _, r := range []*row{rows[o.Kind], total} {
			r.all++
			r.mutants += o.Mutants
			r.survivors += len(o.Survivors)
			r.work += count(o.Err == nil)
			r.refreshed += count(o.Refreshed)
			r.auto += count(o.Auto)
			r.autoTried += count(o.AutoTried)
		}
		if o.Err != nil {
			fmt.Printf("%s: %v\n", o.Name, o.Err)
		}
		for _, s := range o.Survivors {
			fmt.Printf("%s: a mutant was taken: %s\n", o.Name, s)
		}
		if verbose && o.AutoTried && !o.Auto {
			fmt.Printf("%s: needs configuration\n", o.Name)
		}
		if verbose && o.Reading != "" {
			fmt.Printf("%s: read so: %s\n", o.Name, o.Reading)
		}
	}
	fmt.Printf("%-12s %8s %8s %10s %14s %16s\n", "kind", "entries", "work", "refreshed", "without conf.", "mutants refused")
	rows["all"] = total
	for _, kind := range append(slices.DeleteFunc(slices.Sorted(maps.Keys(rows)), func(k string) bool { return k == "all" }), "all") {
		r := rows[kind]
		auto := "-"
		if r.autoTried > 0 {
			auto = fmt.Sprintf("%d of %d", r.auto, r.autoTried)
		}
		fmt.Printf("%-12s %8d %8d %10d %14s %16s\n", kind, r.all, r.work, r.refreshed, auto, fmt.Sprintf("%d of %d", r.mutants-r.survivors, r.mutants))
	}
	if total.work != total.all || total.survivors > 0 {
		return fmt.Errorf("%d of %d entries don't work, %d mutants were taken", total.all-total.work, total.all, total.survivors)
	}
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
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
