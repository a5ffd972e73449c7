package chaos

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// Storms returns the storms there are; the last is all of them at once.
func Storms() []Storm {
	return []Storm{
		{Name: "replicas killed with -9", Kills: true},
		{Name: "the store cut off, delayed, repeated", Cuts: true},
		{Name: "the provider lies", Lies: true},
		{Name: "all at once", Kills: true, Cuts: true, Lies: true},
	}
}

// Table runs every experiment and prints what came of it. An error is an experiment that could not be made, or that showed what
// must never happen.
func Table(ctx context.Context, w io.Writer, integrations int, lasts time.Duration, storms ...Storm) error {
	bad := 0
	if err := withDirectory(func(dir string) error {
		deaths, err := Deaths(ctx, dir)
		bad += printDeaths(w, deaths)
		return err
	}); err != nil {
		return err
	}
	for _, storm := range storms {
		storm.Integrations, storm.Replicas, storm.Lasts = integrations, 3, lasts
		if err := withDirectory(func(dir string) error {
			result, err := Run(ctx, dir, storm)
			result.print(w)
			bad += result.bad()
			return err
		}); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of what must never happen", bad)
	}
	return nil
}

// bad counts what must never happen.
func (r Result) bad() int { return r.Reused + r.Lost + r.Wrong + r.Unexplained }

func printDeaths(w io.Writer, deaths []Death) (bad int) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "a process killed\tthe next one\tafter\trefresh tokens spent twice")
	for _, d := range deaths {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", d.Point, d.Next, d.Took.Round(time.Millisecond), d.Reused)
		if bad += d.Reused; d.Failure != nil {
			bad++
			fmt.Fprintf(table, "! %s\n", d.Failure)
		}
	}
	fmt.Fprintln(table)
	table.Flush()
	return bad
}

// print prints a result, a line for each count.
func (r Result) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %d integrations, %d replicas, %s\n", r.Name, r.Integrations, r.Replicas, r.Lasts)
	for _, line := range []struct {
		what  string
		count int
	}{
		{"refresh tokens spent twice", r.Reused},
		{"integrations lost", r.Lost},
		{"wrong answers", r.Wrong},
		{"calls that failed for no known reason", r.Unexplained},
		{"calls", r.Calls},
		{"calls that succeeded", r.Succeeded},
		{"calls that failed in flight on a killed replica", r.OnKilled},
		{"calls refused because the store was cut off", r.ByStore},
		{"calls that outlasted their token", r.TooLate},
		{"calls refused because the provider lied", r.ByProvider},
		{"replicas killed", r.Killed},
		{"lives of tokens, one after the other, in that time", r.Lives},
		{"token requests that were answered", r.Tokens},
		{"of these beyond one per life", r.Early},
	} {
		fmt.Fprintf(w, "  %-48s %6d\n", line.what, line.count)
	}
	fmt.Fprintf(w, "  %-48s %6s\n", "the slowest call", r.Slowest.Round(time.Millisecond))
	for _, example := range slices.Sorted(maps.Keys(r.Examples)) {
		fmt.Fprintf(w, "  ! %d times: %s\n", r.Examples[example], example)
	}
	fmt.Fprintln(w)
}
