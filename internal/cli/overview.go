package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
)

func (p *program) overview() *cobra.Command {
	var q api.OverviewQuery
	cmd := &cobra.Command{
		Use: "overview", Short: "The integrations and the state of their tokens at a glance", Args: cobra.NoArgs,
		Example: "  carnet overview\n  carnet overview --state broken\n  carnet overview --search 'core switch' -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				o, err := c.Overview(ctx, q)
				if err != nil {
					return err
				}
				return p.show(o, func(w io.Writer) { printOverview(w, o) })
			})
		},
	}
	cmd.Flags().StringVar(&q.Search, "search", "", "only those with these `words` in their name, model or server")
	cmd.Flags().StringVar(&q.State, "state", "", "only those in this `state`: broken, waiting, claimed, due, empty, fresh, static, open or incomplete")
	cmd.Flags().StringVar(&q.Model, "model", "", "only those of this `model`")
	cmd.Flags().IntVar(&q.Limit, "limit", 0, "at most so many; 0: all")
	return cmd
}

func printOverview(w io.Writer, o api.Overview) {
	row(w, "NAME", "STATE", "EXPIRES", "MODEL", "SERVER", "CAUSE")
	for _, i := range o.Integrations {
		expires, cause := "", ""
		for _, t := range i.Tokens {
			if t.State == i.State {
				expires, cause = moment(t.ExpiresAt), t.Cause
			}
		}
		row(w, i.Name, i.State, dash(expires), i.Model, dash(i.Server), dash(short(cause, 60)))
	}
	fmt.Fprintln(w)
	for _, state := range slices.Sorted(maps.Keys(o.States)) {
		row(w, state, o.States[state])
	}
}
