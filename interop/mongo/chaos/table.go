package chaos

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"
)

// Table runs every experiment and prints what came of it.
func Table(ctx context.Context, w io.Writer, integrations int, lasts time.Duration) error {
	for _, storm := range []Storm{
		{Name: "replicas killed with -9", Kills: true},
		{Name: "the store cut off, delayed, repeated", Cuts: true},
		{Name: "the provider lies", Lies: true},
		{Name: "all at once", Kills: true, Cuts: true, Lies: true},
	} {
		storm.Integrations, storm.Replicas, storm.Lasts = integrations, 3, lasts
		dir, err := os.MkdirTemp("", "carnet-chaos-")
		if err != nil {
			return err
		}
		result, err := Run(ctx, dir, storm)
		os.RemoveAll(dir)
		if err != nil {
			return err
		}
		result.print(w)
	}
	return nil
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
		{"calls refused because the provider lied", r.ByProvider},
		{"replicas killed", r.Killed},
		{"lives of tokens that the storm had room for", r.Lives},
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
