package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"carnet.dev/carnet/interop/catalogue"
	"carnet.dev/carnet/interop/catalogue/harness"
)

// row sums outcomes up.
type row struct{ all, work, canRefresh, refreshed, other, otherWorks, plain, plainWorks, tried, taken int }

func (r *row) add(o harness.Outcome) {
	r.all++
	r.work += one(o.Err == nil)
	r.canRefresh += one(o.CanRefresh)
	r.refreshed += one(o.Refreshed)
	r.other += one(o.Other.Has)
	r.otherWorks += one(o.Other.Has && o.Other.Err == nil)
	r.plain += one(o.Auto.Tried)
	r.plainWorks += one(o.Auto.Works)
	r.tried += sum(o.Trial.Tried)
	r.taken += sum(o.Trial.Survived)
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func sum(m map[catalogue.Count]int) (n int) {
	for _, more := range m {
		n += more
	}
	return n
}

// of writes a part of a whole; - of nothing.
func of(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", part, whole)
}

// printEntries prints the table of entries by their kind.
func printEntries(w io.Writer, outcomes []harness.Outcome) row {
	rows, total := map[string]*row{}, row{}
	for _, o := range outcomes {
		if rows[o.Kind] == nil {
			rows[o.Kind] = &row{}
		}
		rows[o.Kind].add(o)
		total.add(o)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer t.Flush()
	fmt.Fprintln(t, "kind\twork\trefreshed\tin another way\twithout configuration\tmutants refused\t")
	line := func(kind string, r row) {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t\n", kind, of(r.work, r.all), of(r.refreshed, r.canRefresh), of(r.otherWorks, r.other),
			of(r.plainWorks, r.plain), of(r.tried-r.taken, r.tried))
	}
	for _, kind := range slices.Sorted(maps.Keys(rows)) {
		line(kind, *rows[kind])
	}
	line("all", total)
	return total
}

var kinds = []catalogue.Kind{catalogue.OfMethod, catalogue.OfPath, catalogue.OfParameters, catalogue.OfPlace, catalogue.OfFormat,
	catalogue.OfHeaders, catalogue.OfClient, catalogue.OfCertificate, catalogue.OfSignature, catalogue.OfTime}

// printMutants prints how many mutants of which kind were refused, by the request that they are of.
func printMutants(w io.Writer, outcomes []harness.Outcome) {
	tried, taken, requests := map[catalogue.Count]int{}, map[catalogue.Count]int{}, map[string]bool{}
	for _, o := range outcomes {
		for c, n := range o.Trial.Tried {
			requests[c.Of] = true
			tried[c] += n
			taken[c] += o.Trial.Survived[c]
		}
	}
	columns := slices.Sorted(maps.Keys(requests))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer t.Flush()
	fmt.Fprint(t, "refused\t")
	for _, request := range columns {
		fmt.Fprintf(t, "%s\t", request)
	}
	fmt.Fprintln(t, "all\t")
	for _, kind := range kinds {
		fmt.Fprintf(t, "%s\t", kind)
		refused, all := 0, 0
		for _, request := range columns {
			c := catalogue.Count{Of: request, Kind: kind}
			refused, all = refused+tried[c]-taken[c], all+tried[c]
			fmt.Fprintf(t, "%s\t", of(tried[c]-taken[c], tried[c]))
		}
		fmt.Fprintf(t, "%s\t\n", of(refused, all))
	}
}
